"""Partial dates as intervals, and what each search prefix finds among them."""

from __future__ import annotations

import pytest

from gateway.fhir.dates import BEGINNING, END, PREFIXES, interval, period

SECOND = 1_000_000
DAY = 86_400 * SECOND

STORED = {
    "2020": "2020",
    "Feb": "2020-02",
    "day": "2020-02-10",
    "noon": "2020-02-10T12:00:00Z",
    "half past": "2020-02-10T12:30:00.5Z",
    "next": "2020-02-11",
    "2021": "2021",
}
EXPECTED = {
    "eq2020-02-10": {"day", "noon", "half past"},
    "ne2020-02-10": {"2020", "Feb", "next", "2021"},
    "lt2020-02-10": {"2020", "Feb"},
    "gt2020-02-10": {"2020", "Feb", "next", "2021"},
    "le2020-02-10": {"2020", "Feb", "day", "noon", "half past"},
    "ge2020-02-10": {"2020", "Feb", "day", "noon", "half past", "next", "2021"},
    "sa2020-02-10": {"next", "2021"},
    "eb2020-02-11": {"day", "noon", "half past"},
    "eq2020-02": {"Feb", "day", "noon", "half past", "next"},
    "eq2020": {"2020", "Feb", "day", "noon", "half past", "next"},
    "eq2020-02-10T12:00:00Z": {"noon"},
    "eq2020-02-10T12:00Z": {"noon"},
    "eq2020-02-10T13:00:00+01:00": {"noon"},
    "gt2020-02-10T12:00:00Z": {"2020", "Feb", "day", "half past", "next", "2021"},
    "sa2020-02-10T12:00:00Z": {"half past", "next", "2021"},
    "eb2020-02-10T12:30:00Z": {"noon"},
    "sa2021": set(),
    "eb2020": set(),
}


@pytest.mark.spec("F-134")
@pytest.mark.parametrize(("query", "expected"), EXPECTED.items())
def test_a_prefix_finds_what_lies_so(query: str, expected: set[str]) -> None:
    first, last = interval(query[2:])
    finds = PREFIXES[query[:2]]
    assert {name for name, text in STORED.items() if finds(*interval(text), first, last)} == expected


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2020", 366 * DAY),
        ("2021", 365 * DAY),
        ("2020-02", 29 * DAY),
        ("2020-12", 31 * DAY),
        ("9999", 365 * DAY),
        ("2020-02-29", DAY),
        ("2020-01-01T10:00Z", 60 * SECOND),
        ("2020-01-01T10:00:00Z", SECOND),
        ("2020-01-01T10:00:00.1Z", SECOND // 10),
        ("2020-01-01T10:00:00.123456Z", 1),
        ("2020-01-01T10:00:00.123456789Z", 1),
    ],
)
def test_a_date_covers_all_that_it_leaves_open(text: str, length: int) -> None:
    low, high = interval(text)
    assert high - low + 1 == length


def test_an_offset_moves_the_moment() -> None:
    assert interval("2020-01-01T00:30:00+05:30") == interval("2019-12-31T19:00:00Z")
    assert interval("2020-01-01T00:00:00-00:30") == interval("2020-01-01T00:30:00Z")
    assert interval("2016-12-31T23:59:60Z") == interval("2016-12-31T23:59:59Z")
    assert interval("1970-01-01").low == 0


@pytest.mark.parametrize(
    "text",
    ["", "05", "2020-1", "2020-13", "2021-02-29", "2020-01-01T25:00:00Z", "2020-01-01 ", "0000", "٢٠٢٠"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        interval(text)


def test_a_period_may_be_open() -> None:
    assert period({"start": "2020"}) == (interval("2020").low, END)
    assert period({"end": "2020"}) == (BEGINNING, interval("2020").high)
    assert period({"start": "2020", "end": "2021"}) == (interval("2020").low, interval("2021").high)
