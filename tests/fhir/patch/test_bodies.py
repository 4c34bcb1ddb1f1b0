"""Which patch a body or an entry of a Bundle holds. https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from gateway.errors import BadRequest, Refusal, UnsupportedMedia
from gateway.fhir.patch.bodies import of_body, of_entry

JSON = b'[{"op":"add","path":"/active","value":true}]'
PARAMETERS = (
    b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"add"},'
    b'{"name":"path","valueString":"Patient"},{"name":"name","valueString":"active"},'
    b'{"name":"value","valueBoolean":true}]}]}'
)
PATIENT = {"resourceType": "Patient", "id": "p"}


def binary(content: bytes, **others: Any) -> dict[str, Any]:
    data = b64encode(content).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data} | others


@pytest.mark.spec("F-079", "F-083")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json-patch+json", JSON),
        ("Application/JSON-Patch+JSON; charset=utf-8", JSON),
        ("application/fhir+json", PARAMETERS),
        ("application/fhir+json;charset=UTF-8;fhirVersion=4.0", PARAMETERS),
    ],
)
def test_both_kinds_of_patch_are_told_by_their_media_type(content_type: str, body: bytes) -> None:
    assert of_body(content_type, body).apply(PATIENT) == {**PATIENT, "active": True}


@pytest.mark.spec("F-084")
@pytest.mark.parametrize(
    "content_type",
    [None, "", "application/xml-patch+xml", "application/fhir+xml", "application/json", "text/plain", "application/*"],
)
def test_any_other_media_type_is_refused(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMedia):
        of_body(content_type, JSON)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json-patch+json", b""),
        ("application/json-patch+json", b'[{"op":"add","op":"add"}]'),
        ("application/json-patch+json", b"[" * 100),
        ("application/json-patch+json", PARAMETERS),
        ("application/fhir+json", JSON),
        ("application/fhir+json", b'{"resourceType":"Patient"}'),
        ("application/fhir+json", b'{"a":NaN}'),
    ],
)
def test_what_is_no_patch_of_its_kind_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BadRequest):
        of_body(content_type, body)


@pytest.mark.spec("F-079")
def test_an_entry_of_a_bundle_holds_a_json_patch_in_a_binary() -> None:
    assert of_entry(binary(JSON)).apply(PATIENT) == {**PATIENT, "active": True}


@pytest.mark.parametrize(
    ("entry", "kind", "place"),
    [
        (binary(JSON, contentType="application/json"), UnsupportedMedia, "Binary.contentType"),
        (binary(JSON, data="%"), BadRequest, "Binary.data"),
        (binary(JSON, data=None), BadRequest, "Binary.data"),
        (binary(JSON, data="ÿ"), BadRequest, "Binary.data"),
        (binary(b"{"), BadRequest, "Binary.data"),
        (binary(b"{}"), BadRequest, None),
        (None, BadRequest, None),
        ({"resourceType": "Patient"}, BadRequest, None),
    ],
)
def test_an_entry_without_a_patch_is_refused(entry: Any, kind: type[Refusal], place: str | None) -> None:
    with pytest.raises(kind) as refused:
        of_entry(entry)
    assert refused.value.issues[0].expression == place
