"""A real server process on a house's database, reached over real HTTP; what it logs is kept to be looked at."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.house import Cast, House, moved
from tests.world import KEY, PROJECT, World

PATIENCE = 60.0  # seconds a server may take to start on a busy machine


@dataclass
class Server:
    """`log` is all that the process wrote, on either stream."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def kill(self) -> None:
        """As when the power fails: nothing is told to the process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def furnished(cast: Cast, home: Path) -> World:
    """A home folder as `gateway serve` expects it, on a copy of the cast's database."""
    world = moved(cast, home)
    keys = home / "keys"
    keys.mkdir(mode=0o700)
    for name in ("database", "vault", "page"):
        (keys / f"{name}.key").write_text(KEY.hex())
    return world


def start(home: Path, name: str = "server", *, log_level: str = "debug", **settings: str) -> Server:
    """Start a process, with more `settings` by their names; it answers when `await_answer` returns."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address, log = f"http://127.0.0.1:{port}", home.parent / f"{name}.log"
    temporary = home.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GATEWAY_")}
    environment = kept | {
        "GATEWAY_HOME": str(home),
        "GATEWAY_PORT": str(port),
        "GATEWAY_PUBLIC_URL": address,
        "GATEWAY_LOG_LEVEL": log_level,
        "GATEWAY_PACKAGES": str(home / "packages"),
        "TMPDIR": str(temporary),
        **{f"GATEWAY_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("wb") as output:
        command = [sys.executable, "-m", "gateway", "serve"]
        process = subprocess.Popen(command, env=environment, cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT)
    return Server(process, address, log)


def await_answer(server: Server, http: httpx.Client) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.process.poll() is None, f"the server ended: {server.log.read_text()}"
        try:
            if http.get("/fhir/metadata").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the server did not answer")


@contextmanager
def serving(cast: Cast, home: Path, processes: int = 1) -> Iterator[list[tuple[Server, House]]]:
    """So many processes on one database, each with a house that speaks to it."""
    world = furnished(cast, home)
    servers = [start(home, f"server{number}") for number in range(processes)]
    https = [httpx.Client(base_url=server.address, timeout=60, trust_env=False) for server in servers]
    try:
        for server, http in zip(servers, https, strict=True):
            await_answer(server, http)
        yield [(server, House(cast, world, http)) for server, http in zip(servers, https, strict=True)]
    finally:
        for server, http in zip(servers, https, strict=True):
            http.close()
            server.kill()
        world.services.database.close()
