"""A payload may become many resources: each has a name of its own, a writer, and references to the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping.faults import MappingFault, MappingRefusal
from gateway.mapping.mapping import Mapping
from gateway.mapping.model import Head, Mapped, Statement

Load = Callable[..., Mapping]
Write = Callable[..., Path]

NOTE = {"title": "Plan", "kind": "diary", "tags": ["a", "b"], "lines": [{"id": "1", "text": "Walk", "from": ["s1"]}]}

PLAN = """
- resourceType: CarePlan
  goal:
    - "{% for line in note.lines %}":
        reference: "local:goal-{{ %line.id }}"
- "{% for line in note.lines %}":
    "{% name %}": "goal-{{ %line.id }}"
    "{% evidence %}": "%line.from"
    resourceType: Goal
    description: {text: "{{ %line.text }}"}
"""


def applied(load: Load, template: str, note: dict[str, Any] | None = None) -> Mapped:
    return load(template).apply({"note": note or NOTE}, {})


def refusal(load: Load, template: str, note: dict[str, Any] | None = None) -> str:
    with pytest.raises(MappingRefusal) as refused:
        applied(load, template, note)
    return refused.value.issues[0].text


def test_entries_refer_to_one_another_by_local_names(load: Load) -> None:
    mapped = applied(load, PLAN)
    assert mapped.resources[0] == {"resourceType": "CarePlan", "goal": [{"reference": "local:goal-1"}]}
    assert mapped.heads == [Head(), Head("goal-1")]


def test_evidence_at_the_root_makes_the_whole_entry_a_statement(load: Load) -> None:
    assert applied(load, PLAN).statements == [Statement(1, "", ("s1",))]


def test_a_reference_to_no_entry_is_refused_at_its_place_in_the_template(load: Load) -> None:
    text = refusal(load, '- {resourceType: CarePlan, goal: [{reference: "local:{{ note.title }}"}]}')
    assert "template[0].goal[0].reference" in text
    assert "Plan" not in text
    assert "names no entry" in refusal(load, "- {goal: [{reference: local:nobody}]}")


def test_two_entries_of_one_name_are_refused(load: Load) -> None:
    named = '- {"{% name %}": "{{ note.title }}", resourceType: Goal}\n'
    assert "template[1]: two have the same name" in refusal(load, named * 2)


def test_whom_the_gateway_knows_is_referred_to_without_an_entry(load: Load) -> None:
    template = "- {x: [{reference: local:patient}, {reference: local:clinician}, {reference: local:custodian}]}"
    assert len(applied(load, template).resources[0]["x"]) == 3
    assert "same name" in refusal(load, '- {"{% name %}": patient, x: 1}')


def test_no_address_out_of_a_payload_becomes_a_reference(load: Load) -> None:
    evil = {**NOTE, "title": "Patient/other"}
    assert "local:" in refusal(load, '- {goal: [{reference: "{{ note.title }}"}]}', evil)


def test_no_object_of_a_payload_brings_a_reference(load: Load) -> None:
    evil = {**NOTE, "extra": {"more": [{"reference": "Patient/other"}]}}
    assert "a reference" in refusal(load, '- {x: "{[ note.extra.more ]}"}', evil)


def test_a_reference_written_out_stays(load: Load) -> None:
    assert applied(load, "- {x: {reference: '#part'}}").resources == [{"x": {"reference": "#part"}}]


def test_an_entry_and_a_statement_each_say_whose_words_they_are(load: Load) -> None:
    mapped = applied(
        load,
        """
        - "{% by %}": "{{ iif(note.kind = 'diary', 'patient', 'machine') }}"
          resourceType: Observation
          component:
            - {"{% evidence %}": note.tags, valueString: "{{ note.title }}"}
            - {"{% evidence %}": "{}", "{% by %}": clinician, valueString: "{{ note.kind }}"}
        """,
    )
    assert mapped.heads == [Head(None, "patient")]
    assert mapped.statements == [
        Statement(0, "component[0]", ("a", "b"), "machine"),
        Statement(0, "component[1]", (), "clinician"),
    ]


def test_the_writer_of_an_entry_is_the_writer_of_its_own_statement(load: Load) -> None:
    mapped = applied(load, '- {"{% by %}": patient, "{% evidence %}": note.tags, x: 1}')
    assert (mapped.heads, mapped.statements) == ([Head(None, "patient")], [Statement(0, "", ("a", "b"), "patient")])


def test_a_merge_keeps_name_and_writer(load: Load) -> None:
    mapped = applied(load, '- {x: 1, "{% merge %}": [{"{% name %}": one, y: 2}, {"{% by %}": patient, z: 3}]}')
    assert (mapped.resources, mapped.heads) == ([{"x": 1, "y": 2, "z": 3}], [Head("one", "patient")])


def test_a_writer_nobody_knows_is_refused(load: Load) -> None:
    assert "machine, patient, clinician" in refusal(load, '- {"{% by %}": "{{ note.title }}", x: 1}')


@pytest.mark.parametrize(
    "template",
    [
        '- {x: {"{% name %}": one, y: 1}}',
        '- {x: {"{% by %}": patient, y: 1}}',
        '- {x: {"{% evidence %}": note.tags, "{% name %}": one, y: 1}}',
        '- {"{% by %}": nobody, x: 1}',
        '- {"{% name %}": [one], x: 1}',
        '- {"{% assign %}": {a: {"{% name %}": one, x: 1}}, x: 1}',
    ],
)
def test_a_mark_stands_where_it_means_something(load: Load, template: str) -> None:
    with pytest.raises(MappingFault):
        load(template)


@pytest.mark.parametrize("status", ["draft", "proposed", "in-progress", "preparation"])
def test_each_kind_of_entry_may_say_that_it_is_not_settled(load: Load, status: str) -> None:
    assert applied(load, f"- {{status: {status}}}").resources == [{"status": status}]


OF_EACH = """
- "{% for line in note.lines %}":
    "{% of %}": "{{ %line.id }}"
    resourceType: Goal
    description: {text: "{{ %line.text }}"}
    note:
      - "{% for source in %line.from %}":
          text: "{{ %source }}"
- resourceType: CarePlan
  title: "{{ note.title }}"
"""


def test_an_entry_says_of_which_patient_it_is_and_where_in_the_payload_it_stands(load: Load) -> None:
    lines = [{"id": "A", "text": "Walk", "from": ["x"]}, {"text": "Walk", "from": ["x"]}]
    mapped = applied(load, OF_EACH, {"title": "Plan", "lines": lines})
    assert [head.of for head in mapped.heads] == ["A", None, None]
    assert [mapped.place(number) for number in range(3)] == ["note.lines[0]", "note.lines[1]", "resources[2]"]


def test_only_an_entry_is_of_a_patient(load: Load) -> None:
    with pytest.raises(MappingFault, match="only a resource has a name or a patient"):
        load('- {x: {"{% of %}": "A", y: 1}}')
