"""A server sends what is due by itself: an alert is at the clinic's endpoint moments after it was raised."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from gateway.peers.http import Http
from gateway.usecases import endpoints
from tests.alarms import alarm
from tests.casting import cast, quiet
from tests.house import Cast, House
from tests.outbox.clinic import listening
from tests.server import await_answer, furnished, start

__all__ = ["cast", "quiet"]


def test_a_server_tells_the_clinic_of_an_alert(cast: Cast, tmp_path: Path) -> None:
    world = furnished(cast, tmp_path / "home")
    with listening() as clinic:
        endpoints.put(world.services, world.asked(), Http(origins=None, allow_loopback=True), clinic.url)
        server = start(tmp_path / "home", allow_loopback_peers="true")
        with httpx.Client(base_url=server.address, timeout=60, trust_env=False) as http:
            try:
                await_answer(server, http)
                alert = alarm(House(cast, world, http))
                deadline = time.monotonic() + 30
                while not clinic.got and time.monotonic() < deadline:
                    time.sleep(0.05)
            finally:
                server.kill()
                world.services.database.close()
        assert [each["alert"] for each in clinic.bodies()] == [alert["id"]]
