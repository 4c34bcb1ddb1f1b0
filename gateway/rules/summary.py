"""The International Patient Summary: which resources go into which section, and the Composition around them.

https://hl7.org/fhir/uv/ips, version 2.0.1. Put together by the gateway, which is its author: no clinician has read it
as a whole. A required section without content says `unavailable`, never that there is nothing: what is here, and what
the caller may see, need not be all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.labels import AIAST, CONFIDENTIALITY, label, security_of
from gateway.rules.codes import LOINC, TERMINOLOGY, concept
from gateway.rules.labelling_written import label_carried
from gateway.rules.narrative import div, element
from gateway.rules.summary_text import Resource, date_of, line

_GUIDE = "http://hl7.org/fhir/uv/ips/StructureDefinition"
PROFILE, BUNDLE_PROFILE = f"{_GUIDE}/Composition-uv-ips", f"{_GUIDE}/Bundle-uv-ips"
TYPE = concept(LOINC, "60591-5")
_TITLE = "International Patient Summary"
_EMPTY = concept(f"{TERMINOLOGY}/list-empty-reason", "unavailable", "Unavailable")
_MOST = 40  # of one section, the latest


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    code: str
    types: tuple[str, ...]
    takes: Callable[[Resource], bool]
    is_required: bool = False


def _codes(resource: Resource, element: str) -> set[str]:
    """The codes of a status, a concept or several concepts."""
    value = resource.get(element)
    if isinstance(value, str):
        return {value}
    concepts = value if isinstance(value, list) else [value] if value else []
    return {coding.get("code", "") for each in concepts for coding in each.get("coding", ())}


def _is_valid(resource: Resource) -> bool:
    wrong = {"entered-in-error", "refuted", "cancelled", "not-done"}
    return not wrong & (_codes(resource, "status") | _codes(resource, "verificationStatus"))


def _of(element: str, *codes: str) -> Callable[[Resource], bool]:
    wanted = set(codes)
    return lambda resource: bool(wanted & _codes(resource, element))


def _is_past(resource: Resource) -> bool:
    return bool({"inactive", "remission", "resolved"} & _codes(resource, "clinicalStatus"))


def _is_taken(resource: Resource) -> bool:
    """A medication that is to be taken, on a prescription or by report; a plan without a prescription is none."""
    current = {"active", "on-hold", "intended", "unknown"} & _codes(resource, "status")
    return bool(current) and not resource.get("doNotPerform") and resource.get("intent") not in ("proposal", "option")


SECTIONS: tuple[Section, ...] = (
    Section("Problems", "11450-4", ("Condition",), lambda one: not _is_past(one), is_required=True),
    Section(
        "Allergies and Intolerances",
        "48765-2",
        ("AllergyIntolerance",),
        lambda one: not {"inactive", "resolved"} & _codes(one, "clinicalStatus"),
        is_required=True,
    ),
    Section("Medications", "10160-0", ("MedicationStatement", "MedicationRequest"), _is_taken, is_required=True),
    Section("Alerts", "104605-1", ("Flag",), _of("status", "active")),
    Section("Immunizations", "11369-6", ("Immunization",), _of("status", "completed")),
    Section(
        "Results",
        "30954-2",
        ("Observation", "DiagnosticReport"),
        lambda one: one["resourceType"] == "DiagnosticReport" or _of("category", "laboratory", "imaging")(one),
    ),
    Section("Vital Signs", "8716-3", ("Observation",), _of("category", "vital-signs")),
    Section("Procedures", "47519-4", ("Procedure",), lambda _: True),
    Section("Functional Status", "47420-5", ("ClinicalImpression",), _of("status", "completed")),
    Section("Past Problems", "11348-0", ("Condition",), _is_past),
    Section("Plan of Care", "18776-5", ("CarePlan",), _of("status", "active", "on-hold")),
    Section("Social History", "29762-2", ("Observation",), _of("category", "social-history")),
)
TYPES: tuple[str, ...] = tuple(dict.fromkeys(type for section in SECTIONS for type in section.types))


def chosen(section: Section, resources: Sequence[Resource]) -> list[Resource]:
    """What goes into a section, the latest first."""
    fitting = [
        one for one in resources if one["resourceType"] in section.types and _is_valid(one) and section.takes(one)
    ]
    return sorted(fitting, key=date_of, reverse=True)[:_MOST]


@dataclass(frozen=True, slots=True)
class Frame:
    """`id` of the Composition, `author` and `custodian` as references; `base` is the address of this FHIR API."""

    id: str
    at: str
    author: str
    custodian: str | None
    base: str


def composition(
    frame: Frame,
    patient: Resource,
    sections: Sequence[tuple[Section, Sequence[Resource]]],
    known: Mapping[str, Resource],
) -> dict[str, Any]:
    """The Composition of what was chosen; sections that are not required and have nothing are left out."""
    made: dict[str, Any] = {
        "resourceType": "Composition",
        "id": frame.id,
        "meta": {"profile": [PROFILE]} if is_ips(patient) else {},
        "text": {"status": "generated", "div": div(element("h1", _TITLE), element("p", f"Put together {frame.at}"))},
        "status": "final",
        "type": TYPE,
        "subject": {"reference": f"{frame.base}/Patient/{patient['id']}"},
        "date": frame.at,
        "author": [{"reference": frame.author}],
        "title": _TITLE,
        **({"custodian": {"reference": frame.custodian}} if frame.custodian else {}),
        "section": [
            _section(section, held, known, frame.base) for section, held in sections if held or section.is_required
        ],
    }
    return labelled(made, [patient, *(one for _, held in sections for one in held)])


def labelled(made: dict[str, Any], held: Sequence[Resource]) -> dict[str, Any]:
    """As restricted as the most restricted it holds; and if a machine wrote any of that, marked so."""
    label_carried(label(made, CONFIDENTIALITY["U"]), held)
    is_machines = any((AIAST["system"], AIAST["code"]) in security_of(one) for one in held)
    return label(made, AIAST) if is_machines else made


def is_ips(patient: Resource) -> bool:
    """Whether the guide's Patient profile is met: without a name or a birth date no summary can claim the guide's."""
    named = any(name.get("family") or name.get("given") or name.get("text") for name in patient.get("name", ()))
    return named and "birthDate" in patient


def _section(section: Section, held: Sequence[Resource], known: Mapping[str, Resource], base: str) -> dict[str, Any]:
    lines = [element("li", line(one, known)) for one in held]
    body = f"<ul>{''.join(lines)}</ul>" if lines else element("p", "No information is available here.")
    entries = [{"reference": f"{base}/{one['resourceType']}/{one['id']}"} for one in held]
    return {
        "title": section.title,
        "code": concept(LOINC, section.code),
        "text": {"status": "generated", "div": div(body)},
        **({"entry": entries} if entries else {"emptyReason": _EMPTY}),
    }
