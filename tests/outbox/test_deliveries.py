"""What an organization is told arrives at least once: signed, without content, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from threading import Thread

import pytest

from gateway.errors import NotFound, Unprocessable
from gateway.peers.http import Http
from gateway.rules.delivery import signature
from gateway.usecases import alerts, endpoints
from gateway.usecases.work import Worker
from tests.outbox.conftest import PATIENCE, Outbox
from tests.world import PROJECT

VICTIM = """
import os, pathlib, signal, sys
from datetime import UTC, datetime, timedelta
from gateway.fhir import profiles
from gateway.peers.http import Http
from gateway.store import deliveries
from gateway.usecases.work import Worker
from tests import world
from dataclasses import replace

folder, now = pathlib.Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
services = world.services_at(folder, profiles.load(folder / "none"))
database = world.Database(f"sqlite:///{folder / 'gateway.db'}", world.KEY, clock=lambda: now)

def die(*_):
    print("sent", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

deliveries.delivered = die
services = replace(services, database=database, clock=lambda: now)
Worker(services, Http(origins=None, allow_loopback=True), timedelta(minutes=15)).once()
"""


def test_an_alert_reaches_the_endpoint_in_the_next_round(outbox: Outbox) -> None:
    outbox.register()
    alert = outbox.alarm()
    assert outbox.worker.once() == 1
    ((headers, body),) = outbox.clinic.got
    (delivery,) = outbox.standing(alert)
    assert json.loads(body) == {
        "id": delivery.id,
        "kind": "alert",
        "about": f"Alert/{alert}",
        "alert": alert,
        "at": "2026-09-01T12:00:00.000000Z",
    }
    assert headers["content-type"] == "application/json"
    assert headers["x-gateway-delivery"] == delivery.id
    assert headers["x-gateway-signature"] == signature(outbox.secret.encode(), outbox.clock.now, body)
    assert (delivery.attempts, delivery.last_status, delivery.due_at) == (1, 200, None)
    assert delivery.delivered_at == outbox.clock.now
    assert outbox.worker.once() == 0


def test_nothing_of_the_patient_leaves_with_it(outbox: Outbox) -> None:
    outbox.register()
    outbox.alarm()
    outbox.worker.once()
    ((headers, body),) = outbox.clinic.got
    sent = body.decode() + json.dumps(headers)
    assert not [word for word in (outbox.world.patient, "44260", "Rivers", "Observation", "phq") if word in sent]


@pytest.mark.parametrize("status", [500, 503, 404, 401, 302])
def test_what_is_not_accepted_is_sent_again_later_under_the_same_id(outbox: Outbox, status: int) -> None:
    outbox.register()
    alert = outbox.alarm()
    outbox.clinic.answers = [status, status]
    outbox.worker.once()
    (delivery,) = outbox.standing(alert)
    assert (delivery.attempts, delivery.last_status, delivery.delivered_at) == (1, status, None)
    assert outbox.worker.once() == 0
    outbox.clock.turn(seconds=5)
    outbox.worker.once()
    outbox.clock.turn(seconds=9)
    assert outbox.worker.once() == 0
    outbox.clock.turn(seconds=1)
    outbox.worker.once()
    assert [each["id"] for each in outbox.clinic.bodies()] == [delivery.id] * 3
    assert outbox.standing(alert)[0].last_status == 200


def test_an_endpoint_that_is_down_gets_it_when_it_is_up_again(outbox: Outbox) -> None:
    outbox.clinic.url, up = "http://127.0.0.1:9/alerts", outbox.clinic.url
    outbox.register()
    alert = outbox.alarm()
    outbox.worker.once()
    assert (outbox.standing(alert)[0].attempts, outbox.standing(alert)[0].last_status) == (1, None)
    outbox.clinic.url = up
    outbox.register()
    outbox.worker.once()
    assert outbox.standing(alert)[0].delivered_at is not None


def test_an_endpoint_that_does_not_answer_in_time_is_asked_again(outbox: Outbox) -> None:
    outbox.register()
    alert = outbox.alarm()
    outbox.clinic.delay = 1.5
    hasty = Http(origins=None, allow_loopback=True, seconds=0.5)
    Worker(outbox.world.services, hasty, PATIENCE).once()
    hasty.close()
    assert outbox.standing(alert)[0].last_status is None
    outbox.clinic.delay = 0.0
    outbox.clock.turn(seconds=5)
    outbox.worker.once()
    first, second = outbox.clinic.bodies()
    assert first == second


def test_one_slow_endpoint_keeps_no_other_waiting(outbox: Outbox) -> None:
    outbox.register()
    for _ in range(4):
        outbox.alarm()
    outbox.clinic.delay = 0.4
    assert outbox.worker.once() == 4
    assert len({each["id"] for each in outbox.clinic.bodies()}) == 4


def test_without_an_endpoint_it_waits_for_one(outbox: Outbox) -> None:
    alert = outbox.alarm()
    assert outbox.worker.once() == 0
    assert outbox.standing(alert)[0].due_at is None
    outbox.register()
    outbox.worker.once()
    assert [each["alert"] for each in outbox.clinic.bodies()] == [alert]


def test_a_removed_endpoint_gets_nothing_more(outbox: Outbox) -> None:
    outbox.register()
    outbox.clinic.answers = [500]
    outbox.alarm()
    outbox.worker.once()
    endpoints.remove(outbox.world.services, outbox.world.asked())
    outbox.clock.turn(hours=2)
    outbox.worker.once()
    assert len(outbox.clinic.got) == 1
    with pytest.raises(NotFound):
        endpoints.remove(outbox.world.services, outbox.world.asked())


def test_a_worker_killed_after_sending_leaves_it_to_be_sent_once_more(outbox: Outbox) -> None:
    outbox.register()
    alert = outbox.alarm()
    victim = subprocess.run(
        [sys.executable, "-c", VICTIM, str(outbox.folder), outbox.clock.now.isoformat()],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=dict(os.environ),
    )
    assert (victim.returncode, victim.stdout) == (-signal.SIGKILL, "sent\n"), victim.stderr
    assert outbox.standing(alert)[0].delivered_at is None
    assert outbox.worker.once() == 0  # its lease lasts
    outbox.clock.turn(seconds=61)
    outbox.worker.once()
    first, second = outbox.clinic.bodies()
    assert first == second
    assert outbox.standing(alert)[0].delivered_at is not None


def test_two_workers_send_each_once(outbox: Outbox) -> None:
    outbox.register()
    raised = {outbox.alarm() for _ in range(20)}
    other, database = outbox.another_worker()

    def work(worker: Worker) -> None:
        while worker.once():
            pass

    threads = [Thread(target=work, args=(each,)) for each in (outbox.worker, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    database.close()
    assert sorted(each["alert"] for each in outbox.clinic.bodies()) == sorted(raised)


def test_a_late_failure_does_not_undo_what_another_worker_has_delivered(outbox: Outbox) -> None:
    outbox.register()
    alert = outbox.alarm()
    outbox.clinic.answers, outbox.clinic.delay = [500], 0.8
    slow = Thread(target=outbox.worker.once)
    slow.start()
    while not outbox.clinic.got:
        time.sleep(0.01)
    outbox.clinic.delay = 0.0
    outbox.clock.turn(seconds=61)
    other, database = outbox.another_worker()
    other.once()
    slow.join(30)
    database.close()
    (delivery,) = outbox.standing(alert)
    assert (delivery.due_at, delivery.last_status) == (None, 200)


def test_every_attempt_is_in_the_log(outbox: Outbox) -> None:
    outbox.register()
    alert = outbox.alarm()
    outbox.clinic.answers = [500]
    outbox.worker.once()
    outbox.clock.turn(seconds=5)
    outbox.worker.once()
    (delivery,) = outbox.standing(alert)
    told = {"delivery": delivery.id, "kind": "alert", "about": f"Alert/{alert}"}
    assert outbox.world.audited("deliver") == [
        ("0", told | {"attempt": 1}),
        ("4", told | {"attempt": 1, "status": 500}),
        ("0", told | {"attempt": 2}),
        ("0", told | {"attempt": 2, "status": 200}),
    ]


@pytest.mark.parametrize(
    "url", ["http://alerts.clinic.example/", "https://10.0.0.1/", "https://clinic.example:22/", "ftp://clinic.example/"]
)
@pytest.mark.spec("X-061")
def test_only_a_public_https_address_can_be_registered(outbox: Outbox, url: str) -> None:
    guarded = Http(origins=None)
    with pytest.raises(Unprocessable):
        endpoints.put(outbox.world.services, outbox.world.asked(), guarded, url)
    guarded.close()


def test_the_secret_is_sealed_in_the_database(outbox: Outbox) -> None:
    outbox.register()
    with outbox.world.services.database.read() as db:
        (sealed,) = db.connection.exec_driver_sql("SELECT sealed FROM endpoint").scalars()
    assert outbox.secret.encode() not in bytes(sealed)


def test_an_alert_that_a_clinician_has_seen_is_not_told_once_more(outbox: Outbox) -> None:
    outbox.register()
    alert = outbox.alarm()
    outbox.worker.once()
    alerts.acknowledge(outbox.world.services, outbox.world.reviewer, alert)
    outbox.clock.turn(hours=1)
    assert outbox.worker.once() == 0


def test_an_alert_that_nobody_acknowledges_is_told_once_more_and_marked(outbox: Outbox) -> None:
    outbox.register()
    alert = outbox.alarm()
    outbox.worker.once()
    outbox.clock.turn(minutes=PATIENCE.total_seconds() / 60)
    assert outbox.worker.once() == 2
    assert [(each["kind"], each["alert"]) for each in outbox.clinic.bodies()] == [
        ("alert", alert),
        ("alert-escalated", alert),
    ]
    outbox.clock.turn(hours=3)
    assert outbox.worker.once() == 0
    assert outbox.world.audited("escalate")[0] == ("0", {"alert": alert})
