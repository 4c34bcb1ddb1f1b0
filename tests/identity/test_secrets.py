"""Bearer tokens, passwords and the brake on guessing."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest

from gateway.identity.bearer import hash_of, mint
from gateway.identity.password import PasswordFault, hash_password, is_password
from gateway.identity.throttle import FREE_FAILURES, LONGEST_WAIT, MAX_NAMES, Throttle

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.spec("X-071")
def test_a_token_has_256_random_bits_and_is_known_by_its_hash_only() -> None:
    token, other = mint(), mint()
    assert len(urlsafe_b64decode(token + "=")) == 32
    assert token != other
    assert hash_of(token) != hash_of(other)
    assert token not in hash_of(token)


def test_any_text_can_be_asked_for_as_a_token() -> None:
    assert hash_of("\ud800") != hash_of("")


def test_a_password_is_kept_as_argon2id() -> None:
    stored = hash_password("a long enough phrase")
    assert stored.startswith("$argon2id$")
    assert is_password("a long enough phrase", stored)
    assert not is_password("another long phrase", stored)


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_a_password_is_neither_short_nor_endless(password: str) -> None:
    with pytest.raises(PasswordFault):
        hash_password(password)


@pytest.mark.parametrize("stored", [None, "", "not a hash"])
def test_without_a_hash_no_password_fits(stored: str | None) -> None:
    assert not is_password("", stored)


@pytest.mark.spec("X-074")
def test_guessing_has_to_wait_longer_and_longer() -> None:
    throttle = Throttle()
    waits = []
    for _ in range(FREE_FAILURES + 8):
        throttle.failed("anna", NOW)
        waits.append(throttle.wait("anna", NOW))
    assert waits[: FREE_FAILURES - 1] == [timedelta()] * (FREE_FAILURES - 1)
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT
    assert throttle.wait("anna", NOW + LONGEST_WAIT) == timedelta()
    assert throttle.wait("berta", NOW) == timedelta()


def test_success_forgets_the_failures() -> None:
    throttle = Throttle()
    for _ in range(FREE_FAILURES):
        throttle.failed("anna", NOW)
    throttle.succeeded("anna")
    assert throttle.wait("anna", NOW) == timedelta()


def test_the_memory_of_failures_is_bounded() -> None:
    throttle = Throttle()
    for number in range(MAX_NAMES + 5):
        throttle.failed(str(number), NOW)
    assert len(throttle._failures) == MAX_NAMES
