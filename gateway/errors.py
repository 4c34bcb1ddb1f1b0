"""Every refusal the gateway can speak: its class, HTTP status, FHIR issue code and default words.

A refusal never carries patient content: `detail` is written by us, and places are named by path.
Issue codes: https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault: what is wrong (`text`), where (`expression`, a path), as which FHIR issue `code`."""

    text: str
    expression: str | None = None
    code: str = "invalid"
    severity: str = "error"


class Refusal(Exception):
    """The gateway says no. `issues` lists every fault, each with its place; `retry_seconds`: when to ask again."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "exception"
    words: ClassVar[str] = "The request could not be carried out."

    def __init__(
        self, detail: str | None = None, *, issues: Sequence[Issue] = (), retry_seconds: int | None = None
    ) -> None:
        super().__init__(detail or self.words)
        self.detail = detail or self.words
        self.issues = tuple(issues) or (Issue(self.detail, code=self.code),)
        self.retry_seconds = retry_seconds


class BadRequest(Refusal):
    status, code = 400, "invalid"
    words = "The request is not well formed."


class Unauthenticated(Refusal):
    status, code = 401, "login"
    words = "A valid bearer token is needed."


class Forbidden(Refusal):
    status, code = 403, "forbidden"
    words = "The token does not carry the scope this request needs."


class NotFound(Refusal):
    """Also the answer for what exists but may not be seen: the two must look the same."""

    status, code = 404, "not-found"
    words = "Nothing here under that address."


class NotSupported(Refusal):
    status, code = 405, "not-supported"
    words = "This interaction is not supported here."


class NotAcceptable(Refusal):
    status, code = 406, "not-supported"
    words = "Only FHIR JSON can be returned."


class Conflict(Refusal):
    status, code = 409, "conflict"
    words = "The request conflicts with the current state."


class Gone(Refusal):
    status, code = 410, "deleted"
    words = "The resource was deleted."


class PreconditionFailed(Refusal):
    status, code = 412, "conflict"
    words = "The content has changed since it was read; read it again."


class TooLarge(Refusal):
    status, code = 413, "too-long"
    words = "The request is larger than allowed."


class UnsupportedMedia(Refusal):
    status, code = 415, "not-supported"
    words = "The content type is not supported."


class Unprocessable(Refusal):
    """Well formed but breaking a rule; `issues` names each fault and its place."""

    status, code = 422, "processing"
    words = "The content breaks a rule."


class PreconditionRequired(Refusal):
    status, code = 428, "required"
    words = "If-Match with the digest that was read is required."


class TooMany(Refusal):
    status, code = 429, "throttled"
    words = "Too many requests; wait and try again."
