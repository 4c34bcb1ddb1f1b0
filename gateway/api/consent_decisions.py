"""Who can see what of a patient, and why: one decision, or all consents in plain words.

For the custodian's staff, and for patients about the own record.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Field

from gateway.api.consents import ID, REFERENCE
from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.shapes import Shape
from gateway.api.strict import StrictRoute
from gateway.rules.access import Caller
from gateway.rules.consent import Basis
from gateway.rules.consent_codes import Concern
from gateway.rules.consent_state import State
from gateway.usecases import consent_decisions, consent_overview

router = APIRouter(tags=["consents"], route_class=StrictRoute)
Manager = Annotated[Caller, Depends(require("consent"))]


class Question(Shape):
    """May somebody see something of a patient, for a purpose?"""

    patient: str = Field(pattern=ID, description="The id of the Patient.")
    what: str = Field(pattern=rf"^[A-Z][A-Za-z]{{1,63}}$|{REFERENCE}", examples=["Observation", "Composition/c1"])
    who: str = Field(pattern=REFERENCE, description="An Organization, Practitioner, PractitionerRole, Device, Patient.")
    organization: str | None = Field(None, pattern=r"^Organization/", description="For whom that person works.")
    purpose: str = Field("TREAT", max_length=32, description="A code of HL7 v3-ActReason.")
    at: AwareDatetime | None = Field(None, description="Now, or later.")


class Reason(Shape):
    """A provision that decided, in a version of its Consent."""

    consent: str = Field(examples=["Consent/c1/_history/2"])
    provision: str = Field(examples=["provision.provision[0]"])


class Ruling(Shape):
    """A decision on `count` resources: the row of the policy it rests on, and what binds whoever receives them."""

    decision: Literal["permit", "deny"]
    count: int
    basis: Basis
    reasons: list[Reason]
    redacted: bool
    obligations: list[str]
    words: str


class Rulings(Shape):
    decision: Literal["permit", "deny", "partly"]
    at: datetime
    rulings: list[Ruling]


class ConsentInWords(Shape):
    """One consent: its version, where it stands, and a sentence for each provision."""

    consent: str
    kind: Concern
    state: State
    since: str | None
    until: str | None
    words: list[str]


class Overview(Shape):
    policy: list[str]
    consents: list[ConsentInWords]


@router.post("/consent-decisions", summary="Who may see what, and why")
def decide(request: Request, caller: Manager, question: Question) -> Rulings:
    asked = consent_decisions.Question(
        question.patient, question.what, question.who, question.purpose, question.organization, question.at
    )
    found = consent_decisions.decide(services_of(request), asked_of(request, caller), asked)
    return Rulings(decision=found.verdict, at=found.at, rulings=[_ruling(each) for each in found.each])


@router.get("/consent-overview", summary="All consents of a patient, in plain words")
def overview(
    request: Request,
    caller: Manager,
    patient: Annotated[str, Query(pattern=ID)],
    state: Annotated[State | None, Query(description="Only those that stand so.")] = None,
) -> Overview:
    found = consent_overview.overview(services_of(request), asked_of(request, caller), patient, state)
    return Overview.model_validate(found)


def _ruling(ruling: consent_decisions.Ruling) -> Ruling:
    decision = ruling.decision
    return Ruling(
        decision="permit" if decision.permits else "deny",
        count=ruling.count,
        basis=decision.basis,
        reasons=[Reason(consent=reason.consent, provision=reason.path) for reason in decision.reasons],
        redacted=decision.redacts,
        obligations=list(decision.obligations),
        words=ruling.words,
    )
