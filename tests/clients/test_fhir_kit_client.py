"""fhir-kit-client (npm) as the EHR of another clinic."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.clients.conftest import Treated


def seen(node: Path, treated: Treated) -> dict[str, Any]:
    """What the EHR sees."""
    arguments = [treated.base, treated.house.ehr, "34904-3", treated.house.world.patient]
    command = ["node", str(node / "read_fhir_kit_client.mjs"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_finds_and_reads_until_the_consent_is_revoked(node: Path, treated: Treated) -> None:
    before = seen(node, treated)
    assert before["fhirVersion"] == "4.0.1"
    assert treated.document in before["matches"]
    assert all("Sleeps five hours a night." in text for text in before["texts"])
    assert before["told"] >= before["included"] > 0
    assert before["pages"] == (before["told"] + 1) // 2
    assert before["missing"] == "404 OperationOutcome"
    treated.house.revoke(treated.consent)
    after = seen(node, treated)
    assert (after["matches"], after["texts"], after["told"], after["included"]) == ([], [], 0, 0)
