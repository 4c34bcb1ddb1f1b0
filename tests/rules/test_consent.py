"""What consents are compiled to, and what is decided over several of them, for several patients, for persons.

The single rows of the policy are gateway/rules/cases; who takes whose place, test_supersession.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.rules.access import Visibility
from gateway.rules.consent import Basis, Decision, Facts, Rule, Verdict, decide, decider
from gateway.rules.consent_compile import compile_all
from gateway.rules.consent_form import consent_of, permit
from gateway.rules.content import Aspect, Kind
from gateway.rules.shape import Effect, Shape
from tests.rules.deciding import Directory

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
HOSPITAL = Visibility("hospital", "TREAT", NOON)


def consent(**changes: Any) -> dict[str, Any]:
    form = {"patient": "p1", "recipient": "hospital", "purpose": "TREAT", "start": "2026-09-02", "end": "2027-09-02"}
    return consent_of(permit(**(form | changes)), "c1", "clinic", NOON)


def compiled(given: dict[str, Any], version: int = 1) -> list[Rule]:
    return compile_all([(given, version)], Directory({"Group/g": [("Device/d1", "2026-10-01", "9")]}))


def facts(level: str = "R", *labels: str, subjects: tuple[str, ...] = ("p1",), consent_id: str | None = None) -> Facts:
    kind = Kind(frozenset({Aspect("Observation", level, frozenset(labels))}))
    return Facts(subjects, "clinic", level, kind, consent_id)


def rule(effect: str = "permit", consent: str = "c1", **others: Any) -> Rule:
    shape = Shape(Effect(effect), level=others.pop("level", None))
    weight = 2 * others.pop("depth", 0) + (effect == "deny")
    told = Rule("p1", consent, 1, "provision", "Organization/hospital", "TREAT", weight, shape, NOON, NOON + 9 * MICRO)
    return told._replace(**others)


def decided(*rules: Rule, about: Facts | None = None, seen: Visibility = HOSPITAL) -> Decision:
    by_patient = {id: [each for each in rules if each.patient_id == id] for id in ("p1", "p2")}
    return decide(about or facts(), seen, by_patient)


# --- compiled ----------------------------------------------------------------------------------------------------


def test_each_recipient_and_purpose_of_each_provision_is_one_rule() -> None:
    two = consent()
    two["provision"]["actor"] += [*two["provision"]["actor"], *consent(recipient="lab")["provision"]["actor"]]
    two["provision"]["purpose"] += consent(purpose="HPAYMT")["provision"]["purpose"]
    two["provision"]["provision"] = [{"type": "deny", "purpose": consent(purpose="COC")["provision"]["purpose"]}]
    told = {(each.path, each.recipient, each.purpose, each.weight) for each in compiled(two, 3)}
    assert told == {
        *(("provision", f"Organization/{who}", why, 0) for who in ("hospital", "lab") for why in ("TREAT", "HPAYMT")),
        *(("provision.provision[0]", f"Organization/{who}", "COC", 3) for who in ("hospital", "lab")),
    }
    assert len(compiled(two, 3)) == len(told)
    assert {str(each.reason) for each in compiled(two, 3)} == {
        "Consent/c1/_history/3#provision",
        "Consent/c1/_history/3#provision.provision[0]",
    }


@pytest.mark.parametrize("status", ["inactive", "entered-in-error"])
def test_a_consent_that_is_not_active_is_no_rule(status: str) -> None:
    assert compiled(consent() | {"status": status}) == []


def test_a_member_is_a_recipient_while_belonging() -> None:
    given = consent()
    given["provision"]["actor"][0]["reference"] = {"reference": "Group/g"}
    [only] = compiled(given)
    assert (only.recipient, only.valid_from) == ("Device/d1", datetime(2026, 10, 1, tzinfo=UTC))


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
    rules = compiled(consent(start=start, end=end))
    inside = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last)]

    def at(moment: datetime) -> bool:
        return decided(*rules, seen=Visibility("hospital", "TREAT", moment)).permits

    assert at(inside[0]) and at(inside[1]) and not at(inside[0] - MICRO)
    assert end in (None, "9999") or not at(inside[1] + MICRO)


def test_an_offset_may_lead_out_of_the_years_there_are() -> None:
    [only] = compiled(consent(start="0001-01-01T00:00:00+14:00", end="9999-12-31T23:59:59-14:00"))
    assert (only.valid_from.year, only.valid_until.year) == (1, 9999)


@pytest.mark.spec("X-081", "X-084")
def test_breaking_the_glass_opens_no_psychotherapy_notes_whatever_a_permit_names() -> None:
    given = consent(purpose="BTG")
    given["provision"]["securityLabel"] = [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code} for code in ("PSYTHPN", "PSY")
    ]
    seen = Visibility("hospital", "BTG", NOON)
    assert decided(*compiled(given), about=facts("R", "PSY"), seen=seen).permits
    assert not decided(*compiled(given), about=facts("R", "PSY", "PSYTHPN"), seen=seen).permits
    del given["provision"]["securityLabel"][1]
    assert compiled(given) == []


def labelled(*codes: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/v3-"
    of = {code: "Confidentiality" if len(code) == 1 else "ActCode" for code in codes}
    return {"securityLabel": [{"system": system + of[code], "code": code} for code in codes]}


def opened(provision: dict[str, Any]) -> list[str]:
    given = consent() | {"provision": provision}
    content = {"".join(codes): facts(*codes) for codes in (("M",), ("N",), ("R",), ("V",), ("N", "PSY"))}
    return [name for name, about in content.items() if decided(*compiled(given), about=about).permits]


def test_of_several_confidentialities_a_permit_goes_to_the_highest_and_a_deny_from_the_lowest() -> None:
    assert opened({"type": "permit", **labelled("M", "V", "N")}) == ["M", "N", "R", "V", "NPSY"]
    lower = {"type": "deny", **labelled("R", "N")}
    assert opened({"type": "permit", "provision": [lower]}) == ["M"]


def test_a_nested_provision_replaces_what_it_states_and_inherits_the_rest() -> None:
    actor = consent()["provision"]["actor"]
    refused = {"type": "deny", "actor": actor}
    assert opened({"type": "permit", **labelled("N"), "provision": [refused]}) == []
    assert opened({"type": "permit", **labelled("R"), "provision": [{"type": "deny", **labelled("PSY")}]}) == [
        "M",
        "N",
        "R",
    ]
    for_psychiatry = {"type": "permit", **labelled("PSY")}
    assert opened({"type": "permit", **labelled("M"), "provision": [for_psychiatry]}) == ["M", "NPSY"]
    others = {"type": "deny", "actor": consent(recipient="lab")["provision"]["actor"]}
    assert opened({"type": "permit", **labelled("M"), "provision": [others]}) == ["M"]


def test_a_nested_provision_is_in_force_only_while_what_it_stands_in_is() -> None:
    nested = {"type": "deny", "period": {"start": "2026-01-01", "end": "2026-12-31"}}
    root = {"type": "permit", "period": {"start": "2026-09-02"}, "provision": [nested]}
    permit, refusal = compiled(consent() | {"provision": root})
    assert refusal.valid_from == permit.valid_from == datetime(2026, 9, 2, tzinfo=UTC)
    assert (refusal.valid_until, permit.valid_until.year) == (datetime(2027, 1, 1, tzinfo=UTC), 9999)


def test_an_older_consent_ends_the_moment_a_newer_one_starts() -> None:
    newer = consent() | {"id": "c2", "dateTime": "2026-10-01"}
    newer["provision"] = newer["provision"] | {"period": {"start": "2026-11-01T09:00:00Z"}}
    before, after = compile_all([(consent(), 1), (newer, 1)], Directory({}))
    assert before.valid_until == after.valid_from == datetime(2026, 11, 1, 9, tzinfo=UTC)


# --- decided -----------------------------------------------------------------------------------------------------


def test_a_deny_overrides_every_permit_of_other_consents_and_is_named() -> None:
    rules = [rule(consent="c1", depth=2), rule("deny", "c2"), rule(consent="c3")]
    for order in (rules, rules[::-1]):
        told = decided(*order)
        assert (told.verdict, [each.consent for each in told.reasons]) == (Verdict.DENY, ["Consent/c2/_history/1"])


def test_inside_one_consent_the_deepest_decides_and_of_equals_the_deny() -> None:
    assert decided(rule("deny"), rule(depth=1)).permits
    assert decided(rule(depth=1), rule("deny", depth=1)).verdict is Verdict.DENY
    assert decided(rule(), rule("deny", depth=1, level="V")).permits, "the deny is not about this"


def test_a_consent_is_opened_by_its_own_permit_only() -> None:
    """What it permits to others, and that it does, is not told to a recipient of the rest of the record."""
    assert decided(rule(), about=facts(consent_id="c1")).permits
    assert not decided(rule(), about=facts(consent_id="another")).permits
    both = [rule(), rule("deny", "c2")]
    assert decided(*both, about=facts(consent_id="c1")).verdict is Verdict.DENY


@pytest.mark.spec("X-003")
def test_of_several_patients_each_must_permit() -> None:
    couple = facts(subjects=("p1", "p2"))
    other = rule(consent="c2", patient_id="p2")
    assert decided(rule(), about=couple).basis is Basis.SEVERAL and not decided(rule(), about=couple).permits
    assert [each.consent for each in decided(rule(), other, about=couple).reasons] == [
        "Consent/c1/_history/1",
        "Consent/c2/_history/1",
    ]
    refused = decided(rule(), rule("deny", "c2", patient_id="p2"), about=couple)
    assert [str(each) for each in refused.reasons] == ["Consent/c2/_history/1#provision"]
    asking = Visibility("", "PATRQT", NOON, patient_id="p1", bound_to="p1")
    assert not decided(about=couple, seen=asking).permits
    to_partner = other._replace(recipient="Patient/p1", purpose="PATRQT")
    assert decided(to_partner, about=couple, seen=asking).permits


def test_the_custodians_own_use_yields_to_the_refusal_of_a_person_but_not_of_an_organization() -> None:
    own = Visibility("clinic", "TREAT", NOON, practitioner_id="ex", device_id="d1")
    for name in ("Practitioner/ex", "Practitioner/ex@clinic", "Device/d1"):
        assert decided(rule("deny", recipient=name), seen=own).verdict is Verdict.DENY
        assert decided(rule("deny", recipient=name, purpose="HPAYMT"), seen=own).basis is Basis.OWN_USE
    for name in ("Organization/clinic", "*", "Practitioner/ex@elsewhere"):
        assert decided(rule("deny", recipient=name), seen=own).basis is Basis.OWN_USE
    permitted = rule(recipient="Organization/clinic", depth=1)
    assert decided(rule("deny", recipient="Practitioner/ex"), permitted, seen=own).verdict is Verdict.DENY


def test_a_token_bound_to_a_patient_sees_nothing_of_others() -> None:
    bound = Visibility("hospital", "TREAT", NOON, bound_to="p2")
    assert decided(rule(), about=facts(), seen=bound) == Decision(Verdict.SILENT, Basis.SILENCE)
    assert decided(about=facts("N", subjects=()), seen=bound).basis is Basis.OPEN


@pytest.mark.parametrize(
    ("level", "who", "basis"), [("N", "x", "open"), ("R", "x", "silence"), ("R", "clinic", "own-use")]
)
def test_content_about_no_patient_is_open_up_to_normal(level: str, who: str, basis: str) -> None:
    assert decided(about=facts(level, subjects=()), seen=Visibility(who, "HRESCH", NOON)).basis == basis


def test_what_is_under_a_law_is_told_to_be_so_and_obliges_whoever_receives_it() -> None:
    under = facts("R", "42CFRPart2", "ETHUD")
    assert decided(rule(), about=under).basis is Basis.LAW
    naming = rule()._replace(shape=Shape(Effect.PERMIT, labels=frozenset({"42CFRPart2"})))
    assert decided(naming, about=under).obligations == ("NORDSCLCD",)
    assert decided(rule()).obligations == ()


def test_what_is_alike_is_decided_once() -> None:
    judge = decider(HOSPITAL, {"p1": [rule()]})
    assert judge(facts()) is judge(facts()) and judge(facts()).permits and not judge(facts("V")).permits
