"""Dates and times as producers write them become FHIR's, or nothing: never another day than was meant."""

from __future__ import annotations

import pytest

from gateway.mapping.calendars import AFTERNOON, FORENOON, MONTHS
from gateway.mapping.moments import date_of, from_epoch, in_zone, time_of


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2026-03-01", "yyyy-MM-dd", "2026-03-01"),
        (" 1.3.2026 ", "d.M.yyyy", "2026-03-01"),
        ("March 1, 2026", "MMMM d, yyyy", "2026-03-01"),
        ("1 Mar. 2026", "d MMMM yyyy", "2026-03-01"),
        ("1. März 2026", "d. MMMM yyyy", "2026-03-01"),
        ("1 août 2026", "d MMMM yyyy", "2026-08-01"),
        ("1 de agosto de 2026", "d de MMMM de yyyy", "2026-08-01"),
        ("1 sierpnia 2026", "d MMMM yyyy", "2026-08-01"),
        ("1 августа 2026", "d MMMM yyyy", "2026-08-01"),
        ("2026년 3월 1일", "yyyy년 M월 d일", "2026-03-01"),
        ("2026\u202f年3月1日", "yyyy 年M月d日", "2026-03-01"),
        ("٢٠٢٦-٠٣-٠١", "yyyy-MM-dd", "2026-03-01"),
    ],
)
def test_a_date_is_read_in_the_language_it_came_in(text: str, form: str, day: str) -> None:
    assert date_of([text], [form]) == [day]


@pytest.mark.parametrize("text", ["2026-02-30", "2026-3-1", "26-03-01", "2026-03-01x", "", "Mars 1", 20260301, None])
def test_what_is_no_date_of_the_format_gives_nothing(text: object) -> None:
    assert date_of([text], ["yyyy-MM-dd"], ["MMMM d, yyyy"]) == []


def test_the_first_format_that_fits_counts() -> None:
    assert date_of(["03/04/2026"], ["dd/MM/yyyy"], ["MM/dd/yyyy"]) == ["2026-04-03"]
    assert date_of(["03/14/2026"], ["dd/MM/yyyy"], ["MM/dd/yyyy"]) == ["2026-03-14"]


@pytest.mark.parametrize(
    ("text", "form", "clock"),
    [
        ("14:03", "H:mm", "14:03:00"),
        ("8:50", "H:mm", "08:50:00"),
        ("10:00 PM", "h:mm a", "22:00:00"),
        ("10:00\u202fpm", "h:mm a", "22:00:00"),
        ("12:00 AM", "h:mm a", "00:00:00"),
        ("12:30 p. m.", "h:mm a", "12:30:00"),
        ("오후 3:05", "a h:mm", "15:05:00"),
        ("22.15", "H.mm", "22:15:00"),
        ("7:05:09", "H:mm:ss", "07:05:09"),
    ],
)
def test_a_time_is_read_by_either_clock(text: str, form: str, clock: str) -> None:
    assert time_of([text], [form]) == [clock]


@pytest.mark.parametrize("text", ["24:00", "13:00 PM", "0:10 AM", "10:00 xm", "10:60", "10"])
def test_what_no_clock_shows_gives_nothing(text: str) -> None:
    assert time_of([text], ["H:mm"], ["h:mm a"]) == []


def test_no_word_of_a_calendar_means_two_things() -> None:
    assert set(MONTHS.values()) == set(range(1, 13))
    assert (MONTHS["juin"], MONTHS["juil"], MONTHS["mar"]) == (6, 7, 3)
    assert not FORENOON & AFTERNOON


def test_a_local_time_gets_the_offset_its_zone_had_then() -> None:
    assert in_zone(["2026-01-15T22:00:00", "2026-07-15T22:00:00"], ["Europe/Berlin"]) == [
        "2026-01-15T22:00:00+01:00",
        "2026-07-15T22:00:00+02:00",
    ]
    assert in_zone(["2026-01-15T22:00:00"], ["Berlin"]) == in_zone(["yesterday"], ["UTC"]) == []


def test_milliseconds_since_1970_are_an_instant() -> None:
    assert from_epoch([1_767_225_600_123]) == ["2026-01-01T00:00:00.123Z"]
    assert from_epoch([-1, True, "0", 10**18]) == []
