"""Consents for the custodian's staff: grant, revoke, list. A recipient reads them as FHIR, as far as permitted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.errors import FHIR_JSON
from gateway.api.strict import StrictRoute
from gateway.fhir.bundle import bundle, search_entry
from gateway.rules.access import Caller
from gateway.rules.consent_form import Form
from gateway.store.resources import Stored
from gateway.usecases import consent

ID = r"^[A-Za-z0-9\-.]{1,64}$"
DATE = r"^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d))?)?)?$"

router = APIRouter(prefix="/consents", tags=["consents"], route_class=StrictRoute)
Staff = Annotated[Caller, Depends(require("consent"))]


class Period(BaseModel):
    """From the first moment of `start` to the last of `end`; without an end, until it is revoked."""

    model_config = ConfigDict(extra="forbid")
    start: str = Field(pattern=DATE, examples=["2026-09-02"])
    end: str | None = Field(None, pattern=DATE, examples=["2027-09-02"])


class ConsentForm(BaseModel):
    """What the patient permits: one organization, one purpose of use with those below it (but never BTG
    nor MLTRAINING, which must be named themselves), one period."""

    model_config = ConfigDict(extra="forbid")
    patient: str = Field(pattern=ID, description="The id of a Patient of the caller's organization.")
    recipient: str = Field(pattern=ID, description="The id of the Organization that may receive the record.")
    purpose: str = Field("TREAT", max_length=32, description="A code of HL7 v3-ActReason.")
    period: Period
    source: str = Field("Recorded at the gateway", min_length=1, max_length=255, description="Where the form is kept.")


@router.post("", status_code=201, summary="Record a consent", response_class=Response)
def grant(request: Request, caller: Staff, form: ConsentForm) -> Response:
    given = Form(form.patient, form.recipient, form.purpose, form.period.start, form.period.end, form.source)
    return _answer(request, 201, consent.grant(services_of(request), asked_of(request, caller), given))


@router.post("/{id}/revocation", summary="End a consent, effective at once", response_class=Response)
def revoke(request: Request, caller: Staff, id: str) -> Response:
    return _answer(request, 200, consent.revoke(services_of(request), asked_of(request, caller), id))


@router.get("", summary="The consents of a patient, as a Bundle", response_class=Response)
def list_consents(request: Request, caller: Staff, patient: Annotated[str, Query(pattern=ID)]) -> Response:
    services = services_of(request)
    found = consent.of_patient(services, asked_of(request, caller), patient)
    base = services.fhir_base
    entries = [search_entry(f"{base}/Consent/{stored.id}", stored.text, "match") for stored in found]
    links = [("self", f"{base}/Consent?patient={patient}")]
    return Response(bundle("searchset", links, entries, len(found)), media_type=FHIR_JSON)


def _answer(request: Request, status: int, stored: Stored) -> Response:
    base = services_of(request).fhir_base
    headers = {
        "ETag": f'W/"{stored.version}"',
        "Location": f"{base}/Consent/{stored.id}/_history/{stored.version}",
        "Cache-Control": "no-store",
    }
    return Response(stored.text, status_code=status, media_type=FHIR_JSON, headers=headers)
