"""A real server process with an approved document, a draft beside it, and an EHR elsewhere that may have the patient's
record until the consent is revoked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gateway.fhir import profiles
from tests.house import House, gather
from tests.server import serving


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
