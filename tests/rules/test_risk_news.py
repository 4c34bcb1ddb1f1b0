"""What is news of a risk: a question not heard of yet, or a graver answer to it; and what is too old to alarm."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.rules.risk import risks_in, worse_than
from tests.rules.test_risk import LOINC, NO, YES, estimate, observed, rated, response

SINCE = datetime(2026, 8, 2, tzinfo=UTC)


def is_news(latter: dict[str, Any], former: dict[str, Any]) -> bool:
    return bool(worse_than(risks_in([latter]), risks_in([former])))


def choice(code: str, points: int | None = None) -> dict[str, Any]:
    ordinal = {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": Decimal(points or 0)}
    return {"valueCoding": {"code": code} | ({"extension": [ordinal]} if points is not None else {})}


WORSE = [
    (choice("LA6569-3"), choice("LA6570-1")),
    (choice("LA6570-1"), choice("LA6571-9")),
    ({"valueInteger": 1}, {"valueInteger": 3}),
    ({"valueDecimal": Decimal(1)}, choice("LA6570-1")),
    ({"valueString": "Several days"}, {"valueString": "Nearly every day"}),
    (choice("a", 1), choice("b", 2)),
]


@pytest.mark.parametrize(("before", "after"), WORSE)
def test_a_graver_answer_to_the_same_question_is_news_and_a_lighter_one_is_not(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    lighter, graver = response("/44260-8", before), response("/44260-8", after)
    assert is_news(graver, lighter)
    assert not is_news(lighter, graver)
    assert not is_news(graver, graver)
    assert not is_news(lighter, lighter)


def test_an_answer_that_nobody_can_grade_is_news_if_it_is_another() -> None:
    first, other = (response("/44260-8", {"valueString": text}) for text in ("at night", "most of the day"))
    assert is_news(other, first)
    assert not is_news(first, first)


def test_the_digits_of_a_code_are_no_points() -> None:
    assert is_news(response("/44260-8", choice("101")), response("/44260-8", choice("103")))


def test_another_question_is_news() -> None:
    former = response("/93246-7", YES)
    latter = response("/93246-7", YES)
    latter["item"].append({"linkId": "/93269-9", "answer": [YES]})
    assert is_news(latter, former)
    assert not is_news(former, latter)


def test_of_several_answers_the_gravest_counts() -> None:
    both = response("/44260-8", choice("LA6571-9"))
    both["item"][0]["answer"].insert(0, choice("LA6569-3"))
    assert not is_news(response("/44260-8", choice("LA6570-1")), both)
    assert is_news(both, response("/44260-8", choice("LA6570-1")))


def test_what_was_harmless_before_is_news() -> None:
    assert is_news(response("/93246-7", YES), response("/93246-7", NO))
    assert is_news(observed("44260-8", valueInteger=1), observed("44260-8", valueInteger=0))


def test_an_observed_answer_is_graded_too() -> None:
    one, three = (observed("44260-8", valueQuantity={"value": Decimal(value)}) for value in (1, 3))
    level = [
        observed("93374-7", valueCodeableConcept={"coding": [{"system": LOINC, "code": code}]})
        for code in ("LA6751-7", "LA9193-9")
    ]
    assert (is_news(three, one), is_news(one, three)) == (True, False)
    assert (is_news(level[1], level[0]), is_news(level[0], level[1])) == (True, False)


def test_a_higher_estimate_is_news_by_its_level_or_its_chance() -> None:
    assert is_news(rated("certain"), rated("high"))
    assert not is_news(rated("high"), rated("certain"))
    assert is_news(estimate(probabilityDecimal=Decimal("80")), estimate(probabilityDecimal=Decimal("0.6")))
    assert not is_news(estimate(probabilityDecimal=Decimal("0.6")), estimate(probabilityDecimal=Decimal("60")))


def test_the_same_level_of_another_outcome_is_news() -> None:
    level = rated("high")["prediction"][0]
    suicide, violence = (estimate(**level, outcome={"text": text}) for text in ("Suicide attempt", "Violence"))
    assert is_news(violence, suicide)


OLD, LATE = "2026-07-30", "2026-08-03T10:00:00Z"


@pytest.mark.parametrize(
    "dated",
    [
        {"effectiveDateTime": OLD},
        {"effectiveInstant": "2026-07-30T10:00:00Z"},
        {"effectivePeriod": {"start": "2019", "end": OLD}},
        {"effectivePeriod": {"end": OLD}},
        {"effectiveTiming": {"event": ["2020", OLD]}},
        {"effectiveTiming": {"repeat": {"boundsPeriod": {"start": "2019", "end": OLD}}}},
        {"authored": OLD},
        {"issued": "2026-07-30T10:00:00Z"},
        {"effectiveDateTime": OLD, "issued": "2026-07-31T10:00:00Z"},
        {"occurrenceDateTime": OLD},
        {"occurrencePeriod": {"start": "2019", "end": OLD}},
    ],
)
def test_what_dates_itself_to_long_ago_alarms_nobody(dated: dict[str, Any]) -> None:
    assert risks_in([observed("44260-8", valueInteger=1) | dated], since=SINCE) == set()
    assert risks_in([observed("44260-8", valueInteger=1) | dated]) != set()


@pytest.mark.parametrize(
    "dated",
    [
        {},
        {"effectiveDateTime": "2026"},
        {"effectiveDateTime": "2026-08-02"},
        {"effectivePeriod": {"start": OLD, "end": LATE}},
        {"effectivePeriod": {"start": "2019"}},
        {"effectiveTiming": {"event": [OLD, LATE]}},
        {"effectiveTiming": {"code": {"text": "daily"}}},
        {"effectiveDateTime": OLD, "issued": LATE},
        {"authored": LATE},
        {"occurrencePeriod": {"start": OLD}},
    ],
)
def test_what_reaches_into_the_last_days_alarms(dated: dict[str, Any]) -> None:
    assert risks_in([observed("44260-8", valueInteger=1) | dated], since=SINCE) != set()


def test_what_is_contained_is_as_old_as_it_says_or_else_as_what_holds_it() -> None:
    def holding(**inner: str) -> dict[str, Any]:
        return observed("72133-2", effectiveDateTime=OLD) | {"contained": [observed("44260-8", valueInteger=1) | inner]}

    assert risks_in([holding()], since=SINCE) == set()
    assert risks_in([holding(effectiveDateTime=LATE)], since=SINCE) != set()
