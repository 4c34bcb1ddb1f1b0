"""The gateway and its limits measured in turn, round after round, so that a noisy machine treats them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from statistics import median
from typing import Any

import msgspec

from tests.benchmarks.charts import Post
from tests.benchmarks.load import Burst, burst, request
from tests.benchmarks.processes import Server
from tests.benchmarks.recording import Statement, replay
from tests.benchmarks.sessions import MAPPING
from tests.benchmarks.stage import Stage, Written, pending

_BOUNDARY = "part-of-a-session"
_FHIR = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: rounds, seconds of a burst, submissions of a round for each number of clients,
    patients with documents, resources of the one with a whole chart, patients of whom consent is asked."""

    rounds: int
    seconds: float
    writes: int
    patients: int
    chart: int
    population: int


@dataclass
class Measured:
    """One subject with so many clients: its bursts, round by round, and the processor time they took."""

    name: str
    subject: str
    clients: int
    bursts: list[Burst] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        return median(one.rate for one in self.bursts)

    def quantile(self, share: float) -> float:
        return median(one.quantile(share) for one in self.bursts)

    @property
    def cpu_each(self) -> float:
        """Microseconds of processor time for one request."""
        return self.cpu / sum(one.count for one in self.bursts) * 1e6


Do = Callable[[], Burst]
Measure = Callable[[], list[Measured]]


def interleaved(rounds: int, subjects: list[tuple[Measured, Do, Callable[[], float]]]) -> list[Measured]:
    """Each subject once in every round; the first round only warms up."""
    for number in range(rounds + 1):
        for measured, do, clock in subjects:
            before = clock()
            found = do()
            if number:
                measured.bursts.append(found)
                measured.cpu += clock() - before
    return [measured for measured, _, _ in subjects]


def serving(
    name: str,
    stage: Stage,
    scale: Scale,
    gateway: Server,
    limit: Server,
    clients: tuple[int, ...] = (1, 16),
    *,
    raw: bool = False,
) -> list[Measured]:
    """What the stage has targets for under this name."""
    requests = cycle([request("GET", target, stage.ehr.token) for target in stage.targets[name]])
    constant = cycle([request("GET", "/constant")])
    subjects = [
        (Measured(name, subject, number), _sending(server, sent, number, scale.seconds), _clock(server))
        for number in clients
        for subject, server, sent in (("gateway", gateway, requests), ("limit", limit, requests))
    ]
    if raw:
        measured = Measured("raw ASGI, constant bytes", "limit", 16)
        subjects.append((measured, _sending(limit, constant, 16, scale.seconds), _clock(limit)))
    return interleaved(scale.rounds, subjects)


def submitting(stage: Stage, scale: Scale, gateway: Server, written: list[Written], driver: Any) -> list[Measured]:
    payloads = stage.payloads("sent")
    bodies = (_submission(stage, next(payloads).parts) for _ in iter(int, 1))
    parsed = [(tuple(part.data for part in one.payload.parts), one.submission) for one in written]
    return _written("submit", scale, gateway, bodies, _replaying(driver, parsed, scale.writes))


def approving(stage: Stage, scale: Scale, gateway: Server, written: list[Written], driver: Any) -> list[Measured]:
    """Of the drafts that were submitted before."""
    requests = iter([_approval(stage, *draft) for draft in pending(stage)])
    parsed = [((one.draft,), one.approval) for one in written]
    return _written("approve", scale, gateway, requests, _replaying(driver, parsed, scale.writes))


def posting(stage: Stage, scale: Scale, gateway: Server, post: Post, driver: Any) -> list[Measured]:
    """What is written to the FHIR API; the limit inserts what was recorded of others of its kind."""
    bodies = post.bodies(stage.chart, "sent")
    requests = (request("POST", post.address, stage.writer.token, body, content_type=_FHIR) for body in bodies)
    limit = _replaying(driver, [((body,), said) for body, said in post.recorded], post.count(scale.writes))
    return _written(post.name, scale, gateway, requests, limit, post.count(scale.writes))


def _written(
    name: str, scale: Scale, gateway: Server, requests: Iterator[bytes], limit: Do, count: int = 0
) -> list[Measured]:
    def sending(clients: int) -> Do:
        return lambda: burst(gateway.port, _first(requests, count or scale.writes), clients=clients, seconds=60)

    subjects = [(Measured(name, "gateway", number), sending(number), _clock(gateway)) for number in (1, 8)]
    return interleaved(scale.rounds, [*subjects, (Measured(name, "limit", 1), limit, time.process_time)])


def _replaying(driver: Any, works: Sequence[tuple[tuple[bytes, ...], list[Statement]]], count: int) -> Do:
    """The limit of a write: parse what came, insert the same rows, commit; no server, no questions asked."""
    waiting = iter(works)

    def do() -> Burst:
        latencies = []
        began = time.perf_counter()
        for _ in range(count):
            parts, statements = next(waiting)
            start = time.perf_counter()
            for part in parts:
                msgspec.json.decode(part)
            replay(driver, statements)
            latencies.append(time.perf_counter() - start)
        return Burst(latencies, time.perf_counter() - began)

    return do


def _sending(server: Server, requests: Iterator[bytes], clients: int, seconds: float) -> Do:
    return lambda: burst(server.port, requests, clients=clients, seconds=seconds)


def _clock(server: Server) -> Callable[[], float]:
    return lambda: server.cpu


def _first(requests: Iterator[bytes], count: int) -> Iterator[bytes]:
    return iter([next(requests) for _ in range(count)])


def _submission(stage: Stage, parts: Any) -> bytes:
    body = b"".join(
        b'--%b\r\ncontent-disposition: form-data; name="%b"; filename="%b.json"\r\ncontent-type: application/json'
        b"\r\n\r\n%b\r\n" % (_BOUNDARY.encode(), part.name.encode(), part.name.encode(), part.data)
        for part in parts
    )
    body += f"--{_BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={_BOUNDARY}"
    return request("POST", f"/submissions/{MAPPING}", stage.scribe.token, body, content_type=kind)


def _approval(stage: Stage, draft: str, digest: str) -> bytes:
    return request("POST", f"/reviews/{draft}/approval", stage.reviewer.token, if_match=f'"{digest}"')
