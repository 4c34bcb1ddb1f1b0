"""Bearer tokens: 256 random bits, opaque; only their hash is kept. RFC 6750."""

from __future__ import annotations

import hashlib
import secrets


def mint() -> str:
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is stored in place of the token. The token is random, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
