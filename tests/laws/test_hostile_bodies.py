"""A body that could hurt its reader is refused wherever a body is taken, and leaves nothing behind.

The doors are walked as callers find them; what is one door's alone is tested beside that door.
"""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.house import Cast, House, opened
from tests.world import SUMMARY, TRANSCRIPT
from tests.writers import FHIR_JSON, count, created, note, observation, post, send

Door = Callable[[House, bytes], httpx.Response]


def _fhir(method: str, path: str, media: str = FHIR_JSON) -> Door:
    return lambda house, body: send(house, method, f"/fhir/{path}", body, Content_Type=media, If_Match='W/"1"')


def _typed(path: str) -> Door:
    def send_to(house: House, body: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/json", "If-Match": '"any"'}
        return house.ask("POST", path, house.clinician, content=body, headers=headers)

    return send_to


def _submission(part: str) -> Door:
    def send_to(house: House, body: bytes) -> httpx.Response:
        whole = {"context": house.world.context(), "summary": SUMMARY, "transcript": TRANSCRIPT}
        texts = {name: json.dumps(value).encode() for name, value in whole.items()} | {part: body}
        files = {name: (name, text, "application/json") for name, text in texts.items()}
        return house.ask("POST", "/submissions/aws-healthscribe", house.scribe, files=files)

    return send_to


def _assertion(house: House, body: bytes) -> httpx.Response:
    header = json.dumps({"alg": "ES384", "kid": "k", "typ": "JWT"}).encode()
    parts = [urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, body, b"s" * 96)]
    return _asked_for_a_token(house, ".".join(parts))


def _asked_for_a_token(house: House, assertion: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    return house.http.post("/oauth/token", data=form)


DOORS: dict[str, Door] = {
    "create": _fhir("POST", "Observation"),
    "update": _fhir("PUT", "Observation/any"),
    "JSON patch": _fhir("PATCH", "Observation/any", "application/json-patch+json"),
    "FHIRPath patch": _fhir("PATCH", "Observation/any"),
    "bundle": _fhir("POST", ""),
    "match": _fhir("POST", "Patient/$match"),
    "validate": _fhir("POST", "Observation/$validate"),
    "consent": _typed("/consents"),
    "amendment": _typed("/reviews/any/amendment"),
    "submission": _submission("summary"),
    "transcript": _submission("transcript"),
    "context of a submission": _submission("context"),
    "client assertion": _assertion,
}
# The second is small enough for every limit of length.
DEEP = [b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"[" * 3000 + b"]" * 3000]
NUMBERS = [b'{"valueInteger":NaN}', b'{"valueInteger":-Infinity}', b'{"valueInteger":' + b"9" * 5000 + b"}"]
MISREAD = [
    b'{"resourceType":"Observation","status":"final","status":"amended"}',
    b'{"status":"\\ud800"}',
    b'{"status":"\\u0000"}',
    b'{"status":"a\x00b"}',
    b"\xef\xbb\xbf{}",
    '{"status":"final"}'.encode("utf-16"),
    b'{"status":"\xc0\xaf"}',
]
# A submission that does not fit is kept and answered with 422, which names each fault; the rest has no form at all.
REFUSED = {400, 401, 422}


@pytest.fixture(scope="module")
def closed(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that stays as it is, because nothing is let in."""
    with opened(cast, tmp_path_factory.mktemp("closed")) as house:
        yield house


def refused(house: House, door: str, body: bytes) -> None:
    before = {name: len(rows) for name, rows in house.tables().items() if name in ("resource", "draft", "consent_rule")}
    answer = DOORS[door](house, body)
    assert answer.status_code in REFUSED, (door, answer.status_code, answer.text[:300])
    after = {name: len(rows) for name, rows in house.tables().items() if name in before}
    assert after == before, door


@pytest.mark.spec("X-040")
@pytest.mark.parametrize("door", DOORS)
def test_a_depth_bomb_is_refused_at_every_door(closed: House, door: str) -> None:
    for body in DEEP:
        refused(closed, door, body)


@pytest.mark.spec("X-041")
@pytest.mark.parametrize("door", DOORS)
def test_a_number_that_is_none_is_refused_at_every_door(closed: House, door: str) -> None:
    for body in NUMBERS:
        refused(closed, door, body)


@pytest.mark.spec("X-041")
def test_a_decimal_of_any_length_that_fits_is_kept_to_the_last_digit(house: House) -> None:
    for lexeme in ("1.00000000000000000001", "-0", "1E400", "0.10"):
        body = json.dumps(observation(house.world.patient)).replace('"value": 7', f'"value": {lexeme}')
        answer = send(house, "POST", "/fhir/Observation", body)
        assert answer.status_code == 201, answer.text
        assert f'"value":{lexeme},' in house.get(f"/fhir/Observation/{answer.json()['id']}", house.own_ehr).text


@pytest.mark.spec("X-042")
@pytest.mark.parametrize("door", DOORS)
def test_what_two_readers_could_read_differently_is_refused_at_every_door(closed: House, door: str) -> None:
    for body in MISREAD:
        refused(closed, door, body)


@pytest.mark.spec("X-043")
@pytest.mark.parametrize("door", [name for name in DOORS if name != "client assertion"])
def test_nothing_is_unpacked_on_the_way_in(closed: House, door: str) -> None:
    """A bomb of compressed blanks is only bytes here."""
    for pack in (gzip.compress, zlib.compress):
        refused(closed, door, pack(b" " * 5_000_000))


@pytest.mark.spec("X-043")
def test_a_body_that_says_it_is_packed_is_not_unpacked(house: House) -> None:
    body = gzip.compress(json.dumps(observation(house.world.patient)).encode())
    assert send(house, "POST", "/fhir/Observation", body, Content_Encoding="gzip").status_code in (400, 415)
    assert count(house, "Observation") == 0


@pytest.mark.spec("X-043")
def test_an_encrypted_assertion_is_never_decrypted_or_inflated(house: House) -> None:
    header = json.dumps({"alg": "dir", "enc": "A256GCM", "zip": "DEF", "typ": "JWT", "kid": "k"}).encode()
    parts = [urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, b"", b"i" * 12, b"c" * 2000, b"t" * 16)]
    answer = _asked_for_a_token(house, ".".join(parts))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.spec("X-043")
def test_an_attachment_beyond_the_bound_is_refused_and_a_document_is_not_looked_into(house: House) -> None:
    most = house.world.services.limits.write_bytes
    big = note(house.world.patient, data="A" * (most // 4 * 4 + 4))
    assert post(house, big).status_code == 413
    assert count(house, "DocumentReference") == 0
    broken = b64encode(b"%PDF-1.7 << /Length 99999999999 >> endless").decode()
    made = created(house, note(house.world.patient, data=broken, media="application/pdf"))
    assert made["content"][0]["attachment"]["data"] == broken


XML = '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir">&x;</Patient>'


@pytest.mark.spec("X-049")
@pytest.mark.parametrize("media", ["application/fhir+xml", "application/xml", "text/xml", "application/xml+fhir"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "Patient"),
        ("PUT", "Patient/any"),
        ("PATCH", "Patient/any"),
        ("POST", ""),
        ("POST", "Patient/$match"),
        ("POST", "Patient/$validate"),
        ("POST", "Patient/_search"),
    ],
)
def test_xml_is_not_taken_at_any_door(house: House, media: str, method: str, path: str) -> None:
    answer = send(house, method, f"/fhir/{path}", XML, Content_Type=media)
    assert answer.status_code == 415, answer.text
    assert "root:" not in answer.text


@pytest.mark.spec("X-049")
def test_a_clinical_document_in_xml_is_kept_as_bytes_and_never_read(house: House) -> None:
    data = b64encode(XML.encode()).decode()
    made = created(house, note(house.world.patient, data=data, media="application/xml"))
    kept: dict[str, Any] = house.get(f"/fhir/DocumentReference/{made['id']}", house.own_ehr).json()
    assert kept["content"][0]["attachment"] == {"contentType": "application/xml", "data": data}
