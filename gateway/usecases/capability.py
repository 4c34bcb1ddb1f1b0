"""The CapabilityStatement: what this FHIR API does, told from the tables that routes and searches are made of.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway import __version__
from gateway.fhir.patch import bodies
from gateway.fhir.search.table import TYPES, Parameter, TypeTable
from gateway.rules import balp, codes, consent_codes

FORMATS = ("application/fhir+json", "json")
COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/patient"
# Searches that no SearchParameter defines. https://hl7.org/fhir/R4/search.html
SPECIAL: Mapping[str, str] = {
    "_has": "Reverse chains, within the scopes of the types they reach; chains likewise.",
    "_list": "The entries of a List that the caller may see.",
    "_type": "The types of a search or a history of the whole system.",
}
RELEASED = "2026-11-22"
# Without the oauth-uris extension: it needs an authorize endpoint, and there is none.
_SERVICE = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
_SECURITY = {"cors": True, "service": [{"coding": [_SERVICE]}]}
# What each resource that is made here claims to conform to, and is checked against where the packages are configured.
PROFILES: Mapping[str, Sequence[str]] = {
    "AuditEvent": balp.PROFILES,
    "Consent": (consent_codes.BASIC, consent_codes.INTERMEDIATE, consent_codes.ADVANCED),
    "Device": (codes.AI_DEVICE,),
    "DocumentReference": (codes.US_CORE_DOCUMENT, codes.AI_MODEL_CARD, codes.AI_INPUT_PROMPT),
    "Organization": (codes.US_CORE_ORGANIZATION,),
    "Patient": (codes.US_CORE_PATIENT,),
    "Practitioner": (codes.US_CORE_PRACTITIONER,),
    "Provenance": (codes.US_CORE_PROVENANCE, codes.AI_PROVENANCE),
}
_UNREACHABLE = "AuditEvent"  # made when asked for: nothing refers to it, and it is included nowhere


class Operation(NamedTuple):
    """An operation as the statement tells of it. `levels` are of `system`, `type`, `instance`."""

    name: str
    definition: str
    levels: tuple[str, ...]
    types: tuple[str, ...] = ()


def statement(base: str, system: Sequence[str], operations: Sequence[Operation]) -> dict[str, Any]:
    """The statement of the instance at `base`: its types, and the interactions and operations it offers beside."""
    whole = [_operation(one) for one in operations if "system" in one.levels]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": RELEASED,
        "kind": "instance",
        "software": {"name": "Care-continuity gateway", "version": __version__},
        "implementation": {"description": "Clinician-approved AI-written content, by consent", "url": base},
        "fhirVersion": "4.0.1",
        "format": list(FORMATS),
        "patchFormat": list(bodies.FORMATS),
        "rest": [
            {
                "mode": "server",
                "security": _SECURITY,
                "resource": [_resource(table, operations) for table in TYPES.values()],
                "interaction": [{"code": code} for code in system],
                "searchParam": _common(),
                **({"operation": whole} if whole else {}),
                "compartment": [COMPARTMENT],
            }
        ],
    }


def _operation(operation: Operation) -> dict[str, str]:
    return {"name": operation.name, "definition": operation.definition}


def _versioning(table: TypeTable) -> str:
    """An update must name the version that it is based on."""
    if "update" in table.interactions:
        return "versioned-update"
    return "versioned" if "vread" in table.interactions else "no-version"


def _resource(table: TypeTable, operations: Sequence[Operation]) -> dict[str, Any]:
    offered = set(table.interactions)
    entry: dict[str, Any] = {
        "type": table.name,
        **({"supportedProfile": list(PROFILES[table.name])} if table.name in PROFILES else {}),
        "interaction": [{"code": code} for code in table.interactions],
        "versioning": _versioning(table),
        "readHistory": "history-instance" in table.interactions,
        "updateCreate": False,
        "conditionalCreate": {"create", "search-type"} <= offered,
        "conditionalRead": "full-support",
        "conditionalUpdate": {"update", "search-type"} <= offered,
        "conditionalDelete": "single" if {"delete", "search-type"} <= offered else "not-supported",
    }
    if "search-type" in offered:
        if includes := _includes(table):
            entry["searchInclude"] = includes
        if reverse := _reverse_includes(table):
            entry["searchRevInclude"] = reverse
        entry["searchParam"] = [_parameter(parameter) for parameter in table.parameters.values()]
    if named := [_operation(one) for one in operations if table.name in one.types]:
        entry["operation"] = named
    return entry


def _parameter(parameter: Parameter) -> dict[str, str]:
    return {"name": parameter.code, "definition": parameter.definition, "type": parameter.kind}


def _common() -> list[dict[str, str]]:
    """What a search of all types takes: the parameters that every type has, and those that belong to no type."""
    first, *others = (table for table in TYPES.values() if "search-type" in table.interactions)
    shared = [
        _parameter(parameter)
        for code, parameter in first.parameters.items()
        if all(code in table.parameters for table in others)
    ]
    return [*shared, *({"name": name, "type": "special", "documentation": text} for name, text in SPECIAL.items())]


def _includes(table: TypeTable) -> list[str]:
    if table.name == _UNREACHABLE:
        return []
    return [f"{table.name}:{parameter.code}" for parameter in table.references]


def _reverse_includes(table: TypeTable) -> list[str]:
    if table.name == _UNREACHABLE:
        return []
    return [
        f"{source.name}:{parameter.code}"
        for source in TYPES.values()
        if source.name != _UNREACHABLE
        for parameter in source.references
        if parameter.targets is None or table.name in parameter.targets
    ]
