"""`gateway serve` with consent taken out of its searches: `python -m tests.benchmarks.unguarded serve`.

What the same search costs without consent, with all else as it is: token, scopes, the answer, the audit row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, true

from gateway.store import visible
from gateway.store.statements import Prepared


def _anything(_: Any) -> ColumnElement[bool]:
    return true()


visible.visible = _anything  # type: ignore[assignment]  # before whoever imports it

from gateway.store import counting  # noqa: E402


def _each(conditions: Sequence[ColumnElement[bool]], **_: Any) -> Prepared:
    """Without consent nothing is gained by counting patient by patient."""
    return _counted(conditions, are_few=True)


_counted, counting.counted = counting.counted, _each

from gateway.store import resources  # noqa: E402
from gateway.store.resources import Stored  # noqa: E402


def _all(_: Any, __: Any, rows: Sequence[Stored]) -> Sequence[Stored]:
    return rows


resources.permitted = _all  # type: ignore[assignment]

from gateway.__main__ import main  # noqa: E402

if __name__ == "__main__":
    main()
