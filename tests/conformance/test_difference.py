"""The same resources and searches on the gateway and on @medplum/fhir-router: every difference has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.fhir.search.table import TYPES
from tests.conformance import oracle
from tests.conformance.both import ALL, Both, matches_of
from tests.conformance.questions import Question, questions, texts_of, values_of

pytestmark = pytest.mark.conformance

Json = dict[str, Any]
EACH = 4


def right_about_dates(both: Both, question: Question) -> set[str]:
    """What R4's text finds."""
    parameter, prefix = TYPES[question.type].parameters[question.code], question.form
    asked = question.value.removeprefix(prefix)
    found = set()
    for each in both.of(question.type):
        if any(oracle.matches(prefix, asked, value) for value in values_of(parameter, each)):
            found.add(f"{each['resourceType']}/{each['id']}")
    return found


def right_about_ids(both: Both, question: Question) -> set[str]:
    """An id stands for the resource of any type that has it, so a question with the type must find the same."""
    targets = (each["resourceType"] for each in both.resources if each["id"] == question.value)
    urls = [f"{question.type}?{question.code}={target}/{question.value}&{ALL}" for target in targets]
    return {match for url in urls for match in matches_of(both.theirs(url))}


def right_about_starts(both: Both, question: Question) -> set[str]:
    """Where a value, or a part of a name or an address, begins with what is asked."""
    parameter, begun = TYPES[question.type].parameters[question.code], question.value.casefold()
    found = set()
    for each in both.of(question.type):
        texts = (text for value in values_of(parameter, each) for text in texts_of(value))
        if any(text.casefold().startswith(begun) for text in texts):
            found.add(f"{each['resourceType']}/{each['id']}")
    return found


# Kind, why the two may differ, and what is right by R4's text.
Reason = tuple[Callable[[Question], bool], str, Callable[[Both, Question], set[str]]]
REASONS: tuple[Reason, ...] = (
    (
        lambda one: one.kind == "date" and not one.modifier,
        "the other takes eq for overlaps, and compares texts",
        right_about_dates,
    ),
    (lambda one: one.form == "id", "the other wants the type before the id, which R4 leaves out", right_about_ids),
    (
        lambda one: one.kind == "string" and not one.modifier,
        "the other takes every string search for :contains",
        right_about_starts,
    ),
)
# Not asked: the other has no phonetic algorithm and no numbers, and takes a composite for its first half.
UNASKED = ("phonetic",)


def asked(both: Both) -> Iterator[Question]:
    for question in questions(7, both.resources, EACH):
        if question.code not in UNASKED and question.kind not in ("composite", "quantity", "number"):
            yield question


def test_random_searches_find_the_same(both: Both) -> None:
    seen: Counter[str] = Counter()
    unexplained = []
    for question in asked(both):
        ours, theirs = (matches_of(one(f"{question}&{ALL}")) for one in (both.ours, both.theirs))
        seen["searches"] += 1
        seen["that find something"] += bool(ours)
        if set(ours) == set(theirs):
            continue
        reason = next((each for each in REASONS if each[0](question)), None)
        if reason is None or set(ours) != reason[2](both, question):
            unexplained.append((str(question), len(ours), len(theirs)))
            continue
        seen[f"differ: {reason[1]}"] += 1
    print(dict(seen))
    assert unexplained == []
    assert all(seen[f"differ: {reason}"] for _, reason, _ in REASONS), "a difference listed above is gone"
    assert seen["that find something"] > 1000
