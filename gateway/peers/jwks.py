"""The key sets that clients publish at a URL, kept no longer than their cache headers allow.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#signature-verification ; RFC 9111.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any

import httpx

from gateway.fhir.json import JsonFault, parse
from gateway.peers.addresses import NotAllowed
from gateway.peers.http import Answer, Http, PeerRefused

MEDIA_TYPES = ("application/json", "application/jwk-set+json")
MAX_BYTES = 64 * 1024
SILENT_AGE = 60.0  # how long a set without any cache header is kept
LONGEST_AGE = 3600.0  # a removed key stops working within this time, whatever the header says
REFETCH_AFTER = 30.0  # an unknown kid causes at most one fetch in this time
LONGEST_WAIT = 2.0


@dataclass(slots=True)
class _Kept:
    lock: Lock = field(default_factory=Lock)
    key_set: Any = None
    fetched_at: float = float("-inf")
    fresh_until: float = float("-inf")

    def is_enough(self, kid: str, now: float) -> bool:
        """Whether this copy answers without a fetch: fresh, and it has the key or was fetched only just now."""
        return now < self.fresh_until and (_has(self.key_set, kid) or now - self.fetched_at < REFETCH_AFTER)


class KeySource:
    """JWK sets by URL. Any thread may call it; requests for one URL wait for each other."""

    def __init__(self, http: Http, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def close(self) -> None:
        """Let go of connections and threads; nothing can be fetched afterwards."""
        self._http.close()

    def check(self, url: str) -> None:
        """Whether keys may be fetched from this URL at all. Raises PeerRefused."""
        try:
            self._http.check(url)
        except NotAllowed:
            raise PeerRefused("The URL is not allowed.") from None

    def key_set(self, url: str, kid: str) -> Any:
        """The key set published at `url`, fetched anew if it is stale or knows no `kid`. Raises PeerRefused."""
        with self._lock:
            kept = self._kept.setdefault(url, _Kept())
        if kept.is_enough(kid, self._monotonic()):
            return kept.key_set
        # Whoever waits holds a thread: a slow key server must not gather them all.
        if not kept.lock.acquire(timeout=LONGEST_WAIT):
            raise PeerRefused("The key set is being fetched by others.")
        try:
            now = self._monotonic()
            if not kept.is_enough(kid, now):
                self._fetch(url, kept, now)
            return kept.key_set
        finally:
            kept.lock.release()

    def _fetch(self, url: str, kept: _Kept, now: float) -> None:
        kept.fetched_at = now
        answer = self._http.get(url, media_types=MEDIA_TYPES, limit=MAX_BYTES)
        try:
            kept.key_set = parse(answer.body, max_depth=8)
        except JsonFault:
            raise PeerRefused("The key set is not JSON.") from None
        kept.fresh_until = now + _age_allowed(answer)


def _has(key_set: Any, kid: str) -> bool:
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    return isinstance(keys, list) and any(isinstance(key, dict) and key.get("kid") == kid for key in keys)


def _age_allowed(answer: Answer) -> float:
    """Seconds for which an answer may be used again."""
    directives = _directives(answer.headers)
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    if "max-age" in directives:
        age = _seconds(directives["max-age"]) - _seconds(answer.headers.get("age", "0"))
    elif "expires" in answer.headers:
        age = _until_expiry(answer.headers)
    else:
        age = SILENT_AGE
    return min(max(age, 0.0), LONGEST_AGE)


def _directives(headers: httpx.Headers) -> dict[str, str]:
    parts = [part.strip().partition("=") for part in headers.get("cache-control", "").lower().split(",")]
    return {name.strip(): value.strip().strip('"') for name, _, value in parts if name}


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _until_expiry(headers: httpx.Headers) -> float:
    try:
        expires, date = (parsedate_to_datetime(headers[name]) for name in ("expires", "date"))
        return (expires - date).total_seconds()
    except (KeyError, ValueError, TypeError):
        return 0.0
