"""What an operation is given: by GET in the address, by POST as Parameters (or in the address as well).

https://hl7.org/fhir/R4/operations.html#executing
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import Wish
from gateway.api.fhir.written import is_fhir_json
from gateway.errors import BadRequest, Issue, UnsupportedMedia
from gateway.fhir import parameters
from gateway.fhir.json import JsonFault, parse
from gateway.fhir.parameters import In, Inputs
from gateway.fhir.search.controls import Controls, control
from gateway.fhir.search.table import TYPES


async def inputs(request: Request, pairs: Iterable[tuple[str, str]], *wanted: In) -> Inputs:
    """The inputs that the operation takes. Raises UnsupportedMedia, BadRequest and Unprocessable."""
    if request.method != "POST":
        return parameters.from_query(pairs, *wanted)
    stated = parameters.from_query(pairs, *(In(each.name, each.types, 0, each.most) for each in wanted))
    found = [one for each in stated.given.values() for one in each]
    if body := await request.body():
        found += parameters.read(resource_in(request, body))
    return parameters.take(found, *wanted)


def resource_in(request: Request, body: bytes) -> Any:
    """The parsed body. Raises UnsupportedMedia and BadRequest."""
    if not is_fhir_json(header(request, b"content-type")):
        raise UnsupportedMedia
    try:
        return parse(body)
    except JsonFault as fault:
        raise BadRequest(f"The body is not strict JSON: {fault}.") from None


def as_pairs(given: Inputs) -> list[tuple[str, str]]:
    """The primitive inputs as they would stand in an address."""
    return [(name, _text(one.value)) for name, each in given.given.items() for one in each]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):  # a Coding
        return f"{value.get('system', '')}|{value.get('code', '')}"
    return str(value)


def shape(wanted: Wish, kind: str) -> tuple[Controls, list[tuple[str, str]]]:
    """`_summary` and `_elements` of the resources in the answer, and the parameters that are left."""
    controls, left = Controls(), []
    for name, value in wanted.pairs:
        if name not in ("_summary", "_elements"):
            left.append((name, value))
            continue
        try:
            controls = control(TYPES[kind], controls, name, value)
        except ValueError as fault:
            raise BadRequest(issues=[Issue(f"{fault}.", f"http.{name}", "value")]) from None
    if controls.summary == "count":
        raise BadRequest("_summary=count is for searches.")
    return controls, left
