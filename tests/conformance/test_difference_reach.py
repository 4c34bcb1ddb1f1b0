"""Chains, _has, includes, totals, pages and orders on the gateway, against what @medplum/fhir-router finds: it knows
none of the first three, so it is asked in several simple questions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fhir.search.table import TYPES, Parameter
from tests.conformance.both import ALL, Both, Json, matches_of
from tests.conformance.questions import Question, questions, values_of

pytestmark = pytest.mark.conformance

DRAWN = 90
# To sort by: dates of one precision, for the other puts texts in order ("2015-11" before "2015").
SORTED = ("Patient.birthdate", "Observation.date", "Encounter.date", "Task.authored-on")


def simple(both: Both, dice: random.Random) -> list[Question]:
    """Questions of which the two servers think alike."""
    alike = [one for one in questions(11, both.resources, 12) if one.kind == "token" and one.form == "system|code"]
    return dice.sample(sorted({one for one in alike if not one.modifier}, key=str), DRAWN)


def links(both: Both, type: str) -> Iterator[tuple[str, Parameter]]:
    """Types and reference parameters that lead to the type in these resources."""
    for source in sorted({one["resourceType"] for one in both.resources} & TYPES.keys()):
        for parameter in TYPES[source].parameters.values():
            if parameter.kind == "reference" and type in targets_of(both, source, parameter):
                yield source, parameter


def targets_of(both: Both, source: str, parameter: Parameter) -> set[str]:
    return {one.partition("/")[0] for each in both.of(source) for one in references(parameter, each)}


def references(parameter: Parameter, resource: Json) -> list[str]:
    values: list[Any] = values_of(parameter, resource)
    return [one.get("reference", "") if isinstance(one, dict) else str(one) for one in values]


def asked(both: Both) -> Iterator[tuple[Question, str, Parameter]]:
    """A simple question and a link to the type it asks about."""
    dice = random.Random(13)
    for question in simple(both, dice):
        if leading := list(links(both, question.type)):
            yield question, *dice.choice(leading)


def test_chains_find_what_two_questions_find(both: Both) -> None:
    compared = found = 0
    for question, source, link in asked(both):
        url = f"{source}?{link.code}:{question.type}.{question.criterion}"
        ours = set(matches_of(both.ours(f"{url}&{ALL}")))
        targets = matches_of(both.theirs(f"{question}&{ALL}"))
        theirs = {one for to in targets for one in matches_of(both.theirs(f"{source}?{link.code}={to}&{ALL}"))}
        assert ours == theirs, url
        compared, found = compared + 1, found + bool(ours)
    print(f"{compared} chains, {found} that find something")
    assert found > DRAWN / 3


def test_has_finds_whom_the_found_refer_to(both: Both) -> None:
    compared = found = 0
    dice = random.Random(17)
    for question in simple(both, dice):
        table = TYPES[question.type].parameters.values()
        targets = {
            one: sorted(targets_of(both, question.type, one) & TYPES.keys()) for one in table if one.kind == "reference"
        }
        leading = [one for one, types in targets.items() if types]
        if not leading:
            continue
        link = dice.choice(leading)
        base = dice.choice(targets[link])
        url = f"{base}?_has:{question.type}:{link.code}:{question.criterion}"
        ours = set(matches_of(both.ours(f"{url}&{ALL}")))
        those = set(matches_of(both.theirs(f"{question}&{ALL}")))
        told = {to for each in both.of(question.type) if name_of(each) in those for to in references(link, each)}
        theirs = {name_of(each) for each in both.of(base)} & told
        assert ours == theirs, url
        compared, found = compared + 1, found + bool(ours)
    print(f"{compared} searches by _has, {found} that find something")
    assert found > DRAWN / 3


def name_of(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def test_includes_bring_what_the_found_refer_to_and_who_refers_to_them(both: Both) -> None:
    held, compared = {name_of(each) for each in both.resources}, 0
    for question, source, link in asked(both):
        bundle = both.ours(f"{question}&{ALL}&_revinclude={source}:{link.code}")
        those = matches_of(both.theirs(f"{question}&{ALL}"))
        back = {name_of(each) for each in both.of(source) if set(references(link, each)) & set(those)} - set(those)
        assert included(bundle) == back, f"{question}&_revinclude={source}:{link.code}"
        bundle = both.ours(f"{source}?{ALL}&_include={source}:{link.code}")
        there = {to for each in both.of(source) for to in references(link, each)} & held
        assert included(bundle) == there - {name_of(each) for each in both.of(source)}, f"{source}:{link.code}"
        compared += 2
    print(f"{compared} includes")


def included(bundle: Json) -> set[str]:
    return {name_of(each["resource"]) for each in bundle["entry"] if each["search"]["mode"] == "include"}


def test_totals_and_pages_hold_as_many(both: Both) -> None:
    for question in simple(both, random.Random(19))[:40]:
        theirs = matches_of(both.theirs(f"{question}&{ALL}"))
        assert both.ours(f"{question}&_total=accurate")["total"] == len(theirs), question
        assert both.ours(f"{question}&_summary=count")["total"] == len(theirs), question
        assert sorted(paged(both, f"{question}&_count=3")) == sorted(theirs), question


def paged(both: Both, url: str) -> list[str]:
    """The matches of every page, following the links."""
    bundle, found = both.ours(url), []
    while True:
        found += matches_of(bundle)
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not following:
            return found
        bundle = both.ours(following[0].partition("/fhir/")[2])


@pytest.mark.parametrize("minus", ["", "-"])
@pytest.mark.parametrize("name", SORTED)
def test_both_sort_alike(both: Both, name: str, minus: str) -> None:
    type, code = name.split(".")
    resources = {name_of(each): each for each in both.of(type)}
    parameter = TYPES[type].parameters[code]
    orders = []
    for ask in (both.ours, both.theirs):
        found = matches_of(ask(f"{type}?_sort={minus}{code}&{ALL}"))
        values = [values_of(parameter, resources[one]) for one in found if one in resources]
        orders.append(
            [str(value[0].get("start") if isinstance(value[0], dict) else value[0]) for value in values if value]
        )
    assert orders[0] == orders[1]
    assert len(orders[0]) > 2


def start_of(date: Any) -> str:
    return str(date.get("start") if isinstance(date, dict) else date)
