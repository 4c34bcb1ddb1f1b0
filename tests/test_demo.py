"""The demo sees what it promises: every step of the road, walked before the real app with its worker."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest
from starlette.testclient import TestClient

from gateway.api.app import create
from gateway.demo import road, stage
from gateway.demo.cast import gather
from gateway.demo.chapters import CHAPTERS, consenting
from gateway.demo.endpoint import listening
from gateway.demo.handing_in import example
from gateway.fhir import profiles
from gateway.peers.http import Http
from gateway.rules.delivery import SIGNATURE
from gateway.store.migrate import upgrade
from gateway.usecases.services import Services
from gateway.usecases.work import Worker
from tests.world import BASE, KEY, PROJECT, SHARED, services_at

MAPPINGS = PROJECT / "mappings"
EXAMPLE = example(MAPPINGS, "aws-healthscribe", "full")
SESSIONS = SHARED / "samples" / "sessions"
STEPS = [step for chapter in CHAPTERS for _, step in chapter.steps]


@contextmanager
def working(services: Services, http: Http) -> Iterator[None]:
    """What a server does beside answering."""
    worker = Worker(services, http, stage.ESCALATION)
    thread = Thread(target=worker.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(30)


def walk(folder: Path, parts: dict[str, bytes]) -> list[str]:
    """What every step saw, and who stays to look around after the last. Raises NotAsExpected where one saw something
    else."""
    upgrade(f"sqlite:///{folder / 'gateway.db'}", KEY)
    (folder / "none").mkdir()
    services = services_at(folder, profiles.load(folder / "none"))
    with (
        listening() as endpoint,
        closing(Http(origins=None, allow_loopback=True)) as outgoing,
        TestClient(create(services), base_url=BASE) as http,
    ):
        walked = road.Road(http, gather(services, endpoint, outgoing), endpoint, MAPPINGS, parts)
        with working(services, outgoing):
            return [step(walked) for step in (*STEPS, consenting.consent, consenting.pull)]


def test_the_whole_road_on_the_example(tmp_path: Path) -> None:
    seen = walk(tmp_path, EXAMPLE)
    assert len(seen) == len(STEPS) + 2
    assert all(seen)


@pytest.mark.skipif(not SESSIONS.is_dir(), reason=f"no recorded sessions in {SESSIONS.name}")
def test_the_whole_road_on_a_recorded_session(tmp_path: Path) -> None:
    session = min(SESSIONS.glob("annomi-*"))
    seen = walk(tmp_path, {name: (session / f"{name}.json").read_bytes() for name in ("summary", "transcript")})
    assert len(seen) == len(STEPS) + 2


def test_a_step_that_sees_something_else_ends_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(road.Road, "found", lambda *_, **__: [{"id": "leaked"}])
    with pytest.raises(road.NotAsExpected, match="before anybody approved"):
        walk(tmp_path, EXAMPLE)


ON_STAGE = """
import sys, time
from pathlib import Path
from gateway.demo.stage import end_as_by_ctrl_c, free_port, starting
from gateway.settings import Settings

end_as_by_ctrl_c()
port = free_port(0)
here = Settings(home=Path(sys.argv[1]), port=port, public_url=f"http://127.0.0.1:{port}")
with starting(here) as answering:
    answering()
    print(port, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("asking", [signal.SIGTERM, signal.SIGHUP])
def test_the_server_ends_with_the_demo_however_that_is_asked_to_end(tmp_path: Path, asking: signal.Signals) -> None:
    stage_manager = [sys.executable, "-c", ON_STAGE, str(tmp_path)]
    with subprocess.Popen(stage_manager, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PROJECT) as demo:
        assert demo.stdout is not None
        address = "127.0.0.1", int(demo.stdout.readline())
        socket.create_connection(address).close()
        demo.send_signal(asking)
        demo.wait(30)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


@pytest.mark.parametrize("signed", ["", "t=1,v1=00", "t=x", "v1=00"])
def test_the_endpoint_keeps_no_notice_that_the_gateway_has_not_signed(signed: str) -> None:
    with listening() as endpoint:
        endpoint.secrets["/clinic"] = "whsec_known"
        body = b'{"kind": "alert", "about": "Alert/1"}'
        answer = httpx.post(f"{endpoint.address}/clinic", content=body, headers={SIGNATURE: signed})
        assert answer.status_code == 401
        assert endpoint.notices == []
