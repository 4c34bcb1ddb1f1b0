"""What a person reads instead of data."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.pages.words import changes, clock, lasted, speaker

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@given(st.text("ab .,", max_size=30), st.text("ab .,", max_size=30))
def test_the_changes_hold_both_texts(before: str, after: str) -> None:
    found = changes(before, after)
    assert "".join(part.text for part in found if part.kind != "new") == (before if found else "")
    assert "".join(part.text for part in found if part.kind != "gone") == (after if found else "")
    assert bool(found) == (before != after)


def test_neighbouring_changes_read_as_one() -> None:
    found = changes("helped every evening.", "helped on two evenings.")
    assert [(part.kind, part.text) for part in found] == [
        ("same", "helped "),
        ("gone", "every evening"),
        ("new", "on two evenings"),
        ("same", "."),
    ]


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=2, minutes=59), "2 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_waiting_is_told_in_the_largest_unit(gone: timedelta, words: str) -> None:
    assert lasted(NOON - gone, NOON) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (Decimal("7.98"), "00:07"), (Decimal(187), "03:07"), (Decimal(3729), "1:02:09")]
)
def test_a_place_in_the_recording_reads_like_a_clock(seconds: Decimal | None, words: str) -> None:
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("role", "words"),
    [("CLINICIAN_0", "Clinician"), ("PATIENT_1", "Patient 2"), ("Therapist", "Therapist"), (None, "Unknown speaker")],
)
def test_a_speaker_is_named_in_words(role: str | None, words: str) -> None:
    assert speaker(role) == words
