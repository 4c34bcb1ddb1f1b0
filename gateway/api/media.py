"""The media types of what callers send and accept. https://hl7.org/fhir/R4/http.html#mime-type"""

from __future__ import annotations

from starlette.requests import Request

JSON_TYPES = frozenset({"application/fhir+json", "application/json", "text/json"})
"""The names of FHIR as JSON; the last two are for callers that know no better."""
FHIR_VERSIONS = frozenset({"4.0", "4.0.1"})
"""What the parameter fhirVersion may say."""
FORM = "application/x-www-form-urlencoded"


def is_form(request: Request) -> bool:
    """Whether the body says that it is a form."""
    return _bare(request.headers.get("content-type", "")) == FORM


def names_json(accepted: str) -> bool:
    """Whether an Accept header names FHIR as JSON, not only by a wildcard."""
    return any(_bare(part) in JSON_TYPES for part in accepted.split(","))


def _bare(media: str) -> str:
    """Without its parameters."""
    return media.partition(";")[0].strip().lower()
