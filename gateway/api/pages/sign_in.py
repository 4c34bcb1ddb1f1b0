"""Signing in and out: /pages/sign-in, /pages/sign-out."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import origin_of, services_of
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Anybody, Fields, Form, any_form, begin, end, fields
from gateway.errors import TooMany, Unauthenticated
from gateway.usecases import signin

router = APIRouter(route_class=PageRoute)
HOME = "/pages"
# Where a sign-in may lead: our own pages only, so that no link can send a fresh session elsewhere.
_OWN = re.compile(r"/pages/(reviews(/[A-Za-z0-9\-]{1,64}(/edit|/approved)?)?|my-record(/new/[a-z]+)?)")
_WRONG = "User name and password do not match. Please try again."
_WAIT = "There were too many tries. Please wait a few minutes, then try again."


def _own(address: str) -> str:
    return address if _OWN.fullmatch(address) else HOME


def _door(next: str, login: str = "", problem: str | None = None, status: int = 200) -> Response:
    return page("sign_in.html", status=status, next=next, login=login, problem=problem)


@router.get("/pages")
def home(session: Anybody) -> Response:
    """To each her own: a patient's record, a clinician's reviews."""
    return see("/pages/my-record" if session.is_patients else "/pages/reviews")


@router.get("/pages/sign-in")
def show(next: str = HOME) -> Response:
    return _door(_own(next))


@router.post("/pages/sign-in")
def enter(request: Request, sent: Annotated[Fields, Depends(fields)]) -> Response:
    services = services_of(request)
    login, target = sent.get("login", ""), _own(sent.get("next", ""))
    try:
        entered = signin.sign_in(services, login, sent.get("password", ""), origin_of(request))
    except Unauthenticated:
        return _door(target, login, _WRONG, status=Unauthenticated.status)
    except TooMany:
        return _door(target, login, _WAIT, status=TooMany.status)
    response = see(target)
    begin(response, services, entered.token)
    return response


@router.post("/pages/sign-out")
def leave(request: Request, sent: Annotated[Form, Depends(any_form)]) -> Response:
    """Revokes the token everywhere, not only in this browser."""
    services = services_of(request)
    signin.sign_out(services, sent.session.token, origin_of(request))
    response = see("/pages/sign-in")
    end(response, services)
    return response
