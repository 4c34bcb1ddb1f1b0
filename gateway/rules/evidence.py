"""Statements of a document, the transcript segments they rest on, and what an amendment makes of them.

A segment is named outside the gateway only by an identifier derived from the session's random id, so that nobody who
knows a producer's numbering can guess it, and evidence written before its transcript arrives meets it later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5

from gateway.errors import Issue

LONGEST_STATEMENT = 20_000
LONGEST_DOCUMENT = 500_000  # characters in all statements; a session's summary has a few thousand
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class Origin(StrEnum):
    MACHINE = "machine"  # as the machine wrote it
    REVISION = "revision"  # the machine's, changed by a clinician
    HUMAN = "human"  # the clinician's alone
    PATIENT = "patient"  # the patient's own words, which a machine only carried


@dataclass(frozen=True, slots=True)
class Statement:
    """One addressable sentence: `id` is its element id in the Composition, `section` that of the section it stands in
    ("" at the top); `evidence` are the producer's segment ids; `of` names the machine's sentence it revises; `by` is
    the Practitioner who wrote it here."""

    id: str
    section: str
    text: str
    origin: Origin = Origin.MACHINE
    evidence: tuple[str, ...] = ()
    of: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A statement as a clinician wants it: with the `id` of the one it stands for, or without for a new one."""

    text: str
    section: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one statement that differs between two revisions; `kind` is added, removed or changed."""

    statement: str
    kind: str
    field: str
    before: str | None
    after: str | None


def segment_identifier(session_id: str, segment_id: str) -> str:
    return f"urn:uuid:{uuid5(UUID(session_id), segment_id)}"


def revision_identifier(draft_id: str, revision: int) -> str:
    return f"urn:uuid:{uuid5(UUID(draft_id), f'revision {revision}')}"


def sentence_identifier(draft_id: str, statement_id: str) -> str:
    """The name of a sentence as the machine wrote it, in the first revision."""
    return f"urn:uuid:{uuid5(UUID(draft_id), f'sentence {statement_id}')}"


def check_amendment(
    known: Iterable[Statement], sections: Iterable[str], wanted: Sequence[Wanted], *, longest: int = LONGEST_STATEMENT
) -> list[Issue]:
    """Every fault of an amendment of the note, each with its place in the request. `known` are its statements as they
    came and as they are."""
    ids, places, seen = {statement.id: statement for statement in known}, set(sections), set[str]()
    issues = (
        [] if wanted else [Issue("A document keeps at least one statement; reject the draft instead.", "statements")]
    )
    if sum(len(statement.text) for statement in wanted) > LONGEST_DOCUMENT:
        issues.append(Issue(f"A document has at most {LONGEST_DOCUMENT} characters.", "statements", "too-long"))
    for number, statement in enumerate(wanted):
        place = f"statements[{number}]"
        if not statement.text.strip() or len(statement.text) > longest:
            issues.append(Issue(f"The text is empty or longer than {longest} characters.", f"{place}.text"))
        if _NO_TEXT.search(statement.text):
            issues.append(Issue("The text holds a control character or half a character.", f"{place}.text"))
        if statement.section not in places:
            issues.append(Issue("The draft has no such section.", f"{place}.section", "not-found"))
        if statement.id is not None and statement.id not in ids:
            issues.append(Issue("The draft has no such statement.", f"{place}.id", "not-found"))
        if statement.id in ids and _is_another(ids[statement.id], statement):
            issues.append(Issue("A patient's own words are kept or taken out.", f"{place}.text", "business-rule"))
        if statement.id in seen:
            issues.append(Issue("The statement is given twice.", f"{place}.id", "duplicate"))
        if statement.id is not None:
            seen.add(statement.id)
    return issues


def _is_another(known: Statement, wanted: Wanted) -> bool:
    return known.origin is Origin.PATIENT and known.text != wanted.text.strip()


def amend(
    machine: Sequence[Statement],
    former: Sequence[Statement],
    wanted: Sequence[Wanted],
    *,
    by: str,
    draft_id: str,
    revision: int,
) -> tuple[Statement, ...]:
    """The statements of the next revision. What reads as the machine wrote it is the machine's, whoever typed it last;
    evidence stays with a sentence through every change of its words."""
    written = {statement.id: statement for statement in machine}
    known = {statement.id: statement for statement in former}
    kept, new = {want.id for want in wanted}, iter(range(1, len(wanted) + 1))
    made: list[Statement] = []
    for want in wanted:
        same = None if want.id else _typed_again(machine, want)
        if same and same.id not in kept:
            kept.add(same.id)
            want = replace(want, id=same.id)
        if want.id:
            made.append(_amended(written, known, want, by, draft_id))
        else:
            made.append(_new(f"r{revision}-{next(new)}", want, same, by, draft_id))
    return tuple(made)


def _typed_again(came: Sequence[Statement], want: Wanted) -> Statement | None:
    """The sentence that came with the same words, spaces aside."""
    words = want.text.split()
    return next((each for each in came if each.text.split() == words), None)


def _new(id: str, want: Wanted, same: Statement | None, by: str, draft_id: str) -> Statement:
    """Hers alone, unless it repeats a sentence that stands elsewhere too."""
    text = want.text.strip()
    if same is None or same.origin is Origin.HUMAN:
        return Statement(id, want.section, text, Origin.HUMAN, by=by)
    if same.origin is Origin.PATIENT:
        return replace(same, id=id, section=want.section)
    of = sentence_identifier(draft_id, same.id)
    return Statement(id, want.section, text, Origin.REVISION, same.evidence, of, by)


def _amended(
    written: Mapping[str, Statement], known: Mapping[str, Statement], want: Wanted, by: str, draft_id: str
) -> Statement:
    id = want.id or ""
    for same in (written.get(id), known.get(id)):
        if same and (same.text, same.section) == (want.text.strip(), want.section):
            return same
    origin = written.get(id)
    if origin is None or origin.origin is Origin.HUMAN:
        return replace(origin or known[id], text=want.text.strip(), section=want.section, by=by)
    if origin.origin is Origin.PATIENT:
        return replace(origin, section=want.section)
    return Statement(
        id, want.section, want.text.strip(), Origin.REVISION, origin.evidence, sentence_identifier(draft_id, id), by
    )


def diff(former: Sequence[Statement], latter: Sequence[Statement]) -> tuple[Change, ...]:
    """What changed from one revision to another, field by field, in the order of the latter, removals last."""
    before = {statement.id: statement for statement in former}
    after = {statement.id for statement in latter}
    changes: list[Change] = []
    for statement in latter:
        old = before.get(statement.id)
        if old is None:
            changes.append(Change(statement.id, "added", "text", None, statement.text))
            continue
        for field in ("text", "section"):
            was, is_now = getattr(old, field), getattr(statement, field)
            if was != is_now:
                changes.append(Change(statement.id, "changed", field, was, is_now))
    removed = (statement for statement in former if statement.id not in after)
    return (*changes, *(Change(statement.id, "removed", "text", statement.text, None) for statement in removed))
