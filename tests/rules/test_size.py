"""A document has an end: in statements, in evidence, in bytes."""

from __future__ import annotations

import pytest

from gateway.rules.size import MOST_BYTES, MOST_EVIDENCE, MOST_STATEMENTS, check_size


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("short", [()] * (MOST_STATEMENTS + 1)),
        ("short", [("s1",) * (MOST_EVIDENCE + 1)]),
        ("<" * MOST_BYTES, [("s1",)]),
    ],
)
def test_what_is_too_much_is_named(text: str, evidence: list[tuple[str, ...]]) -> None:
    assert [issue.code for issue in check_size([{"title": text}], evidence)] == ["too-costly"]


def test_a_long_session_fits() -> None:
    assert check_size([{"title": "word " * 50_000}], [("s1", "s2")] * MOST_STATEMENTS) == []
