"""What is posted to others: under the same guard as what is asked of them, once, and only its status comes back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gateway.peers.breaker import FAILURES
from gateway.peers.http import Http, PeerRefused

URL = "https://alerts.clinic.example/hook"
PUBLIC = "93.184.216.34"


def http(handler: Any, **options: Any) -> Http:
    given = {"origins": None, "resolve": lambda host, port: [PUBLIC], "transport": httpx.MockTransport(handler)}
    return Http(**(given | options))


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500])
def test_the_status_comes_back_whatever_it_is_and_nothing_is_followed(status: int) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, headers={"location": "http://169.254.169.254/"}, content=b"x" * 100)

    assert http(handler).post(URL, b'{"id":"1"}', {"x-gateway-delivery": "1"}) == status
    (request,) = seen
    assert (request.method, request.content) == ("POST", b'{"id":"1"}')
    assert (request.url.host, request.headers["host"]) == (PUBLIC, "alerts.clinic.example")
    assert request.headers["x-gateway-delivery"] == "1"


@pytest.mark.spec("X-061")
@pytest.mark.parametrize(
    "url", ["http://alerts.clinic.example/", "https://127.0.0.1/", "https://alerts.clinic.example:22/"]
)
def test_what_may_not_be_asked_may_not_be_posted_to(url: str) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    with pytest.raises(PeerRefused):
        http(handler).post(url, b"{}", {})


@pytest.mark.spec("X-061")
def test_nothing_is_posted_into_our_own_network() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    with pytest.raises(PeerRefused):
        http(handler, resolve=lambda host, port: ["10.0.0.7"]).post(URL, b"{}", {})


def test_where_nobody_answers_is_left_alone_for_a_while() -> None:
    calls: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        raise httpx.ReadTimeout("late", request=request)

    client = http(handler)
    for _ in range(FAILURES + 2):
        with pytest.raises(PeerRefused):
            client.post(URL, b"{}", {})
    assert len(calls) == FAILURES
