"""What is given out holds under the later editions of US Core too, whose profiles have the same addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.fhir import profiles
from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from tests.conformance import packages, tools, validators
from tests.conformance.road import Emitted, one_of_each
from tests.conformance.test_emitted import faults_of

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.parametrize("edition", ["7.0.0", "8.0.0"]),
]
CORE = "http://hl7.org/fhir/us/core/"


@pytest.fixture
def claiming(given_out: list[Emitted]) -> list[Emitted]:
    """What says of itself that it follows a profile of US Core."""
    found = [
        each
        for each in given_out
        if any(url.startswith(CORE) for url in each.resource.get("meta", {}).get("profile", ()))
    ]
    assert len(found) > 100
    return found


def test_the_gateways_own_check_finds_no_error(edition: str, claiming: list[Emitted], tmp_path: Path) -> None:
    for guide in packages.with_us_core(edition):
        (tmp_path / guide.name).symlink_to(guide.resolve())
    known = profiles.load(tmp_path)
    assert {each.version for each in known.packages if each.name == packages.US_CORE} == {edition}
    resources = [parse(dump(each.resource)) for each in claiming]
    print(f"{len(resources)} resources against US Core {edition}")
    assert [issue for each in resources for issue in check(each, profiles=known)] == []


def test_hl7s_validator_finds_no_error(
    edition: str, claiming: list[Emitted], given_out: list[Emitted], tmp_path: Path
) -> None:
    """In one of each form: the rest differs in words and numbers only."""
    if reason := tools.without_java():
        pytest.skip(reason)
    shown, targets = one_of_each(claiming), [each.resource for each in given_out]
    print(f"{len(shown)} resources of {len(claiming)} against US Core {edition}")
    with validators.hl7(tmp_path, targets, packages.with_us_core(edition)) as validator:
        assert faults_of(shown, validator) == []
