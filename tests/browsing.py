"""A browser on the pages, over HTTP: signed in by its cookie, its forms sent from our own address."""

from __future__ import annotations

import html
import re

from starlette.testclient import TestClient

from tests.house import House
from tests.world import BASE

COOKIE = "__Host-gateway"


def browser(house: House, token: str = "") -> TestClient:
    cookies = {COOKIE: token} if token else None
    return TestClient(
        house.http.app,  # type: ignore[attr-defined]  # the client of the house is a TestClient
        base_url=BASE,
        headers={"Origin": BASE},
        cookies=cookies,
        follow_redirects=False,
    )


def text(page: str) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
