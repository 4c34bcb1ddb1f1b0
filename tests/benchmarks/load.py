"""The load: keep-alive connections over bare sockets, each sending its next request when the last answer is whole."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import uvloop


class Unwanted(Exception):
    """An answer that is not a success: a measurement of refusals would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst of requests took: seconds of each, seconds of all."""

    latencies: list[float]
    seconds: float

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def quantile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def request(method: str, target: str, token: str = "", body: bytes = b"", **headers: str) -> bytes:
    """One HTTP/1.1 request as it goes over the wire."""
    lines = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", "accept: application/fhir+json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"authorization: Bearer {token}"] if token else []
    lines += [f"content-length: {len(body)}"] if method == "POST" else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def burst(port: int, requests: Iterator[bytes], *, clients: int, seconds: float) -> Burst:
    """Send until the time is over or nothing is left to send. Raises Unwanted."""
    loop = uvloop.new_event_loop()
    gc.collect()
    gc.disable()
    try:
        return loop.run_until_complete(_burst(loop, port, requests, clients, seconds))
    finally:
        gc.enable()
        loop.close()


async def _burst(
    loop: asyncio.AbstractEventLoop, port: int, requests: Iterator[bytes], clients: int, seconds: float
) -> Burst:
    run = _Run(requests, loop.create_future(), clients)
    opened = [await loop.create_connection(lambda: _Client(run), "127.0.0.1", port) for _ in range(clients)]
    began = time.perf_counter()
    run.deadline = began + seconds
    for _, client in opened:
        client.send_next()
    await run.over
    ended = time.perf_counter()
    for transport, _ in opened:
        transport.close()
    await asyncio.sleep(0)
    return Burst(run.latencies, ended - began)


class _Run:
    def __init__(self, requests: Iterator[bytes], over: asyncio.Future[None], clients: int) -> None:
        self.requests = requests
        self.over = over
        self.busy = clients
        self.deadline = 0.0
        self.latencies: list[float] = []


class _Client(asyncio.Protocol):
    """One connection. Answers carry a Content-Length, so no more of HTTP needs to be known here."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._missing = -1
        self._head = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def send_next(self) -> None:
        now = time.perf_counter()
        following = next(self._run.requests, None) if now < self._run.deadline else None
        if following is None:
            self._run.busy -= 1
            if not self._run.busy and not self._run.over.done():
                self._run.over.set_result(None)
            return
        self._sent = now
        self._transport.write(following)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._missing = self._length(end) - (len(self._head) - end - 4)
            self._head = b""
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._missing = -1
            self._run.latencies.append(time.perf_counter() - self._sent)
            self.send_next()

    def _length(self, end: int) -> int:
        head = self._head[:end].lower()
        if head[9:10] != b"2":
            self._fail(Unwanted(self._head[:800].decode("latin-1")))
            return 0
        at = head.index(b"content-length:") + 15
        return int(head[at:].split(b"\r\n", 1)[0])

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("the server closed a connection"))

    def _fail(self, fault: Exception) -> None:
        if not self._run.over.done():
            self._run.over.set_exception(fault)
