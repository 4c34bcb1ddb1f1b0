"""The real app on a real database under fire: each call is sent as a server would do it, and its answer judged."""

from __future__ import annotations

import json
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import structlog

from gateway.fhir import profiles
from gateway.fhir.check import check
from gateway.fhir.json import parse
from tests.fuzz.calls import Call
from tests.fuzz.hostile import MARK
from tests.house import House, gather, opened
from tests.synthetic import resources_of

PATIENCE = 120.0  # seconds after which a call counts as one that never ends
RENEWED_EVERY = 500  # calls: tokens do not live for ever
_UNWATCHED = ("audit", "token", "assertion", "alembic_version", "witness")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Target:
    """`failures` are the tracebacks that the app has logged."""

    house: House
    failures: list[str]
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    sent: int = 0

    def fire(self, call: Call) -> list[str]:
        """Send it; what is wrong with the answer, or with what it left behind."""
        if self.sent % RENEWED_EVERY == 0:
            self._renew()
        self.sent += 1
        before, began = self.written(), time.perf_counter()
        answer = self._send(call)
        self.slowest = max(self.slowest, time.perf_counter() - began)
        self.statuses[answer.status] += 1
        faults = list(_faults(call, answer, self.written() - before))
        if answer.status >= 500 and self.failures:
            faults.append(self.failures[-1])
        return faults

    def _send(self, call: Call) -> Answer:
        scope, sent = _scope(call, self._token(call.who)), [call.body]
        got: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": sent.pop()} if sent else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            got.append(message)

        async def ask() -> None:
            await self.house.http.app(scope, receive, send)  # type: ignore[attr-defined]

        self.house.http.portal.start_task_soon(ask).result(PATIENCE)  # type: ignore[attr-defined]
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in got[0]["headers"]}
        return Answer(got[0]["status"], headers, b"".join(message.get("body", b"") for message in got[1:]))

    def _token(self, who: str) -> str | None:
        own = {"writer": self.house.writer, "foreign": self.house.foreign_writer, "reader": self.house.own_ehr}
        return {**own, "forged": "x" * 43}.get(who)

    def _renew(self) -> None:
        cast, http = self.house.cast, self.house.http
        self.house.writer, self.house.foreign_writer = cast.writer.token(http), cast.foreign_writer.token(http)
        self.house.own_ehr = cast.own_ehr.token(http)

    def written(self) -> int:
        """Rows written so far, those of the audit and of tokens aside."""
        return int(self.house.rows("SELECT changes FROM witness")[0][0])

    def half_stored(self) -> list[str]:
        """Whatever stands in the database now and could not have come in as a whole."""
        rows = self.house.rows("SELECT type, id, version, text FROM resource WHERE method <> 'DELETE'")
        unfit = [
            f"{kind}/{id}/_history/{version} is stored and not valid: {faults[0].expression}"
            for kind, id, version, text in rows
            if (faults := check(parse(bytes(text))))
        ]
        broken = [f"the database says: {row[0]}" for row in self.house.rows("PRAGMA integrity_check") if row[0] != "ok"]
        return unfit + broken


def _faults(call: Call, answer: Answer, changes: int) -> Iterator[str]:
    if answer.status >= 500:
        yield f"{answer.status}"
    elif answer.status >= 400:
        if changes:
            yield f"{answer.status}, and yet rows changed"
        if call.method != "HEAD" and not _is_outcome(answer):
            yield f"{answer.status} without an OperationOutcome, but {answer.headers.get('content-type')}"
        if MARK.encode() in answer.body:
            yield f"{answer.status} repeats what was sent"
    elif changes and call.method in ("GET", "HEAD", "OPTIONS"):
        yield f"{call.method} changed rows"
    if call.method == "HEAD" and answer.body:
        yield "HEAD answered with a body"
    if any(character in value for value in answer.headers.values() for character in "\r\n\0"):
        yield "a header holds a line break"


def _is_outcome(answer: Answer) -> bool:
    try:
        told = json.loads(answer.body)
    except ValueError:
        return False
    is_fhir = answer.headers.get("content-type", "").startswith("application/fhir+json")
    return is_fhir and told.get("resourceType") == "OperationOutcome" and check(parse(answer.body)) == []


def _scope(call: Call, token: str | None) -> dict[str, Any]:
    """As uvicorn makes it of the request line and the header lines."""
    path, _, query = call.target.partition("?")
    lines = [*call.headers, *([("authorization", f"Bearer {token}")] if token else [])]
    headers = [(name.encode(), value.encode("latin-1")) for name, value in lines]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii", "replace"),
        "root_path": "",
        "query_string": query.encode("ascii", "replace"),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


@contextmanager
def under_fire(folder: Path) -> Iterator[tuple[Target, str, list[str]]]:
    """The target, a patient, and references to what can be read there: a chart of sixty resources and the directory."""
    failures: list[str] = []
    structlog.configure(processors=[_keeping(failures)])
    cast = gather(folder, profiles.load(folder / "no-packages"))
    with opened(cast, folder / "house") as house:
        target = Target(house, failures)
        known = [f"Patient/{house.world.patient}", f"Patient/{cast.neighbour}", f"Organization/{house.world.clinic}"]
        for resource in resources_of(1, 60, known[0]):
            response = house.ask("POST", f"/fhir/{resource['resourceType']}", house.writer, json=resource)
            assert response.status_code == 201, response.text
            known.append("/".join(response.headers["location"].split("/")[-4:-2]))
        _watch(house)
        yield target, house.world.patient, known
    structlog.reset_defaults()


def _keeping(failures: list[str]) -> Any:
    def keep(_: Any, __: str, event: Any) -> Any:
        failure = event.get("exc_info")
        if isinstance(failure, BaseException):
            failures.append("".join(traceback.format_exception(failure)[-6:]))
        raise structlog.DropEvent

    return keep


def _watch(house: House) -> None:
    """Count every row that is written from now on, in the transaction that writes it, so that none goes unseen."""
    with house.world.services.database.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE witness (changes INTEGER)")
        connection.exec_driver_sql("INSERT INTO witness VALUES (0)")
        for name in house.tables():
            if name in _UNWATCHED:
                continue
            for act in ("INSERT", "UPDATE", "DELETE"):
                body = "BEGIN UPDATE witness SET changes = changes + 1; END"
                connection.exec_driver_sql(f"CREATE TRIGGER witness_{name}_{act} AFTER {act} ON {name} {body}")
        connection.commit()
