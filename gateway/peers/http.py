"""The one place where the gateway speaks HTTP to others.

Every request goes to an address that was checked after resolving the name, so a name that changes its mind between
check and use gains nothing; TLS still proves the name. No redirects, no proxies, no cookies, no compressed bodies; one
time limit over all, one size limit while the body streams. A caller learns that it failed, never how: what can be
reached from here is nobody's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

import httpx
import stamina
import structlog

from gateway.events import Event
from gateway.peers.addresses import NotAllowed, Resolve, Target, addresses_of, system_resolve, target_of
from gateway.peers.breaker import Breaker

log = structlog.get_logger()
T = TypeVar("T")
HTTPS = frozenset({443, 8443})
ATTEMPTS = 2
WORKERS = 8


class PeerRefused(Exception):
    """The other side could not be asked, or its answer could not be used. The reason is in the log only."""


class _Unusable(Exception):
    """An answer that is no use; asking again would not change it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    """`read` makes of a response what the caller wants of it, until a deadline."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None
    read: Callable[[httpx.Response, float], T]


class Http:
    """Guarded requests. `origins` is the allow-list of partners, as `https://host`; None allows every public host."""

    def __init__(
        self,
        *,
        origins: Collection[str] | None,
        allow_loopback: bool = False,
        ports: frozenset[int] = HTTPS,
        seconds: float = 5.0,
        resolve: Resolve = system_resolve,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._origins = None if origins is None else frozenset(origins)
        self._allow_loopback = allow_loopback
        self._ports = ports
        self._seconds = seconds
        self._resolve = resolve
        self._breaker = Breaker(monotonic)
        self._client = httpx.Client(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(seconds / 2, pool=seconds),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"accept-encoding": "identity", "user-agent": "care-continuity-gateway"},
        )
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="peers")

    def get(self, url: str, *, media_types: Collection[str], limit: int) -> Answer:
        """The body of a 200 answer of one of the media types, at most `limit` bytes. Raises PeerRefused."""
        accepted = frozenset(media_types)
        accept = {"accept": ", ".join(sorted(accepted))}
        return self._carry_out(url, _Question("GET", accept, None, lambda it, end: _read(it, accepted, limit, end)))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, whatever it is; its body is not read. Raises PeerRefused when there is none."""
        return self._carry_out(url, _Question("POST", headers, body, lambda it, _: it.status_code))

    def _carry_out(self, url: str, question: _Question[T]) -> T:
        try:
            target = self.check(url)
        except NotAllowed as refusal:
            self._refuse(url.partition("?")[0][:200], refusal.reason)
        if self._breaker.is_open(target.origin):
            self._refuse(target.origin, "paused")
        try:
            # In a thread of its own, because resolving a name and dripping headers know no time limit.
            done = self._workers.submit(self._connect, target, question).result(self._seconds)
        except NotAllowed as refusal:
            self._failed(target, refusal.reason)
        except _Unusable as refusal:
            self._failed(target, refusal.reason)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._failed(target, type(error).__name__)
        self._breaker.succeeded(target.origin)
        return done

    def check(self, url: str) -> Target:
        """Whether a URL may be asked at all, before its name is resolved. Raises NotAllowed."""
        target = target_of(url, ports=self._ports, allow_loopback=self._allow_loopback)
        if self._origins is not None and target.origin not in self._origins and not target.is_loopback:
            raise NotAllowed("origin")
        return target

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _connect(self, target: Target, question: _Question[T]) -> T:
        """Asks again only where no connection came about, so that nothing is sent twice here."""
        deadline = time.monotonic() + self._seconds
        addresses = addresses_of(target, self._resolve)
        tries = stamina.retry_context(on=httpx.ConnectError, attempts=ATTEMPTS, wait_initial=0.1, timeout=self._seconds)
        for attempt in tries:
            with attempt:
                address = addresses[(attempt.num - 1) % len(addresses)]
                return self._ask(target, address, question, deadline)
        raise _Unusable("no attempt")

    def _ask(self, target: Target, address: str, question: _Question[T], deadline: float) -> T:
        literal = f"[{address}]" if ":" in address else address
        request = self._client.build_request(
            question.method,
            f"{target.scheme}://{literal}:{target.port}{target.path}",
            headers={**question.headers, "host": target.origin.partition("://")[2]},
            content=question.body,
            extensions={"sni_hostname": target.host},
        )
        response = self._client.send(request, stream=True)
        try:
            return question.read(response, deadline)
        finally:
            response.close()

    def _failed(self, target: Target, reason: str) -> NoReturn:
        self._breaker.failed(target.origin)
        self._refuse(target.origin, reason)

    def _refuse(self, url: str, reason: str) -> NoReturn:
        log.warning(Event.PEER_REFUSED, url=url, reason=reason)
        raise PeerRefused("The other side could not be asked.") from None


def _read(response: httpx.Response, media_types: frozenset[str], limit: int, deadline: float) -> Answer:
    _check_head(response, media_types, limit)
    return Answer(response.headers, _body(response, limit, deadline))


def _check_head(response: httpx.Response, media_types: frozenset[str], limit: int) -> None:
    if response.status_code != httpx.codes.OK:
        raise _Unusable(f"status {response.status_code}")
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() not in media_types:
        raise _Unusable("media type")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise _Unusable("encoding")
    length = response.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > limit:
        raise _Unusable("size")


def _body(response: httpx.Response, limit: int, deadline: float) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > limit:
            raise _Unusable("size")
        if time.monotonic() > deadline:
            raise _Unusable("time")
    return bytes(body)
