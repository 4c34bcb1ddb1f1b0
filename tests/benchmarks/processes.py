"""Server processes under measurement, and what /proc tells of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 30.0
_PROBE = b"GET /fhir/metadata HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `start_up` is the time from exec to its first answer."""

    pid: int
    port: int
    start_up: float

    @property
    def cpu(self) -> float:
        """Seconds of processor time that all its threads have used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def peak_memory(self) -> int:
        """The most it ever held, in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*arguments: str, port: int, log: Path, **environment: str) -> Iterator[Server]:
    """`python -m …` in a process of its own until the block ends. Raises RuntimeError when it does not answer."""
    began = time.perf_counter()
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], env=os.environ | environment, stdout=sink, stderr=sink
        )
    try:
        yield Server(process.pid, port, _first_answer(process, port, log) - began)
    finally:
        process.terminate()
        process.wait(15)


def _first_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> float:
    deadline = time.perf_counter() + _PATIENCE
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as probe:
                probe.sendall(_PROBE)
                if probe.recv(12).endswith(b" 200"):
                    return time.perf_counter()
        except OSError:
            time.sleep(0.005)
    raise RuntimeError(f"no answer on port {port}: {log.read_text()[-2000:]}")
