"""The limits: servers that do nothing but what must be done. Run as `python -m tests.benchmarks.limits PORT PLAN`.

`/fhir/…`: a bare Starlette app that runs the gateway's own SELECT on the same encrypted file with the raw driver and
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
    """The database, and the SELECTs: values by the id that is read, by the patient that is searched for."""

    url: str
    key: str
    text_column: int
    read: str
    reads: dict[str, list[Any]]
    search: str
    searches: dict[str, list[Any]]
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

    async def read(request: Request) -> Response:
        row = driver.execute(plan.read, plan.reads[request.path_params["id"]]).fetchone()
        return Response(row[plan.text_column], media_type=_JSON)

    async def search(request: Request) -> Response:
        rows = driver.execute(plan.search, plan.searches[request.query_params["patient"]]).fetchall()
        texts = b",".join([row[plan.text_column] for row in rows])
        return Response(b'{"entry":[%b]}' % texts, media_type=_JSON)

    return Starlette(
        routes=[
            Route("/fhir/metadata", metadata),
            Route("/fhir/{type}/{id}", read),
            Route("/fhir/{type}", search),
        ]
    )


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
