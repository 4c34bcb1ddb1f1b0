"""Parts that are no JSON: rows of text, each found again by its line, and prose."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.faults import MappingRefusal
from gateway.mapping.mapping import Mapping
from gateway.mapping.reading import Received
from gateway.mapping.rows import RowsFault, csv_rows

Load = Callable[..., Mapping]

ROW = {
    "type": "object",
    "required": ["day", "mood"],
    "properties": {"day": {"type": "string"}, "mood": {"type": "string", "maxLength": 8}, "note": {"type": "string"}},
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "diary": {"type": "array", "items": ROW},
        "stream": {"type": "array", "items": ROW},
        "letter": {"type": "string", "maxLength": 100},
    },
}
HEAD = """\
name: notebook
version: "1.0.0"
title: A notebook
fhir: "4.0.1"
inputs:
  diary: {title: The diary, media: text/csv}
  stream: {title: As it came, media: application/x-ndjson}
  letter: {title: A letter, media: text/markdown}
requires: any
"""
CHECKS = """
checks:
  - of: diary[*]
    holds: "day.date('yyyy-MM-dd').exists()"
    at: day
    says: This is no date.
"""


@pytest.fixture
def strict(load: Load) -> Mapping:
    return load("- {x: 1}", CHECKS, HEAD, SCHEMA)


@pytest.fixture
def lenient(load: Load) -> Mapping:
    return load("- {x: 1}", CHECKS, HEAD + "rows: skip\n", SCHEMA)


def rows(mapping: Mapping, text: str) -> Any:
    return mapping.read({"diary": text.encode()}).inputs["diary"]


def refused(mapping: Mapping, **parts: bytes) -> list[tuple[str | None, str]]:
    with pytest.raises(MappingRefusal) as refusal:
        mapping.read(parts)
    return [(issue.expression, issue.code) for issue in refusal.value.issues]


@pytest.mark.parametrize(
    "text",
    [
        'day,mood,note\n2026-03-01,good,"Slept, well"\n',
        '\ufeffday,mood,note\r\n2026-03-01,good,"Slept, well"\r\n',
        'day;mood;note\n2026-03-01;good;"Slept, well"',
        "day\tmood\tnote\n\n2026-03-01\t good \t Slept, well \n\n",
    ],
)
def test_columns_are_named_by_the_first_line(strict: Mapping, text: str) -> None:
    assert rows(strict, text) == [{"day": "2026-03-01", "mood": "good", "note": "Slept, well"}]


def test_a_quoted_value_may_go_over_lines_and_hold_quotes(strict: Mapping) -> None:
    text = 'day,mood,note\n2026-03-01,good,"One ""two""\nthree"\n2026-03-02,bad,\n'
    assert rows(strict, text) == [
        {"day": "2026-03-01", "mood": "good", "note": 'One "two"\nthree'},
        {"day": "2026-03-02", "mood": "bad"},
    ]


BAD = """day,mood,note
2026-03-01,good,fine
2026-03-02,bad

2026-03-03,bad,"a
b"
2026-03-04,good,x,y
tomorrow,good,
2026-03-05,overwhelmed,
2026-03-06,"good,x
2026-03-07,good,last
"""
FAULTS = [
    ("diary:3", "structure"),
    ("diary:7", "structure"),
    ("diary:8", "invariant"),
    ("diary:9", "too-long"),
    ("diary:10", "structure"),
]


def test_each_row_that_cannot_be_read_is_told_with_its_line(strict: Mapping) -> None:
    assert sorted(refused(strict, diary=BAD.encode())) == sorted(FAULTS)


def test_the_other_rows_go_on_where_the_mapping_says_so(lenient: Mapping) -> None:
    received = lenient.read({"diary": BAD.encode()})
    assert [row["day"][-2:] for row in received.inputs["diary"]] == ["01", "03", "07"]
    assert sorted((issue.expression, issue.code) for issue in received.skipped) == sorted(FAULTS)
    assert "Line 8: This is no date." in [issue.text for issue in received.skipped]
    assert "Line 9: mood is too long." in [issue.text for issue in received.skipped]


@pytest.mark.parametrize("note", ['"Slept, too"', '"Slept"', '"Slept ""well"""'])
def test_a_quotation_mark_that_is_not_closed_takes_no_other_row_along(lenient: Mapping, note: str) -> None:
    text = f'day,mood,note\n2026-03-01,good,"Slept\n2026-03-02,good,{note}\n2026-03-03,good,\n'
    read = lenient.read({"diary": text.encode()})
    assert [each["day"] for each in read.inputs["diary"]] == ["2026-03-02", "2026-03-03"]
    assert [each.expression for each in read.skipped] == ["diary:2"]


def test_a_file_with_nothing_but_bad_rows_is_refused(lenient: Mapping) -> None:
    assert refused(lenient, diary=b"day,mood,note\nx,good,\ny,good,\n") == [
        ("diary:2", "invariant"),
        ("diary:3", "invariant"),
    ]


def test_a_file_that_is_mostly_bad_is_refused(lenient: Mapping) -> None:
    bad = b"day,mood,note\n2026-03-01,good,\n" + b"x\n" * 1000
    assert len(refused(lenient, diary=bad)) == 100


def test_what_no_row_can_be_blamed_for_refuses_the_payload_beside_the_rows(lenient: Mapping) -> None:
    letter = b"x" * 101
    assert refused(lenient, diary=b"day,mood\n2026-03-01,\n2026-03-02,good\n", letter=letter) == [
        ("diary:2", "required"),
        ("letter", "too-long"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00\x01",
        b"day,mood\n2026-03-01,\x00\n",
        b"day,day\n1,2\n",
        b"day,,mood\n",
        ",".join(map(str, range(1001))).encode(),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(lenient: Mapping, data: bytes) -> None:
    assert refused(lenient, diary=data) == [("diary", "structure")]


CELL = st.text(st.characters(exclude_categories=["C"]), max_size=6).map(str.strip)


@given(st.lists(st.tuples(CELL, CELL, CELL).filter(any), max_size=8))
def test_what_a_csv_writer_writes_is_read_as_it_was(cells: list[tuple[str, ...]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("day", "mood", "note"), *cells])
    found = csv_rows("diary", file.getvalue())
    assert found.faults == []
    named = (zip(("day", "mood", "note"), row, strict=True) for row in cells)
    assert found.values == [{name: cell for name, cell in row if cell} for row in named]


@given(st.text(st.sampled_from('a,;"\n\r\t ')))
def test_whatever_comes_is_a_row_a_fault_or_no_table(text: str) -> None:
    try:
        found = csv_rows("diary", "x,y\n" + text)
    except RowsFault:
        return
    lines = [*found.lines, *(int((fault.expression or "").rpartition(":")[2]) for fault in found.faults)]
    assert len(set(lines)) == len(lines)
    assert all(row.keys() <= {"x", "y"} for row in found.values)


def test_ndjson_has_a_row_per_line(lenient: Mapping) -> None:
    received: Received = lenient.read(
        {"stream": b'{"day": "a", "mood": "b"}\n\n{"day": 1}\nnot json\n{"day":"c","mood":"d"}'}
    )
    assert received.inputs["stream"] == [{"day": "a", "mood": "b"}, {"day": "c", "mood": "d"}]
    assert {issue.expression for issue in received.skipped} == {"stream:3", "stream:4"}


def test_prose_is_one_text_held_to_the_schema(strict: Mapping) -> None:
    received = strict.read({"letter": "\ufeff# Dear\n\nyou".encode()})
    assert received.inputs == {"letter": "# Dear\n\nyou"}
    with pytest.raises(MappingRefusal):
        strict.apply({"letter": "x" * 101}, {})


def test_no_fault_repeats_what_a_row_says(strict: Mapping) -> None:
    with pytest.raises(MappingRefusal) as refusal:
        strict.read({"diary": BAD.encode()})
    assert not [issue for issue in refusal.value.issues if "overwhelmed" in issue.text or "tomorrow" in issue.text]
