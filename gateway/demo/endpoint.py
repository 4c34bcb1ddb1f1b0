"""The clinics' own endpoint: a tiny HTTP server that keeps each notice whose signature holds, as a clinic's would."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from gateway.fhir.json import parse
from gateway.rules.delivery import SIGNATURE, signature

PATIENCE = 30.0  # seconds a notice may take on a busy machine


@dataclass
class Endpoint:
    """`secrets` are what each organization, known by the path it is told at, was given when it was registered."""

    address: str
    secrets: dict[str, str] = field(default_factory=dict)
    notices: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def arrived(self, path: str, kind: str, about: str) -> bool:
        """Whether an organization is told of something; waits for it a while."""
        deadline = time.monotonic() + PATIENCE
        while not any((at, told["kind"], told["about"]) == (path, kind, about) for at, told in list(self.notices)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def take(self, path: str, signed: str, body: bytes) -> HTTPStatus:
        """Keep a notice, if the gateway has signed it for whom it is sent to."""
        seconds = signed.removeprefix("t=").partition(",")[0]
        at = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None
        if at is None or not hmac.compare_digest(signature(self.secrets.get(path, "").encode(), at, body), signed):
            return HTTPStatus.UNAUTHORIZED
        self.notices.append((path, parse(body)))
        return HTTPStatus.NO_CONTENT


@contextmanager
def listening() -> Iterator[Endpoint]:
    """An endpoint on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(endpoint.take(self.path, self.headers.get(SIGNATURE, ""), body))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """The demo tells what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, name="endpoint", daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
