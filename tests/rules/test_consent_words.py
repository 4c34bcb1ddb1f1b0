"""A Consent and a decision in plain words, and where a Consent stands in its life."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.fhir.labels import CONFIDENTIALITY_ORDER
from gateway.rules import purposes
from gateway.rules.consent import Basis, Decision, Verdict
from gateway.rules.consent_codes import Concern
from gateway.rules.consent_form import Clause, Form, consent_of
from gateway.rules.consent_phrases import FLOORS, LABELS, LEVELS, PURPOSES, listed
from gateway.rules.consent_state import State, state_of
from gateway.rules.consent_words import sayings_of, sentence_of
from gateway.rules.sensitivity import NAMEABLE

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
NAMES = {"Organization/o": "Harbour Clinic", "Practitioner/p": "Dr Lee", "Encounter/e": "the first visit"}
HARBOUR = ("Organization/o",)


def consent(
    clause: Clause, concern: Concern = Concern.DISCLOSURE, at: datetime = NOON, **changes: Any
) -> dict[str, Any]:
    return consent_of(Form("p1", clause, concern), "c1", "clinic", at) | changes


def said(clause: Clause, concern: Concern = Concern.DISCLOSURE) -> list[str]:
    return [
        one.words for one in sayings_of(consent(clause, concern), lambda reference: NAMES.get(reference, reference))
    ]


@pytest.mark.parametrize(
    ("clause", "sentences"),
    [
        (
            Clause(recipients=HARBOUR, purposes=("TREAT",), start="2026-09-02", end="2027-09-02"),
            [
                "Harbour Clinic may see everything that is at most restricted for treatment, "
                "from 2026-09-02 until 2027-09-02."
            ],
        ),
        (Clause("deny", recipients=("Practitioner/p",)), ["Dr Lee may not see anything for any purpose."]),
        (
            Clause("deny", purposes=("HRESCH", "HMARKT"), types=("Observation", "Goal")),
            ["Nobody may see Observation resources or Goal resources for research or marketing."],
        ),
        (
            Clause(labels=("N",), exceptions=(Clause("deny", HARBOUR), Clause(labels=("PSY",), recipients=HARBOUR))),
            [
                "Everybody may see everything that is at most of normal confidentiality for any purpose.",
                "But: Harbour Clinic may not see anything for any purpose.",
                "Also: Harbour Clinic may see everything about psychiatric care that is at most restricted "
                "for any purpose.",
            ],
        ),
        (
            Clause(
                "deny", labels=("R", "PSYTHPN"), data=(("related", "Encounter/e"), ("authoredby", "Practitioner/p"))
            ),
            [
                "Nobody may see anything about psychotherapy notes or that is restricted or higher among what belongs "
                "to the first visit or what Dr Lee wrote for any purpose."
            ],
        ),
        (
            Clause(codes=(("http://loinc.org", "44249-1"),), since="2026", until="2027"),
            [
                "Everybody may see everything that is at most restricted coded 44249-1 dated from 2026 until 2027 "
                "for any purpose."
            ],
        ),
    ],
)
def test_a_consent_is_told_in_one_sentence_for_each_provision(clause: Clause, sentences: list[str]) -> None:
    assert said(clause) == sentences


def test_the_other_kinds_of_consent_are_told_by_what_they_are_about() -> None:
    assert said(Clause("deny"), Concern.AI_PROCESSING) == [
        "Nobody may let an AI process what is said and written for any purpose."
    ]
    assert said(Clause(recipients=HARBOUR), Concern.REDISCLOSURE)[0].startswith("Harbour Clinic may pass on everything")


def test_every_purpose_has_a_phrase_and_no_phrase_is_without_its_code() -> None:
    assert set(PURPOSES) == purposes.PURPOSES
    assert set(LABELS) <= NAMEABLE
    assert set(LEVELS) == set(FLOORS) == set(CONFIDENTIALITY_ORDER)
    assert listed(["a", "b", "c", "b"]) == "a, b or c"


@pytest.mark.parametrize("basis", Basis)
def test_every_decision_says_why(basis: Basis) -> None:
    told = sentence_of(Decision(Verdict.DENY, basis), "Harbour Clinic", "TREAT", "this Observation")
    assert told.startswith("Harbour Clinic may not see this Observation for treatment because ")
    redacted = sentence_of(Decision(Verdict.PERMIT, basis, redacts=True), "Dr Lee", "COC", "it")
    assert redacted.startswith("Dr Lee may see it for the coordination of care, without the parts that are protected, ")


EARLIER, LATER = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "others", "state"),
    [
        (consent(Clause()), [], State.IN_FORCE),
        (consent(Clause(start="2026-09-03")), [], State.PLANNED),
        (consent(Clause(end="2026-09-01")), [], State.ENDED),
        (consent(Clause(end="2026-09-02")), [], State.IN_FORCE),
        (consent(Clause(), status="inactive"), [], State.REVOKED),
        (consent(Clause(), status="entered-in-error"), [], State.MISTAKEN),
        (consent(Clause(), at=EARLIER), [consent(Clause("deny"), at=LATER)], State.SUPERSEDED),
        (consent(Clause(), at=EARLIER), [consent(Clause(start="2026-10-01"), at=LATER)], State.IN_FORCE),
        (consent(Clause(), at=LATER), [consent(Clause("deny"), at=EARLIER)], State.IN_FORCE),
    ],
)
def test_where_a_consent_stands_in_its_life(one: dict[str, Any], others: list[dict[str, Any]], state: State) -> None:
    assert state_of(one, [one, *others], NOON) is state
