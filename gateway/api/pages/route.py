"""In pages every refusal is a page, in words for a person; nobody signed in leads to the sign-in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from gateway.api.pages.render import page, see
from gateway.api.pages.session import Session
from gateway.errors import Refusal, Unauthenticated
from gateway.events import Event

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Way:
    """Where to go from here."""

    name: str
    href: str


_REVIEWS = Way("To the reviews", "/pages/reviews")
_MY_RECORD = Way("To my record", "/pages/my-record")
_SIGN_IN = Way("Sign in", "/pages/sign-in")
_OTHER = ("That did not work", "Nothing was changed. Please go back and try again.")
_WORDS: dict[int, tuple[str, str]] = {
    400: ("That could not be read", "The form arrived incomplete. Nothing was changed."),
    401: ("You were signed out", "Nothing was saved. Sign in again to go on."),
    403: (
        "That was not allowed",
        "Nothing was changed. The form may be from an older sign-in: open the page again and repeat the step.",
    ),
    404: ("Nothing here", "There is no such page, or it is not yours to see."),
    409: ("That has been decided already", "Somebody has dealt with this since you opened it. Nothing was changed."),
    413: ("That is too long", "Nothing was saved. Please shorten the text."),
    429: ("Please wait a little", "There were too many tries. Wait a minute, then try again."),
    500: ("Something went wrong here", "The fault is ours, not yours. Nothing was changed."),
}


def problem(request: Request, status: int) -> Response:
    """The page for a refusal; what she had written is on it, so that no refusal costs her words."""
    title, text = _WORDS.get(status, _OTHER)
    session: Session | None = getattr(request.state, "session", None)
    home = _MY_RECORD if session and session.is_patients else _REVIEWS
    return page(
        "problem.html",
        status=status,
        session=session,
        title=title,
        text=text,
        way=_SIGN_IN if status == HTTPStatus.UNAUTHORIZED else home,
        kept=kept(request),
        request_id=request.scope.get("request_id") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None,
    )


def kept(request: Request) -> list[str]:
    """What was typed, where the page knows; else the longer texts of the form that was sent."""
    known: list[str] | None = getattr(request.state, "typed", None)
    if known is not None:
        return known
    sent: dict[str, str] = getattr(request.state, "fields", {})
    typed = ("text-", "add-", "addendum", "reason", "words")
    return [text for name, text in sent.items() if name.startswith(typed) and text.strip()]


class PageRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except Unauthenticated:
                if request.method == "GET":
                    return see(f"/pages/sign-in?next={quote(request.url.path)}")
                return problem(request, Unauthenticated.status)
            except Refusal as refusal:
                return problem(request, refusal.status)
            except RequestValidationError:
                return problem(request, HTTPStatus.BAD_REQUEST)
            except Exception as failure:
                log.error(Event.REQUEST_FAILED, exc_info=failure, request_id=request.scope.get("request_id"))
                return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR)

        return answered
