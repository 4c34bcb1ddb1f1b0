"""The longitudinal context: what an AI may know of a patient before the next session."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.shapes import Shape
from gateway.errors import Issue, Unprocessable
from gateway.fhir.json import dump
from gateway.rules.access import Caller
from gateway.usecases.patient_context import Wanted, patient_context

router = APIRouter(prefix="/context", tags=["context"])
Producer = Annotated[Caller, Depends(require("context.read"))]
Named = Annotated[str | None, Query(max_length=255, pattern=r"^\S(.*\S)?$")]


class Section(Shape):
    title: str
    text: str


class Point(Shape):
    resource: str
    date: str | None = None
    value: Decimal


class Item(Shape):
    """One thing that was approved. What is not known of it is absent."""

    kind: Literal[
        "flag", "dispute", "plan", "goal", "homework", "series", "observation", "answers", "message", "note", "document"
    ]
    by: list[Literal["machine", "patient", "clinician"]] = Field(description="Whose words it holds, as labelled.")
    resource: str | None = Field(None, description="The version it tells of; a series names those of its values.")
    date: str | None = Field(None, description="When it was, or began.")
    until: str | None = Field(None, description="When it ends, or is due.")
    status: str | None = None
    progress: str | None = Field(
        None, description="Of a goal what was achieved, of homework and a dispute how far it is."
    )
    name: str | None = None
    text: str | None = Field(None, description="At most 8,000 characters; […] stands where it was cut.")
    links: list[str] = Field([], description="Goals and homework of a plan, results of homework, what is disputed.")
    sections: list[Section] = Field([], description="Of a note.")
    unit: str | None = None
    values: list[Point] = Field([], description="The latest 60, the latest first.")
    count: int | None = Field(None, description="How many values there are.")


class Context(Shape):
    """Flags first, then disputes, plans, goals, homework, scores and moods as series, other observations, answers,
    messages, notes and documents; of each kind the latest first."""

    patient: str
    items: list[Item]
    next: str | None = Field(description="The address of the next page; good for an hour, for the same client.")


@router.get(
    "/{patient}",
    summary="The approved history of a patient in brief, for an AI to go on from",
    responses={200: {"model": Context}},
    response_class=Response,
)
def read_context(
    request: Request,
    patient: str,
    caller: Producer,
    model: Named = None,
    version: Named = None,
    manufacturer: Named = None,
    size: Annotated[int, Query(ge=4_096, le=1_048_576, description="Bytes of items on a page.")] = 65_536,
    page: Annotated[str | None, Query(max_length=4_096)] = None,
) -> Response:
    """For the model that is named, as submissions name it; with `page`, nothing else is looked at. Never a draft, an
    estimate of risk, a psychotherapy note, nor what is very restricted or withheld from the patient. Asking is
    recorded as a disclosure of what is told, under the consents that permit it."""
    wanted = page or _wanted(size, model, version, manufacturer)
    answer = patient_context(services_of(request), asked_of(request, caller), patient, wanted)
    answer.recorded.result()
    found = answer.open()
    body = {"patient": found.patient, "items": found.items, "next": found.next}
    return Response(dump(body), media_type="application/json", headers={"Cache-Control": "no-store"})


def _wanted(size: int, model: str | None, version: str | None, manufacturer: str | None) -> Wanted:
    """Raises Unprocessable, as the patient may have refused one model and not another."""
    if model and version and manufacturer:
        return Wanted(model, version, manufacturer, size)
    named = {"model": model, "version": version, "manufacturer": manufacturer}
    raise Unprocessable(
        issues=[
            Issue("Which model asks has to be said.", f"query.{name}", "required")
            for name, value in named.items()
            if not value
        ]
    )
