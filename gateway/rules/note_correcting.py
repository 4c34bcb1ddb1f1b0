"""The sentences of a published note put right: what a clinician wants of them, and every fault of that.

As when a draft is amended: a sentence that she changes keeps its evidence and names the machine's own, a patient's own
words are kept or taken out. 45 CFR 164.526(c)(1)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.errors import Issue
from gateway.rules.evidence import Statement, Wanted, check_amendment
from gateway.rules.revision import Dossier, Revision
from gateway.rules.upholding import Rewritten

_PLACE = re.compile(r"statements\[(\d+)\]")


def rewritten(former: Revision, sentences: Sequence[Rewritten]) -> list[Wanted]:
    """All statements of the note as they should read."""
    wanted = {each.id: each.text for each in sentences}
    texts = ((each, wanted.get(each.id, each.text)) for each in former.statements)
    return [Wanted(text, each.section, each.id) for each, text in texts if text is not None]


def faults(dossier: Dossier, former: Revision, sentences: Sequence[Rewritten]) -> Iterator[Issue]:
    """Each by its place in the decision."""
    there, seen = {each.id: each for each in former.statements}, set[str]()
    for number, each in enumerate(sentences):
        if each.id not in there:
            yield Issue("The note has no such statement.", f"statements[{number}].id", "not-found")
        elif each.id in seen:
            yield Issue("The statement is given twice.", f"statements[{number}].id", "duplicate")
        seen.add(each.id)
    wanted = rewritten(former, sentences)
    if not wanted:
        yield Issue("A note keeps at least one statement: say that all of it was an error.", "statements")
    elif _is_same(former.statements, wanted):
        yield Issue("The note reads so already.", "statements", "business-rule")
    else:
        known = (*dossier.statements, *former.statements)
        places = {want.id: f"statements[{number}]" for number, want in enumerate(sentences)}
        yield from (_placed(issue, wanted, places) for issue in check_amendment(known, dossier.sections, wanted))


def _placed(issue: Issue, wanted: Sequence[Wanted], places: dict[str, str]) -> Issue:
    """The fault of one of all sentences, by the place of what she wrote."""
    place = issue.expression or ""
    if (found := _PLACE.match(place)) is None:
        return issue
    at = places.get(wanted[int(found[1])].id or "", "statements")
    return Issue(issue.text, at + place[found.end() :], issue.code)


def _is_same(statements: Sequence[Statement], wanted: Sequence[Wanted]) -> bool:
    return [(each.id, each.text) for each in statements] == [(each.id, each.text.strip()) for each in wanted]
