"""Which requirements have a test: `python -m tests.spec [--against FILE]`.

Ids are those of `@pytest.mark.spec("S-083")`. With `--against`, every id that opens a line of FILE and has no test
is listed too.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table


class Collector:
    """A pytest plugin that only looks: id → names of the tests that carry it."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("spec"):
                for requirement in mark.args:
                    self.tests[requirement].add(item.nodeid.split("[")[0])


def main(arguments: list[str]) -> int:
    collector = Collector()
    with redirect_stdout(StringIO()):
        code = pytest.main(["--collect-only", "tests"], plugins=[collector])
    if code:
        print("the tests could not be collected: run `make test` to see why")
        return 1
    console = Console(width=120)
    table = Table("requirement", "tests that check it", title="Requirements with a test")
    for requirement in sorted(collector.tests):
        table.add_row(requirement, "\n".join(sorted(collector.tests[requirement])))
    console.print(table)
    console.print(f"{len(collector.tests)} requirements have a test")
    if "--against" in arguments:
        text = Path(arguments[arguments.index("--against") + 1]).read_text()
        named = re.findall(r"^([A-Z]-\d{3})\b", text, re.MULTILINE)
        missing = [requirement for requirement in named if requirement not in collector.tests]
        console.print(f"{len(missing)} of {len(named)} have none: {' '.join(missing)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
