"""The guarded client: what it connects to, what it takes, and what it tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import wiring
from gateway.peers.breaker import FAILURES, PAUSE_SECONDS
from gateway.peers.http import Answer, Http, PeerRefused
from gateway.settings import Settings

URL = "https://keys.clinic.example/jwks.json?v=1"
PUBLIC = "93.184.216.34"
JSON = {"content-type": "application/json; charset=utf-8"}


def http(answer: Any = None, **options: Any) -> Http:
    handler = answer if callable(answer) else lambda request: answer or httpx.Response(200, headers=JSON, content=b"{}")
    given = {"origins": None, "resolve": lambda host, port: [PUBLIC], "transport": httpx.MockTransport(handler)}
    return Http(**(given | options))


def get(client: Http, url: str = URL, limit: int = 100) -> Answer:
    return client.get(url, media_types=["application/json"], limit=limit)


@pytest.mark.spec("X-061")
def test_the_checked_address_is_connected_to_under_the_name() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers=JSON, content=b"{}")

    get(http(handler))
    assert str(seen[0].url) == f"https://{PUBLIC}/jwks.json?v=1"
    assert seen[0].headers["host"] == "keys.clinic.example"
    assert seen[0].extensions["sni_hostname"] == "keys.clinic.example"
    assert seen[0].headers["accept-encoding"] == "identity"
    assert "authorization" not in seen[0].headers and "cookie" not in seen[0].headers


@pytest.mark.spec("X-061")
def test_a_name_that_changes_its_mind_is_resolved_once_only() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(200, headers=JSON, content=b"{}")

    client = http(handler, resolve=lambda host, port: next(answers))
    get(client)
    with pytest.raises(PeerRefused):
        get(client)
    assert seen == [PUBLIC]


@pytest.mark.spec("X-062")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    calls = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request.url)
        return httpx.Response(status, headers={"location": "http://169.254.169.254/"})

    with pytest.raises(PeerRefused):
        get(http(handler))
    assert len(calls) == 1


@pytest.mark.spec("X-063")
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, headers=JSON),
        httpx.Response(200, headers={"content-type": "text/html"}, content=b"{}"),
        httpx.Response(200, content=b"{}"),
        httpx.Response(200, headers=JSON, content=b"x" * 101),
        httpx.Response(200, headers=JSON | {"content-length": "many"}, stream=httpx.ByteStream(b"{}")),
        httpx.Response(200, headers=JSON | {"content-length": "101"}, stream=httpx.ByteStream(b"{}")),
    ],
)
def test_an_answer_of_another_status_kind_or_size_is_refused(answer: httpx.Response) -> None:
    with pytest.raises(PeerRefused):
        get(http(answer))


@pytest.mark.spec("X-063")
def test_compressed_answers_are_refused_unread() -> None:
    compressed = httpx.Response(200, headers=JSON | {"content-encoding": "gzip"}, stream=httpx.ByteStream(b"\x1f\x8b"))
    with pytest.raises(PeerRefused):
        get(http(compressed))


@pytest.mark.spec("X-063")
def test_a_stream_without_a_length_is_cut_at_the_limit() -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield b"x" * 10

    with pytest.raises(PeerRefused):
        get(http(lambda request: httpx.Response(200, headers=JSON, content=endless())))
    assert len(sent) < 20


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/jwks.json"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.mark.spec("X-060")
def test_over_a_real_socket_in_development() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-type", "application/json")
        request.end_headers()
        request.wfile.write(request.headers["host"].encode())

    with server(answer) as url:
        client = Http(origins=(), allow_loopback=True)
        assert get(client, url).body.decode() in url
        with pytest.raises(PeerRefused):
            get(Http(origins=()), url)


@pytest.mark.spec("X-063")
def test_headers_that_drip_are_cut_off() -> None:
    enough = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\n")
        for _ in range(100):
            request.wfile.write(b"x: y\r\n")
            if enough.wait(0.1):
                break

    with server(drip) as url:
        began = time.monotonic()
        with pytest.raises(PeerRefused):
            get(Http(origins=(), allow_loopback=True, seconds=0.5), url)
        assert time.monotonic() - began < 5
        enough.set()


@pytest.mark.spec("X-063")
def test_a_name_server_that_hangs_is_cut_off() -> None:
    released = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        released.wait(5)
        return [PUBLIC]

    with pytest.raises(PeerRefused):
        get(http(resolve=hangs, seconds=0.2))
    released.set()


@pytest.mark.spec("X-064")
def test_a_failing_destination_is_left_alone_for_a_while() -> None:
    now, calls = [0.0], []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(500)

    client = http(handler, monotonic=lambda: now[0])
    for _ in range(FAILURES + 3):
        with pytest.raises(PeerRefused):
            get(client)
    assert len(calls) == FAILURES
    now[0] += PAUSE_SECONDS
    with pytest.raises(PeerRefused):
        get(client)
    assert len(calls) == FAILURES + 1


@pytest.mark.spec("X-064")
def test_every_refusal_sounds_the_same() -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("10.0.0.7 refused")

    words = set()
    for client in (http(unreachable), http(httpx.Response(500)), http(resolve=lambda host, port: ["10.0.0.7"])):
        with pytest.raises(PeerRefused) as caught:
            get(client)
        words.add(str(caught.value))
        assert caught.value.__cause__ is None
    assert len(words) == 1


@pytest.mark.spec("X-065")
def test_only_partners_on_the_list_are_asked() -> None:
    client = http(origins=["https://keys.clinic.example"])
    assert get(client).body == b"{}"
    for url in ("https://other.example/", "https://keys.clinic.example:8443/"):
        with pytest.raises(PeerRefused):
            get(client, url)


@pytest.mark.spec("X-065")
def test_without_a_list_of_partners_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a gateway does that nobody configured."""
    monkeypatch.delenv("GATEWAY_PEERS", raising=False)
    monkeypatch.delenv("GATEWAY_ALLOW_LOOPBACK_PEERS", raising=False)
    settings = Settings(home=tmp_path)
    wiring.upgrade(settings)
    services = wiring.services(settings)
    try:
        for url in (URL, "http://127.0.0.1:9000/jwks.json"):
            with pytest.raises(PeerRefused):
                services.keys.check(url)
    finally:
        services.database.close()
        services.keys.close()


@pytest.mark.spec("X-061")
@pytest.mark.parametrize(
    "url", ["https://clinic.example./", "https://2130706433/", "https://0x7f.1/", "https://[::1]/"]
)
def test_what_is_no_name_is_not_even_resolved(url: str) -> None:
    resolved: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return [PUBLIC]

    with pytest.raises(PeerRefused):
        get(http(resolve=resolve), url)
    assert resolved == []


def test_an_unreachable_address_is_tried_again_at_the_next_one() -> None:
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        if len(seen) == 1:
            raise httpx.ConnectError("unreachable")
        return httpx.Response(200, headers=JSON, content=b"{}")

    assert get(http(handler, resolve=lambda host, port: [PUBLIC, "93.184.216.35"])).body == b"{}"
    assert seen == [PUBLIC, "93.184.216.35"]
