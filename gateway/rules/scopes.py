"""SMART scopes: their grammar, one canonical form, what is granted of a request, and what a token allows.

`system/Observation.rs?category=http://…|laboratory` reads: context, type, letters (create, read, update, delete,
search, always in this order) and, for a granular scope, a restriction. Version 1 scopes (`.read`, `.write`, `.*`) are
read as version 2. https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from gateway.rules.restrictions import EVERYTHING, Restriction, RestrictionFault

# Session words and psychotherapy notes are kept apart: no other scope, of FHIR or of review, opens them.
TRANSCRIPTS, PSYCHOTHERAPY_NOTES = "transcripts", "psychotherapy-notes"
# What the gateway offers beside FHIR: handing in and going on from what was, reviewing, recording consents, tracing,
# reading the audit.
OWN = frozenset(
    {"submission.write", "context.read", "review", "consent", "lineage", "audit", TRANSCRIPTS, PSYCHOTHERAPY_NOTES}
)
SYSTEM, USER, PATIENT = "system", "user", "patient"
# The log tells of drafts, so reading it is the auditors' alone: a FHIR scope does not open it without this one.
_NEEDS = {"AuditEvent": "audit"}
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_GRAMMAR = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|c?r?u?d?s?)(?:\?(.+))?")
_WRITING = "cud"

# The letters an interaction needs. A conditional one tells whether a match exists: it needs reading and searching too.
LETTERS = {
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "search-type": "s",
    "history-type": "s",
    "history-system": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
    "conditional-create": "crs",
    "conditional-update": "crus",
    "conditional-patch": "rus",
    "conditional-delete": "rds",
}


class ScopeFault(ValueError):
    """`invalid_scope`: the text tells the client which of its scopes is at fault, and why."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One scope on FHIR content; `str()` gives the canonical text."""

    context: str
    type: str
    letters: str
    restriction: Restriction = EVERYTHING

    def __str__(self) -> str:
        text = f"{self.context}/{self.type}.{self.letters}"
        return f"{text}?{self.restriction}" if self.restriction else text

    def covers(self, other: Scope) -> bool:
        """Whether this scope alone allows all that `other` allows."""
        return (
            self.context == other.context
            and self.type in ("*", other.type)
            and set(other.letters) <= set(self.letters)
            and self.restriction.clauses <= other.restriction.clauses
        )

    def common(self, other: Scope) -> Scope | None:
        """What both allow, or None."""
        letters = _only(self.letters, other.letters)
        if self.context != other.context or not letters:
            return None
        if "*" not in (self.type, other.type) and self.type != other.type:
            return None
        narrower = other.type if self.type == "*" else self.type
        return Scope(self.context, narrower, letters, self.restriction & other.restriction)


def parse(text: str) -> Scope:
    """One SMART scope of version 1 or 2. Raises ScopeFault, also for letters out of order (`.sr`)."""
    match = _GRAMMAR.fullmatch(text)
    if match is None or not match[3]:
        raise ScopeFault(f"not a SMART scope: {_shown(text)}")
    context, type_, verb, query = match.groups()
    try:
        restriction = Restriction.parse(query) if query else EVERYTHING
    except RestrictionFault as fault:
        raise ScopeFault(f"{fault}: {_shown(text)}") from None
    return Scope(context, type_, _V1.get(verb, verb), restriction)


def normalise(texts: Iterable[str]) -> frozenset[str]:
    """The canonical set: version 2 only, letters of equal scopes joined, what another scope covers left out."""
    given = set(texts)
    return _canonical(parse(text) for text in given - OWN) | (given & OWN)


def grant(requested: str, registered: Iterable[str], *, types: frozenset[str]) -> frozenset[str]:
    """What a backend client gets: never more than it asked for, nor than it is registered for.

    Asking for more *reading* than registered is narrowed (`system/*.rs` becomes the registered types). Raises
    ScopeFault where nothing is left of a scope, for writing beyond the registration, for a context other than
    `system`, and for a type that is none of `types`, the resource types of FHIR.
    """
    asked = requested.split()
    if not asked:
        raise ScopeFault("a scope is required")
    held = set(registered)
    allowed = [parse(text) for text in held - OWN]
    granted: set[str] = set()
    for text in asked:
        granted |= _own(text, held) if text in OWN else {str(scope) for scope in _granted(text, allowed, types)}
    return normalise(granted)


@lru_cache(maxsize=4096)
def access(scopes: frozenset[str], type_: str, letter: str) -> tuple[Restriction, ...]:
    """Under which restrictions these scopes allow `letter` on a type: any one of them has to match.

    Empty: not allowed at all. `(EVERYTHING,)`: allowed without restriction. Only tokens bound to a patient carry a
    `patient/` scope, and it is their visibility that keeps them to that patient.
    """
    if type_ in _NEEDS and _NEEDS[type_] not in scopes:
        return ()
    found = {
        scope.restriction
        for scope in map(parse, scopes - OWN)
        if scope.type in ("*", type_) and letter in scope.letters
    }
    return (EVERYTHING,) if EVERYTHING in found else tuple(sorted(found))


def allows(scopes: frozenset[str], type_: str, letter: str, resource: dict[str, Any] | None = None) -> bool:
    """Whether these scopes allow `letter` on the type and, where a resource is given, on this very resource."""
    restrictions = access(scopes, type_, letter)
    return bool(restrictions) and (resource is None or any(one.matches(resource) for one in restrictions))


def allows_interaction(scopes: frozenset[str], type_: str, interaction: str) -> bool:
    """Whether these scopes allow an interaction by its FHIR code, with all the letters it needs."""
    return all(allows(scopes, type_, letter) for letter in LETTERS[interaction])


def reading(scopes: frozenset[str]) -> frozenset[str]:
    """What these scopes allow to read and search of FHIR, and nothing else."""
    found = (replace(one, letters=_only(one.letters, "rs")) for one in map(parse, scopes - OWN))
    return _canonical(one for one in found if one.letters)


def is_of_one_patient(scope: str) -> bool:
    """Whether it is of the `patient/` context, which ties the token to one patient."""
    return scope.startswith(f"{PATIENT}/")


def _only(letters: str, some: Container[str]) -> str:
    return "".join(letter for letter in letters if letter in some)


def _canonical(scopes: Iterable[Scope]) -> frozenset[str]:
    letters: dict[tuple[str, str, Restriction], set[str]] = {}
    for scope in scopes:
        letters.setdefault((scope.context, scope.type, scope.restriction), set()).update(scope.letters)
    joined = [
        Scope(context, type_, _only("cruds", found), restriction)
        for (context, type_, restriction), found in letters.items()
    ]
    return frozenset(str(one) for one in joined if not any(other != one and other.covers(one) for other in joined))


def _own(text: str, held: set[str]) -> set[str]:
    if text not in held:
        raise ScopeFault(f"beyond the registration: {text}")
    return {text}


def _granted(text: str, allowed: list[Scope], types: frozenset[str]) -> set[Scope]:
    scope = parse(text)
    if scope.context != SYSTEM:
        raise ScopeFault(f"a backend service asks for system scopes only: {_shown(text)}")
    if scope.type not in types | {"*"}:
        raise ScopeFault(f"no resource type of FHIR R4: {_shown(text)}")
    found = {both for one in allowed if (both := scope.common(one))}
    if not found:
        raise ScopeFault(f"beyond the registration: {_shown(text)}")
    writing = Scope(scope.context, scope.type, _only(scope.letters, _WRITING), scope.restriction)
    if writing.letters and not any(one.covers(writing) for one in map(parse, _canonical(allowed))):
        raise ScopeFault(f"writing beyond the registration: {_shown(text)}")
    return found


def _shown(text: str) -> str:
    """A scope as it may stand in an error description (RFC 6749 section 5.2 allows few characters)."""
    return re.sub(r"[^\x20\x21\x23-\x5b\x5d-\x7e]", "?", text[:200])
