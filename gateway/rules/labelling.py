"""Which labels drafts and approved content carry. AIAST, once there, stays: approval adds, it never takes away.

A label says how content is to be handled; who did what is told by Provenance.
Codes: HL7 v3-Confidentiality, v3-ActCode, v3-ObservationValue; inline labels by DS4P.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.labels import (
    AIAST,
    CLINAST,
    CONFIDENTIALITY,
    DRAFT_MARK,
    HUAPRV,
    PROCESSINLINELABEL,
    label,
    label_inline,
    security_of,
)
from gateway.fhir.marks import act_code, on_basis
from gateway.rules.evidence import Origin, Statement
from gateway.rules.label_rules import RULE_SYSTEM
from gateway.rules.labelling_written import complete
from gateway.rules.protection import Protection

UNAPPROVED = (HUAPRV, DRAFT_MARK)
ASSERTED = {Origin.MACHINE: (AIAST,), Origin.REVISION: (AIAST, CLINAST), Origin.HUMAN: (CLINAST,)}


def is_mixed(statements: Iterable[Statement]) -> bool:
    """Whether only a part is as the machine wrote it, so that labels must say which."""
    return any(statement.origin is not Origin.MACHINE for statement in statements)


def label_content(resource: dict[str, Any], protection: Protection, *, approved: bool, mixed: bool) -> dict[str, Any]:
    """Label machine-written clinical content (in place). A clinician asserts it by approving, or where she wrote."""
    inline = (PROCESSINLINELABEL,) if mixed else ()
    asserted = (AIAST, *((CLINAST,) if approved else UNAPPROVED))
    return complete(label(resource, *_protecting(protection), *asserted, *inline))


def label_record(resource: dict[str, Any], protection: Protection, *, approved: bool) -> dict[str, Any]:
    """Label a Provenance: as restricted as what it is about, but asserted by nobody's model."""
    return complete(label(resource, *_protecting(protection), *(() if approved else UNAPPROVED)))


def _protecting(protection: Protection) -> Iterator[dict[str, Any]]:
    """Each with the rule that gave it, or the reviewer who chose it."""
    yield CONFIDENTIALITY[protection.confidentiality]
    for code, basis in protection.labels:
        yield on_basis(act_code(code), {"system": RULE_SYSTEM, "code": basis}) if basis else act_code(code)


def label_statement(element: dict[str, Any], statement: Statement) -> dict[str, Any]:
    for coding in ASSERTED[statement.origin]:
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
