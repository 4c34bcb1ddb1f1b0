"""What the caller wants the answer to look like. https://hl7.org/fhir/R4/http.html#mime-type

Accept, `_format` (which wins), `_pretty`, and `Prefer: handling=…` (https://hl7.org/fhir/R4/search.html#errors).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from starlette.requests import Request

from gateway.api.fhir.headers import header
from gateway.api.media import FHIR_VERSIONS, JSON_TYPES
from gateway.errors import BadRequest, NotAcceptable

FHIR_JSON = "application/fhir+json;charset=utf-8"
_ACCEPTED = JSON_TYPES | {"application/*", "text/*", "*/*"}
_FORMATS = JSON_TYPES | {"json"}
_MAX_FIELDS = 250

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wish:
    """The form of the answer, and the parameters that are left."""

    pairs: tuple[tuple[str, str], ...] = ()
    pretty: bool = False
    lenient: bool = False


_PLAIN = Wish()


def wish(request: Request, form: bytes = b"") -> Wish:
    """Read the headers, the query string and a form. Raises NotAcceptable, and BadRequest for what cannot be read."""
    query: bytes = request.scope["query_string"]
    accept = header(request, b"accept")
    prefer = header(request, b"prefer")
    if not query and not form and not prefer:
        _accepted(accept)
        return _PLAIN
    pairs = fields(query) + fields(form)
    formats = [value for name, value in pairs if name == "_format"]
    if formats:
        _format(formats[-1])
    else:
        _accepted(accept)
    pretty = [value for name, value in pairs if name == "_pretty"]
    if pretty and pretty[-1] not in ("true", "false"):
        raise BadRequest("_pretty is true or false.")
    left = tuple(pair for pair in pairs if pair[0] not in ("_format", "_pretty"))
    return Wish(left, pretty[-1:] == ["true"], prefer is not None and _lenient(prefer))


def fields(text: bytes) -> Pairs:
    """The names and values of a query string or form. Raises BadRequest when it is not UTF-8 or too long."""
    if not text:
        return []
    try:
        return parse_qsl(
            text.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS, separator="&"
        )
    except ValueError:
        raise BadRequest("The parameters cannot be read.") from None


@lru_cache(maxsize=256)
def _accepted(accept: str | None) -> None:
    if accept and not any(_is_ours(part) for part in accept.split(",")):
        raise NotAcceptable


def _is_ours(part: str) -> bool:
    media, *rest = (piece.strip() for piece in part.split(";"))
    options = dict(piece.partition("=")[::2] for piece in rest)
    if media.lower() not in _ACCEPTED or options.get("fhirVersion", "4.0").strip('"') not in FHIR_VERSIONS:
        return False
    return options.get("q", "1").rstrip("0.") != ""


def _format(text: str) -> None:
    media, _, rest = text.replace(" ", "+").partition(";")
    version = dict(piece.strip("+ ").partition("=")[::2] for piece in rest.split(";")).get("fhirVersion", "4.0")
    if media.strip().lower() not in _FORMATS or version.strip('"') not in FHIR_VERSIONS:
        raise NotAcceptable


def _lenient(prefer: str) -> bool:
    """Raises BadRequest for a handling that FHIR does not know; other preferences are none of ours."""
    for part in prefer.replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "handling":
            if value.strip('"') not in ("strict", "lenient"):
                raise BadRequest("Prefer: handling is strict or lenient.")
            return value.strip('"') == "lenient"
    return False
