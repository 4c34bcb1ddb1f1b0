"""Where a read spends its time: its stages one by one in this process, and what else is good to know."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from itertools import cycle
from typing import Any

import structlog
from starlette.requests import Request

from gateway import wiring
from gateway.api.app import create
from gateway.api.fhir.answers import version
from gateway.api.fhir.negotiation import wish
from gateway.fhir import json
from gateway.fhir.check import check
from gateway.rules.audit import Act
from gateway.store import audit, deciding, resources, visible
from gateway.store.journal import Journal
from gateway.usecases import authenticate, read
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services
from tests.benchmarks.stage import Stage

Row = tuple[str, float]


class Unwritten(Journal):
    """A journal that makes the rows and says at once that they are written."""

    def record(self, entries: Any) -> Future[None]:
        for entry in entries:
            audit.rows_of(entry)
        done: Future[None] = Future()
        done.set_result(None)
        return done


def stages(stage: Stage) -> tuple[list[Row], list[Row]]:
    """Microseconds of processor time of each stage of a read; milliseconds of other work."""
    opened = wiring.services(stage.settings)
    services = replace(opened, journal=Unwritten(opened.database))
    found = _stages(services, stage), _others(services, stage)
    services.database.close()
    return found


def _stages(services: Services, stage: Stage) -> list[Row]:
    gc.collect()
    gc.freeze()  # as the server does when it starts
    asked = Asked(stage.ehr.caller, services.clock(), "r" * 32, "127.0.0.1")
    ids = cycle(stage.documents)
    entry = asked.entry(Act.READ, "DocumentReference/x/_history/1", patient_id="p", detail={"consents": ["c"]})
    with services.database.read() as db:
        values = {**visible.parameters(asked.visibility), "type": "DocumentReference"}
        select = _each(lambda: db.one(resources._READ, {**values, "id": next(ids)}))
        rules = _each(lambda: deciding.rules_of(db, asked.visibility, stage.patients[0]))
        stored = resources.read(db, asked.visibility, "DocumentReference", next(ids))
    assert stored is not None
    request = Request({"type": "http", "method": "GET", "query_string": b"", "headers": [(b"accept", b"*/*")]})
    log = structlog.get_logger()
    whole = _each(lambda: read.read(services, asked, "DocumentReference", next(ids)))
    token = _each(lambda: authenticate.caller_of(services, stage.ehr.token))
    row = _each(lambda: audit.rows_of(entry))
    answer = _each(lambda: version(request, wish(request), stored, stored.text))
    line = _each(lambda: log.info("request.answered", method="GET", route="read", status=200, ms=1.0))
    app = _each_request(services, stage)
    return [
        ("who calls: the token, one point read", token),
        ("the SELECT under consent, pages in the cache", select),
        ("the consents again, for the pure rule", rules),
        ("the audit row made", row),
        ("the rest of the use case: transaction, rule, scopes, entry", whole - select - rules - row),
        ("the answer's headers and body", answer),
        ("the log line", line),
        (
            "the frame, the request, the loop; and stages are dearer when not repeated",
            app - token - whole - answer - line,
        ),
        ("in all, without the server and without writing the audit row", app),
    ]


def _others(services: Services, stage: Stage) -> list[Row]:
    payload = next(stage.payloads("stages"))
    mapping = services.catalogue[payload.mapping]
    parts = {part.name: json.parse(part.data) for part in payload.parts}
    context = parts.pop("context")
    asked = Asked(stage.ehr.caller, services.clock())
    with services.database.read() as db:
        stored = resources.read(db, asked.visibility, "DocumentReference", stage.documents[0])
    assert stored is not None
    document = json.parse(stored.text)
    size = sum(len(part.data) for part in payload.parts)
    return [
        (f"parse a session of {size // 1000} kB", _each(lambda: [json.parse(p.data) for p in payload.parts], 30)),
        ("map it to FHIR", _each(lambda: mapping.apply(parts, context["session"]), 30)),
        (
            f"check a DocumentReference of {len(stored.text) // 1000} kB at the door",
            _each(lambda: check(document, profiles=services.profiles), 30),
        ),
    ]


def _each(do: Callable[[], Any], times: int = 1000) -> float:
    """Microseconds of processor time of one, in the best of three goes."""
    do()
    return min(_timed(do, times) for _ in range(3))


def _timed(do: Callable[[], Any], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        do()
    return (time.process_time() - began) / times * 1e6


def _each_request(services: Services, stage: Stage) -> float:
    """A read through the whole app, without a server."""
    app = create(services)
    ids = cycle(stage.documents)
    headers = [(b"accept", b"application/fhir+json"), (b"authorization", f"Bearer {stage.ehr.token}".encode())]
    answered: list[int] = []

    async def send(message: Any) -> None:
        answered.append(message.get("status", 200))

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def some(times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            scope = {
                "type": "http",
                "method": "GET",
                "path": f"/fhir/DocumentReference/{next(ids)}",
                "query_string": b"",
                "headers": headers,
                "client": ("127.0.0.1", 1),
            }
            await app(scope, receive, send)
        return (time.process_time() - began) / times * 1e6

    async def best() -> float:
        return min([await some(1000) for _ in range(4)])

    found = asyncio.run(best())
    if set(answered) != {200}:
        raise RuntimeError("not every read was answered")
    return found
