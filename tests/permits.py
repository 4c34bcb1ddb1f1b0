"""Rules as a consent would be compiled to them, for tests that need no Consent behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.rules.consent import Rule
from gateway.rules.shape import Effect, Shape

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
PERMIT, DENY = Shape(Effect.PERMIT), Shape(Effect.DENY)


def permit(
    patient: str, recipient: str = "Organization/hospital", consent: str = "c1", purpose: str = "TREAT", **other: Any
) -> Rule:
    """The root of a consent that says no more than who and what for, in force around `NOON`."""
    said: dict[str, Any] = {
        "consent_version": 1,
        "path": "provision",
        "weight": 0,
        "shape": PERMIT,
        "valid_from": NOON - timedelta(days=1),
        "valid_until": NOON + timedelta(days=365),
    }
    return Rule(
        **{"patient_id": patient, "recipient": recipient, "consent_id": consent, "purpose": purpose, **said, **other}
    )


def deny(patient: str, recipient: str, consent: str = "no", **other: Any) -> Rule:
    """A consent that denies."""
    return permit(patient, recipient, consent, **{"weight": 1, "shape": DENY, **other})
