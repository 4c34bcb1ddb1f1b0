"""The gateway and @medplum/fhir-router, with the same resources in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.fhir.search.table import TYPES
from tests.conformance import tools
from tests.conformance.speaker import Speaker, speaking
from tests.house import House
from tests.synthetic import history_of

Json = dict[str, Any]
SEEDS, ENTRIES = (1, 2, 3), 90
ALL = "_count=500"


@dataclass
class Both:
    house: House
    peer: Speaker
    resources: list[Json]

    def ours(self, url: str) -> Json:
        response = self.house.get(f"/fhir/{url}", self.house.own_ehr)
        assert response.status_code == 200, f"{url}: {response.text}"
        found: Json = response.json()
        return found

    def theirs(self, url: str) -> Json:
        answer = self.peer.ask({"method": "GET", "url": url})
        assert answer["status"] == 200, f"{url}: {answer['resource']}"
        found: Json = answer["resource"]
        return found

    def of(self, type: str) -> list[Json]:
        return [each for each in self.resources if each["resourceType"] == type]


def matches_of(bundle: Json) -> list[str]:
    entries = [each for each in bundle.get("entry", []) if each.get("search", {}).get("mode", "match") == "match"]
    return [f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in entries]


@contextmanager
def both_of(house: House, folder: Path) -> Iterator[Both]:
    """Both, once histories are on record with the gateway and copied to the other."""
    for seed in SEEDS:
        answer = house.ask("POST", "/fhir", house.writer, json=history_of(seed, ENTRIES))
        assert answer.status_code == 200, answer.text
    searchable = [name for name, table in TYPES.items() if "search-type" in table.interactions and name != "AuditEvent"]
    with speaking(["node", str(tools.script("server.mjs"))], folder) as peer:
        found = [each for name in searchable for each in house.found(f"/fhir/{name}?{ALL}", house.own_ehr)]
        for each in found:
            peer.ask({"method": "PUT", "url": f"{each['resourceType']}/{each['id']}", "body": each})
        yield Both(house, peer, found)
