"""What is known of content when it is decided on: its kind; and which content a selector or a shape means."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.json import dump
from gateway.rules.consent_codes import Concern
from gateway.rules.content import Aspect, Kind, aspect_of, kind_of, told_by
from gateway.rules.selector import Selector, outgoing, selector_of
from gateway.rules.sensitivity import EVERY
from gateway.rules.shape import PATIENT_ACCESS, Effect, Match, Shape, shape_of
from tests.rules.consent_oracle_content import INLINE
from tests.rules.consent_worlds import coding, label, reference

LOINC = "http://loinc.org"


def observation(*labels: str, inline: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    """A score; `inline` labels its note."""
    extension = [{"url": INLINE, "valueCoding": label(code)} for code in inline]
    return {
        "resourceType": "Observation",
        "id": "o1",
        "meta": {"security": [label(code) for code in labels]},
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "44261-6"}]},
        "subject": reference("Patient/p1"),
        **({"note": [{"text": "x", "extension": extension}]} if inline else {}),
        **members,
    }


def kind(resource: dict[str, Any], *selectors: Selector) -> Kind:
    return Kind(frozenset({aspect_of(resource, selectors)}))


def shape(effect: str = "permit", *labels: str, level: str | None = None, **others: Any) -> Shape:
    return Shape(Effect(effect), level=level, labels=frozenset(labels), **others)


# --- labels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [(), ("PSY",)])
def test_what_does_not_say_how_confidential_it_is_is_very_restricted_and_of_every_sensitivity(
    labels: tuple[str, ...],
) -> None:
    told = aspect_of(observation(*labels))
    assert (told.confidentiality, told.labels) == ("V", frozenset({EVERY, *labels}))
    assert shape("deny", "HIV").meets(Kind(frozenset({told}))) is Match.WHOLE
    assert shape("permit", "HIV", level="V").meets(Kind(frozenset({told}))) is Match.NO


def test_a_retired_confidentiality_says_nothing() -> None:
    retired = observation("N")
    retired["meta"]["security"].append(coding("v3-Confidentiality", "PSY"))
    assert aspect_of(retired)[1:3] == ("V", frozenset({EVERY}))


def test_a_container_is_as_restricted_as_what_is_in_it() -> None:
    inner = {"resourceType": "Condition", "id": "c", "meta": {"security": [label("R"), label("HIV")]}}
    assert aspect_of(observation("N", contained=[inner]))[1:3] == ("R", frozenset({"HIV"}))


def test_labels_that_decide_nothing_are_not_remembered() -> None:
    assert aspect_of(observation("N", "HUAPRV", "AUDIT", "PSY")).labels == {"PSY"}


def test_a_code_covers_what_is_below_it_and_not_its_siblings() -> None:
    content = {code: kind(observation("N", code)) for code in ("BH", "DVD", "MH", "ETHUD")}
    assert {code for code, each in content.items() if shape("permit", "BH").meets(each)} == {"BH", "DVD"}
    assert {code for code, each in content.items() if shape("deny", "SUD").meets(each)} == {"ETHUD"}
    assert {code for code, each in content.items() if shape("deny", "SPI").meets(each)} == set(content)


def test_a_permit_asks_for_both_confidentiality_and_sensitivity_and_a_deny_for_either() -> None:
    content = {codes: kind(observation(*codes)) for codes in (("N", "PSY"), ("R",), ("N",), ("V", "PSY"))}
    permitted = {codes for codes, each in content.items() if shape("permit", "PSY", level="N").meets(each)}
    denied = {codes for codes, each in content.items() if shape("deny", "PSY", level="R").meets(each)}
    assert permitted == {("N", "PSY")}
    assert denied == {("N", "PSY"), ("R",), ("V", "PSY")}


def test_who_names_neither_a_law_nor_very_restricted_content_opens_neither() -> None:
    opened = ("V",), ("R", "42CFRPart2"), ("R", "PSYTHPN"), ("R", "HIPAAPsyNotes"), ("R", "NORDSCLCD")
    for codes in opened:
        assert shape("permit").meets(kind(observation(*codes))) is Match.NO
        assert shape("permit", "SPI").meets(kind(observation(*codes))) is Match.NO
        assert shape("deny").meets(kind(observation(*codes))) is Match.WHOLE


@pytest.mark.spec("X-085")
def test_content_under_part_2_is_opened_by_a_permit_that_names_it_and_given_on_by_nobody_else() -> None:
    content = kind(observation("R", "ETHUD", "42CFRPart2", "NORDSCLCD"))
    assert shape("permit", "42CFRPart2").meets(content) is Match.WHOLE
    assert shape("permit", "SUD").meets(content) is Match.NO
    again = shape("permit", concern=Concern.REDISCLOSURE)
    assert again.meets(content) is Match.NO
    received = kind(observation("R", "HIV", "NORDSCLCD"))
    assert again.meets(received) is Match.WHOLE and shape("permit").meets(received) is Match.NO
    assert again.meets(kind(observation("R"))) is Match.NO


def test_a_consent_to_processing_by_a_machine_opens_and_closes_nothing() -> None:
    for effect in ("permit", "deny"):
        assert shape(effect, concern=Concern.AI_PROCESSING).meets(kind(observation("N"))) is Match.NO


@pytest.mark.spec("X-084")
def test_patients_have_their_own_record_but_what_is_not_for_them() -> None:
    for codes in ((), ("V", "42CFRPart2"), ("R", "NORDSCLCD"), ("N",)):
        assert PATIENT_ACCESS.meets(kind(observation(*codes))) is Match.WHOLE
    for codes in (("R", "PSYTHPN"), ("R", "HIPAAPsyNotes"), ("N", "NOPAT")):
        assert PATIENT_ACCESS.meets(kind(observation(*codes))) is Match.NO
    assert PATIENT_ACCESS.meets(kind(observation("N", inline=("NOPAT",)))) is Match.REST


# --- parts that are labelled for themselves ----------------------------------------------------------------------


def test_a_permit_that_redacts_gives_what_is_left_without_the_more_restricted_part() -> None:
    content = kind(observation("N", inline=("R", "HIV")))
    assert shape(level="N").meets(content) is Match.NO
    assert shape(level="N", redacts=True).meets(content) is Match.REST
    assert shape(level="R", redacts=True).meets(content) is Match.WHOLE
    assert shape("permit", "HIV", redacts=True).meets(content) is Match.WHOLE
    assert shape("deny", "HIV").meets(content) is Match.WHOLE
    assert shape(level="N", redacts=True).meets(kind(observation("R"))) is Match.NO


def test_who_asserted_a_part_is_no_reason_to_take_it_out() -> None:
    asserted = observation("N", inline=())
    asserted["note"] = [
        {"text": "x", "extension": [{"url": INLINE, "valueCoding": coding("v3-ObservationValue", "AIAST")}]}
    ]
    assert aspect_of(asserted) == Aspect("Observation", "N", frozenset())


# --- what tells of others ----------------------------------------------------------------------------------------


def provenance(*labels: str) -> dict[str, Any]:
    security = {"meta": {"security": [label(code) for code in labels]}} if labels else {}
    return {"resourceType": "Provenance", "id": "v1", "target": [reference("Observation/o1")], **security}


@pytest.mark.spec("X-028")
def test_a_record_is_as_visible_as_everything_it_tells_of() -> None:
    open_, restricted = kind(observation("N")), kind(observation("R", "HIV"))
    told = told_by(provenance(), [open_, restricted])
    assert shape(level="N").meets(open_) and not shape(level="N").meets(told)
    assert shape("deny", "HIV").meets(told) and shape(level="R").meets(told)


@pytest.mark.spec("X-028")
def test_a_record_that_is_more_restricted_than_what_it_tells_of_stays_so() -> None:
    told = told_by(provenance("R", "PSY"), [kind(observation("N"))])
    assert told.confidentiality == "R" and told.labels == {"PSY"}


@pytest.mark.spec("X-026")
def test_nothing_is_opened_by_a_record_of_nothing_or_of_the_unknown() -> None:
    for targets in ([], [Kind(frozenset())], [kind(observation("N")), Kind(frozenset())]):
        told = told_by(provenance("N"), targets)
        assert shape(level="V").meets(told) is Match.NO and PATIENT_ACCESS.meets(told) is Match.NO


def test_a_record_may_be_denied_by_itself_and_is_not_opened_by_itself() -> None:
    itself = Selector("instance", ("Provenance/v1",), wide=True)
    named = told_by(provenance(), [kind(observation("N"))], [itself, Selector("instance", ("Provenance/v1",))])
    assert shape("deny", marks=(frozenset({itself.id}),)).meets(named) is Match.WHOLE
    narrow = frozenset({Selector("instance", ("Provenance/v1",)).id})
    assert shape("permit", marks=(narrow,)).meets(named) is Match.NO
    assert shape("deny", types=frozenset({"Provenance"})).meets(named) is Match.WHOLE
    assert shape("permit", types=frozenset({"Provenance"})).meets(named) is Match.NO
    assert shape("permit", types=frozenset({"Observation"})).meets(named) is Match.WHOLE


def test_a_record_is_of_the_time_of_what_it_tells_of_whenever_it_was_made() -> None:
    in_spring = Selector("period", ("2026-01-01", "2026-06-30"), wide=True)
    denied = shape("deny", marks=(frozenset({in_spring.id}),))
    for day, expected in (("2026-03-01", Match.WHOLE), ("2026-09-01", Match.NO)):
        told = told_by(provenance(), [kind(observation("N", effectiveDateTime=day), in_spring)], [in_spring])
        assert denied.meets(told) is expected


# --- selectors ---------------------------------------------------------------------------------------------------


def means(selector: Selector, resource: dict[str, Any], **refers: set[str]) -> bool:
    return selector.meets(resource, {f"Encounter/{id}": frozenset(to) for id, to in refers.items()})


def test_a_permit_for_a_code_is_about_what_the_code_is_of_and_a_deny_about_whatever_mentions_it() -> None:
    score, part = (LOINC, "44261-6"), (LOINC, "44250-9")
    content = observation("N", component=[{"code": {"coding": [{"system": LOINC, "code": part[1]}]}}])
    assert means(Selector("code", score), content) and means(Selector("code", score, True), content)
    assert not means(Selector("code", part), content) and means(Selector("code", part, True), content)
    assert not means(Selector("code", ("urn:other", score[1]), True), content)


@pytest.mark.parametrize(
    ("when", "narrow", "wide"),
    [
        ({"effectiveDateTime": "2026-03"}, True, True),
        ({"effectiveDateTime": "2026"}, False, True),
        ({"effectivePeriod": {"start": "2026-06-30", "end": "2026-07-01"}}, False, True),
        ({"effectivePeriod": {"start": "2026-03-01"}}, False, True),
        ({"effectiveDateTime": "2026-07-01"}, False, False),
        ({}, False, True),
    ],
)
def test_a_permit_for_a_time_is_about_what_lies_wholly_in_it_and_a_deny_about_what_may(
    when: dict[str, Any], narrow: bool, wide: bool
) -> None:
    period = ("2026-01-01", "2026-06-30")
    assert means(Selector("period", period), observation("N", **when)) is narrow
    assert means(Selector("period", period, True), observation("N", **when)) is wide


def test_what_has_begun_and_has_no_end_goes_on() -> None:
    condition = {"resourceType": "Condition", "id": "c", "subject": reference("Patient/p1"), "onsetDateTime": "2026-02"}
    in_spring = ("2026-01-01", "2026-06-30")
    assert not means(Selector("period", in_spring), condition)
    assert means(Selector("period", in_spring), condition | {"abatementDateTime": "2026-03"})
    assert means(Selector("period", ("2027-01-01", ""), True), condition)


def test_related_goes_both_ways_and_dependents_one() -> None:
    of_it, beside = observation("N", encounter=reference("Encounter/e1/_history/2")), observation("N")
    encounter = {"resourceType": "Encounter", "id": "e1"}
    for meaning in ("related", "dependents"):
        assert means(Selector(meaning, ("Encounter/e1",)), encounter)
        assert means(Selector(meaning, ("Encounter/e1",)), of_it)
    assert means(Selector("related", ("Encounter/e1",)), beside, e1={"Observation/o1"})
    assert not means(Selector("dependents", ("Encounter/e1",)), beside, e1={"Observation/o1"})
    assert not means(Selector("instance", ("Encounter/e1",)), of_it)
    assert outgoing(of_it) == {"Patient/p1", "Encounter/e1"}


def test_an_author_is_who_made_it_and_for_a_deny_who_took_part_in_that() -> None:
    ada = ("Practitioner/ada",)
    by, checked = reference(ada[0]), {"mode": "legal", "party": reference(ada[0])}
    made = [observation("N", performer=[by]), {"resourceType": "Composition", "id": "c", "author": [by]}]
    made.append({"resourceType": "Procedure", "id": "p", "performer": [{"actor": by, "onBehalfOf": reference("x/y")}]})
    assert all(means(Selector("authoredby", ada, wide), each) for each in made for wide in (False, True))
    attested = {"resourceType": "Composition", "id": "c", "attester": [checked]}
    assert means(Selector("authoredby", ada, True), attested) and not means(Selector("authoredby", ada), attested)
    assert not means(Selector("authoredby", ada, True), observation("N", subject=by))


# --- kept --------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_read_back_as_it_was() -> None:
    selector = Selector("code", (LOINC, 'a"b|c'), True)
    whole = kind(observation("N", inline=("R", "HIV")), selector)
    record = told_by(provenance("R"), [whole])
    for each in (whole, record, Kind(frozenset())):
        assert kind_of(each.body) == each
    told = shape("deny", "PSY", level="R", types=frozenset({"Observation"}), marks=(frozenset({selector.id}),))
    for one in (told, PATIENT_ACCESS, shape(redacts=True)):
        assert shape_of(one.body) == one
    assert selector_of(selector.body) == selector
    assert len({told.id, PATIENT_ACCESS.id, whole.id, record.id}) == 4


@pytest.mark.parametrize("read", [kind_of, shape_of, selector_of])
def test_a_body_that_is_written_in_another_way_is_none(read: Any) -> None:
    bodies = {
        kind_of: kind(observation("N")).body,
        shape_of: PATIENT_ACCESS.body,
        selector_of: b'["instance","x",true]',
    }
    with pytest.raises(ValueError, match="not the body"):
        read(bodies[read].replace(b",", b", "))


def test_a_selector_of_another_sort_is_none() -> None:
    with pytest.raises(ValueError, match="not the body"):
        selector_of(dump(["colour", "red", False]))
