"""Templates to pages: every value escaped, every page under a policy that lets nothing foreign in.

Content Security Policy: https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.api.pages.static_files import address

# No script at all, no frame, no foreign source; forms only to ourselves.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # `no-referrer` would make browsers send `Origin: null` with our own forms, and the check of it useless.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["static"] = address


def page(template: str, *, status: int = 200, session: object = None, **values: Any) -> HTMLResponse:
    """The page; `session` (with `name` and `field()`) gives the frame its sign-out, None leaves it out."""
    text = _templates.get_template(template).render(session=session, **values)
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


def see(address: str) -> RedirectResponse:
    """After a form: the browser goes on with a GET, so that reloading repeats nothing."""
    return RedirectResponse(address, status_code=303, headers=_HEADERS)
