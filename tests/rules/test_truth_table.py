"""The truth table of gateway/README.md: the rule's own cases, written down, complete, and made of real resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.commands.policy import DOCUMENT
from gateway.fhir.check import check
from gateway.rules.cases import GROUPS, telling
from gateway.rules.cases.case import Case, Group, expected, outcome
from gateway.rules.cases.cast import COLLECTIVES
from gateway.rules.cases.table import numbered, put_into
from gateway.rules.consent import Basis
from gateway.rules.consent_admission import admit
from gateway.rules.consent_elements import DEEPEST, MEANINGS, READING

CASES = [case for _, _, case in numbered(GROUPS)]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.title)
def test_the_rule_says_what_the_table_says(group: Group) -> None:
    for case in group.cases:
        assert outcome(case) == expected(case), telling.consents(case)


def test_the_document_holds_the_table_of_today() -> None:
    text = DOCUMENT.read_text()
    assert put_into(text, GROUPS) == text, "run `make policy`"
    assert len(CASES) >= 150


def test_what_reads_alike_is_decided_alike() -> None:
    """So the words of a row hide nothing that decides; and no row is there twice."""
    rows = [(telling.content(each), telling.asking(each.asking), telling.consents(each)) for each in CASES]
    assert len(set(rows)) == len(rows), [row for row in rows if rows.count(row) > 1]


def test_every_consent_in_it_is_one_the_door_admits() -> None:
    for case in CASES:
        for consent in case.consents:
            assert admit(consent) == [], telling.consents(case)


def test_everything_in_it_is_valid_fhir() -> None:
    held = [each for case in CASES for each in (case.content, *case.beside) if not isinstance(each, str)]
    consents = [consent for case in CASES for consent in case.consents]
    for resource in (*held, *consents, *COLLECTIVES):
        assert check(resource, second_opinion=False) == [], resource


def test_it_shows_every_line_of_the_policy() -> None:
    assert {case.because for case in CASES} == {basis.value for basis in Basis}


def test_it_shows_everything_that_a_provision_may_say() -> None:
    said = [provision for case in CASES for consent in case.consents for provision in provisions(consent["provision"])]
    elements = {name for provision in said for name in provision}
    what = {"action", "securityLabel", "class", "code", "dataPeriod", "data"}
    assert elements == {"type", "period", "actor", "purpose", "provision"} | what
    actors = {actor["reference"]["reference"].split("/")[0] for each in said for actor in each.get("actor", ())}
    assert actors == {"Organization", "Practitioner", "PractitionerRole", "CareTeam", "Group", "Device", "Patient"}
    assert {data["meaning"] for each in said for data in each.get("data", ())} == set(MEANINGS)
    acts = {coding["code"] for each in said for act in each.get("action", ()) for coding in act["coding"]}
    assert acts == READING
    assert max(depth(consent["provision"]) for case in CASES for consent in case.consents) == DEEPEST


def provisions(provision: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield provision
    for inner in provision.get("provision", ()):
        yield from provisions(inner)


def depth(provision: Mapping[str, Any]) -> int:
    return max((1 + depth(inner) for inner in provision.get("provision", ())), default=0)


def test_a_case_that_the_rule_answers_otherwise_is_found() -> None:
    """The table cannot agree with whatever the rule says."""
    turned: list[Case] = [case._replace(by="Z") if case.by else case._replace(because="deny") for case in CASES]
    assert all(outcome(case) != expected(case) for case in turned)
