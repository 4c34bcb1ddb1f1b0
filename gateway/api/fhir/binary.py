"""Binary, as FHIR JSON or as the bytes themselves: https://hl7.org/fhir/R4/binary.html#rest

A browser is told to keep the bytes, not to open them: they come from somebody else and are not looked at here.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import told_of, version
from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import Wish
from gateway.api.fhir.written import is_fhir_json
from gateway.api.media import names_json
from gateway.errors import UnsupportedMedia
from gateway.fhir.json import JsonFault, dump, parse
from gateway.store.resources import Stored

_MEDIA = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+\-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+\-]{0,126}(?:\s*;[\x20-\x7e]{1,200})?\Z"
)
_CONTEXT = b"x-security-context"
_HEADER = re.compile(r"[\x21-\x7e]+\Z")
_UNKNOWN = "application/octet-stream"
_CAUTION = {"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox", "Cache-Control": "no-store"}


async def binary_of(request: Request, id: str | None = None) -> bytes:
    """The body as FHIR JSON: it is that already, or becomes the data of a Binary. Raises UnsupportedMedia.

    `id` is that of the address, which bytes cannot tell.
    """
    media = header(request, b"content-type")
    if not media or not _MEDIA.match(media):
        raise UnsupportedMedia
    context = header(request, _CONTEXT)
    return await run_in_threadpool(_wrapped, await request.body(), media, context, id)


def _wrapped(body: bytes, media: str, context: str | None, id: str | None) -> bytes:
    if is_fhir_json(media) and (media.startswith("application/fhir") or _is_binary(body)):
        return body
    resource: dict[str, Any] = {"resourceType": "Binary", **({"id": id} if id else {}), "contentType": media}
    if context is not None:
        resource["securityContext"] = {"reference": context}
    return dump(resource | ({"data": b64encode(body).decode()} if body else {}))


def _is_binary(body: bytes) -> bool:
    """`application/json` may be either: a Binary, or the content of one."""
    try:
        found = parse(body)
    except JsonFault:
        return False
    return isinstance(found, dict) and found.get("resourceType") == "Binary"


def wants_bytes(request: Request) -> bool:
    """Whether the answer shall be the content: no FHIR format is named, in the address or in Accept."""
    if b"_format=" in request.scope["query_string"]:
        return False
    return not names_json(header(request, b"accept") or "*/*")


def raw(request: Request, stored: Stored) -> Response:
    """The content of a Binary in its own type, or 304."""
    resource = parse(stored.text)
    answer = version(request, Wish(), stored, b"")
    if answer.status_code == 304:
        return answer
    context = resource.get("securityContext", {}).get("reference", "")
    media = resource.get("contentType", "")
    headers = told_of(stored) | _CAUTION | ({"X-Security-Context": context} if _HEADER.match(context) else {})
    data = b64decode(resource.get("data", ""))
    if request.method == "HEAD":
        headers, data = headers | {"Content-Length": str(len(data))}, b""
    return Response(data, media_type=media if _MEDIA.match(media) else _UNKNOWN, headers=headers)
