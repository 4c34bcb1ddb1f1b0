"""Homework that a clinician ends. Homework apps tell how it goes by FHIR: PUT or PATCH of the Task."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.errors import FHIR_JSON
from gateway.api.strict import StrictRoute
from gateway.rules.access import Caller
from gateway.usecases import homework
from gateway.usecases.incoming import version_of

router = APIRouter(prefix="/homework", tags=["homework"], route_class=StrictRoute)
Clinician = Annotated[Caller, Depends(require("review"))]


class Cancellation(BaseModel):
    """Why it is cancelled, in words that the patient reads."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=2000)


@router.post("/{id}/cancellation", summary="Cancel assigned homework", response_class=Response)
def cancel(
    request: Request,
    caller: Clinician,
    id: str,
    wanted: Cancellation,
    if_match: Annotated[str | None, Header(description='The version that was read, as in W/"3".')] = None,
) -> Response:
    """The Task as it is now. Homework that is over is refused."""
    asked, version = asked_of(request, caller), version_of(if_match)
    stored = homework.cancel(services_of(request), asked, id, wanted.reason, version=version)
    return Response(stored.text, media_type=FHIR_JSON, headers={"ETag": stored.etag, "Cache-Control": "no-store"})
