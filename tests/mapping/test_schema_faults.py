"""A payload that does not fit is refused with every fault at its place in the payload, and without its words."""

from __future__ import annotations

from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest

from gateway.fhir.json import parse
from gateway.mapping.faults import MappingRefusal
from gateway.mapping.mapping import Mapping
from gateway.mapping.schema import DIALECT, MOST_ISSUES

Load = Callable[..., Mapping]
HEAD_REQUIRED = """\
name: notebook
version: "1.0.0"
title: A notebook
fhir: "4.0.1"
inputs:
  note: {title: The note, required: true}
  talk: {title: What was said}
"""


def faults(mapping: Mapping, inputs: dict[str, Any]) -> list[tuple[str | None, str]]:
    with pytest.raises(MappingRefusal) as refusal:
        mapping.apply(inputs, {})
    assert refusal.value.status == 422
    assert "Boris" not in str(refusal.value.issues) + str(refusal.value)
    return sorted((issue.expression or "", issue.code) for issue in refusal.value.issues)


@pytest.mark.spec("F-035")
def test_every_fault_is_told_at_once(load: Load) -> None:
    note = {
        "title": "Boris" * 20,
        "mood": 11,
        "kind": "Boris",
        "private": "Boris",
        "tags": "Boris",
        "lines": [{"text": 1}, "Boris"],
    }
    assert faults(load("- {x: 1}"), {"note": note}) == [
        ("note.kind", "code-invalid"),
        ("note.lines[0].text", "structure"),
        ("note.lines[1]", "structure"),
        ("note.mood", "value"),
        ("note.private", "structure"),
        ("note.tags", "structure"),
        ("note.title", "too-long"),
    ]


@pytest.mark.parametrize("number", ["1e1", "1.0E+1", "0e-5", "-0"])
def test_a_number_is_a_number_however_it_is_written(load: Load, number: str) -> None:
    note = parse(b'{"title": "x", "mood": %s}' % number.encode())
    assert load("- {x: 1}").apply({"note": note}, {}).resources == [{"x": 1}]


@pytest.mark.parametrize(("number", "code"), [("1e400", "value"), ("9.1e-05", "structure"), ("-1e0", "value")])
def test_a_number_that_does_not_fit_is_told_however_it_is_written(load: Load, number: str, code: str) -> None:
    note = parse(b'{"title": "x", "mood": %s}' % number.encode())
    assert faults(load("- {x: 1}"), {"note": note}) == [("note.mood", code)]


def test_a_fault_before_such_a_number_hides_none_behind_it(load: Load) -> None:
    note = parse(b'{"lines": [{"text": 1}], "mood": 1e400, "tags": [-0]}')
    assert faults(load("- {x: 1}"), {"note": note})[0] == ("note.lines[0].text", "structure")
    assert ("note.mood", "value") in faults(load("- {x: 1}"), {"note": note})


def test_a_missing_member_is_named_itself(load: Load) -> None:
    assert faults(load("- {x: 1}"), {"note": {}}) == [("note.title", "required")]


def test_at_least_one_part_is_needed(load: Load) -> None:
    assert faults(load("- {x: 1}"), {}) == [("", "required")]


def test_a_required_part_is_needed(load: Load) -> None:
    assert faults(load("- {x: 1}", head=HEAD_REQUIRED), {"talk": []}) == [("note", "required")]


def test_a_part_that_is_not_known_is_refused_without_its_name(load: Load) -> None:
    assert faults(load("- {x: 1}"), {"note": {"title": "t"}, "Boris": {}}) == [("", "not-supported")]


def test_a_key_that_only_the_payload_knows_is_not_repeated(load: Load) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {
            "note": {"properties": {"by": {"additionalProperties": {"type": "integer"}}}},
            "talk": {"additionalProperties": False},
        },
    }
    mapping = load("- {x: 1}", schema=schema)
    inputs = {"note": {"by": {"Boris": "x"}}, "talk": {"Boris": 1}}
    assert faults(mapping, inputs) == [("note.by", "structure"), ("talk", "structure")]


def test_unknown_members_are_let_in(load: Load) -> None:
    assert load("- {x: 1}").apply({"note": {"title": "t", "newer": 1}}, {}).resources == [{"x": 1}]


def test_the_list_of_faults_has_an_end(load: Load) -> None:
    with pytest.raises(MappingRefusal) as refusal:
        load("- {x: 1}").apply({"note": {"title": "t", "tags": [1] * 1000}}, {})
    assert len(refusal.value.issues) == MOST_ISSUES


@pytest.mark.parametrize("wrong", [slice(None), slice(-1, None)])
def test_of_millions_of_faults_only_the_first_are_gathered(load: Load, wrong: slice) -> None:
    """Gathering each would take a gigabyte for a megabyte; a single one at the very end is found all the same."""
    lines: list[Any] = [{"text": "said"} for _ in range(300_000)]
    lines[wrong] = ["Boris"] * len(lines[wrong])
    before = getrusage(RUSAGE_SELF).ru_maxrss
    found = faults(load("- {x: 1}"), {"note": {"title": "t", "lines": lines}})
    assert len(found) == min(len(lines[wrong]), MOST_ISSUES)
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_a_choice_of_types_takes_a_number_however_it_is_written(load: Load) -> None:
    note = {"type": "object", "properties": {"value": {"oneOf": [{"type": "number"}, {"type": "string"}]}}}
    schema = {"$schema": DIALECT, "type": "object", "properties": {"note": note, "talk": {}}}
    mapping = load("- {x: 1}", "", HEAD_REQUIRED, schema)
    assert mapping.apply({"note": parse(b'{"value": 1e400}')}, {}).resources == [{"x": 1}]
