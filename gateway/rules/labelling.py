"""Which labels drafts and approved content carry. AIAST, once there, stays: approval adds, it never takes away.

A label says how content is to be handled; who did what is told by Provenance.
Codes: HL7 v3-Confidentiality, v3-ActCode, v3-ObservationValue; inline labels by DS4P.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.fhir.labels import (
    AIAST,
    CLINAST,
    DRAFT_MARK,
    HUAPRV,
    MH,
    PROCESSINLINELABEL,
    RESTRICTED,
    Coding,
    label,
    label_inline,
)
from gateway.rules.evidence import Origin, Statement

CONTENT = (RESTRICTED, MH)
UNAPPROVED = (HUAPRV, DRAFT_MARK)
ASSERTED = {Origin.MACHINE: (AIAST,), Origin.REVISION: (AIAST, CLINAST), Origin.HUMAN: (CLINAST,)}


def is_mixed(statements: Iterable[Statement]) -> bool:
    """Whether only a part is as the machine wrote it, so that labels must say which."""
    return any(statement.origin is not Origin.MACHINE for statement in statements)


def label_content(resource: dict[str, Any], *, approved: bool, mixed: bool) -> dict[str, Any]:
    """Label machine-written clinical content (in place). A clinician asserts it by approving, or where she wrote."""
    inline = (PROCESSINLINELABEL,) if mixed else ()
    return label(resource, *CONTENT, AIAST, *((CLINAST,) if approved else UNAPPROVED), *inline)


def label_record(resource: dict[str, Any], *, approved: bool) -> dict[str, Any]:
    """Label a Provenance: as restricted as what it is about, but asserted by nobody's model."""
    return label(resource, *CONTENT, *(() if approved else UNAPPROVED))


def label_statement(element: dict[str, Any], statement: Statement) -> dict[str, Any]:
    for coding in ASSERTED[statement.origin]:
        label_inline(element, coding)
    return element


def labels_of(*, approved: bool) -> tuple[Coding, ...]:
    """The labels an index entry of the content repeats (DocumentReference.securityLabel)."""
    return (*CONTENT, AIAST, *((CLINAST,) if approved else UNAPPROVED))
