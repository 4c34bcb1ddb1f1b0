"""Rows of text: CSV (columns named by the first row) and NDJSON, each row with the line it begins at.

Tolerant where producers are careless and nothing can be misread: a byte order mark, blank lines, spaces around a value,
`;` or tabs between the columns. https://www.rfc-editor.org/rfc/rfc4180, https://github.com/ndjson/ndjson-spec
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import Issue
from gateway.fhir import json
from gateway.mapping.schema import MOST_ISSUES

MOST_COLUMNS = 1_000
_DELIMITERS = ",;\t"


@dataclass(slots=True)
class Rows:
    """The rows that can be read with their lines, and the faults of those that cannot."""

    name: str
    values: list[Any] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Issue] = field(default_factory=list)

    @property
    def is_hopeless(self) -> bool:
        """So many faults that the rest need not be read: nobody is told more, and so bad a file is refused."""
        return len(self.faults) >= MOST_ISSUES

    def add(self, line: int, value: Any) -> None:
        self.values.append(value)
        self.lines.append(line)

    def refuse(self, line: int, reason: str, code: str = "structure") -> None:
        self.faults.append(Issue(f"Line {line} {reason}.", expression=f"{self.name}:{line}", code=code))


class RowsFault(ValueError):
    """Text that has no rows at all; the message says why."""


def ndjson_rows(name: str, text: str, max_depth: int) -> Rows:
    """One strict JSON document per line; blank lines are none."""
    rows = Rows(name)
    for number, line in enumerate(text.split("\n"), 1):
        if rows.is_hopeless:
            break
        if not line.strip():
            continue
        try:
            rows.add(number, json.parse(line.encode(), max_depth=max_depth))
        except json.JsonFault as fault:
            rows.refuse(number, f"is not strict JSON: {fault.reason}")
    return rows


def csv_rows(name: str, text: str) -> Rows:
    """Each row as an object of those of its columns that hold something. Raises RowsFault for a header that is none."""
    rows, lines = Rows(name), text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return rows
    delimiter = max(_DELIMITERS, key=lines[first].count)
    header = _cells(lines[first], delimiter) or []
    if len(header) > MOST_COLUMNS:
        raise RowsFault(f"the first line names more than {MOST_COLUMNS} columns")
    if len(set(header)) != len(header) or not all(header):
        raise RowsFault("the first line must name every column, and none twice")
    at = first + 1
    while at < len(lines) and not rows.is_hopeless:
        at = _read(rows, lines, at, header, delimiter)
    return rows


def _read(rows: Rows, lines: Sequence[str], at: int, header: Sequence[str], delimiter: str) -> int:
    """Reads the record that begins `at` a line, and says where the next one begins."""
    if not lines[at].strip():
        return at + 1
    end = _end(lines, at)
    cells = None if end is None else _cells("\n".join(lines[at:end]), delimiter)
    if end is None or cells is None:
        rows.refuse(at + 1, "has a quotation mark that is not closed, or a value far too long")
        return at + 1  # what follows may be rows again
    if len(cells) != len(header):
        rows.refuse(at + 1, f"has {len(cells)} columns; the first line names {len(header)}")
        return at + 1  # a quotation mark that was not closed may have taken the next row along
    rows.add(at + 1, {column: cell for column, cell in zip(header, cells, strict=True) if cell})
    return end


def _end(lines: Sequence[str], at: int) -> int | None:
    """Where a record ends: a line break inside quotation marks is part of a value. None when it never does."""
    is_open = False
    for number in range(at, len(lines)):
        is_open ^= lines[number].count('"') % 2 == 1
        if not is_open:
            return number + 1
    return None


def _cells(record: str, delimiter: str) -> list[str] | None:
    is_long = "\n" in record  # only its quotation marks say that it is one: they must be where they belong
    try:
        (cells,) = csv.reader([record], delimiter=delimiter, skipinitialspace=True, strict=is_long)
    except (csv.Error, ValueError):
        return None
    return [cell.strip() for cell in cells]
