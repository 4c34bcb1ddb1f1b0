"""fhir-kit-client (npm) as the EHR of another clinic."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Treated

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside its installed dependencies; skips where npm cannot install them."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "read.mjs"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=20000"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not reach its registry in time")
    if done.returncode:
        pytest.skip(f"npm could not install fhir-kit-client: {done.stderr.strip().splitlines()[-1:]}")
    return folder / "read.mjs"


def seen(script: Path, treated: Treated) -> dict[str, Any]:
    """What the EHR sees."""
    arguments = [treated.base, treated.house.ehr, "34904-3", treated.house.world.patient]
    command = ["node", str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_finds_and_reads_until_the_consent_is_revoked(script: Path, treated: Treated) -> None:
    before = seen(script, treated)
    assert before["fhirVersion"] == "4.0.1"
    assert treated.document in before["matches"]
    assert all("Sleeps five hours a night." in text for text in before["texts"])
    assert before["told"] >= before["included"] > 0
    assert before["pages"] == (before["told"] + 1) // 2
    assert before["missing"] == "404 OperationOutcome"
    treated.house.revoke(treated.consent)
    after = seen(script, treated)
    assert (after["matches"], after["texts"], after["told"], after["included"]) == ([], [], 0, 0)
