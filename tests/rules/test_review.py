"""The states of a draft as a table, and the digest an approval is bound to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import Conflict, Forbidden, PreconditionFailed
from gateway.fhir.json import parse
from gateway.rules.access import Caller
from gateway.rules.review import (
    STEPS,
    Standing,
    State,
    Step,
    check_reviewer,
    check_step,
    content_digest,
    is_replay,
    may_step,
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_a_step_is_taken_exactly_where_the_table_has_it(state: State, step: Step) -> None:
    standing = Standing(state, "d")
    if may_step(state, step):
        assert check_step(standing, step, "d") is STEPS[state][step]
    else:
        with pytest.raises((Conflict, PreconditionFailed)):
            check_step(standing, step, "d")


def test_nothing_follows_an_approval_or_a_rejection() -> None:
    assert not any(may_step(state, step) for state in (State.APPROVED, State.REJECTED) for step in Step)


def test_only_an_approval_approves() -> None:
    assert {(state, step) for state in State for step, to in STEPS[state].items() if to is State.APPROVED} == {
        (State.PENDING, Step.APPROVE)
    }


@pytest.mark.parametrize("step", Step)
def test_no_step_is_taken_on_content_that_was_not_read(step: Step) -> None:
    with pytest.raises(PreconditionFailed):
        check_step(Standing(State.PENDING, "new"), step, "old")


def test_a_second_clinicians_approval_fails_on_its_condition() -> None:
    with pytest.raises(PreconditionFailed):
        check_step(Standing(State.APPROVED, "d", "d", "grace"), Step.APPROVE, "d")


@pytest.mark.parametrize(
    ("standing", "by", "digest", "expected"),
    [
        (Standing(State.APPROVED, "d", "d", "grace"), "grace", "d", True),
        (Standing(State.APPROVED, "d", "d", "grace"), "ann", "d", False),
        (Standing(State.APPROVED, "d", "d", "grace"), "grace", "e", False),
        (Standing(State.PENDING, "d"), "grace", "d", False),
    ],
)
def test_a_replay_is_the_same_clinician_and_the_same_content(
    standing: Standing, by: str, digest: str, expected: bool
) -> None:
    assert is_replay(standing, by, digest) is expected


def test_a_token_without_a_person_reviews_nothing() -> None:
    with pytest.raises(Forbidden):
        check_reviewer(Caller("t", "c", "o", frozenset({"review"}), "TREAT"))


def test_the_digest_ignores_the_order_of_keys_and_nothing_else() -> None:
    assert content_digest([{"a": "1", "b": "2"}]) == content_digest([{"b": "2", "a": "1"}])
    different: list[list[dict[str, Any]]] = [
        [{"a": "1"}],
        [{"a": "2"}],
        [{"a": 1}],
        [{"a": ["1"]}],
        [{"a": "1"}, {}],
        [],
    ]
    assert len({content_digest(resources) for resources in different}) == len(different)


def test_a_decimal_counts_with_every_digit_it_was_written_with() -> None:
    lexemes = [parse(b'{"a":1.0}'), parse(b'{"a":1.00}'), parse(b'{"a":1e0}'), {"a": {"decimal": "1.0"}}]
    digests = {content_digest([value]) for value in lexemes[:3]}
    assert len(digests) == 3
    assert content_digest([{"a": Decimal("1.0")}]) == content_digest([lexemes[0]])
