"""A clinic's own endpoint: a real HTTP server that keeps what came, and answers as it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Clinic:
    """`answers` are the statuses to come, 200 once they are used up; `delay` is how long each takes."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    delay: float = 0.0

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@contextmanager
def listening(port: int = 0) -> Iterator[Clinic]:
    clinic = Clinic()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            clinic.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = clinic.answers.pop(0) if clinic.answers else 200
            time.sleep(clinic.delay)
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("location", f"{clinic.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    clinic.url = f"http://127.0.0.1:{server.server_port}/alerts"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield clinic
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
