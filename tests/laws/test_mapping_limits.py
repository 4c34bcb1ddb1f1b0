"""Law 4: a mapping shapes content. Only the gateway gives ids, labels, attribution and final status."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway import wiring
from gateway.mapping import catalogue
from gateway.mapping.faults import MappingFault
from gateway.settings import Settings
from tests.house import House
from tests.world import PROJECT

HEALTHSCRIBE = PROJECT / "mappings" / "aws-healthscribe"


@pytest.fixture
def mappings(tmp_path: Path) -> Callable[[str, str], Path]:
    """A folder with the HealthScribe mapping, one line of it replaced."""

    def make(line: str, by: str) -> Path:
        folder = tmp_path / "mappings"
        shutil.copytree(HEALTHSCRIBE, folder / "aws-healthscribe", dirs_exist_ok=True)
        file = folder / "aws-healthscribe" / "mapping.yaml"
        text = (HEALTHSCRIBE / "mapping.yaml").read_text()
        assert text.count(line) == 1
        file.write_text(text.replace(line, by))
        return folder

    return make


TITLE = "      title: Session summary\n"
OVERREACHES = {
    "meta": "      meta: {security: [{code: N}]}\n",
    "a meta of its extensions": "      _meta: {extension: []}\n",
    "id": "      id: the-same\n",
    "an id deeper down": "      event: [{id: e1}]\n",
    "status by a value": '      extension: [{status: "{{ summary.ClinicalDocumentation.SessionId }}"}]\n',
    "author": "      author: [{display: A machine}]\n",
    "attester": "      attester: [{mode: legal}]\n",
    "subject": "      subject: {reference: Patient/another}\n",
    "custodian": "      custodian: {reference: Organization/another}\n",
    "a contained Provenance": "      contained: [{resourceType: Provenance}]\n",
    "a contained Consent": "      contained: [{resourceType: Consent}]\n",
    "raw markup": "      section: [{text: {status: generated, div: <div/>}}]\n",
}


@pytest.mark.parametrize("what", OVERREACHES)
def test_a_template_that_reaches_too_far_does_not_load(what: str, mappings: Callable[[str, str], Path]) -> None:
    folder = mappings(TITLE, TITLE + OVERREACHES[what])
    with pytest.raises(MappingFault) as fault:
        catalogue.load(folder)
    assert fault.value.file.endswith("mapping.yaml")
    assert fault.value.line > 0 or fault.value.place


@pytest.mark.parametrize("status", ["final", "amended", "current", "active", "{{ 'final' }}", '"{{ summary.x }}"'])
def test_a_template_that_settles_a_status_does_not_load(status: str, mappings: Callable[[str, str], Path]) -> None:
    with pytest.raises(MappingFault):
        catalogue.load(mappings("status: preliminary", f'status: "{status}"' if "{" in status else f"status: {status}"))


def test_a_template_that_makes_a_provenance_does_not_load(mappings: Callable[[str, str], Path]) -> None:
    with pytest.raises(MappingFault):
        catalogue.load(mappings("resourceType: Composition", "resourceType: Provenance"))


def test_a_gateway_does_not_start_on_a_mapping_that_reaches_too_far(
    mappings: Callable[[str, str], Path], tmp_path: Path
) -> None:
    folder = mappings(TITLE, TITLE + OVERREACHES["id"])
    settings = Settings(home=tmp_path / "home", mappings=folder, packages=tmp_path / "none", database_url=None)
    wiring.upgrade(settings)
    with pytest.raises(MappingFault):
        wiring.services(settings)


def test_the_untouched_copy_does_load(mappings: Callable[[str, str], Path]) -> None:
    assert set(catalogue.load(mappings(TITLE, TITLE))) == {"aws-healthscribe"}


def test_what_a_mapping_may_not_say_the_gateway_says(house: House) -> None:
    made = house.rows("SELECT content FROM draft_revision WHERE draft_id = ?", house.draft())
    text = bytes(made[0][0]).decode()
    for given in (
        '"status":"preliminary"',
        '"AIAST"',
        '"author":[{"reference":"Device/',
        f"Patient/{house.world.patient}",
    ):
        assert given in text


def test_a_payload_cannot_bring_what_a_template_may_not_write(house: House) -> None:
    """A template that carries a whole object of the payload along finds none of the gateway's own members in it."""
    smuggled: dict[str, Any] = {"id": "mine", "meta": {"security": [{"code": "N"}]}, "resourceType": "Consent"}
    summary = {"ClinicalDocumentation": {"Sections": [{"SectionName": "PLAN", "Summary": []} | smuggled]} | smuggled}
    answer = house.submit(summary=summary)
    assert answer.status_code in (201, 422)
    stored = b"".join(bytes(content) for (content,) in house.rows("SELECT content FROM draft_revision"))
    assert b'"mine"' not in stored
    assert b'"Consent"' not in stored
