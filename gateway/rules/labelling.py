"""Which labels drafts and approved content carry. AIAST, once there, stays: approval adds, it never takes away. What a
patient wrote is never labelled as a machine's.

A label says how content is to be handled; who did what is told by Provenance.
Codes: HL7 v3-Confidentiality, v3-ActCode, v3-ObservationValue; inline labels by DS4P.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.labels import (
    AIAST,
    CLINAST,
    CONFIDENTIALITY,
    DRAFT_MARK,
    HUAPRV,
    PATAST,
    PROCESSINLINELABEL,
    label,
    label_inline,
    security_of,
)
from gateway.fhir.marks import act_code, on_basis
from gateway.rules.evidence import Origin
from gateway.rules.label_rules import RULE_SYSTEM
from gateway.rules.labelling_written import complete
from gateway.rules.protection import Protection

UNAPPROVED = (HUAPRV, DRAFT_MARK)
ASSERTED = {
    Origin.MACHINE: (AIAST,),
    Origin.REVISION: (AIAST, CLINAST),
    Origin.HUMAN: (CLINAST,),
    Origin.PATIENT: (PATAST,),
}
_BY_MACHINE = frozenset({Origin.MACHINE, Origin.REVISION})


def is_mixed(whole: Origin, parts: Iterable[Origin]) -> bool:
    """Whether some part is by another than the whole, so that labels must say which."""
    return any(part is not whole for part in parts)


def label_content(
    resource: dict[str, Any], protection: Protection, whole: Origin, parts: Collection[Origin] = (), *, approved: bool
) -> dict[str, Any]:
    """Label clinical content by whose words it is as a `whole` and in `parts` (in place). A clinician asserts what a
    machine wrote by approving it, or where she wrote; what a patient wrote stays the patient's. Whatever a machine
    wrote a part of is found by AIAST; the inline labels tell which part. http://hl7.org/fhir/uv/aitransparency"""
    inline = (PROCESSINLINELABEL,) if is_mixed(whole, parts) else ()
    by_machine = (AIAST,) if not _BY_MACHINE.isdisjoint({whole, *parts}) else ()
    asserted = (*ASSERTED[whole], *by_machine, *((CLINAST,) if approved and whole in _BY_MACHINE else ()))
    is_waiting = bool(by_machine) and not approved
    return complete(label(resource, *_protecting(protection), *asserted, *(UNAPPROVED if is_waiting else ()), *inline))


def label_record(resource: dict[str, Any], protection: Protection, *, approved: bool) -> dict[str, Any]:
    """Label a Provenance: as restricted as what it is about, but asserted by nobody's model."""
    return complete(label(resource, *_protecting(protection), *(() if approved else UNAPPROVED)))


def _protecting(protection: Protection) -> Iterator[dict[str, Any]]:
    """Each with the rule that gave it, or the reviewer who chose it."""
    yield CONFIDENTIALITY[protection.confidentiality]
    for code, basis in protection.labels:
        yield on_basis(act_code(code), {"system": RULE_SYSTEM, "code": basis}) if basis else act_code(code)


def label_part(element: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """Label one element by whose words it is (in place)."""
    for coding in ASSERTED[origin]:
        label_inline(element, coding)
    return element


def repeated(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The labels of the content as its index entry repeats them (DocumentReference.securityLabel)."""
    inline = (PROCESSINLINELABEL["system"], PROCESSINLINELABEL["code"])
    return [
        {"coding": [{"system": system, "code": code}]}
        for system, code in security_of(resource)
        if (system, code) != inline
    ]
