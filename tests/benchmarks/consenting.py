"""What consent costs a search across everybody, and how soon a revocation works in another process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from statistics import median

import httpx
import msgspec

from gateway.rules.cases.held import PHQ9
from gateway.settings import Settings
from tests.benchmarks.load import Burst, burst, request
from tests.benchmarks.measures import Measured, Scale, interleaved
from tests.benchmarks.population import Population
from tests.benchmarks.processes import Server, free_port, running
from tests.benchmarks.stage import Role

_UNGUARDED = "tests.benchmarks.unguarded"
_CODE = f"code=http%3A%2F%2Floinc.org%7C{PHQ9}"
SEARCHES = {
    "one code, 50 hits": f"/fhir/Observation?{_CODE}&_count=50",
    "one code, the newest 50": f"/fhir/Observation?{_CODE}&_count=50&_sort=-date",
    "one code in one month, 50 hits": f"/fhir/Observation?{_CODE}&date=2026-05&_count=50",
    "how many of one code": f"/fhir/Observation?{_CODE}&_summary=count",
}
SEARCH_HEADS = ("search", "who may see", "hits", "ms", "ms without consent", "time ratio", "CPU ratio")
REVOKE_HEADS = ("after the answer to a revocation in one process", "value")
Row = tuple[str, ...]
Subject = tuple[Measured, Callable[[], Burst], Callable[[], float]]


def searching(population: Population, scale: Scale) -> list[Row]:
    """Each search by each recipient, in turn with the same request to a gateway that asks no consent."""
    recipients = {"everybody's": population.dense, "1 in 100": population.sparse, "nobody's": population.nobody}
    own = f"/fhir/Observation?patient={population.patient}"
    with _served(population.settings, "gateway") as mine, _served(population.settings, _UNGUARDED) as other:
        rows = [
            _searched(name, target, who, role, scale, mine, other)
            for name, target in SEARCHES.items()
            for who, role in recipients.items()
        ]
        rows.append(_searched("of one patient", own, "that patient's", population.dense, scale, mine, other))
    return rows


def _searched(name: str, target: str, who: str, role: Role, scale: Scale, mine: Server, other: Server) -> Row:
    hits, without = _hits(mine, target, role), _hits(other, target, role)
    if hits is None or without is None:
        return name, who, "refused: it would take too long", *(["–"] * 4)
    sent = request("GET", target, role.token)
    subjects = [_subject(name, server, sent, scale) for server in (mine, other)]
    guarded, free = interleaved(scale.rounds, subjects)
    ours, theirs = guarded.quantile(0.5), free.quantile(0.5)
    ratio = guarded.cpu_each / max(free.cpu_each, 1e-9)
    return name, who, str(hits), f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}", f"{ratio:.2f}"


def _subject(name: str, server: Server, sent: bytes, scale: Scale) -> Subject:
    send = partial(burst, server.port, repeat(sent), clients=1, seconds=scale.seconds)
    return Measured(name, "gateway", 1), send, lambda: server.cpu


def _hits(server: Server, target: str, role: Role) -> int | None:
    """None when the server says that the search would take too long."""
    with _http(server, role) as http:
        answer = http.get(target)
    if answer.status_code == httpx.codes.BAD_REQUEST:
        return None
    found = msgspec.json.decode(answer.raise_for_status().content)
    return len(found.get("entry", ())) or int(found.get("total", 0))


def revoking(population: Population, times: int) -> list[Row]:
    """A consent is granted and revoked in one process, and the score asked for in the other, again and again."""
    asked, took = [], []
    with (
        _served(population.settings, "gateway") as one,
        _served(population.settings, "gateway") as other,
        _http(one, population.staff) as here,
        _http(other, population.nobody) as there,
    ):
        for _ in range(times):
            consent = _granted(here, population)
            if not _is_open(there, population):
                raise RuntimeError("a consent that was granted does not work")
            here.post(f"/consents/{consent}/revocation").raise_for_status()
            began, requests = time.perf_counter(), 1
            while _is_open(there, population):
                requests += 1
            took.append((time.perf_counter() - began) * 1000)
            asked.append(requests)
    return [
        ("revocations measured", str(times)),
        ("requests to the other process until it refuses, at most", str(max(asked))),
        ("ms until that refusal is there, median", f"{median(took):.2f}"),
        ("ms until that refusal is there, at most", f"{max(took):.2f}"),
    ]


def _granted(staff: httpx.Client, population: Population) -> str:
    recipient = f"Organization/{population.nobody.caller.organization_id}"
    form = {"patient": population.patient, "recipients": [recipient], "purposes": ["TREAT"]}
    return str(staff.post("/consents", json=form).raise_for_status().json()["id"])


def _is_open(recipient: httpx.Client, population: Population) -> bool:
    return recipient.get(f"/fhir/Observation/{population.score}").status_code == httpx.codes.OK


def _http(server: Server, role: Role) -> httpx.Client:
    base = f"http://127.0.0.1:{server.port}"
    return httpx.Client(base_url=base, headers=role.header, trust_env=False, timeout=60)


@contextmanager
def _served(settings: Settings, module: str) -> Iterator[Server]:
    """`module serve` in a process of its own on the database."""
    home, port = settings.home, free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {"GATEWAY_HOME": str(home), "GATEWAY_PORT": str(port), "GATEWAY_PUBLIC_URL": address}
    with running(module, "serve", port=port, log=home / "server.log", GATEWAY_LOG_LEVEL="warning", **environment) as it:
        yield it
