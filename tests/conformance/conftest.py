"""The gateway with its packages, what it emits, and the validators to show it to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.fhir import profiles
from gateway.fhir.profiles import Profiles
from tests.conformance import packages, tools, validators
from tests.conformance.both import Both, both_of
from tests.conformance.emitted import emitted
from tests.conformance.road import Emitted
from tests.conformance.validators import Npm, Validator
from tests.house import Cast, House, gather, opened

Folder = pytest.TempPathFactory


@pytest.fixture(scope="session")
def guides(tmp_path_factory: Folder) -> Profiles:
    """The guides that emitted resources claim, at the gateway's own door too."""
    if packages.WITHOUT:
        pytest.skip(packages.WITHOUT)
    folder = tmp_path_factory.mktemp("guides")
    for guide in packages.GUIDES:
        (folder / guide.name).symlink_to(guide.resolve())
    return profiles.load(folder)


@pytest.fixture(scope="session")
def cast(tmp_path_factory: Folder, guides: Profiles) -> Cast:
    return gather(tmp_path_factory.mktemp("cast"), guides)


@pytest.fixture(scope="session")
def house(cast: Cast, tmp_path_factory: Folder) -> Iterator[House]:
    with opened(cast, tmp_path_factory.mktemp("house")) as opened_house:
        yield opened_house


@pytest.fixture(scope="session")
def given_out(cast: Cast, tmp_path_factory: Folder) -> list[Emitted]:
    """Out of a house of its own: what other tests did in theirs is not among it, and no token has grown old."""
    with opened(cast, tmp_path_factory.mktemp("emitting-house")) as house:
        return emitted(house)


@pytest.fixture(scope="session")
def hl7(given_out: list[Emitted], tmp_path_factory: Folder) -> Iterator[Validator]:
    if reason := tools.without_java():
        pytest.skip(reason)
    with validators.hl7(tmp_path_factory.mktemp("hl7"), [each.resource for each in given_out]) as validator:
        yield validator


@pytest.fixture(scope="session")
def npm(tmp_path_factory: Folder) -> Iterator[Npm]:
    if reason := tools.without_node() or packages.WITHOUT:
        pytest.skip(reason)
    with validators.npm(tmp_path_factory.mktemp("npm")) as both:
        yield both


@pytest.fixture(scope="module")
def both(cast: Cast, tmp_path_factory: Folder) -> Iterator[Both]:
    """On a house of their own, which holds nothing but what the other server is given too. Anew for each file: between
    two of them a token may grow old."""
    if reason := tools.without_node():
        pytest.skip(reason)
    with (
        opened(cast, tmp_path_factory.mktemp("both-house")) as house,
        both_of(house, tmp_path_factory.mktemp("both")) as servers,
    ):
        yield servers
