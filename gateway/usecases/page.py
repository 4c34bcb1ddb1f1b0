"""Page links: where a walk goes on, sealed so that only the caller who began it can follow, and only for a while.

A link holds the query (which may name a patient) and the last key, so it is encrypted (AES-256-GCM), not just signed.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import BadRequest, Gone, Issue, NotFound
from gateway.fhir.json import dump, parse
from gateway.rules.access import Caller

PAGE = "_page"  # the parameter that carries a token
LIFETIME = timedelta(hours=1)
_NONCE = 12
_BLOCK = 256  # the length of a link tells nothing of the key inside, which may count rows the caller cannot see

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """`place` is what is walked (`DocumentReference`, `DocumentReference/_history`); `key` where it goes on, or under
    `back` where it goes back from."""

    place: str
    pairs: tuple[tuple[str, str], ...]
    key: tuple[Any, ...]
    back: bool = False


def seal(secret: bytes, caller: Caller, page: Page, at: datetime) -> str:
    """The page as a token for this caller."""
    expires = int((at + LIFETIME).timestamp())
    plain = dump([_whose(caller), expires, page.place, page.pairs, page.key, page.back])
    plain += b" " * (-len(plain) % _BLOCK)
    nonce = os.urandom(_NONCE)
    return urlsafe_b64encode(nonce + _cipher(secret).encrypt(nonce, plain, None)).rstrip(b"=").decode()


def unseal(secret: bytes, caller: Caller, token: str, place: str, at: datetime) -> Page:
    """The page behind a token.

    Raises BadRequest when it is not one of ours, NotFound when it is another caller's or of another place, and Gone
    when its time is over.
    """
    try:
        sealed = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        plain = _cipher(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except (ValueError, InvalidTag):
        raise BadRequest("The page link is not one that was given out here.") from None
    whose, expires, held_place, pairs, key, back = parse(plain)
    if (whose, held_place) != (_whose(caller), place):
        raise NotFound
    if at.timestamp() >= expires:
        raise Gone(issues=[Issue("The page link has expired; begin the walk again.", code="expired")])
    return Page(held_place, tuple((name, value) for name, value in pairs), tuple(key), back)


def _whose(caller: Caller) -> list[str | None]:
    """The client and, where it speaks for one, the person."""
    return [caller.client_id, caller.organization_id, caller.user_id]


@lru_cache(maxsize=4)
def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"fhir page links, both ways").derive(secret))
