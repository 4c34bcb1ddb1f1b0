"""What a write sends and what it gets back: https://hl7.org/fhir/R4/http.html#ops"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.answers import content, told_of
from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import Wish
from gateway.api.media import FHIR_VERSIONS, JSON_TYPES
from gateway.errors import BadRequest, Issue, UnsupportedMedia
from gateway.fhir.json import dump
from gateway.fhir.outcome import outcome
from gateway.store.resources import Stored
from gateway.usecases.changes import Written

RETURNS = ("minimal", "representation", "OperationOutcome")


async def body_of(request: Request) -> bytes:
    """The FHIR JSON of the body. Raises UnsupportedMedia; the body is read only when its type is known."""
    if not is_fhir_json(header(request, b"content-type")):
        raise UnsupportedMedia
    return await request.body()


def is_fhir_json(content_type: str | None) -> bool:
    """Whether a Content-Type is that of FHIR R4 as JSON in UTF-8."""
    media, *rest = (part.strip() for part in (content_type or "").split(";"))
    options = {name.lower(): value.strip('"') for name, _, value in (part.partition("=") for part in rest)}
    return (
        media.lower() in JSON_TYPES
        and options.get("fhirversion", "4.0") in FHIR_VERSIONS
        and options.get("charset", "utf-8").lower() == "utf-8"
    )


def provenance_of(request: Request) -> bytes | None:
    """The header X-Provenance, as it was sent."""
    text = header(request, b"x-provenance")
    return None if text is None else text.encode("latin-1")


def without_provenance(request: Request) -> None:
    """Raises BadRequest where nobody would look at the header X-Provenance."""
    if header(request, b"x-provenance") is not None:
        raise BadRequest("X-Provenance goes with create, update and patch; a Bundle has entries for it.")


def without_parameters(wanted: Wish) -> None:
    """Raises BadRequest where an address has parameters that nobody would look at."""
    if wanted.pairs:
        raise BadRequest("This interaction takes _format and _pretty only.")


def answered(request: Request, wanted: Wish, written: Written) -> Response:
    """The answer to a write: what became of the resource, in the form that Prefer asks for."""
    stored = written.stored
    if stored is None:
        return Response(status_code=204)
    headers = told_of(stored)
    if stored.is_deleted:
        return Response(status_code=204, headers=headers)
    address = f"{services_of(request).fhir_base}/{stored.type}/{stored.id}/_history/{stored.version}"
    headers["Location"] = address
    response = content(request, wanted, _body(preferred(request), stored, written), headers)
    response.status_code = 201 if written.created else 200
    return response


def preferred(request: Request) -> str:
    """What Prefer: return asks for; the representation, if nothing."""
    for part in (header(request, b"prefer") or "").replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "return" and value.strip('"') in RETURNS:
            return value.strip('"')
    return "representation"


def _body(wish: str, stored: Stored, written: Written) -> bytes:
    if wish == "minimal":
        return b""
    if wish == "representation":
        return stored.text
    done = "created" if written.created else "kept as its next version" if written.changed else "left as it was"
    return dump(outcome([Issue(f"The resource was {done}.", None, "informational", "information")]))
