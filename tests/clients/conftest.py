"""A real server process with an approved document, a draft beside it, and an EHR elsewhere that may have the patient's
record until the consent is revoked."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.fhir import profiles
from tests.house import House, gather
from tests.server import serving

HERE = Path(__file__).parent


@dataclass
class Treated:
    """The house, the FHIR base the clients are pointed at, the approved document and the consent to it."""

    house: House
    base: str
    document: str
    consent: str


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    cast = gather(tmp_path_factory.mktemp("cast"), profiles.load(tmp_path_factory.mktemp("no-packages")))
    with serving(cast, tmp_path_factory.mktemp("clients") / "home") as ((_, house),):
        yield house


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts beside the clients they use; skips where npm cannot install them."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    for source in (HERE / "package.json", HERE / "package-lock.json", *HERE.glob("*.mjs")):
        shutil.copy(source, folder)
    bounds = ["--fetch-retries=1", "--fetch-timeout=20000"]
    scope = ["--omit=optional", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
    command = ["npm", "ci", *scope, *bounds]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not reach its registry in time")
    if done.returncode:
        pytest.skip(f"npm could not install the clients: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture
def treated(gateway: House, request: pytest.FixtureRequest) -> Iterator[Treated]:
    name = str(request.node.name)[:40]
    document = gateway.approve(gateway.draft(f"approved-{name}"))["DocumentReference"]
    pending = gateway.draft(f"pending-{name}")
    consent = gateway.grant()
    yield Treated(gateway, f"{str(gateway.http.base_url).rstrip('/')}/fhir", document, consent)
    gateway.revoke(consent)
    for draft in (pending,):
        gateway.step(draft, "rejection", body={"reason": "Done with it."})
