"""Five clients of other people, unmodified, run one errand: load a history, search, page, read, write, be refused."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.errands import Errand, Seen, with_fhirclient, with_fhirpy
from tests.house import House
from tests.synthetic import history_of

ENTRIES = 60
FLAG = {"resourceType": "Flag", "status": "active", "code": {"text": "Call back the same day"}}
IN_PYTHON = {"fhirpy": with_fhirpy, "fhirclient": with_fhirclient}
IN_NODE = ("fhir_kit_client", "fhirclient", "medplum")


def run(house: House, seed: int, do: Callable[[Errand], Seen]) -> None:
    history = history_of(seed, ENTRIES)
    base = f"{str(house.http.base_url).rstrip('/')}/fhir"
    seen = do({"base": base, "token": house.writer, "history": history, "flag": FLAG})
    resources = [entry["resource"] for entry in history["entry"]]
    assert seen["fhirVersion"] == "4.0.1"
    assert [status[:3] for status in seen["loaded"] if status[:3] not in ("200", "201")] == []
    assert len(seen["loaded"]) == ENTRIES
    kinds = Counter(each["resourceType"] for each in resources)
    assert len(seen["observations"]) == len(set(seen["observations"])) == kinds["Observation"] > 4
    assert seen["family"] == next(each["name"][0]["family"] for each in resources if each["resourceType"] == "Patient")
    assert seen["versions"] == ["1", "2"]
    assert seen["status"] == "inactive"
    assert seen["stale"] in (412, "conflict")
    assert seen["missing"] in (404, "not-found")


@pytest.mark.spec("F-070", "F-073", "F-124", "F-163")
@pytest.mark.parametrize("client", IN_PYTHON)
def test_a_client_in_python_runs_its_errand(gateway: House, client: str) -> None:
    run(gateway, 100 + list(IN_PYTHON).index(client), IN_PYTHON[client])


@pytest.mark.spec("F-070", "F-073", "F-124", "F-163")
@pytest.mark.parametrize("client", IN_NODE)
def test_a_client_in_javascript_runs_its_errand(gateway: House, node: Path, client: str) -> None:
    def errand(given: Errand) -> Seen:
        command = ["node", str(node / f"errand_{client}.mjs")]
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, done.stderr
        seen: Seen = json.loads(done.stdout)
        return seen

    run(gateway, 200 + IN_NODE.index(client), errand)
