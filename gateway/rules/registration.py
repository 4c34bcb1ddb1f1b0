"""What may be registered of a client or a person: scopes of its own context, a purpose of use.

Purposes: https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.errors import Issue
from gateway.rules.purposes import PURPOSES
from gateway.rules.scopes import OWN, PATIENT, USER, Scope, ScopeFault, normalise, parse

# A patient reads her own record, or what others open to her, decides on her consents, and tells how her own homework
# goes; she writes nothing else.
_OF_PATIENTS = frozenset({"consent"})
_READING = "rs"
_CHANGED_BY_PATIENTS = "Task"


def check_registration(
    scopes: Iterable[str], purpose: str, *, context: str, types: frozenset[str]
) -> tuple[frozenset[str], list[Issue]]:
    """The canonical scopes, and every fault found. `context` is `system` for a client, `user` for a
    clinician, `patient` for a patient, who may also have `user` scopes: those are not tied to her own record. Of the
    writing of Tasks, which version 1 cannot say more narrowly, a patient is given the update."""
    issues: list[Issue] = []
    fit: set[str] = set()
    for text in scopes:
        fault = _fault(text, context, types)
        if fault:
            issues.append(Issue(fault, "scopes", code="value"))
        else:
            fit.add(_narrowed(text) if context == PATIENT else text)
    if not fit and not issues:
        issues.append(Issue("At least one scope is needed.", "scopes", code="required"))
    if purpose not in PURPOSES:
        issues.append(Issue("The purpose must be a code of v3-PurposeOfUse.", "purpose", code="value"))
    return normalise(fit), issues


def _fault(text: str, context: str, types: frozenset[str]) -> str | None:
    if text in OWN:
        return "a patient cannot have this scope" if context == PATIENT and text not in _OF_PATIENTS else None
    try:
        scope = parse(text)
    except ScopeFault as fault:
        return str(fault)
    contexts = (PATIENT, USER) if context == PATIENT else (context,)
    if scope.context not in contexts or scope.type not in types | {"*"}:
        return f"a scope of the form {context}/Type.cruds is needed, with a resource type of FHIR R4"
    if context == PATIENT and not (set(scope.letters) <= set(_READING) or _is_of_homework(scope)):
        return "a patient reads and searches, and tells of her homework: patient/Type.rs, patient/Task.rus"
    return None


def _is_of_homework(scope: Scope) -> bool:
    """Whether it changes the own Tasks; of these `usecases.incoming` lets her change her homework only."""
    return (scope.context, scope.type) == (PATIENT, _CHANGED_BY_PATIENTS) and bool(
        set(scope.letters) & {*_READING, "u"}
    )


def _narrowed(text: str) -> str:
    """What of a scope a patient is given."""
    scope = None if text in OWN else parse(text)
    if scope is None or not _is_of_homework(scope):
        return text
    return str(replace(scope, letters="".join(letter for letter in scope.letters if letter in (*_READING, "u"))))
