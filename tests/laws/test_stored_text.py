"""Law 6: check once on the way in, store the canonical text, serve the stored text; lexemes stay as they were."""

from __future__ import annotations

import pytest

from gateway.fhir.json import parse
from gateway.rules.audit import Act
from gateway.store import resources
from gateway.store.resources import New
from tests.house import House

DECIMALS = (b"1.00", b"0.10", b"-7.000000000000000001", b"1E-3", b"100", b"12345678901234567.5")
LEXEMES = b"""{"resourceType":"DocumentReference","id":"lexemes","meta":{"security":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},"status":"current","date":
"2026-09-01T14:00:00.100+02:00","extension":[%s],"context":{"period":{"start":"2026-09","end":"2026-09-30T23:59:59.0Z"}}}"""


def texts(house: House) -> dict[tuple[str, str, int], bytes]:
    query = "SELECT type, id, version, text FROM resource"
    return {(kind, id, version): bytes(text) for kind, id, version, text in house.rows(query)}


def test_what_is_read_is_what_is_stored_byte_by_byte(house: House) -> None:
    draft = house.draft()
    house.rewrite(draft, "Sleeps badly: naïve <5 h & “less”.")
    house.approve(draft)
    house.revoke(house.grant())
    stored = texts(house)
    assert {kind for kind, _, _ in stored} >= {"Composition", "DocumentReference", "Provenance", "Consent", "Device"}
    latest = {(kind, id): text for (kind, id, _), text in sorted(stored.items())}
    for (kind, id, version), text in stored.items():
        assert house.get(f"/fhir/{kind}/{id}/_history/{version}", house.own_ehr).content == text
    for (kind, id), text in latest.items():
        assert house.get(f"/fhir/{kind}/{id}", house.own_ehr).content == text


def test_bundles_are_made_of_the_stored_bytes(house: House) -> None:
    house.approve(house.draft())
    for (kind, id, _), text in texts(house).items():
        for path in (f"/fhir/{kind}?_id={id}", f"/fhir/{kind}/{id}/_history", f"/fhir/{kind}/_history?_count=200"):
            assert text in house.get(path, house.own_ehr).content, path


def test_the_time_of_a_session_stays_as_the_producer_wrote_it(house: House) -> None:
    times = {"start": "2026-09-01T14:00:00.10+02:00", "end": "2026-09-01T12:50:00.000Z"}
    made = house.approve(house.draft(times=times))
    document = house.get(f"/fhir/DocumentReference/{made['DocumentReference']}", house.own_ehr).json()
    assert document["context"]["period"] == times


@pytest.mark.spec("F-039", "F-040")
def test_decimals_and_dates_keep_their_lexemes_on_every_way_out(house: House) -> None:
    values = [b'{"url":"urn:example:%d","valueDecimal":%s}' % (n, text) for n, text in enumerate(DECIMALS)]
    resource = parse(LEXEMES % b",".join(values))
    with house.world.services.database.write() as writer:
        entry = house.world.scribe.entry(Act.CREATE, None)
        resources.publish(writer, entry, New(resource, house.world.patient, house.world.clinic))
    ways = (
        "/fhir/DocumentReference/lexemes",
        "/fhir/DocumentReference/lexemes?_pretty=true",
        "/fhir/DocumentReference/lexemes?_elements=extension,date,context",
        "/fhir/DocumentReference/lexemes/_history/1",
        "/fhir/DocumentReference?_id=lexemes",
        "/fhir/DocumentReference?_id=lexemes&_elements=extension,date,context&_pretty=true",
        "/fhir/DocumentReference/lexemes/_history",
    )
    for way in ways:
        body = house.get(way, house.own_ehr).content.replace(b": ", b":")
        for text in DECIMALS:
            assert b'"valueDecimal":%s' % text in body, (way, text)
        for text in (b"2026-09-01T14:00:00.100+02:00", b'"start":"2026-09"', b"2026-09-30T23:59:59.0Z"):
            assert text in body, (way, text)
