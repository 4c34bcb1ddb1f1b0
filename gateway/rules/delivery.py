"""How notices are signed, and when one that did not arrive is tried again. Pure."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

SIGNATURE, DELIVERY = "X-Gateway-Signature", "X-Gateway-Delivery"
_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(hours=1)
_DOUBLINGS = 10  # beyond these it is the longest anyway


def pause_after(attempts: int) -> timedelta:
    """Five seconds after the first attempt, then twice as long each time, up to an hour; it never ends."""
    return min(_FIRST * (1 << min(attempts - 1, _DOUBLINGS)), _LONGEST)


def signature(secret: bytes, at: datetime, body: bytes) -> str:
    """`t=…,v1=…`: the seconds since 1970, and the HMAC-SHA256 (RFC 2104) of these, a full stop and the body, in
    hexadecimal. Whoever receives it computes the same, and refuses what is old."""
    seconds = int(at.timestamp())
    code = hmac.new(secret, f"{seconds}.".encode() + body, sha256).hexdigest()
    return f"t={seconds},v1={code}"
