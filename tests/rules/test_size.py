"""A document has an end: in statements, in evidence, in bytes."""

from __future__ import annotations

import pytest

from gateway.rules.size import MOST_BYTES, MOST_EVIDENCE, MOST_STATEMENTS, check_size


def place(number: int) -> str:
    return f"products.themes[{number}]"


@pytest.mark.parametrize(
    ("texts", "evidence", "at"),
    [
        (["short"], [(0, 0)] * (MOST_STATEMENTS + 1), "products.themes[0]"),
        (["short"] * 2, [(0, 1), (1, MOST_EVIDENCE + 1)], "products.themes[1]"),
        (["a", "<" * MOST_BYTES], [(0, 1)], "products.themes[1]"),
        (["<" * 1_000] * 2_000, [(0, 1)], "products.themes"),
        (["short"] * 1_200, [(number, 0) for number in range(1_200)], "products.themes"),
    ],
    ids=["statements of one", "evidence of one", "bytes of one", "bytes of many", "statements of many"],
)
def test_what_is_too_much_is_named_and_where_it_is(texts: list[str], evidence: list[tuple[int, int]], at: str) -> None:
    [issue] = check_size([{"title": text} for text in texts], evidence, place)
    assert (issue.code, issue.expression) == ("too-costly", at)


def test_a_long_session_fits() -> None:
    assert check_size([{"title": "word " * 50_000}], [(0, 2)] * MOST_STATEMENTS, place) == []
