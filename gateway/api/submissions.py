"""Submissions: a producer sends its own format to the mapping that knows it, and asks what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.multipart import parts_of
from gateway.api.shapes import Shape
from gateway.errors import Refusal
from gateway.rules.access import Caller
from gateway.usecases import replay
from gateway.usecases.context import SCHEMA
from gateway.usecases.submit import Payload, submit, turn_away

router = APIRouter(prefix="/submissions", tags=["submissions"])
Producer = Annotated[Caller, Depends(require("submission.write"))]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["context"],
                    "properties": {"context": SCHEMA},
                    "additionalProperties": {"type": "string", "format": "binary"},
                },
                "encoding": {"context": {"contentType": "application/json"}},
            }
        },
    }
}


class MappingUsed(Shape):
    name: str
    version: str


class SkippedRow(Shape):
    place: str | None = Field(description="Part and line.")
    reason: str


class Accepted(Shape):
    """What the producer is told, now and when it submits the same again."""

    submission: str = Field(description="The id to ask for its state by.")
    state: str
    mapping: MappingUsed
    draft: str | None = Field(description="Absent when only a transcript came, which no draft is made of.")
    segments: int = Field(description="How many transcript segments were kept.")
    skipped: list[SkippedRow] = Field(description="What was left out, as its format permits: rows nobody could read.")


class SubmissionState(Shape):
    """`answer` is what the submission was answered: for a refused one an OperationOutcome."""

    id: str
    state: str = Field(description="accepted or refused")
    mapping: str
    mapping_version: str
    received_at: datetime
    answer: dict[str, Any]
    review: str | None = Field(description="pending, returned, approved or rejected")
    reason: str | None = Field(description="What the reviewer said when she returned or rejected the draft.")


@router.post(
    "/{mapping}",
    status_code=201,
    summary="Submit AI output in the producer's own format",
    openapi_extra=_BODY,
    responses={
        200: {"model": Accepted, "description": "The same was submitted before: its answer again."},
        201: {"model": Accepted},
        404: {"description": "No such mapping."},
        409: {"description": "The Idempotency-Key was used with other content."},
        413: {"description": "Larger than allowed."},
        422: {"description": "Does not fit: an OperationOutcome with one issue per fault, each with its place."},
    },
    response_class=Response,
)
async def submit_payload(
    request: Request,
    mapping: str,
    caller: Producer,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> Response:
    """One part per input the mapping names, each as the product wrote it, and a part `context`. Nothing is lost:
    a payload that does not fit is kept with its faults and can be tried again after the mapping was mended. Nothing
    is stored twice: the same bytes, or the same Idempotency-Key, get the first one's answer."""
    services = services_of(request)
    asked = asked_of(request, caller)
    try:
        parts = await parts_of(request, services.limits.payload_bytes)
    except Refusal as refusal:
        await run_in_threadpool(turn_away, services, asked, refusal)
        raise
    receipt = await run_in_threadpool(submit, services, asked, Payload(mapping, parts, idempotency_key))
    return Response(
        receipt.answer,
        status_code=200 if receipt.is_repeated else 201,
        media_type="application/json",
        headers={"Location": f"{services.public_url}/submissions/{receipt.submission_id}"},
    )


@router.get("/{id}", summary="What became of a submission", response_model=SubmissionState)
def read_submission(request: Request, id: str, caller: Producer) -> replay.Standing:
    """For the client that sent it; for everybody else it does not exist."""
    return replay.standing_of(services_of(request), asked_of(request, caller), id)
