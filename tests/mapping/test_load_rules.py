"""A mapping that breaks a rule does not load, and says in which file, at which line and key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.path import EVERY
from gateway.mapping.catalogue import load as load_catalogue
from gateway.mapping.faults import MappingFault
from gateway.mapping.functions import ALLOWED
from gateway.mapping.loading import load_mapping

Write = Callable[..., Path]


def refused(folder: Path) -> MappingFault:
    with pytest.raises(MappingFault) as fault:
        load_mapping(folder)
    return fault.value


def test_a_fault_names_file_line_and_key_path(write: Write) -> None:
    fault = refused(write('- a: 1\n  b:\n    - c: "{{ note.titel }}"'))
    assert (fault.file, fault.line) == ("notebook/mapping.yaml", 12)
    assert fault.place == "template[0].b[0].c"
    assert str(fault) == ("notebook/mapping.yaml:12: template[0].b[0].c: the input schema has no 'titel' at this step")


@pytest.mark.parametrize(
    "expression",
    [
        "note.title.",
        "note.(title",
        "note.title title",
        "note.lines.where(text = )",
        "note.title.unknown()",
        "now()",
        "today()",
        "timeOfDay()",
        "note.title.matches('a+')",
        "note.title.replaceMatches('a+', '')",
        "note.title.trace('x')",
        "note.resolve()",
        "note.lines.repeat(text)",
        "note.descendants()",
        "note.title.narrative(1)",
        "%nobody",
        "%ucum",
        "%session.password",
        "title",
        "other.title",
        "note.lines.words",
        "note.lines.where(words = 'x')",
        "note.lines.first().words",
        "note.lines[0].words",
        "iif(note.private, note.lines, note.lines).words",
        "(note.lines | note.lines).words",
        "note.lines.select(from).text",
        "note.title + note.titel",
    ],
)
def test_an_expression_must_be_strict_allowed_and_in_reach(write: Write, expression: str) -> None:
    assert refused(write(f'- x: "{{{{ {expression} }}}}"')).line == 10
    assert refused(write(f'- "{{% if {expression} %}}": {{x: 1}}')).line == 10
    assert refused(write(f'- "{{% for i in {expression} %}}": {{x: 1}}')).line == 10
    assert refused(write(f'- {{x: 1, "{{% evidence %}}": "{expression}"}}')).line == 10


def test_every_allowed_function_exists_and_none_reads_the_clock_or_a_pattern() -> None:
    assert ALLOWED <= EVERY
    assert not ALLOWED & {"now", "today", "timeOfDay", "matches", "matchesFull", "replaceMatches", "trace", "resolve"}


@pytest.mark.parametrize("words", ["line.words", "line.text.words", "context.lines"])
def test_variables_carry_their_schema(write: Write, words: str) -> None:
    refused(write(f'- "{{% for n, line in note.lines %}}": {{x: "{{{{ %{words} }}}}"}}'))


def test_a_loop_variable_is_unknown_outside_its_loop(write: Write) -> None:
    fault = refused(write('- {a: {"{% for l in note.lines %}": 1}, b: "{{ %l.text }}"}'))
    assert "no variable %l" in fault.reason


@pytest.mark.parametrize(
    "member",
    [
        "meta: {versionId: '1'}",
        "id: '1'",
        "_id: {}",
        "a: {b: [{id: x}]}",
        "resourceType: Provenance",
        "contained: [{resourceType: Provenance}]",
        "resourceType: '{{ note.title }}'",
        "status: final",
        "status: '{{ note.title }}'",
        "status: [preliminary]",
        "_status: {}",
        "docStatus: final",
        "docStatus: draft",
        "status: active",
        "status: completed",
        "lifecycleStatus: active",
        "text: {div: '<div/>'}",
        "subject: {reference: Patient/other}",
        "author: [{display: Dr. Who}]",
        "attester: [{mode: legal}]",
        "for: {reference: Patient/other}",
        "performer: [{display: Dr. Who}]",
        "recipient: [{display: Dr. Who}]",
        "'{% merge %}': {status: final}",
        "'{% if note.private %}': {meta: {}}",
        "'{% assign %}': {x: {status: final}}",
    ],
)
def test_only_the_gateway_writes_ids_labels_attribution_and_final_status(write: Write, member: str) -> None:
    refused(write(f"- {{{member}}}"))


@pytest.mark.parametrize("member", ["status: preliminary", "status: draft", "docStatus: preliminary"])
def test_a_status_that_awaits_review_may_be_written(write: Write, member: str) -> None:
    load_mapping(write(f"- {{{member}}}"))


@pytest.mark.parametrize(
    "template",
    [
        '- {x: "{{ note.title"}',
        '- {x: "{{ note.title }} }}"}',
        '- {x: "{[ note.tags ]} and"}',
        '- {"{% unless note.private %}": 1}',
        '- {"{% for note.lines %}": 1}',
        '- {"x {{ note.title }}": 1}',
        '- {"{% else %}": {x: 1}}',
        '- {"{% for l in note.lines %}": 1, x: 1}',
        '- {"{{ note }}": 1, x: 1}',
        '- {"{% if note.private %}": {a: 1}, "{% if note.mood = 1 %}": {a: 1}}',
        '- {"{% if note.private %}": {a: 1}, "{% merge %}": {a: 1}}',
        '- {"{% assign %}": {a: 1, b: 2}, x: 1}',
        '- {"{% assign %}": 1, x: 1}',
        '- {"{% evidence %}": [note.tags], x: 1}',
        '- {"{% assign %}": {y: {"{% evidence %}": note.tags, a: 1}}, x: "{{ %y }}"}',
    ],
)
def test_instructions_that_are_none_or_do_not_go_together_are_refused(write: Write, template: str) -> None:
    assert refused(write(template)).place.startswith("template[0]")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("name: notebook", "name: other"), "name"),
        (('version: "1.0.0"', "version: 1.0"), "version"),
        (('version: "1.0.0"', 'version: "1"'), "version"),
        (('fhir: "4.0.1"', 'fhir: "5.0.0"'), "fhir"),
        (("note: {title: The note}", "noot: {title: The note}"), "inputs.noot"),
        (("note: {title: The note}", "note: {title: The note, media: image/png}"), "inputs.note.media"),
        (("requires: any", "requires: any\nrows: lenient"), "rows"),
        (("note: {title: The note}", "note: {}"), "inputs.note"),
        (("requires: any", "requires: all"), "requires"),
        (("requires: any", "required: any"), "required"),
        (("requires: any", "inputs: {}"), "inputs"),
        (("title: A notebook", "title: &a A notebook\nignored: *a"), "ignored"),
        (("title: A notebook", "title: !!python/object:os.system x"), "title"),
    ],
)
def test_the_head_of_a_mapping_is_held_to_its_form(write: Write, change: tuple[str, str], place: str) -> None:
    folder = write("- {x: 1}")
    file = folder / "mapping.yaml"
    file.write_text(file.read_text().replace(*change))
    assert refused(folder).place == place


@pytest.mark.parametrize("path", ["note.words", "note..title", "note.lines[0].text", "*", "note.title.x"])
def test_an_ignored_path_must_be_in_the_schema(write: Write, path: str) -> None:
    fault = refused(write("- {x: 1}", f'ignored:\n- {{path: "{path}", reason: none}}\n'))
    assert fault.place == "ignored[0].path"


def test_an_ignored_path_needs_a_reason(write: Write) -> None:
    refused(write("- {x: 1}", "ignored:\n- {path: note.title}\n"))


def test_a_segment_has_only_the_known_keys(write: Write) -> None:
    fault = refused(write("- {x: 1}", 'transcript:\n- "{% for l in talk %}": {id: a, txt: b}\n'))
    assert fault.place.endswith("txt")


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "text"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "https://example.org/other.json"},
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(write: Write, schema: dict[str, Any]) -> None:
    assert refused(write("- {x: 1}", schema=schema)).file == "notebook/input.schema.json"


def test_a_file_that_is_no_yaml_is_refused_with_its_line(write: Write) -> None:
    folder = write("- {x: 1}")
    (folder / "mapping.yaml").write_text("name: notebook\nversion: [\n")
    assert refused(folder).line == 3


def test_words_that_yaml_would_turn_into_something_else_stay_text(write: Write) -> None:
    mapping = load_mapping(write("- {a: on, b: no, c: 2026-01-01, d: 1e3, e: 0.10, f: true, g: '1'}"))
    (made,) = mapping.apply({"note": {"title": "t"}}, {}).resources
    assert {key: str(value) for key, value in made.items()} == {
        "a": "on", "b": "no", "c": "2026-01-01", "d": "1e3", "e": "0.10", "f": "True", "g": "1",
    }  # fmt: skip
    assert made["f"] is True


def test_a_catalogue_holds_every_mapping_by_name_or_does_not_load(write: Write, tmp_path: Path) -> None:
    folder = write("- {x: 1}")
    assert list(load_catalogue(tmp_path)) == ["notebook"]
    assert load_catalogue(tmp_path)["notebook"].version == "1.0.0"
    (folder / "mapping.yaml").write_text("name: notebook\n")
    with pytest.raises(MappingFault):
        load_catalogue(tmp_path)


def test_a_folder_without_mappings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingFault, match="no mapping"):
        load_catalogue(tmp_path)
