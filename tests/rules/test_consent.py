"""Consent as a pure rule: what is admitted, what it is compiled to, what is decided."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.fhir.labels import HIPAA_PSY_NOTES, PART_2, RESTRICTED, label
from gateway.rules import purposes
from gateway.rules.access import Visibility
from gateway.rules.consent import (
    ROOT_PERMIT,
    Effect,
    Facts,
    Rule,
    Shape,
    Verdict,
    compile,
    decide,
    disclosure_class,
    shape_of,
)
from gateway.rules.consent_form import consent_of, permit

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
PERMIT_ALL, DENY_ALL = Shape(Effect.PERMIT, "V"), Shape(Effect.DENY, "V")


def consent(**changes: Any) -> dict[str, Any]:
    form = {"patient": "p1", "recipient": "hospital", "purpose": "TREAT", "start": "2026-09-02", "end": "2027-09-02"}
    return consent_of(permit(**(form | changes)), "c1", "clinic", NOON)


def at(place: str, value: Any) -> dict[str, Any]:
    """A consent in which one element is set, or taken away where the value is `...`."""
    changed = copy.deepcopy(consent())
    steps: list[Any] = [int(step) if step.isdigit() else step for step in place.split(".")]
    target: Any = changed
    for step in steps[:-1]:
        target = target[step]
    if value is ...:
        del target[steps[-1]]
    else:
        target[steps[-1]] = value
    return changed


# --- compiled ----------------------------------------------------------------------------------------------------


def test_a_permit_for_a_purpose_covers_those_below_it_and_no_other() -> None:
    compiled = {rule.purpose for rule in compile(consent(), 1)}
    assert compiled == {"TREAT", "CLINTRL", "COC", "ETREAT", "ERTREAT", "POPHLTH", "TREATDS"}
    assert {rule.purpose for rule in compile(consent(purpose="COC"), 1)} == {"COC"}


@pytest.mark.parametrize(("purpose", "above"), [("BTG", ("TREAT", "ETREAT")), ("MLTRAINING", ("HOPERAT",))])
def test_breaking_the_glass_and_training_a_model_must_be_named_themselves(purpose: str, above: tuple[str, ...]) -> None:
    for wider in above:
        assert verdict(compile(consent(purpose=wider), 1), purpose=wider) is Verdict.PERMIT
        assert verdict(compile(consent(purpose=wider), 1), purpose=purpose) is Verdict.SILENT
    assert verdict(compile(consent(purpose=purpose), 1), purpose=purpose) is Verdict.PERMIT
    assert purpose not in {code for wider in purposes.PURPOSES - {purpose} for code in purposes.covered_by(wider)}


def test_each_recipient_and_purpose_is_one_rule() -> None:
    two = at("provision.actor", [*consent()["provision"]["actor"] * 2, *consent(recipient="lab")["provision"]["actor"]])
    two["provision"]["purpose"] = [*consent(purpose="COC")["provision"]["purpose"], *two["provision"]["purpose"]]
    compiled = compile(two, 3)
    assert len(compiled) == 2 * 7
    assert {(rule.recipient_id, rule.consent) for rule in compiled} == {
        ("hospital", "Consent/c1/_history/3"),
        ("lab", "Consent/c1/_history/3"),
    }


def test_a_revoked_consent_is_no_rule() -> None:
    assert compile(at("status", "inactive"), 2) == []


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2026-09-02", "2027-09-02", "2026-09-02T00:00:00", "2027-09-02T23:59:59.999999"),
        ("2026-09", "2026-09", "2026-09-01T00:00:00", "2026-09-30T23:59:59.999999"),
        ("2026", "2028", "2026-01-01T00:00:00", "2028-12-31T23:59:59.999999"),
        ("2026-09-02T10:00:00+02:00", "2026-09-02T11:00:00Z", "2026-09-02T08:00:00", "2026-09-02T11:00:00.999999"),
        ("2026-09-02", None, "2026-09-02T00:00:00", "9999-12-31T00:00:00"),
        ("2026-09-02", "9999", "2026-09-02T00:00:00", "9999-12-31T00:00:00"),
    ],
)
def test_a_partial_date_counts_whole(start: str, end: str | None, first: str, last: str) -> None:
    rules = compile(consent(start=start, end=end, purpose="COC"), 1)
    inside = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last)]
    assert [verdict(rules, moment, purpose="COC") for moment in inside] == [Verdict.PERMIT, Verdict.PERMIT]
    micro = timedelta(microseconds=1)
    assert verdict(rules, inside[0] - micro, purpose="COC") is Verdict.SILENT
    if end not in (None, "9999"):
        assert verdict(rules, inside[1] + micro, purpose="COC") is Verdict.SILENT


def test_an_offset_may_lead_out_of_the_years_there_are() -> None:
    [rule] = compile(consent(start="0001-01-01T00:00:00+14:00", end="9999-12-31T23:59:59-14:00", purpose="COC"), 1)
    assert (rule.valid_from.year, rule.valid_until.year) == (1, 9999)


def test_a_shape_is_known_by_its_content() -> None:
    assert Shape(Effect.PERMIT, "R").id == ROOT_PERMIT.id != DENY_ALL.id
    assert shape_of(ROOT_PERMIT.body) == ROOT_PERMIT
    with pytest.raises(ValueError, match="body of a shape"):
        shape_of(b'{"ceiling":"R","effect":"permit","except":"instances"}')


def test_a_purpose_outside_the_hierarchy_is_refused() -> None:
    with pytest.raises(ValueError, match="not a purpose"):
        purposes.covered_by("CURIOSITY")


# --- decided -----------------------------------------------------------------------------------------------------


def verdict(
    rules: list[Rule], moment: datetime = NOON, organization: str = "hospital", purpose: str = "TREAT", level: str = "R"
) -> Verdict:
    return decide(Facts("p1", "clinic", level), Visibility(organization, purpose, moment), rules).verdict


def rule(shape: Shape, consent: str = "c1") -> Rule:
    return Rule("p1", consent, 1, "hospital", "TREAT", shape, NOON, NOON + timedelta(days=1))


def test_silence_means_no() -> None:
    assert verdict([]) is Verdict.SILENT


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [("TREAT", Verdict.PERMIT), ("COC", Verdict.PERMIT), ("HOPERAT", Verdict.PERMIT), ("HRESCH", Verdict.SILENT)],
)
def test_the_custodian_uses_its_own_record_for_care_only(purpose: str, expected: Verdict) -> None:
    assert verdict([], organization="clinic", purpose=purpose, level="V") is expected


@pytest.mark.parametrize(("level", "expected"), [("U", Verdict.PERMIT), ("R", Verdict.PERMIT), ("V", Verdict.SILENT)])
def test_a_root_permit_opens_up_to_restricted(level: str, expected: Verdict) -> None:
    assert verdict([rule(ROOT_PERMIT)], level=level) is expected


def test_a_deny_overrides_every_permit_and_is_named() -> None:
    rules = [rule(PERMIT_ALL, "c1"), rule(DENY_ALL, "c2"), rule(PERMIT_ALL, "c3")]
    for order in (rules, rules[::-1]):
        decision = decide(Facts("p1", "clinic", "R"), Visibility("hospital", "TREAT", NOON), order)
        assert (decision.verdict, decision.consents) == (Verdict.DENY, ("Consent/c2/_history/1",))


def test_a_consent_is_opened_by_its_own_permit_only() -> None:
    """What it permits to others, and that it does, is not told to a recipient of the rest of the record."""
    sight, rules = Visibility("hospital", "TREAT", NOON), [rule(ROOT_PERMIT)]
    own, others = (decide(Facts("p1", "clinic", "R", id), sight, rules) for id in (rules[0].consent_id, "another"))
    assert (own.verdict, others.verdict) == (Verdict.PERMIT, Verdict.SILENT)


def test_every_consent_that_permits_is_named_once() -> None:
    rules = [rule(ROOT_PERMIT, "c1"), rule(PERMIT_ALL, "c1"), rule(ROOT_PERMIT, "c2")]
    decision = decide(Facts("p1", "clinic", "R"), Visibility("hospital", "TREAT", NOON), rules)
    assert decision.consents == ("Consent/c1/_history/1", "Consent/c2/_history/1")


@pytest.mark.parametrize(
    ("level", "organization", "expected"),
    [("N", "anyone", Verdict.PERMIT), ("R", "anyone", Verdict.SILENT), ("R", "clinic", Verdict.PERMIT)],
)
def test_content_about_no_patient_is_open_up_to_normal(level: str, organization: str, expected: Verdict) -> None:
    sight = Visibility(organization, "HRESCH", NOON)
    assert decide(Facts(None, "clinic", level), sight, []).verdict is expected


@pytest.mark.parametrize("law", [PART_2, HIPAA_PSY_NOTES], ids=["42 CFR Part 2", "psychotherapy notes"])
def test_content_under_a_law_of_its_own_is_not_opened_by_a_general_consent(law: dict[str, str]) -> None:
    assert disclosure_class(label({"resourceType": "Basic"}, RESTRICTED)) == "R"
    assert disclosure_class(label({"resourceType": "Basic"}, RESTRICTED, law)) == "V"
