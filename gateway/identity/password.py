"""Passwords as argon2id hashes, with the library's current parameters (RFC 9106, low-memory profile)."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH, MAX_LENGTH = 12, 256  # the upper bound keeps a request from buying much work
_hasher = PasswordHasher()


class PasswordFault(ValueError):
    """A password that may not be set."""


def check_password(password: str) -> None:
    """Raises PasswordFault for one too short or too long."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordFault(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")


def hash_password(password: str) -> str:
    """Raises PasswordFault for one that may not be set."""
    check_password(password)
    return _hasher.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Whether the password fits; without a stored hash the same work is done and the answer is no."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        return _hasher.verify(_nobody() if stored is None else stored, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex())
