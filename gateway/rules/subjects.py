"""Whose record a resource belongs to: every patient it names, wherever it does so.

R4's Patient compartment leaves out Task, Device and Binary, and knows nothing of extensions; a resource that names a
patient tells something of that patient, so all its references count. https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.compartments import PATIENT
from gateway.fhir.elements import objects_of
from gateway.fhir.references import Reference, literal
from gateway.rules.correction import named_in

# The patient of what is about several patients: its custodian's own use only, for all of them would have to permit.
SEVERAL = "*"
# In the compartment of the patients they name, and still of use without naming any.
_MAY_NAME_NOBODY = frozenset({"Basic", "Composition", "DocumentReference", "Group", "List", "Provenance"})
NEEDS_PATIENT = frozenset(PATIENT) - _MAY_NAME_NOBODY


def patients_of(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the patients that the resource is about, in order; a Patient first of all about itself. A Consent is
    about its patient alone: another one is its recipient, of whom it tells nothing."""
    if resource["resourceType"] == "Consent":
        resource = {"resourceType": "Consent", "patient": resource.get("patient")}
    own = [str(resource["id"])] if resource["resourceType"] == "Patient" else []
    named = (found.id for found in references_of(resource) if found.type == "Patient")
    return tuple(dict.fromkeys((*own, *named)))


def subject_of(type: str, patients: Iterable[str]) -> str | None:
    """The patient key of a resource: the patient, SEVERAL, or None. A Patient linked to others stays its own."""
    distinct = list(dict.fromkeys(patients))
    if not distinct:
        return None
    return distinct[0] if len(distinct) == 1 or type == "Patient" else SEVERAL


def targets_of(resource: Mapping[str, Any]) -> list[Reference]:
    """What a Provenance or a dispute tells of, or what a Binary is secured by: it belongs to the same patients."""
    return [each for each in told_of(resource) if each is not None and each.type != "Patient"]


def told_of(resource: Mapping[str, Any]) -> list[Reference | None]:
    """All that it tells of or is secured by; None for what is not kept here."""
    if resource["resourceType"] == "Provenance":
        named = resource["target"]
    elif resource["resourceType"] == "Binary" and "securityContext" in resource:
        named = [resource["securityContext"]]
    else:
        return list(named_in(resource))
    found = (literal(each.get("reference", "")) for each in named)
    return [each if each is not None and each.is_local else None for each in found]


def references_of(value: Any) -> Iterator[Reference]:
    """Every reference to a resource of this server, depth first."""
    for each in objects_of(value):
        text = each.get("reference")
        found = literal(text) if isinstance(text, str) else None
        if found is not None and found.is_local:
            yield found
