"""The parts of a payload as their producer wrote them, read as what their mapping says they are: JSON, rows or text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.errors import Issue
from gateway.fhir import json
from gateway.mapping.faults import MappingRefusal
from gateway.mapping.model import Input
from gateway.mapping.rows import Rows, RowsFault, csv_rows, ndjson_rows

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
TEXTS = ("text/plain", "text/markdown")
MEDIA = (JSON, NDJSON, CSV, *TEXTS)
DEPTH = 64  # of JSON, where the caller does not say


@dataclass(frozen=True, slots=True)
class Received:
    """The parts as plain values; `skipped` tells of the rows that were left out."""

    inputs: dict[str, Any]
    skipped: list[Issue] = field(default_factory=list)


def read_parts(
    known: Sequence[Input], parts: Mapping[str, bytes], max_depth: int
) -> tuple[dict[str, Any], dict[str, Rows]]:
    """Every part as plain values, and those that are rows also with their lines; one that is not known stays None.

    Raises MappingRefusal with one issue per part that is not what it should be.
    """
    media = {part.name: part.media for part in known}
    inputs, rows, issues = dict[str, Any](), dict[str, Rows](), list[Issue]()
    for name, data in parts.items():
        try:
            inputs[name] = _read(name, media[name], data, max_depth) if name in media else None
        except json.JsonFault as fault:
            at = f" ({fault.place})" if fault.place else ""
            issues.append(Issue(f"The part is not strict JSON: {fault.reason}{at}.", name, "structure"))
        except RowsFault as fault:
            issues.append(Issue(f"The part cannot be read: {fault}.", name, "structure"))
        if isinstance(found := inputs.get(name), Rows):
            rows[name], inputs[name] = found, found.values
    if issues:
        raise MappingRefusal(issues)
    return inputs, rows


def row_of(issue: Issue, rows: Mapping[str, Rows]) -> tuple[str, int] | None:
    """The part and the number of the row an issue is about."""
    match = re.match(r"([\w-]+)\[(\d+)\]", issue.expression or "")
    return (match[1], int(match[2])) if match and match[1] in rows else None


def by_line(issue: Issue, rows: Mapping[str, Rows]) -> Issue:
    """The issue as the producer finds it: `daylio:17` instead of `daylio[15].mood`."""
    found = row_of(issue, rows)
    if found is None:
        return issue
    name, number = found
    line = rows[name].lines[number]
    text = issue.text.replace(f"{name}[{number}].", "").replace(f"{name}[{number}]", "The row")
    return replace(issue, text=f"Line {line}: {text}", expression=f"{name}:{line}")


def _read(name: str, media: str, data: bytes, max_depth: int) -> Any:
    if media == JSON:
        return json.parse(data, max_depth=max_depth)
    text = _text(data)
    if media == CSV:
        return csv_rows(name, text)
    return ndjson_rows(name, text, max_depth) if media == NDJSON else text


def _text(data: bytes) -> str:
    """Raises RowsFault."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise RowsFault(f"it is not UTF-8 text (byte {fault.start})") from None
    if "\0" in text:
        raise RowsFault("it holds the character NUL")
    return text
