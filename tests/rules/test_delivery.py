"""How a notice is signed, and how long a failed one waits."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from gateway.rules.delivery import pause_after, signature

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_a_receiver_computes_the_same_signature() -> None:
    seconds, code = (part.partition("=")[2] for part in signature(b"whsec_x", AT, b'{"id":"1"}').split(","))
    assert seconds == "1788264000"
    assert code == hmac.new(b"whsec_x", b'1788264000.{"id":"1"}', hashlib.sha256).hexdigest()


def test_another_body_time_or_secret_gives_another_signature() -> None:
    signed = {
        signature(b"a", AT, b"1"),
        signature(b"b", AT, b"1"),
        signature(b"a", AT, b"2"),
        signature(b"a", AT + timedelta(seconds=1), b"1"),
    }
    assert len(signed) == 4


def test_pauses_double_up_to_an_hour_and_never_end() -> None:
    pauses = [pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 10, 11, 10_000)]
    assert pauses == [5, 10, 20, 2560, 3600, 3600]
