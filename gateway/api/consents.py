"""Consents for the custodian's staff, and for patients their own: grant, revoke, list.

A recipient reads them as FHIR, as far as permitted.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.errors import FHIR_JSON
from gateway.api.strict import StrictRoute
from gateway.fhir.bundle import bundle, search_entry
from gateway.rules.access import Caller
from gateway.rules.consent_codes import Concern
from gateway.rules.consent_form import Clause, Form
from gateway.store.resources import Stored
from gateway.usecases import consent, consent_rendering

ID = r"^[A-Za-z0-9\-.]{1,64}$"
REFERENCE = r"^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}$"
DATE = r"^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d))?)?)?$"

router = APIRouter(prefix="/consents", tags=["consents"], route_class=StrictRoute)
Manager = Annotated[Caller, Depends(require("consent"))]
References = Annotated[list[Annotated[str, Field(pattern=REFERENCE)]], Field(max_length=100)]
Recipients = Annotated[list[Annotated[str, Field(pattern=rf"^\*$|{REFERENCE}")]], Field(max_length=100)]
Codes = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=100)]
Purposes = Codes


class Period(BaseModel):
    """From the first moment of `start` to the last of `end`; without an end, until it is revoked."""

    model_config = ConfigDict(extra="forbid")
    start: str | None = Field(None, pattern=DATE, examples=["2026-09-02"])
    end: str | None = Field(None, pattern=DATE, examples=["2027-09-02"])


class Code(BaseModel):
    """A code that the content carries."""

    model_config = ConfigDict(extra="forbid")
    system: str = Field(min_length=1, max_length=255, examples=["http://loinc.org"])
    code: str = Field(min_length=1, max_length=64, examples=["44249-1"])


class Data(BaseModel):
    """What it is about: that resource, what refers to it (dependents) and it to (related), or what somebody wrote."""

    model_config = ConfigDict(extra="forbid")
    meaning: Literal["instance", "related", "dependents", "authoredby"]
    reference: str = Field(pattern=REFERENCE, examples=["Encounter/first"])


class Provision(BaseModel):
    """Who may have what, or may not, for which purposes and when. What is left out is not limited."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["permit", "deny"] = "permit"
    recipients: References = []
    purposes: Purposes = []
    period: Period = Period()
    labels: Codes = Field([], description="Confidentialities, sensitivities, laws; a permit for none goes up to R.")
    types: Codes = Field([], description="Types of resources.")
    codes: list[Code] = Field([], max_length=100)
    dates: Period = Field(Period(), description="When what it is about took place.")
    data: list[Data] = Field([], max_length=100)
    exceptions: list[Provision] = Field(
        [], max_length=100, description="What is otherwise for a part; what an exception leaves out is as it is here."
    )

    def clause(self) -> Clause:
        return Clause(
            self.type,
            () if "*" in self.recipients else tuple(self.recipients),
            tuple(self.purposes),
            self.period.start,
            self.period.end,
            tuple(self.labels),
            tuple(self.types),
            tuple((each.system, each.code) for each in self.codes),
            self.dates.start,
            self.dates.end,
            tuple((each.meaning, each.reference) for each in self.data),
            tuple(each.clause() for each in self.exceptions),
        )


class ConsentForm(Provision):
    """What a patient decides. The purposes BTG, MLTRAINING, HRESCH and HMARKT must be named themselves, and so must
    the label V, 42 CFR Part 2 and psychotherapy notes; every other purpose contains those below it."""

    patient: str = Field(pattern=ID, description="The id of a Patient of the caller's organization.")
    kind: Concern = Concern.DISCLOSURE
    recipients: Recipients = Field(min_length=1, description='References; "*" is everybody.')
    purposes: Purposes = Field(description="Codes of HL7 v3-ActReason; none is any.")
    performer: str | None = Field(None, pattern=REFERENCE, description="Who consents, if not the patient.")
    source: str = Field("Recorded at the gateway", min_length=1, max_length=255, description="Where the form is kept.")


@router.post("", status_code=201, summary="Record a consent", response_class=Response)
def grant(request: Request, caller: Manager, form: ConsentForm) -> Response:
    given = Form(form.patient, form.clause(), form.kind, form.performer, form.source)
    return _answer(request, 201, consent.grant(services_of(request), asked_of(request, caller), given))


@router.post("/{id}/revocation", summary="End a consent, effective at once", response_class=Response)
def revoke(request: Request, caller: Manager, id: str) -> Response:
    return _answer(request, 200, consent.revoke(services_of(request), asked_of(request, caller), id))


@router.get("/{id}", summary="One consent, as IHE PCF or HL7 FAST has it", response_class=Response)
def read(request: Request, caller: Manager, id: str, rendering: Literal["pcf", "fast"] = "pcf") -> Response:
    services, asked = services_of(request), asked_of(request, caller)
    if rendering == "fast":
        stored, text = consent_rendering.fast(services, asked, id)
        return _answer(request, 200, stored, text)
    return _answer(request, 200, consent_rendering.read(services, asked, id))


@router.get("", summary="The consents of a patient, as a Bundle", response_class=Response)
def list_consents(request: Request, caller: Manager, patient: Annotated[str, Query(pattern=ID)]) -> Response:
    services = services_of(request)
    found = consent.of_patient(services, asked_of(request, caller), patient)
    base = services.fhir_base
    entries = [search_entry(f"{base}/Consent/{stored.id}", stored.text, "match") for stored in found]
    links = [("self", f"{base}/Consent?patient={patient}")]
    return Response(bundle("searchset", links, entries, len(found)), media_type=FHIR_JSON)


def _answer(request: Request, status: int, stored: Stored, text: bytes | None = None) -> Response:
    base = services_of(request).fhir_base
    headers = {
        "ETag": stored.etag,
        "Location": f"{base}/Consent/{stored.id}/_history/{stored.version}",
        "Cache-Control": "no-store",
    }
    return Response(text or stored.text, status_code=status, media_type=FHIR_JSON, headers=headers)
