"""Which requirements of the exchange standards have a test, and which are not met and why: `python -m tests.spec`.

Ids are those of `@pytest.mark.spec("S-083")`; reasons are those of the table in gateway/README.md. Where the list of
requirements lies beside the project, those with neither a test nor a reason are told; what begins with one of
`COMPLETE` may have none, and a requirement with a test needs no excuse.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from tests.world import PROJECT, SHARED

# What is held whole: the FHIR API, query authorisation, input attacks, outgoing requests.
COMPLETE = ("F-", "X-00", "X-01", "X-02", "X-04", "X-06")
REQUIREMENTS = SHARED / "standards" / "exchange.md"
REASONS = PROJECT / "gateway" / "README.md"


class Collector:
    """A pytest plugin that only looks: id → names of the tests that carry it."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("spec"):
                for requirement in mark.args:
                    self.tests[requirement].add(item.nodeid.split("[")[0])


def collected() -> dict[str, set[str]]:
    """Raises SystemExit when the tests cannot be collected."""
    collector = Collector()
    with redirect_stdout(StringIO()):
        code = pytest.main(["--collect-only", "tests"], plugins=[collector])
    if code:
        raise SystemExit("the tests could not be collected: run `make test` to see why")
    return collector.tests


def reasons() -> dict[str, str]:
    """id → why it is not met, out of the table whose rows begin with an id."""
    rows = re.findall(r"^\| ([A-Z]-\d{3})(?:, .+?)? \| (.+) \|$", REASONS.read_text(), re.MULTILINE)
    return dict(rows)


def main() -> int:
    console = Console(width=120)
    tests, excused = collected(), reasons()
    table = Table("requirement", "tests that check it", title="Requirements with a test")
    for requirement in sorted(tests):
        table.add_row(requirement, "\n".join(sorted(tests[requirement])))
    console.print(table)
    console.print(_listed("Requirements that are not met, or not wholly", excused))
    console.print(f"{len(tests)} requirements have a test, {len(excused)} have a reason instead or beside it")
    if not REQUIREMENTS.is_file():
        console.print("the list of requirements is not beside the project: not compared with it")
        return 0
    return _compare(console, tests, excused)


def _listed(title: str, excused: dict[str, str]) -> Table:
    table = Table("requirement", "why", title=title)
    for requirement, reason in sorted(excused.items()):
        table.add_row(requirement, reason)
    return table


def _compare(console: Console, tests: dict[str, set[str]], excused: dict[str, str]) -> int:
    """1 when something that is held whole has a requirement with neither a test nor a reason."""
    named = re.findall(r"^([A-Z]-\d{3})\b", REQUIREMENTS.read_text(), re.MULTILINE)
    missing = 0
    for chapter in dict.fromkeys(requirement[0] for requirement in named):
        ids = [requirement for requirement in named if requirement[0] == chapter]
        left = [requirement for requirement in ids if requirement not in tests and requirement not in excused]
        tested = sum(requirement in tests for requirement in ids)
        console.print(f"{chapter}: {len(ids)} requirements, {tested} tested, {len(left)} with neither test nor reason")
        if owed := [requirement for requirement in left if requirement.startswith(COMPLETE)]:
            missing += len(owed)
            console.print(f"   {' '.join(owed)}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
