"""fhirpy (PyPI) as the EHR of another clinic."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import ResourceNotFound

from tests.clients.conftest import Treated


def client_of(treated: Treated) -> Any:
    return SyncFHIRClient(treated.base, authorization=f"Bearer {treated.house.ehr}")


def test_it_finds_and_reads_the_approved_document(treated: Treated) -> None:
    client, patient = client_of(treated), treated.house.world.patient
    found = client.resources("DocumentReference").search(type="34904-3", patient=patient, status="current").fetch()
    assert treated.document in [document.id for document in found]
    document = client.reference("DocumentReference", treated.document).to_resource()
    assert document.docStatus == "final"
    text = base64.b64decode(document.content[0].attachment.data).decode()
    assert "Sleeps five hours a night." in text
    assert document.subject.to_resource().name[0].family == "Rivers"
    device = next(author for author in document.author if author.reference.startswith("Device/")).to_resource()
    assert device.deviceName[0].name == "Scribe"


def test_it_follows_pages_and_includes(treated: Treated) -> None:
    client = client_of(treated)
    search = client.resources("Provenance").search(_security="R")
    whole = search.limit(200).fetch_raw()
    assert len(search.limit(2).fetch_all()) == whole.total > 4
    documents = client.resources("DocumentReference").search(_id=treated.document)
    bundle = documents.include("DocumentReference", "subject").revinclude("Provenance", "target").fetch_raw()
    kinds = [entry.resource.resourceType for entry in bundle.entry if entry.search.mode == "include"]
    assert sorted(set(kinds)) == ["Patient", "Provenance"]


def test_it_sees_no_trace_of_a_draft(treated: Treated) -> None:
    client, house = client_of(treated), treated.house
    draft = house.draft("a-trace", model={"name": "Scribe", "version": "never-seen", "manufacturer": "Example Ltd"})
    kinds = ("Composition", "DocumentReference", "Provenance", "Device")
    for kind in kinds:
        for resource in client.resources(kind).limit(100).fetch_all():
            told = str(resource.serialize())
            assert draft not in told
            assert "preliminary" not in told
            assert "never-seen" not in told
    house.step(draft, "rejection", body={"reason": "Done with it."})


def test_it_gets_nothing_after_the_consent_is_revoked(treated: Treated) -> None:
    client = client_of(treated)
    reference = client.reference("DocumentReference", treated.document)
    assert reference.to_resource().id == treated.document
    treated.house.revoke(treated.consent)
    with pytest.raises(ResourceNotFound):
        reference.to_resource()
    for kind in ("DocumentReference", "Composition", "Patient"):
        search = client.resources(kind).search(type="34904-3") if kind != "Patient" else client.resources(kind)
        assert search.fetch_all() == []
