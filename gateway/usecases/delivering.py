"""Send what is due to the endpoints of organizations: at least once each, by whichever worker takes it.

Each delivery is taken in one transaction and its outcome kept in another; nothing is held while the other side answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog

from gateway.events import Event
from gateway.peers.http import Http, PeerRefused
from gateway.rules.access import Caller
from gateway.rules.audit import Act, AuditEntry, Outcome
from gateway.rules.delivery import DELIVERY, SIGNATURE, pause_after, signature
from gateway.store import deliveries, endpoints
from gateway.store.deliveries import Delivery
from gateway.store.vault import VaultFault
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services

_log = structlog.get_logger()
LEASE = timedelta(seconds=60)  # far longer than an answer may take
AT_ONCE = 8


def worker(services: Services, custodian_id: str) -> Asked:
    """The gateway itself, which acts for whom the delivery or the alert belongs to."""
    return Asked(Caller("worker", "worker", custodian_id, frozenset(), "HOPERAT"), services.clock())


def deliver(services: Services, http: Http) -> int:
    """Attempt what is due, some at once; how many were attempted."""
    with services.database.read() as db:
        if not deliveries.any_due(db, services.clock()):
            return 0
    with services.database.write() as writer:
        until = writer.at + LEASE
        taken = deliveries.take(
            writer, lambda each: _entry(services, each, attempt=each.attempts + 1), until=until, count=AT_ONCE
        )
    _attempt_all(services, http, taken)
    return len(taken)


def _attempt_all(services: Services, http: Http, taken: Sequence[Delivery]) -> None:
    """One organization that does not answer keeps no other waiting."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as pool:
        for done in [pool.submit(_attempt, services, http, each) for each in taken]:
            done.result()


def _attempt(services: Services, http: Http, taken: Delivery) -> None:
    status = _send(services, http, taken)
    has_arrived = status is not None and 200 <= status < 300
    told: dict[str, Any] = {"attempt": taken.attempts + 1} | ({"status": status} if status is not None else {})
    with services.database.write() as writer:
        if has_arrived:
            assert status is not None
            deliveries.delivered(writer, _entry(services, taken, **told), taken, status)
        else:
            again = writer.at + pause_after(taken.attempts + 1)
            entry = _entry(services, taken, outcome=Outcome.REFUSED, **told)
            deliveries.failed(writer, entry, taken, status, again)
    event = Event.DELIVERED if has_arrived else Event.DELIVERY_FAILED
    _log.info(event, delivery=taken.id, status=status, count=taken.attempts + 1)


def _send(services: Services, http: Http, taken: Delivery) -> int | None:
    """The status of the answer; None when there was none, or is no endpoint any more."""
    try:
        with services.database.read() as db:
            endpoint = endpoints.read(db, services.vault, taken.organization_id)
        if endpoint is None:
            return None
        headers = {
            "content-type": "application/json",
            SIGNATURE: signature(endpoint.secret, services.clock(), taken.body),
            DELIVERY: taken.id,
        }
        return http.post(endpoint.url, taken.body, headers)
    except (PeerRefused, VaultFault):
        return None


def _entry(services: Services, of: Delivery, outcome: Outcome = Outcome.DONE, **told: Any) -> AuditEntry:
    detail = {"delivery": of.id, "kind": of.kind, "about": of.about, **told}
    target = f"Organization/{of.organization_id}"
    return worker(services, of.custodian_id).entry(Act.DELIVER, target, outcome=outcome, detail=detail)
