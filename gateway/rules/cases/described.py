"""Which content a consent is about by what it is: type, code, date, what it belongs to, who made it."""

from __future__ import annotations

from typing import Any

from gateway.rules.cases.case import Answer, Case, Group
from gateway.rules.cases.cast import AMES, CLINIC, HART, HOSPITAL, LUND, by
from gateway.rules.cases.held import CONDITION, ENCOUNTER, GAD7, PHQ9, SCORE, Json, condition, provenance, score, visit
from gateway.rules.cases.said import consent, deny, permit
from gateway.rules.codes import LOINC

YES, NO = Answer.YES, Answer.NO
_AT_VISIT: Json = {"encounter": {"reference": ENCOUNTER}}


def _permitted(content: Json, answer: Answer, *beside: Json, **what: Any) -> Case:
    """The hospital asks, under a permit of no more than this."""
    because, deciding = ("consent", "A") if answer is YES else ("silence", "")
    given = (consent(permit(HOSPITAL, "TREAT", **what)),)
    return Case(content, by(HOSPITAL), given, answer, because, deciding, beside)


def _denied(content: Json, answer: Answer, *beside: Json, **what: Any) -> Case:
    """The hospital asks, under a permit of everything, but not this."""
    because, deciding = ("consent", "A") if answer is YES else ("deny", "A.1")
    given = (consent(permit(HOSPITAL, "TREAT", but=[deny(**what)])),)
    return Case(content, by(HOSPITAL), given, answer, because, deciding, beside)


def _dated(date: str) -> Json:
    return score(effectiveDateTime=date)


def _made_by(who: str) -> Json:
    return score(performer=[{"reference": who}])


def _with_component() -> Json:
    """A score of one kind in which another is told."""
    return score(component=[{"code": {"coding": [{"system": LOINC, "code": GAD7}]}, "valueInteger": 3}])


def _visit_for_condition() -> Json:
    return visit(reasonReference=[{"reference": CONDITION}])


_SPRING = ("2026-03-01", "2026-05-31")

DESCRIBED = [
    Group(
        "Types of content",
        "A class is a type of resource.",
        [
            _permitted(score(), YES, types="Observation"),
            _permitted(condition(), NO, types="Observation"),
            _permitted(condition(), YES, types="Observation Condition"),
            _denied(score(), NO, types="Observation"),
            _denied(condition(), YES, types="Observation"),
        ],
    ),
    Group(
        "Codes",
        "A permit of a code opens what has this code itself; a deny hides whatever holds it anywhere.",
        [
            _permitted(score(), YES, code=PHQ9),
            _permitted(score(code=GAD7), NO, code=PHQ9),
            _permitted(score(code=GAD7), YES, code=f"{PHQ9} {GAD7}"),
            _permitted(condition(), NO, code=PHQ9),
            _permitted(_with_component(), NO, code=GAD7),
            _denied(score(), NO, code=PHQ9),
            _denied(score(code=GAD7), YES, code=PHQ9),
            _denied(_with_component(), NO, code=GAD7),
        ],
    ),
    Group(
        "Dates of care",
        "A permit opens what is dated, and wholly within; a deny hides what overlaps, and what has no date.",
        [
            _permitted(_dated("2026-03-01"), YES, dated=_SPRING),
            _permitted(_dated("2026-05-31T23:59:59Z"), YES, dated=_SPRING),
            _permitted(_dated("2026-06-01"), NO, dated=_SPRING),
            _permitted(_dated("2026"), NO, dated=_SPRING),
            _permitted(score(), NO, dated=_SPRING),
            _permitted(visit(), YES, dated=_SPRING),
            _permitted(_dated("2026-06-01"), YES, dated=("2026-03-01", "")),
            _denied(_dated("2026-04-01"), NO, dated=_SPRING),
            _denied(_dated("2026"), NO, dated=_SPRING),
            _denied(score(), NO, dated=_SPRING),
            _denied(_dated("2026-06-01"), YES, dated=_SPRING),
        ],
    ),
    Group(
        "One piece of content, and what hangs together with it",
        "`instance` is the one; `dependents` also what refers to it; `related` also what it refers to.",
        [
            _permitted(score(), YES, data=[("instance", SCORE)]),
            _permitted(condition(), NO, data=[("instance", SCORE)]),
            _permitted(condition(), YES, data=[("instance", SCORE), ("instance", CONDITION)]),
            _denied(score(), NO, data=[("instance", SCORE)]),
            _denied(condition(), YES, data=[("instance", SCORE)]),
            _permitted(visit(), YES, data=[("dependents", ENCOUNTER)]),
            _permitted(score(**_AT_VISIT), YES, visit(), data=[("dependents", ENCOUNTER)]),
            _permitted(score(), NO, visit(), data=[("dependents", ENCOUNTER)]),
            _permitted(condition(), NO, _visit_for_condition(), data=[("dependents", ENCOUNTER)]),
            _permitted(visit(), YES, data=[("related", ENCOUNTER)]),
            _permitted(score(**_AT_VISIT), YES, visit(), data=[("related", ENCOUNTER)]),
            _permitted(condition(), YES, _visit_for_condition(), data=[("related", ENCOUNTER)]),
            _permitted(score(), NO, visit(), data=[("related", ENCOUNTER)]),
            _denied(score(**_AT_VISIT), NO, visit(), data=[("related", ENCOUNTER)]),
            _denied(condition(), NO, _visit_for_condition(), data=[("related", ENCOUNTER)]),
            _denied(score(), YES, visit(), data=[("related", ENCOUNTER)]),
        ],
    ),
    Group(
        "Who made it",
        "`authoredby`: content that names this person or organization as who made it.",
        [
            _permitted(_made_by(AMES), YES, data=[("authoredby", AMES)]),
            _permitted(_made_by(LUND), NO, data=[("authoredby", AMES)]),
            _permitted(score(), NO, data=[("authoredby", AMES)]),
            _denied(_made_by(AMES), NO, data=[("authoredby", AMES)]),
            _denied(_made_by(LUND), YES, data=[("authoredby", AMES)]),
            _permitted(_made_by(CLINIC), YES, data=[("authoredby", CLINIC)]),
        ],
    ),
    Group(
        "Several elements in one provision",
        "Elements of one provision all have to hold; the values of one element are alternatives.",
        [
            _permitted(_dated("2026-04-01"), YES, types="Observation", code=PHQ9, dated=_SPRING),
            _permitted(_dated("2026-06-02"), NO, types="Observation", code=PHQ9, dated=_SPRING),
            _permitted(score("R PSY"), NO, types="Condition", labels="PSY"),
            _permitted(condition("R PSY"), YES, types="Condition", labels="PSY"),
            _denied(score("R PSY"), YES, types="Condition", labels="PSY"),
            _denied(condition("R PSY"), NO, types="Condition", labels="PSY"),
            Case(
                score(),
                by(HART),
                (consent(permit(HOSPITAL, but=[deny(HART, types="Condition")])),),
                YES,
                "consent",
                "A",
            ),
            Case(
                condition(),
                by(HART),
                (consent(permit(HOSPITAL, but=[deny(HART, types="Condition")])),),
                NO,
                "deny",
                "A.1",
            ),
        ],
    ),
    Group(
        "Provenance",
        "What tells of other content is seen by who may see all of that content; labels of its own only add to it.",
        [
            _permitted(provenance(SCORE), YES, score()),
            _permitted(provenance(SCORE, "N"), NO, score("V")),
            _permitted(provenance(SCORE), YES, score(), types="Observation"),
            _permitted(provenance(SCORE), NO, score(), types="Provenance"),
            _denied(provenance(SCORE), NO, score("R PSY"), labels="PSY"),
            _permitted(provenance(SCORE, "R"), NO, score(), labels="N"),
            _denied(provenance(SCORE, "N PSY"), NO, score(), labels="PSY"),
            Case(provenance(SCORE), by(HOSPITAL), (), NO, "silence", beside=(score(),)),
            Case(provenance(SCORE), by(CLINIC), (), YES, "own-use", beside=(score(),)),
        ],
    ),
]
