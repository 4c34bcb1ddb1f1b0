"""The more restricted parts of a resource, and what is left without them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.fhir.definitions.build_summary import build
from gateway.fhir.inline import _table, rest_of
from gateway.fhir.json import dump
from gateway.fhir.labels import (
    ACT_CODE_SYSTEM,
    AIAST,
    CONFIDENTIALITY,
    MH,
    PROCESSINLINELABEL,
    confidentiality_of,
    label,
    label_inline,
    security_of,
)
from gateway.fhir.search.index import index
from tests.world import R4_PACKAGE

PSY = {"system": ACT_CODE_SYSTEM, "code": "PSY"}
HIGHER = CONFIDENTIALITY["V"]


def observation() -> dict[str, Any]:
    made = {
        "resourceType": "Observation",
        "id": "o1",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">all of it</div>'},
        "contained": [
            {"resourceType": "Practitioner", "id": "p", "name": [{"family": "Contained", "given": ["Inner", "Name"]}]}
        ],
        "identifier": [{"system": "urn:one", "value": "first"}, {"system": "urn:two", "value": "second"}],
        "status": "final",
        "category": [{"coding": [{"system": "urn:cat", "code": "social"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}], "text": "Score"},
        "subject": {"reference": "Patient/ann", "display": "Ann"},
        "effectiveDateTime": "2026-09-01T10:00:00Z",
        "performer": [{"reference": "#p"}, {"reference": "Practitioner/dr"}],
        "valueQuantity": {"value": 17, "unit": "points", "system": "http://unitsofmeasure.org", "code": "{score}"},
        "note": [{"text": "spoken"}, {"text": "whispered", "authorString": "somebody"}],
        "component": [
            {"code": {"text": "left"}, "valueString": "heavy"},
            {"code": {"text": "right"}, "valueCodeableConcept": {"text": "light"}},
        ],
    }
    return label(made, CONFIDENTIALITY["R"], MH, PROCESSINLINELABEL)


def composition() -> dict[str, Any]:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
    made = {
        "resourceType": "Composition",
        "id": "c1",
        "status": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": "34904-3"}]},
        "subject": {"reference": "Patient/ann"},
        "date": "2026-09-01",
        "author": [{"reference": "Practitioner/dr"}],
        "title": "A session",
        "section": [
            {"title": "Mood", "text": {"status": "additional", "div": div.format("low")}},
            {
                "title": "Substances",
                "text": {"status": "additional", "div": div.format("drinks")},
                "entry": [{"reference": "Observation/drinks"}],
                "section": [{"title": "Inner", "text": {"status": "additional", "div": div.format("nested")}}],
            },
        ],
    }
    return label(made, CONFIDENTIALITY["R"], PROCESSINLINELABEL)


def person() -> dict[str, Any]:
    made = {
        "resourceType": "Patient",
        "id": "ann",
        "active": True,
        "name": [{"family": "Miller", "given": ["Ann", "Bea"], "period": {"start": "2020"}}],
        "telecom": [{"system": "phone", "value": "555-1"}],
        "gender": "female",
        "birthDate": "1990-01-02",
        "address": [{"line": ["1 Park Road"], "city": "Springfield"}],
        "contact": [{"name": {"family": "Kin"}, "telecom": [{"system": "phone", "value": "555-2"}]}],
        "communication": [{"language": {"text": "Deutsch"}, "preferred": True}],
        "extension": [{"url": "urn:housing", "valueCoding": {"code": "shelter"}}],
    }
    return label(made, CONFIDENTIALITY["R"], PROCESSINLINELABEL)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every element that is an object, and every text, of a resource."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if not path and key in ("resourceType", "id", "meta"):
            continue
        is_extension = (
            bool(path) and path[-1] == "extension"
        )  # it has a value or extensions, so the label is its value's
        is_text = isinstance(item, str) and key not in ("resourceType", "id", "url", "div")
        if is_text or (isinstance(item, dict) and not is_extension):
            yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def labelled(resource: dict[str, Any], path: tuple[Any, ...], coding: Any = HIGHER) -> dict[str, Any]:
    """The same, with one of its elements labelled."""
    made = deepcopy(resource)
    element, holder = at(made, path), at(made, path[:-1])
    if isinstance(element, dict):
        label_inline(element, coding)
    elif isinstance(path[-1], int):  # one of several texts
        beside = at(made, path[:-2]).setdefault(f"_{path[-2]}", [None] * len(holder))
        beside[path[-1]] = label_inline({}, coding)
    else:
        holder[f"_{path[-1]}"] = label_inline({}, coding)
    return made


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)
    else:
        yield str(value)


CASES = [(made, path) for made in (observation(), composition(), person()) for path in places(made)]
NAMES = [f"{made['resourceType']}-{'.'.join(map(str, path))}" for made, path in CASES]


@pytest.mark.parametrize(("resource", "path"), CASES, ids=NAMES)
def test_whatever_is_labelled_is_gone_and_the_rest_is_sound(resource: dict[str, Any], path: tuple[Any, ...]) -> None:
    """Nor is it found by what is gone."""
    made = labelled(resource, path)
    assert check(made) == []
    rest = rest_of(made)
    if rest is None:
        assert path[-1] in {"status", "active", "system"}, "it could have been cut"
        return
    before, after = list(texts(resource)), list(texts(rest))
    held = at(resource, path)
    lost = list(texts(held)) if isinstance(held, dict) else [held]
    assert any(after.count(text) < before.count(text) for text in lost)
    assert [text for text in lost if before.count(text) == 1 and text in after] == []
    assert check(rest) == []
    assert "PROCESSINLINELABEL" not in {code for _, code in security_of(rest)}
    assert index(made) == index(rest)
    assert confidentiality_of(made) == "V"
    assert confidentiality_of(rest) == "R"


def test_a_resource_without_such_parts_is_its_own_rest() -> None:
    """Who asserted a part, and what is said of the whole anyway, ask for no more protection."""
    plain = observation()
    assert rest_of(plain) is plain
    for coding in (AIAST, MH, CONFIDENTIALITY["N"], CONFIDENTIALITY["R"]):
        made = labelled(plain, ("note", 0), coding)
        assert rest_of(made) is made


@pytest.mark.parametrize("coding", [HIGHER, PSY, {"system": "urn:other", "code": "x"}, {"code": "V"}])
def test_any_other_label_of_a_part_is_one_for_more_protection(coding: dict[str, str]) -> None:
    rest = rest_of(labelled(observation(), ("note", 1), coding))
    assert rest is not None
    assert rest["note"] == [{"text": "spoken"}]


def test_what_must_be_there_is_marked_as_masked() -> None:
    masked = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    rest = rest_of(labelled(observation(), ("code",)))
    assert rest is not None
    assert rest["code"] == masked
    rest = rest_of(labelled(composition(), ("title",)))
    assert rest is not None
    assert "title" not in rest
    assert rest["_title"] == masked


def test_an_observation_says_why_it_has_no_value() -> None:
    rest = rest_of(labelled(observation(), ("valueQuantity",)))
    assert rest is not None
    assert rest["dataAbsentReason"]["coding"][0]["code"] == "masked"


def test_words_about_the_whole_go_with_any_part_of_it() -> None:
    rest = rest_of(labelled(observation(), ("note", 0)))
    assert rest is not None
    assert "text" not in rest
    rest = rest_of(labelled(composition(), ("section", 1, "entry", 0)))
    assert rest is not None
    assert [b"low" in dump(rest), b"drinks" in dump(rest)] == [True, False]


def test_what_is_contained_goes_with_the_last_reference_to_it() -> None:
    rest = rest_of(labelled(observation(), ("performer", 0)))
    assert rest is not None
    assert rest["performer"] == [{"reference": "Practitioner/dr"}]
    assert "contained" not in rest


def test_nothing_is_left_of_a_head_that_said_no_more_than_that_parts_are_labelled() -> None:
    bare = labelled({**observation(), "meta": {"security": [dict(PROCESSINLINELABEL)]}}, ("note", 0), PSY)
    bare["meta"]["security"] = [dict(PROCESSINLINELABEL)]
    rest = rest_of(bare)
    assert rest is not None and "meta" not in rest and len(rest["note"]) == 1


def test_what_changes_the_meaning_of_the_rest_cannot_be_cut() -> None:
    assert rest_of(labelled(observation(), ("status",))) is None
    assert rest_of(label_inline(observation(), HIGHER)) is None


@pytest.mark.skipif(not R4_PACKAGE.exists(), reason="the R4 definitions are not beside the project")
def test_the_table_of_modifiers_is_that_of_r4() -> None:
    assert dict(_table()) == build(R4_PACKAGE, "isModifier")
