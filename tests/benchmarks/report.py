"""The figures as tables: on the screen, and in the README between its two marks."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measures import Measured
from tests.benchmarks.stages import Row

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
_HEADING = "### "
_PACKAGES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "sqlcipher3", "msgspec")
_HEADS = ("what", "who", "clients", "per second", "p50 ms", "p99 ms", "CPU µs", "rate ratio", "CPU ratio")

Cells = list[tuple[str, ...]]


def comparison(measured: Iterable[Measured]) -> Cells:
    """One row for each subject; the gateway's also tells its ratios to the limit that was measured beside it."""
    found = list(measured)
    return [(*_figures(one), *_ratios(one, _limit_of(one, found))) for one in found]


def _figures(one: Measured) -> tuple[str, ...]:
    return (
        one.name,
        one.subject,
        str(one.clients),
        f"{one.rate:.0f}",
        f"{one.quantile(0.5):.2f}",
        f"{one.quantile(0.99):.2f}",
        f"{one.cpu_each:.0f}",
    )


def _limit_of(one: Measured, measured: list[Measured]) -> Measured | None:
    """The limit with as many clients, or the one that has no clients because it has no server."""
    if one.subject != "gateway":
        return None
    limits = [other for other in measured if other.name == one.name and other.subject == "limit"]
    return next((other for other in limits if other.clients == one.clients), limits[-1])


def _ratios(one: Measured, limit: Measured | None) -> tuple[str, str]:
    if limit is None:
        return "", ""
    return f"{one.rate / limit.rate:.2f}", f"{limit.cpu_each / one.cpu_each:.2f}"


def show(console: Console, title: str, heads: tuple[str, ...], cells: Cells) -> None:
    table = Table(*heads, title=title)
    for row in cells:
        table.add_row(*row)
    console.print(table)


def write(sections: Iterable[tuple[str, tuple[str, ...], Cells]]) -> None:
    """Put the tables into the README, each in place of the one of its title; what was not measured stays."""
    head, _, rest = README.read_text().partition(BEGIN)
    kept, _, tail = rest.partition(END)
    tables = {one.partition("\n")[0]: one.strip() for one in kept.split(_HEADING)[1:]}
    tables |= {title: f"{title}\n\n{_measured()}\n\n{_markdown(heads, cells)}" for title, heads, cells in sections}
    README.write_text(head + "\n\n".join([BEGIN, *(_HEADING + one for one in tables.values()), END]) + tail)


def _measured() -> str:
    machine = f"{cpu_count()} vCPU, {platform.system()}, CPython {platform.python_version()}"
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"Measured on {datetime.now(UTC):%d %B %Y} on a shared machine: {machine}; {versions}."


def _markdown(heads: tuple[str, ...], cells: Cells) -> str:
    lines = [heads, tuple("---" for _ in heads), *cells]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def heads() -> tuple[str, ...]:
    return _HEADS


def rows(found: list[Row], digits: int, scale: float = 1.0) -> Cells:
    return [(name, f"{value * scale:.{digits}f}") for name, value in found]
