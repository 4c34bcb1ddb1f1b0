"""What is done without being asked: escalations and deliveries. Any number of workers may share one database."""

from __future__ import annotations

from datetime import timedelta
from threading import Event as Signal

import structlog

from gateway.events import Event
from gateway.peers.http import Http
from gateway.usecases.delivering import deliver
from gateway.usecases.escalating import escalate
from gateway.usecases.services import Services

_log = structlog.get_logger()
_POLL_SECONDS = 1.0


class Worker:
    """`patience`: how long an alert may wait for its acknowledgement."""

    def __init__(self, services: Services, http: Http, patience: timedelta) -> None:
        self._services = services
        self._http = http
        self._patience = patience
        self._stopped = Signal()

    def once(self) -> int:
        """A round; how much there was to do."""
        return escalate(self._services, self._patience) + deliver(self._services, self._http)

    def run(self) -> None:
        """Rounds until `stop`. One that fails is told in the log; what it left undone falls due again."""
        while not self._stopped.is_set():
            try:
                done = self.once()
            except Exception as failure:  # a database that is away comes back
                _log.error(Event.WORK_FAILED, exc_info=failure)
                done = 0
            if not done:
                self._stopped.wait(_POLL_SECONDS)

    def stop(self) -> None:
        """End after the round that is under way."""
        self._stopped.set()
