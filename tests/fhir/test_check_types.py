"""The door check on every type that is kept here: what is valid passes, and no fault of shape gets by anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.check import check
from gateway.fhir.search.table import TYPES
from gateway.fhir.tables import node
from gateway.fhir.walker import Walk
from tests.fhir.examples import examples_of, needs_packages
from tests.fhir.least import Json, content, least, with_each

Place = tuple[str | int, ...]


def valid(type: str) -> Iterator[tuple[Place, Json]]:
    """The least of a type, with each of its elements, and with each element of those that have some of their own; and
    where the element in question stands."""
    yield (), least(type)
    for key, made in with_each(type):
        yield (key,), made
        child = node(type).children[key]
        if child.node and "." in child.node:
            for inner, nested in with_each(child.node):
                at: Place = (key, 0, inner) if child.many else (key, inner)
                yield at, made | {key: [nested] if child.many else nested}


@pytest.mark.spec("F-035", "F-036", "F-037")
@pytest.mark.parametrize("type", TYPES)
def test_every_element_of_every_type_is_accepted(type: str) -> None:
    """Rules that tie elements together are broken here and there by one element alone; nothing else may be told."""
    told = {
        f"{place}: {issue.text}" for place, made in valid(type) for issue in check(made) if issue.code != "invariant"
    }
    assert told == set()


def test_most_of_it_is_valid_to_the_last_rule() -> None:
    made = [each for type in TYPES for _, each in valid(type)]
    assert len(made) > 1500
    some = made[::7]
    assert sum(not check(each) for each in some) / len(some) > 0.9


def places(value: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    yield path, value
    listed = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in listed:
        yield from places(item, (*path, step))


def put(value: Any, path: Place, new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {key: put(item, path[1:], new) if key == path[0] else item for key, item in value.items()}
    return [put(item, path[1:], new) if index == path[0] else item for index, item in enumerate(value)]


def spoiled(value: Any) -> Iterator[Any]:
    """What no value of this kind may become: FHIR's JSON has no null, nothing empty, and nothing unknown."""
    yield from (None, {}, [], "", " ", [[value]], {"unknown": value})
    if isinstance(value, dict):
        yield from (
            value | {"unknown": 1},
            value | {"_unknown": {"id": "x"}},
            value | {"fhir_comments": ["x"]},
            [value],
        )
        yield from (value | {f"_{key}": wrong} for key in value for wrong in ("x", [], {}, None, [None], {"id": 1}))
        if "resourceType" not in value:
            yield value | {"resourceType": "Patient"}
    elif isinstance(value, list):
        yield from (value[0], [*value, None], [*value, {}], [*value, []], [*value, ""])
    else:
        yield from ([value], {"value": value}, 1.5)
        if isinstance(value, str):
            yield from (7, True, f"{value}\x00", f"\x01{value}")
        else:
            yield str(value).lower()


@pytest.mark.spec("F-035", "F-036", "F-037")
@pytest.mark.parametrize("type", TYPES)
def test_no_fault_of_shape_gets_by_in_any_element_of_any_type(type: str) -> None:
    got_by = [
        (path, new)
        for at, made in valid(type)
        for path, value in places(made)
        if path[: len(at)] == at and (at or not path)
        for new in spoiled(value)
        if not Walk(put(made, path, new)).walk()
    ]
    assert got_by == []


@pytest.mark.spec("F-035")
@pytest.mark.parametrize("type", TYPES)
def test_what_is_required_is_missed_and_what_is_single_does_not_repeat(type: str) -> None:
    made = least(type)
    for name, keys in node(type).required:
        without = {key: value for key, value in made.items() if key not in keys}
        assert (f"{type}.{name}", "required") in {(issue.expression, issue.code) for issue in check(without)}
    for key, child in node(type).children.items():
        choices = [other for other, each in node(type).children.items() if each.name == child.name]
        if len(choices) > 1 and key == choices[0]:
            both = made | {choice: content(node(type).children[choice]) for choice in choices[:2]}
            assert f"{type}.{child.name}" in {issue.expression for issue in check(both)}


@pytest.mark.spec("F-035")
@pytest.mark.parametrize("type", TYPES)
def test_codes_that_are_required_are_asked_for(type: str) -> None:
    for key, child in node(type).children.items():
        if child.codes is not None and child.test is not None:
            made = dict(with_each(type))[key] | {key: ["no-such-code"] if child.many else "no-such-code"}
            assert "code-invalid" in {issue.code for issue in check(made)}, key


@cache
def published() -> tuple[Json, ...]:
    """The examples of US Core that are valid by R4, of every type there."""
    named = (each for _, each in examples_of("hl7.fhir.us.core-8.0.0.tgz") if each.get("resourceType") in TYPES)
    return tuple(each for each in named if not Walk(each).walk())


@needs_packages
@pytest.mark.spec("F-036", "F-037")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_fault_of_shape_gets_by_in_what_others_have_published(data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(published()))
    path, value = data.draw(st.sampled_from([each for each in places(resource) if each[1] is not None]))
    for new in spoiled(value):
        assert Walk(put(resource, path, new)).walk(), (path, new)
