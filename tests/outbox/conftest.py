"""The clinic of tests/world.py with an endpoint of its own, a worker that can reach it, and a clock that is turned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.fhir import profiles
from gateway.peers.http import Http
from gateway.rules.access import ReviewerSight
from gateway.store import deliveries
from gateway.store.database import Database
from gateway.store.deliveries import Delivery
from gateway.usecases import alerts, endpoints
from gateway.usecases.create import create
from gateway.usecases.work import Worker
from tests.outbox.clinic import Clinic, listening
from tests.world import KEY, World, settle

PATIENCE = timedelta(minutes=15)


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime(2026, 9, 1, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Outbox:
    """The world, the clinic's endpoint (registered as `secret` says), a worker, and the clock of both."""

    world: World
    clinic: Clinic
    worker: Worker
    http: Http
    clock: Clock
    folder: Path
    secret: str = ""

    def register(self) -> None:
        self.secret = endpoints.put(self.world.services, self.world.asked(), self.http, self.clinic.url)

    def alarm(self, answer: int = 1) -> str:
        """A positive item 9 comes in; the id of its alert."""
        before = {each.alert.id for each in alerts.queue(self.world.services, self.world.reviewer)}
        body = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]},
            "subject": {"reference": f"Patient/{self.world.patient}"},
            "effectiveDateTime": self.clock.now.date().isoformat(),
            "valueInteger": answer,
        }
        asked = self.world.asked("system/*.cruds", client="ehr")
        create(self.world.services, asked, "Observation", json.dumps(body).encode())
        (new,) = {each.alert.id for each in alerts.queue(self.world.services, self.world.reviewer)} - before
        return new

    def standing(self, alert_id: str) -> list[Delivery]:
        with self.world.services.database.read() as db:
            return deliveries.about(db, ReviewerSight(self.world.clinic), f"Alert/{alert_id}")

    def another_worker(self) -> tuple[Worker, Database]:
        """One of another process: a database of its own on the same file."""
        database = Database(f"sqlite:///{self.folder / 'gateway.db'}", KEY, clock=self.clock)
        services = replace(self.world.services, database=database)
        return Worker(services, self.http, PATIENCE), database


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    world, clock = settle(tmp_path, profiles.load(tmp_path / "none")), Clock()
    first = world.services.database
    database = Database(f"sqlite:///{tmp_path / 'gateway.db'}", KEY, clock=clock)
    world.services = replace(world.services, database=database, clock=clock)
    http = Http(origins=None, allow_loopback=True, seconds=20)
    with listening() as clinic:
        yield Outbox(world, clinic, Worker(world.services, http, PATIENCE), http, clock, tmp_path)
    http.close()
    world.services.journal.stop()
    database.close()
    first.close()
