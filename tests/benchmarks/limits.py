"""The limits: servers that do nothing but what must be done. Run as `python -m tests.benchmarks.limits PORT PLAN`.

`/fhir/…`: a bare Starlette app that runs the gateway's own SELECTs on the same encrypted file with the raw driver and
gives the stored bytes out. `/constant`: a raw ASGI app that gives out bytes it holds.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.store.engines import open_engine

_JSON = "application/fhir+json"


@dataclass(frozen=True)
class Plan:
    """The database, and by the target of a request its SELECTs: each a statement with its values."""

    url: str
    key: str
    selects: dict[str, list[tuple[str, list[Any]]]]
    constant: str

    def save(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))


def raw_driver(url: str, key: bytes) -> Any:
    """A connection of the driver, opened as the gateway opens its own."""
    held = open_engine(url, key).raw_connection()
    driver = held.driver_connection
    held.detach()
    return driver


def bare(plan: Plan) -> Starlette:
    driver = raw_driver(plan.url, bytes.fromhex(plan.key))

    async def metadata(_: Request) -> Response:
        return Response(b"{}", media_type=_JSON)

    async def resources(request: Request) -> Response:
        query = request.scope["query_string"].decode()
        target = f"{request.scope['path']}?{query}" if query else request.scope["path"]
        texts = [text for sql, values in plan.selects[target] for text in _texts(driver, sql, values)]
        if not query:
            return Response(texts[0], media_type=_JSON)
        return Response(b'{"entry":[%b]}' % b",".join(texts), media_type=_JSON)

    return Starlette(routes=[Route("/fhir/metadata", metadata), Route("/fhir/{rest:path}", resources)])


def _texts(driver: Any, sql: str, values: list[Any]) -> list[bytes]:
    """The stored resources among what a SELECT finds: none when it only counts."""
    cursor = driver.execute(sql, values)
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    if "text" not in names:
        return []
    at = names.index("text")
    return [row[at] for row in rows]


def with_constant(app: ASGIApp, body: bytes) -> ASGIApp:
    """Raw ASGI on `/constant`, the app on the rest."""
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", _JSON.encode()), (b"content-length", str(len(body)).encode())],
    }

    async def raw(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/constant":
            await send(start)
            await send({"type": "http.response.body", "body": body})
        else:
            await app(scope, receive, send)

    return raw


def main(port: str, path: str) -> None:
    plan = Plan(**json.loads(Path(path).read_text()))
    app = with_constant(bare(plan), plan.constant.encode())
    uvicorn.run(app, host="127.0.0.1", port=int(port), access_log=False, log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
