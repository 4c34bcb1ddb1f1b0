"""The stage of the demo: a server process of its own on a fresh database, reached over real HTTP."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx

from gateway.settings import PROJECT, Settings

FOLDER = PROJECT / "var" / "demo"
PATIENCE = 30.0  # seconds a server may take to start
ESCALATION = timedelta(seconds=3)  # instead of the minutes a clinic has


def free_port(wanted: int = 8080) -> int:
    """`wanted` where nobody listens on it, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")


def fresh_settings() -> Settings:
    """Settings of a database nobody has used; what an earlier demo left is removed."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    return Settings(home=FOLDER, port=port, public_url=address, database_url=None, allow_loopback_peers=True)


def end_as_by_ctrl_c() -> None:
    """Whatever asks this process to end does it as Ctrl-C does, so that the server ends as well."""
    for asking in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asking, signal.default_int_handler)


@contextmanager
def starting(settings: Settings) -> Iterator[Callable[[], httpx.Client]]:
    """The server in a process of its own, which is starting; what is given waits until it answers, and speaks to it."""
    environment = os.environ | {
        "GATEWAY_HOME": str(settings.home),
        "GATEWAY_PORT": str(settings.port),
        "GATEWAY_PUBLIC_URL": settings.public_url,
        "GATEWAY_ALLOW_LOOPBACK_PEERS": "true",  # the clinics' endpoint is here
        "GATEWAY_ESCALATION_MINUTES": str(ESCALATION / timedelta(minutes=1)),
        "GATEWAY_LOG_LEVEL": "error",  # an alert that is escalated is a warning, and part of the walk
    }
    server = subprocess.Popen([sys.executable, "-m", "gateway", "serve"], env=environment, cwd=PROJECT)
    try:
        with httpx.Client(base_url=settings.public_url, timeout=30, trust_env=False) as http:
            yield lambda: _answering(http, server)
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _answering(http: httpx.Client, server: subprocess.Popen[bytes]) -> httpx.Client:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("the server ended before it answered; its output above says why")
        try:
            if http.get("/fhir/metadata").status_code == httpx.codes.OK:
                return http
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"the server did not answer within {PATIENCE:.0f} seconds")
