"""multipart/form-data read in memory: every part as its exact bytes, never a temporary file, never more than allowed.

https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.errors import BadRequest, TooLarge, UnsupportedMedia
from gateway.store.submissions import Part

MOST_PARTS = 16
_LONGEST_NAME = 64


async def parts_of(request: Request, limit: int) -> tuple[Part, ...]:
    """Raises UnsupportedMedia, BadRequest for what is not multipart, TooLarge as soon as `limit` bytes are passed."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UnsupportedMedia("A submission is multipart/form-data.")
    if (announced := request.headers.get("content-length", "")).isdigit() and int(announced) > limit:
        raise TooLarge
    form = _Form()
    size = 0
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin,
                "on_part_data": form.data,
                "on_part_end": form.end,
                "on_header_field": form.field,
                "on_header_value": form.value,
                "on_header_end": form.header,
                "on_end": form.finish,
            },
        )
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise TooLarge
            parser.write(chunk)
    except FormParserError:
        raise BadRequest("The body is not well-formed multipart/form-data.") from None
    return form.parts()


class _Form:
    """Gathers what the parser finds."""

    def __init__(self) -> None:
        self._done: list[Part] = []
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value, self._body = bytearray(), bytearray(), bytearray()
        self._is_complete = False

    def begin(self) -> None:
        if len(self._done) == MOST_PARTS:
            raise BadRequest(f"A submission has at most {MOST_PARTS} parts.")
        self._headers, self._body = {}, bytearray()

    def field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        self._body += data[start:end]

    def end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode("ascii", "replace")
        if not name.isidentifier() or len(name) > _LONGEST_NAME or any(part.name == name for part in self._done):
            raise BadRequest("Each part has a name of its own, of letters, digits and underscores.")
        media_type = self._headers.get(b"content-type", b"application/json").decode("ascii", "replace")[:128]
        self._done.append(Part(name, media_type, bytes(self._body)))

    def finish(self) -> None:
        self._is_complete = True

    def parts(self) -> tuple[Part, ...]:
        """Raises BadRequest when the last boundary never came."""
        if not self._is_complete or not self._done:
            raise BadRequest("The multipart body ends before its last boundary, or has no part.")
        return tuple(self._done)
