"""On harmless input our compiler gives what the reference implementation of FPML gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from fpml import resolve_template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.path import compile as compile_path
from gateway.mapping.examples import examples_of
from gateway.mapping.functions import OWN
from gateway.mapping.loading import load_mapping
from gateway.mapping.mapping import Mapping

Load = Callable[..., Mapping]
HEALTHSCRIBE = Path(__file__).parents[2] / "mappings/aws-healthscribe"

TEMPLATES = {
    "values": 'x: "{{ note.title }}"\ny: ["{{ note.mood }}", "{{ note.kind }}", 3]\nz: {a: {b: "{{ note.kind }}"}}',
    "all values": 'x: "{[ note.tags ]}"\ny: ["{[ note.tags ]}", "{[ note.lines.text ]}", last]',
    "text around": 'x: "{{ note.title }} ({{note.mood}})!"\ny: "none {{ note.kind }}"',
    "null kept": 'x: "{{+ note.kind +}}"\ny: "{{+note.title+}}"\nz: "a {{+ note.kind +}}"\nw: null\nv: [null]',
    "for": '"{% for line in note.lines %}": {n: "{{ %line.id }}", from: "{[ %line.from ]}"}',
    "for with index": '"{% for n,line in note.lines %}": "{{ %n }}: {{ %line.text }}"',
    "for in for": '"{% for l in note.lines %}": {all: {"{% for f in %l.from %}": "{{ %l.id }}{{ %f }}"}}',
    "for over nothing": 'x: {"{% for l in note.kind %}": 1}\ny: 1',
    "for beside items": 'x: [first, {"{% for t in note.tags %}": {t: "{{ %t }}"}}, last]',
    "context": '"{{ note.lines }}": {text: "{{ text }}", title: "{{ %context.note.title }}"}',
    "context of a list": 'x: {"{{ note.lines }}": ["{{ id }}", "{[ from ]}"]}',
    "if": '"{% if note.mood > 5 %}": {x: high}\n"{% else %}": {x: low}',
    "if without else": 'a: {"{% if note.mood > 5 %}": {x: high}}\nb: 1',
    "if merging": 'a: 1\nx: 0\n"{% if note.mood > 5 %}": {x: high}\n"{% else %}": {z: low}',
    "if with a list": 'x: {"{% if note.tags.exists() %}": ["{[ note.tags ]}"]}',
    "if in if": 'a: {"{% if note.title.exists() %}": {"{% if note.mood > 5 %}": b, "{% else %}": c}}',
    "merge": 'a: 1\nb: 1\n"{% merge %}": {b: "{{ note.title }}", c: "{{ note.kind }}"}',
    "merge of several": 'a: 1\n"{% merge %}": [{a: 2}, {"{% if note.mood > 5 %}": {c: 3}}, "{{ note.extra }}"]',
    "assign": '"{% assign %}": {t: "{{ note.title }}"}\nx: "{{ %t }}"\ny: {z: "{{ %t }}"}',
    "assign of several": '"{% assign %}": [{a: "{{ note.title }}"}, {b: {c: "{{ %a }}"}}]\nx: "{{ %b }}"',
    "assign of a list": '"{% assign %}": [{a: [{k: one, v: 1}, {k: two, v: 2}]}]\nx: "{{ %a.where(k = \'two\').v }}"',
    "assign of nothing": '"{% assign %}": [{a: "{{ note.kind }}"}]\nx: "{{ %a }}"\ny: 1',
    "assign in for": '"{% for l in note.lines %}": {"{% assign %}": [{t: "{{ %l.text }}"}], x: "{{ %t }}"}',
    "objects": 'x: "{{ note.extra }}"\ny: ["{[ note.extra ]}"]\nz: "{[ note.extra.more ]}"',
    "functions": 'x: "{{ note.tags.first().upper() }}"\ny: "{{ note.lines.where(text != \'\').count() }}"',
    "only empty": 'x: {y: ["{{ note.kind }}"]}',
}  # fmt: skip

# No braces and no percent signs: those the reference implementation would read as a template.
_TEXT = st.text(st.characters(codec="ascii", exclude_characters="{}%[]", categories=["L", "N", "P", "Z"]), min_size=1)
_LINE = st.fixed_dictionaries(
    {}, optional={"id": _TEXT, "text": _TEXT, "from": st.lists(_TEXT, min_size=1, max_size=3)}
).filter(bool)
_NOTE = st.fixed_dictionaries(
    {"title": _TEXT.map(lambda text: text[:40])},
    optional={
        "mood": st.integers(0, 10),
        "tags": st.lists(_TEXT, min_size=1, max_size=3),
        "lines": st.lists(_LINE, min_size=1, max_size=3),
        "extra": st.fixed_dictionaries({"more": st.lists(st.dictionaries(st.sampled_from("abc"), _TEXT))}),
    },
)


def both(mapping: Mapping, template: Any, note: dict[str, Any]) -> tuple[Any, Any]:
    ours = mapping.apply({"note": note}, {}).resources
    theirs = resolve_template({"note": note}, [template])
    return ours, theirs or []


@pytest.mark.parametrize("name", TEMPLATES)
def test_we_and_the_reference_implementation_agree(load: Load, name: str) -> None:
    template = yaml.safe_load(TEMPLATES[name])
    mapping = load(f"-\n{_indented(TEMPLATES[name])}")

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(note=_NOTE)
    def agree(note: dict[str, Any]) -> None:
        ours, theirs = both(mapping, template, note)
        assert ours == theirs

    agree()


def test_the_healthscribe_template_agrees_too() -> None:
    """On the same expressions (fhirpathpy takes a name with a capital for a FHIR type), without the evidence marks."""
    template = _without_marks(yaml.safe_load((HEALTHSCRIBE / "mapping.yaml").read_text("utf-8"))["template"])
    mapping = load_mapping(HEALTHSCRIBE)
    for example in examples_of(HEALTHSCRIBE):
        if example.refused is None:
            inputs = mapping.read(example.parts).inputs
            theirs = resolve_template(inputs, template, evaluate=_evaluate) or []
            assert mapping.apply(inputs, {}).resources == theirs


def _evaluate(resource: Any, expression: str, context: dict[str, Any]) -> list[Any]:
    return compile_path(expression, extra=OWN).evaluate(resource, context)


def _without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_marks(item) for key, item in value.items() if "evidence" not in key}
    return [_without_marks(item) for item in value] if isinstance(value, list) else value


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
