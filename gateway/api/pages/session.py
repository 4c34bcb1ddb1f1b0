"""The signed-in person behind a page, and the proof that a form came from one of our own pages.

The cookie carries the same opaque token as the API's bearer header; neither is looked at in the other's place. A form
is believed when its Origin is ours and it repeats the token's HMAC: https://owasp.org/www-community/attacks/csrf
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request, Response

from gateway.api.dependencies import asked_of, origin_of, services_of
from gateway.errors import BadRequest, Forbidden, TooLarge, Unauthenticated
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.usecases.asked import Asked
from gateway.usecases.authenticate import caller_of
from gateway.usecases.background import clinician
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.signin import keep

FORM_BYTES = 1024 * 1024
FORM_FIELDS = 4000
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Session:
    """Who is reading: what she asks as, her name (a clinician's) and token, the proof her forms carry."""

    asked: Asked
    name: str
    token: str
    csrf: str

    @property
    def is_patients(self) -> bool:
        return self.asked.caller.patient_id is not None


def _cookie(services: Services) -> tuple[str, bool]:
    """Name and Secure flag; under https the name's prefix makes browsers refuse a cookie set from elsewhere."""
    secure = services.public_url.startswith("https:")
    return ("__Host-gateway" if secure else "gateway"), secure


def begin(response: Response, services: Services, token: str) -> None:
    name, secure = _cookie(services)
    response.set_cookie(name, token, path="/", secure=secure, httponly=True, samesite="strict")


def end(response: Response, services: Services) -> None:
    name, secure = _cookie(services)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def _proof(services: Services, caller: Caller) -> str:
    return hmac.new(services.page_secret, b"form\0" + caller.token_id.encode(), hashlib.sha256).hexdigest()


def signed_in(request: Request) -> Session:
    """Whoever has signed in, with whatever rights. Raises Unauthenticated without a living token."""
    services = services_of(request)
    token = request.cookies.get(_cookie(services)[0])
    if not token:
        raise Unauthenticated
    caller = caller_of(services, token)
    name = clinician(services, caller.practitioner_id)
    found = Session(asked_of(request, caller), name, token, _proof(services, caller))
    request.state.session = found
    return found


Anybody = Annotated[Session, Depends(signed_in)]


def session(request: Request, found: Anybody) -> Session:
    """A clinician's. Raises Forbidden, recorded, when it was not given for reviewing."""
    is_fit = not found.is_patients and "review" in found.asked.caller.scopes
    return _fit(request, found, Act.REVIEW_READ, is_fit, "This account is not set up for reviewing.")


def own_session(request: Request, found: Anybody) -> Session:
    """A patient's, for the own record. Raises Forbidden, recorded, for anybody else."""
    is_fit = found.is_patients and "consent" in found.asked.caller.scopes
    return _fit(request, found, Act.CONSENT, is_fit, "This account is not set up for one's own consents.")


def _fit(request: Request, found: Session, act: Act, is_fit: bool, words: str) -> Session:
    services = services_of(request)
    with recorded(services, found.asked, act):
        if not is_fit:
            raise Forbidden(words)
    keep(services, found.token, origin_of(request))
    return found


def _check_origin(request: Request) -> None:
    """The form was sent from a page under the address the browser itself used, or under our public one."""
    origin = request.headers.get("origin", "")
    ours = services_of(request).public_url
    if origin != ours and (not origin or urlsplit(origin).netloc != request.headers.get("host")):
        raise Forbidden("The form did not come from this site.")
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden("The form did not come from this site.")


async def fields(request: Request) -> Fields:
    """The fields of a form of our own pages. Raises Forbidden for a foreign one, TooLarge, BadRequest."""
    _check_origin(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise TooLarge
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS)
    except ValueError:
        raise BadRequest from None
    # Browsers send every line break of a text field as CR LF.
    found = {name: value.replace("\r\n", "\n") for name, value in pairs}
    request.state.fields = found
    return found


@dataclass(frozen=True, slots=True)
class Form:
    """A form somebody signed in has sent: the only way to its fields is through the checks."""

    session: Session
    fields: Fields


def any_form(request: Request, sent: Annotated[Fields, Depends(fields)], session: Anybody) -> Form:
    """Of whoever has signed in. Raises Forbidden, recorded, for a form that was not made for this session."""
    return _believed(request, sent, session, Act.SIGN_IN)


def form(
    request: Request, sent: Annotated[Fields, Depends(fields)], session: Annotated[Session, Depends(session)]
) -> Form:
    """The same of a clinician."""
    return _believed(request, sent, session, Act.REVIEW_READ)


def own_form(
    request: Request, sent: Annotated[Fields, Depends(fields)], session: Annotated[Session, Depends(own_session)]
) -> Form:
    """The same of a patient."""
    return _believed(request, sent, session, Act.CONSENT)


def _believed(request: Request, sent: Fields, session: Session, act: Act) -> Form:
    with recorded(services_of(request), session.asked, act):
        if not hmac.compare_digest(sent.get("csrf", "").encode(), session.csrf.encode()):
            raise Forbidden("The form was made for another session.")
    return Form(session, sent)


def version_in(sent: Fields, name: str = "version") -> int:
    """The version that was on the screen. Raises BadRequest."""
    text = sent.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest("The form does not say which version it is about.")
    return int(text)
