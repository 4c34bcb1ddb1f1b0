"""One assertion, used at the same time: exactly one use wins, in one process, in two, and after a restart."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

SERVER = Path(__file__).with_name("conftest.py")
KEY = bytes(range(32)).hex()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def processes(database_url: str, public_url: str, ports: list[int]) -> Iterator[list[str]]:
    """The gateway's OAuth side, one process per port, all on one database."""
    command = [sys.executable, str(SERVER), database_url, KEY, public_url]
    running = [subprocess.Popen([*command, str(port)], cwd=SERVER.parents[3]) for port in ports]
    try:
        for port in ports:
            wait_for(f"http://127.0.0.1:{port}/fhir/.well-known/smart-configuration")
        yield [f"http://127.0.0.1:{port}/oauth/token" for port in ports]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(10)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(url)


def outcomes(urls: list[str], form: dict[str, str]) -> list[str]:
    """What each of several simultaneous uses of one form hears."""

    def use(url: str) -> str:
        answer = httpx.post(url, data=form, timeout=60)
        return "token" if answer.status_code == 200 else str(answer.json()["error"])

    with ThreadPoolExecutor(len(urls)) as pool:
        return sorted(pool.map(use, urls))


@pytest.fixture
def signer(ehr: Any, clock: Any) -> Any:
    """The servers of this module live in real time and under an address of their own."""
    clock.now = datetime.now(UTC)
    ehr.audience = "http://127.0.0.1:8080/oauth/token"
    return ehr


@pytest.mark.spec("S-084")
def test_of_parallel_uses_exactly_one_wins(signer: Any, database_url: str) -> None:
    public_url = "http://127.0.0.1:8080"
    two_ports = [free_port(), free_port()]
    with processes(database_url, public_url, two_ports) as (one, other):
        for urls in ([one, one], [one, other], [one, other] * 4):
            refused = ["invalid_client"] * (len(urls) - 1)
            assert outcomes(urls, signer.form()) == [*refused, "token"]
        kept = signer.form()
        assert outcomes([one], kept) == ["token"]
    with processes(database_url, public_url, [free_port()]) as (restarted,):
        assert outcomes([restarted], kept) == ["invalid_client"]
        assert outcomes([restarted], signer.form()) == ["token"]
