"""Binary: https://hl7.org/fhir/R4/binary.html"""

from __future__ import annotations

from base64 import b64encode

import httpx
import pytest

from tests.house import House
from tests.writers import FHIR_JSON, count, created, delete, note, post, put, send

PDF = b"%PDF-1.7 \x00\xff not looked at"


def raw(
    house: House, content: bytes = PDF, media: str = "application/pdf", token: str = "", **more: str
) -> httpx.Response:
    headers = {"Content-Type": media} | {name.replace("_", "-"): value for name, value in more.items()}
    return house.ask("POST", "/fhir/Binary", token or house.writer, content=content, headers=headers)


def secured(house: House) -> str:
    """The address of a Binary that belongs to the patient."""
    answer = raw(house, X_Security_Context=f"Patient/{house.world.patient}")
    assert answer.status_code == 201, answer.text
    return f"/fhir/Binary/{answer.json()['id']}"


def test_bytes_come_back_as_they_were_sent(house: House) -> None:
    address = secured(house)
    for accept in ("application/pdf", "*/*"):
        answer = house.get(address, house.writer, accept=accept)
        assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["x-security-context"] == f"Patient/{house.world.patient}"
    head = house.ask("HEAD", address, house.writer)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(PDF)))


@pytest.mark.spec("X-047")
def test_a_browser_is_told_not_to_open_it(house: House) -> None:
    headers = house.get(secured(house), house.writer, accept="*/*").headers
    assert headers["content-disposition"] == "attachment"
    assert headers["content-security-policy"] == "sandbox"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.spec("F-008")
def test_whoever_asks_for_fhir_gets_the_resource(house: House) -> None:
    address = secured(house)
    for answer in (
        house.get(address, house.writer, accept=FHIR_JSON),
        house.get(f"{address}?_format=json", house.writer),
    ):
        assert answer.json()["data"] == b64encode(PDF).decode()
        assert answer.json()["contentType"] == "application/pdf"


def test_json_may_be_the_resource_or_its_content(house: House) -> None:
    as_content = raw(house, b'{"score": 7}', "application/json").json()
    assert (as_content["contentType"], as_content["data"]) == ("application/json", b64encode(b'{"score": 7}').decode())
    as_resource = raw(house, b'{"resourceType":"Binary","contentType":"text/csv","data":"YSxi"}', "application/json")
    assert as_resource.json()["contentType"] == "text/csv"


@pytest.mark.parametrize("media", ["", "nonsense", "text/\x01html", "text/html\tx"])
@pytest.mark.spec("F-011")
def test_bytes_need_a_content_type(house: House, media: str) -> None:
    assert raw(house, media=media).status_code == 415
    assert count(house, "Binary") == 0


def test_bytes_are_updated_by_the_version_that_was_read(house: House) -> None:
    address = secured(house)
    headers = {"Content-Type": "text/plain", "X-Security-Context": f"Patient/{house.world.patient}"}
    assert house.ask("PUT", address, house.writer, content=b"new", headers=headers).status_code == 400
    answer = house.ask("PUT", address, house.writer, content=b"new", headers={**headers, "If-Match": 'W/"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert house.get(address, house.writer, accept="*/*").content == b"new"


@pytest.mark.spec("X-026")
def test_a_binary_of_nobody_is_read_by_nobody(house: House) -> None:
    made = created(house, {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="})
    address = f"/fhir/Binary/{made['id']}"
    house.grant()
    for token in (house.writer, house.own_ehr, house.ehr):
        assert house.get(address, token).status_code == 404
        assert house.get(f"{address}/_history/1", token).status_code == 404


@pytest.mark.spec("X-026", "F-183")
def test_a_binary_is_read_as_the_document_that_attaches_it(house: House) -> None:
    binary = created(house, {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="})
    address = f"/fhir/Binary/{binary['id']}"
    attachment = {"contentType": "text/plain", "url": f"Binary/{binary['id']}"}
    document = created(house, note(house.world.patient, content=[{"attachment": attachment}]))
    assert house.get(address, house.own_ehr).content == b"hi"
    assert house.get(address, house.ehr).status_code == 404
    consent = house.grant()
    answer = house.get(address, house.ehr, accept="*/*", x_request_id="the-reading-one")
    assert answer.content == b"hi"
    told = "SELECT patient_id, target_type, detail FROM audit WHERE request_id = 'the-reading-one'"
    ((patient, target, detail),) = house.rows(told)
    assert (patient, target) == (house.world.patient, "Binary")
    assert f"Consent/{consent}/_history/1" in bytes(detail).decode()
    house.revoke(consent)
    assert house.get(address, house.ehr).status_code == 404
    delete(house, f"DocumentReference/{document['id']}")
    assert house.get(address, house.own_ehr).status_code == 404


@pytest.mark.spec("X-026", "X-005")
def test_a_security_context_leads_to_the_writers_own(house: House) -> None:
    document = created(house, note(house.world.patient))
    of_document = raw(house, X_Security_Context=f"DocumentReference/{document['id']}")
    assert of_document.status_code == 201
    rows = house.rows("SELECT patient_id FROM resource WHERE type = 'Binary'")
    assert rows == [(house.world.patient,)]
    for context in (f"Patient/{house.world.patient}", f"DocumentReference/{document['id']}", "Patient/unknown"):
        assert raw(house, token=house.foreign_writer, X_Security_Context=context).status_code == 403
    house.grant()
    assert (
        raw(house, token=house.foreign_writer, X_Security_Context=f"Patient/{house.world.patient}").status_code == 403
    )


@pytest.mark.spec("F-183", "X-044")
@pytest.mark.parametrize(
    "url",
    ["https://evil.example/note.pdf", "file:///etc/passwd", "Binary/unknown", "//evil.example/x", "Patient/x", "../x"],
)
def test_an_attachment_leads_nowhere_else(house: House, url: str) -> None:
    answer = post(house, note(house.world.patient, content=[{"attachment": {"url": url}}]))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["DocumentReference.content[0].attachment.url"]
    assert "evil" not in answer.text
    photo = {"resourceType": "Practitioner", "photo": [{"url": url}]}
    assert post(house, photo).status_code == 422


@pytest.mark.spec("F-183", "X-005")
def test_a_document_attaches_no_binary_of_another_patient(house: House) -> None:
    url = secured(house).removeprefix("/fhir/")
    content = [{"attachment": {"contentType": "application/pdf", "url": url}}]
    assert post(house, note(house.cast.neighbour, content=content)).status_code == 422
    assert post(house, note(house.world.patient, content=content)).status_code == 201


def test_a_binary_is_not_searched_for(house: House) -> None:
    assert house.get("/fhir/Binary?_id=x", house.writer).status_code == 405
    assert send(house, "PATCH", "/fhir/Binary/x", "[]", Content_Type="application/json-patch+json").status_code == 405
    made = created(house, {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="})
    assert put(house, made | {"data": "aG8="}).status_code == 200
