"""Emergency access: who may ask for it, for which coded reasons, and for how long.

It widens nothing by itself: what it opens is what a Consent permits for BTG, the purpose "break the glass".
https://terminology.hl7.org/CodeSystem-v3-ActReason.html 45 CFR 164.312(a)(2)(ii)
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from gateway.errors import Forbidden, Issue, Unprocessable
from gateway.rules.access import Caller
from gateway.rules.scopes import reading

PURPOSE = "BTG"
LIFETIME = timedelta(hours=1)


class Reason(StrEnum):
    """Why somebody asks. Only the code goes into logs and AuditEvents."""

    LIFE_THREATENING = "life-threatening"
    SELF_HARM = "self-harm"
    HARM_TO_OTHERS = "harm-to-others"
    UNABLE_TO_CONSENT = "unable-to-consent"
    OTHER = "other"


def check_may_break(caller: Caller) -> frozenset[str]:
    """The scopes of the emergency access: what the caller's own allow to read.

    Raises Forbidden for a machine, a patient, who is not here to treat or may read nothing, and in another emergency.
    """
    if caller.user_id is None or caller.practitioner_id is None:
        raise Forbidden("Only a clinician who signed in breaks the glass.")
    if caller.purpose != "TREAT" or caller.bound_to is not None:
        raise Forbidden("Only who is registered for treatment (TREAT) breaks the glass.")
    scopes = reading(caller.scopes)
    if not scopes:
        raise Forbidden
    return scopes


def check_reason(reason: Reason, text: str | None) -> None:
    """Raises Unprocessable for the reason `other` without words."""
    if reason is Reason.OTHER and not (text or "").strip():
        raise Unprocessable(issues=[Issue("The reason 'other' needs words.", "text", "required")])
