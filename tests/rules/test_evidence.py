"""Statements, their segments, and what an amendment makes of them."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.evidence import (
    Origin,
    Statement,
    Wanted,
    amend,
    check_amendment,
    diff,
    segment_identifier,
    sentence_identifier,
)

DRAFT = str(uuid4())
MACHINE = (
    Statement("s1", "c1", "One.", evidence=("a", "b")),
    Statement("s2", "c1", "Two.", evidence=("c",)),
    Statement("s3", "c2", "Three."),
)


def changed(*wanted: Wanted, former: tuple[Statement, ...] = MACHINE, by: str = "grace") -> tuple[Statement, ...]:
    return amend(MACHINE, former, wanted, by=by, draft_id=DRAFT, revision=2)


def test_a_segment_is_named_the_same_whenever_it_is_asked_for_and_differently_in_each_session() -> None:
    session, other = str(uuid4()), str(uuid4())
    assert segment_identifier(session, "a") == segment_identifier(session, "a")
    assert (
        len({segment_identifier(session, "a"), segment_identifier(session, "b"), segment_identifier(other, "a")}) == 3
    )


def test_an_untouched_sentence_stays_the_machines() -> None:
    assert changed(Wanted("One.", "c1", "s1")) == MACHINE[:1]


def test_a_changed_sentence_keeps_its_evidence_and_names_the_machines() -> None:
    [statement] = changed(Wanted("Won.", "c1", "s1"))
    assert statement == Statement(
        "s1", "c1", "Won.", Origin.REVISION, ("a", "b"), sentence_identifier(DRAFT, "s1"), "grace"
    )


def test_a_sentence_moved_to_another_section_is_a_revision() -> None:
    assert changed(Wanted("One.", "c2", "s1"))[0].origin is Origin.REVISION


def test_a_new_sentence_is_hers_alone() -> None:
    [statement] = changed(Wanted(" Four. ", "c2"))
    assert statement == Statement("r2-1", "c2", "Four.", Origin.HUMAN, by="grace")


def test_the_machines_sentence_typed_again_as_a_new_one_stays_the_machines() -> None:
    assert changed(Wanted("Two.", "c1", "s2"), Wanted(" One.\n", "c1")) == (MACHINE[1], MACHINE[0])
    moved, *_ = changed(Wanted("One.", "c2"))
    assert (moved.id, moved.origin, moved.evidence) == ("s1", Origin.REVISION, ("a", "b"))


def test_a_copy_of_the_machines_sentence_is_a_revision_of_it() -> None:
    first, copy = changed(Wanted("One.", "c1", "s1"), Wanted("One.", "c2"))
    assert first == MACHINE[0]
    assert copy == Statement(
        "r2-1", "c2", "One.", Origin.REVISION, ("a", "b"), sentence_identifier(DRAFT, "s1"), "grace"
    )


def test_the_patients_words_typed_again_stay_the_patients() -> None:
    came = (Statement("s1", "c1", "I slept.", Origin.PATIENT), Statement("s2", "c1", "Two."))
    wanted = (Wanted("I  slept.", "c1"), Wanted("I slept.", "c2"), Wanted("Two.", "c1", "s2"))
    made = amend(came, came, wanted, by="grace", draft_id=DRAFT, revision=2)
    assert [(each.id, each.origin, each.by) for each in made[:2]] == [
        ("s1", Origin.PATIENT, None),
        ("r2-1", Origin.PATIENT, None),
    ]
    assert [each.text for each in made] == ["I slept.", "I slept.", "Two."]


def test_what_a_colleague_leaves_alone_stays_the_first_clinicians() -> None:
    former = changed(Wanted("Won.", "c1", "s1"), Wanted("Four.", "c2"))
    again = changed(Wanted("Won.", "c1", "s1"), Wanted("Fourth.", "c2", "r2-1"), former=former, by="ann")
    assert [statement.by for statement in again] == ["grace", "ann"]


@pytest.mark.spec("X-042")
@pytest.mark.parametrize("text", ["a\0b", "a\x1fb", "\ud800 half"])
def test_what_no_document_can_hold_is_refused_with_its_place(text: str) -> None:
    wanted = [Wanted("One.", "c1", "s1"), Wanted(text, "c1")]
    assert [issue.expression for issue in check_amendment([Statement("s1", "c1", "One.")], {"c1"}, wanted)] == [
        "statements[1].text"
    ]


def test_a_document_has_an_end() -> None:
    wanted = [Wanted("w" * 20_000, "c1") for _ in range(30)]
    assert [issue.code for issue in check_amendment((), {"c1"}, wanted)] == ["too-long"]


def test_the_difference_is_told_field_by_field() -> None:
    after = changed(Wanted("Won.", "c2", "s1"), Wanted("Two.", "c1", "s2"), Wanted("New.", "c2"))
    assert [(change.statement, change.kind, change.field) for change in diff(MACHINE, after)] == [
        ("s1", "changed", "text"),
        ("s1", "changed", "section"),
        ("r2-1", "added", "text"),
        ("s3", "removed", "text"),
    ]


def test_nothing_differs_from_itself() -> None:
    assert diff(MACHINE, MACHINE) == ()


TEXTS = st.text("abc .", min_size=1).filter(str.strip)


@given(st.lists(st.tuples(st.sampled_from(["s1", "s2", "s3", None]), TEXTS, st.sampled_from(["c1", "c2"]))))
def test_whatever_is_wanted_evidence_stays_with_its_sentence_and_origin_is_true(
    rows: list[tuple[str | None, str, str]],
) -> None:
    unique = {id or f"new {number}": (id, text, section) for number, (id, text, section) in enumerate(rows)}
    wanted = [Wanted(text, section, id) for id, text, section in unique.values()]
    written = {statement.id: statement for statement in MACHINE}
    for want, made in zip(wanted, changed(*wanted), strict=True):
        assert (made.text, made.section) == (want.text.strip(), want.section)
        machine = written.get(made.id)
        assert made.evidence == (machine.evidence if machine else ())
        assert (made.origin is Origin.MACHINE) == (made == machine)
        assert (made.origin is Origin.HUMAN) == (machine is None)
    assert len({statement.id for statement in changed(*wanted)}) == len(wanted)


@given(st.permutations(MACHINE), st.booleans())
def test_a_difference_can_be_undone(order: list[Statement], is_changed: bool) -> None:
    after = [replace(order[0], text="Other."), *order[1:]] if is_changed else order
    there, back = diff(MACHINE, after), diff(after, MACHINE)
    assert {(each.statement, each.before, each.after) for each in there} == {
        (each.statement, each.after, each.before) for each in back
    }
