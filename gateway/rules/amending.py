"""What a clinician wants of a draft as a whole, its faults, and what the next revision says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.errors import Issue
from gateway.rules.drafting import Content
from gateway.rules.entries import Entry
from gateway.rules.entry_amending import WantedEntry, amend_entries, check_entries
from gateway.rules.evidence import Wanted, amend, check_amendment
from gateway.rules.protection import Choice
from gateway.rules.revision import Dossier, Revision
from gateway.rules.scores import check_scores, recounted


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a clinician wants of a draft; without `statements` the note stays as it is."""

    statements: Sequence[Wanted] | None = None
    entries: Sequence[WantedEntry] = ()
    choice: Choice | None = None


def check_amended(dossier: Dossier, former: Revision, wanted: Amendment) -> list[Issue]:
    """Every fault of what is wanted, by its place in the request."""
    issues = check_entries(dossier.entries, former.entries, wanted.entries)
    if not issues:
        made = _entries(dossier, former, wanted.entries, "")
        issues = check_scores(dossier.entries, former.entries, made, wanted.entries)
    if wanted.statements is not None and (dossier.outline or wanted.statements):
        known = (*dossier.statements, *former.statements)
        issues = check_amendment(known, dossier.sections, wanted.statements) + issues
    gone = {each.id for each in wanted.entries if each.remove}
    left = [*(entry for entry in former.entries if entry.id not in gone), *(e for e in wanted.entries if not e.remove)]
    if dossier.outline is None and not left:
        issues.append(Issue("A draft keeps at least one entry; reject the draft instead.", "entries"))
    return issues


def content_of(dossier: Dossier, former: Revision, wanted: Amendment, by: str) -> Content:
    """What the next revision says; the amendment has been checked."""
    draft_id, statements = dossier.basis.draft_id, former.statements
    if wanted.statements is not None and dossier.outline:
        came, number = dossier.statements, former.number + 1
        statements = amend(came, statements, wanted.statements, by=by, draft_id=draft_id, revision=number)
    made = _entries(dossier, former, wanted.entries, by)
    counted = recounted(dossier.entries, former.entries, made, wanted.entries)
    entries = _entries(dossier, former, _joined(wanted.entries, counted), by) if counted else made
    return Content(dossier.outline, statements, entries)


def _entries(dossier: Dossier, former: Revision, wanted: Sequence[WantedEntry], by: str) -> tuple[Entry, ...]:
    return amend_entries(dossier.entries, former.entries, wanted, by=by, draft_id=dossier.basis.draft_id)


def _joined(wanted: Sequence[WantedEntry], more: Sequence[WantedEntry]) -> list[WantedEntry]:
    """One for each entry."""
    joined = {want.id: want for want in wanted}
    for each in more:
        joined[each.id] = replace(each, set={**joined.get(each.id, each).set, **each.set})
    return list(joined.values())


def editors_of(dossier: Dossier, former: Revision, content: Content, by: str) -> tuple[str, ...]:
    """Who changed the note: nobody, where it reads as it came."""
    if content.statements == dossier.statements:
        return ()
    return former.editors if content.statements == former.statements else tuple(dict.fromkeys((*former.editors, by)))
