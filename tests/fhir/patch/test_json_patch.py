"""JSON Patch on resources. https://www.rfc-editor.org/rfc/rfc6902, https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import BadRequest, Refusal, TooLarge, Unprocessable
from gateway.fhir.json import dump, parse
from gateway.fhir.patch import json_patch

PATIENT = rb"""{"resourceType":"Patient","id":"p","meta":{"versionId":"3","tag":[{"code":"a"}]},"active":true,
"name":[{"family":"Stone","given":["Kim","Lee"]},{"family":"Reed"}],"birthDate":"1980",
"extension":[{"url":"http://example.org/weight","valueDecimal":71.50},{"url":"http://example.org/a~b","valueInteger":1}]}"""


def patched(patch: bytes, document: bytes = PATIENT) -> Any:
    return json_patch.read(parse(patch)).apply(parse(document))


def refused(patch: bytes, kind: type[Refusal] = Unprocessable, document: bytes = PATIENT) -> list[str | None]:
    with pytest.raises(kind) as refusal:
        patched(patch, document)
    return [issue.expression for issue in refusal.value.issues]


@pytest.mark.spec("F-079")
@pytest.mark.parametrize(
    ("operation", "path", "there"),
    [
        (b'{"op":"add","path":"/gender","value":"other"}', ("gender",), b'"other"'),
        (b'{"op":"add","path":"/birthDate","value":"1981-02"}', ("birthDate",), b'"1981-02"'),
        (b'{"op":"add","path":"/name/0/given/1","value":"Bo"}', ("name", 0, "given"), b'["Kim","Bo","Lee"]'),
        (b'{"op":"add","path":"/name/0/given/-","value":"Bo"}', ("name", 0, "given"), b'["Kim","Lee","Bo"]'),
        (b'{"op":"add","path":"/name/0/given/2","value":"Bo"}', ("name", 0, "given"), b'["Kim","Lee","Bo"]'),
        (b'{"op":"remove","path":"/name/0/given/0"}', ("name", 0, "given"), b'["Lee"]'),
        (b'{"op":"remove","path":"/name/1"}', ("name",), b'[{"family":"Stone","given":["Kim","Lee"]}]'),
        (b'{"op":"replace","path":"/active","value":false}', ("active",), b"false"),
        (b'{"op":"replace","path":"/name/0/given/1","value":"Bo"}', ("name", 0, "given"), b'["Kim","Bo"]'),
        (b'{"op":"move","from":"/name/0/given/0","path":"/name/0/given/1"}', ("name", 0, "given"), b'["Lee","Kim"]'),
        (b'{"op":"move","from":"/birthDate","path":"/name/1/text"}', ("name", 1), b'{"family":"Reed","text":"1980"}'),
        (b'{"op":"move","from":"/birthDate","path":"/birthDate"}', ("birthDate",), b'"1980"'),
        (b'{"op":"copy","from":"/name/0/given","path":"/name/1/given"}', ("name", 1, "given"), b'["Kim","Lee"]'),
        (b'{"op":"test","path":"/extension/0/valueDecimal","value":71.5}', ("active",), b"true"),
        (b'{"op":"test","path":"/name/1","value":{"family":"Reed"}}', ("active",), b"true"),
        (
            b'{"op":"add","path":"/gender","value":"other","note":"unknown members are no fault"}',
            ("gender",),
            b'"other"',
        ),
    ],
)
def test_each_operation_does_what_the_rfc_says(operation: bytes, path: tuple[str | int, ...], there: bytes) -> None:
    after = patched(b"[" + operation + b"]")
    for step in path:
        after = after[step]
    assert dump(after) == there


@pytest.mark.spec("F-079")
def test_operations_come_one_after_the_other() -> None:
    after = patched(
        b'[{"op":"test","path":"/name/0/family","value":"Stone"},{"op":"remove","path":"/name/0"},'
        b'{"op":"add","path":"/name/0/given","value":["Ash"]},{"op":"move","from":"/name/0/given/0","path":"/name/0/text"}]'
    )
    assert after["name"] == [{"family": "Reed", "text": "Ash"}]


@pytest.mark.spec("F-079")
def test_names_with_slashes_and_tildes_are_escaped() -> None:
    odd = b'{"resourceType":"Basic","id":"b","a/b":1,"m~n":2,"~1":3}'
    after = patched(
        b'[{"op":"replace","path":"/a~1b","value":10},{"op":"replace","path":"/m~0n","value":20},'
        b'{"op":"replace","path":"/~01","value":30}]',
        odd,
    )
    assert (after["a/b"], after["m~n"], after["~1"]) == (10, 20, 30)


@pytest.mark.spec("F-039", "F-079")
def test_every_number_keeps_its_text() -> None:
    lexemes = [b"19", b"19.0", b"19.00", b"0.010", b"1.10", b"10.91968939701716", b"-0.0", b"1E3", b"-0"]
    document = b'{"resourceType":"Basic","id":"b","n":[%b]}' % b",".join(lexemes)
    operations = b",".join(b'{"op":"add","path":"/given/-","value":%b}' % each for each in lexemes)
    after = patched(
        b'[{"op":"add","path":"/given","value":[]},%b,{"op":"copy","from":"/n","path":"/copied"}]' % operations,
        document,
    )
    assert dump(after["given"]) == dump(after["copied"]) == dump(after["n"]) == b"[%b]" % b",".join(lexemes)


@pytest.mark.spec("F-082")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (b"/birthDate", b'"1981"'),
        (b"/active", b"1"),
        (b"/active", b'"true"'),
        (b"/extension/1/valueInteger", b"true"),
        (b"/extension/1/valueInteger", b'"1"'),
        (b"/name/0/given", b'["Lee","Kim"]'),
        (b"/name/1", b'{"family":"Reed","given":[]}'),
        (b"/gender", b"null"),
    ],
)
def test_a_failed_test_refuses_the_whole_patch(path: bytes, value: bytes) -> None:
    places = refused(
        b'[{"op":"replace","path":"/birthDate","value":"1980"},{"op":"test","path":"%b","value":%b}]' % (path, value)
    )
    assert places == ["[1]"]


@pytest.mark.spec("F-079")
@pytest.mark.parametrize(
    "operation",
    [
        b'{"op":"remove","path":"/gender"}',
        b'{"op":"replace","path":"/gender","value":"other"}',
        b'{"op":"add","path":"/contact/name","value":{}}',
        b'{"op":"add","path":"/name/3","value":{}}',
        b'{"op":"add","path":"/name/01","value":{}}',
        b'{"op":"add","path":"/name/family","value":"Reed"}',
        b'{"op":"add","path":"/birthDate/x","value":"Reed"}',
        b'{"op":"replace","path":"/name/-","value":{}}',
        b'{"op":"remove","path":"/name/2"}',
        b'{"op":"move","from":"/gender","path":"/birthDate"}',
        b'{"op":"move","from":"/name","path":"/name/0/x"}',
        b'{"op":"copy","from":"/gender","path":"/birthDate"}',
    ],
)
def test_an_operation_that_does_not_fit_is_named(operation: bytes) -> None:
    assert refused(b'[{"op":"test","path":"/active","value":true},%b]' % operation) == ["[1]"]


@pytest.mark.parametrize(
    ("patch", "places"),
    [
        (b"{}", [None]),
        (b'"remove"', [None]),
        (b"[1]", ["[0].op", "[0].path"]),
        (b'[{"op":"delete","path":"/a"}]', ["[0].op"]),
        (b'[{"op":["add"],"path":"/a","value":1}]', ["[0].op"]),
        (b'[{"op":"remove","path":"a"}]', ["[0].path"]),
        (b'[{"op":"remove","path":"/a~2"}]', ["[0].path"]),
        (b'[{"op":"remove","path":7}]', ["[0].path"]),
        (b'[{"op":"remove"}]', ["[0].path"]),
        (b'[{"op":"add","path":"/a"}]', ["[0].value"]),
        (b'[{"op":"test","path":"/a"},{"op":"move","path":"/a"}]', ["[0].value", "[1].from"]),
    ],
)
def test_what_is_no_patch_is_refused_with_all_its_faults(patch: bytes, places: list[str | None]) -> None:
    assert refused(patch, BadRequest) == places


@pytest.mark.spec("F-081")
@pytest.mark.parametrize("path", [b"/id", b"/resourceType", b"/meta/versionId", b"/meta/lastUpdated", b"/id/x"])
@pytest.mark.parametrize(
    "operation",
    [
        b'{"op":"add","path":"%b","value":"x"}',
        b'{"op":"replace","path":"%b","value":"x"}',
        b'{"op":"remove","path":"%b"}',
        b'{"op":"move","from":"/birthDate","path":"%b"}',
        b'{"op":"copy","from":"/birthDate","path":"%b"}',
        b'{"op":"move","from":"%b","path":"/birthDate"}',
    ],
)
def test_identity_and_version_are_not_to_be_patched(path: bytes, operation: bytes) -> None:
    assert refused(b"[%b]" % (operation % path)) == ["[0].path"]


@pytest.mark.spec("F-081")
@pytest.mark.parametrize(
    "operation",
    [
        b'{"op":"replace","path":"","value":{"resourceType":"Patient","id":"q"}}',
        b'{"op":"replace","path":"","value":{"resourceType":"Group","id":"p"}}',
        b'{"op":"replace","path":"","value":{}}',
        b'{"op":"replace","path":"","value":[]}',
        b'{"op":"remove","path":""}',
        b'{"op":"replace","path":"/meta","value":{"versionId":"9"}}',
        b'{"op":"add","path":"/meta","value":{"lastUpdated":"2020-01-01T00:00:00Z"}}',
    ],
)
def test_nor_by_putting_another_whole_in_place(operation: bytes) -> None:
    assert refused(b"[%b]" % operation) == [None]


def test_reading_and_testing_the_identity_is_allowed() -> None:
    after = patched(
        b'[{"op":"test","path":"/id","value":"p"},{"op":"copy","from":"/id","path":"/name/1/text"},'
        b'{"op":"replace","path":"/meta","value":{"tag":[{"code":"b"}]}}]'
    )
    assert (after["name"][1]["text"], after["meta"]) == ("p", {"tag": [{"code": "b"}]})


def test_what_a_removal_leaves_empty_goes_too() -> None:
    after = patched(
        b'[{"op":"remove","path":"/name/1/family"},{"op":"remove","path":"/meta/tag/0"},'
        b'{"op":"remove","path":"/extension/0"},{"op":"remove","path":"/extension/0"}]'
    )
    assert len(after["name"]) == 1
    assert after["meta"] == {"versionId": "3"}
    assert "extension" not in after


def test_what_stands_beside_repeating_primitives_keeps_its_place() -> None:
    document = b'{"resourceType":"Patient","id":"p","name":[{"given":["A","B"],"_given":[{"id":"a"},{"id":"b"}]}]}'
    once = patched(b'[{"op":"remove","path":"/name/0/_given/0/id"}]', document)
    assert once["name"][0]["_given"] == [None, {"id": "b"}]
    twice = b'[{"op":"remove","path":"/name/0/_given/0/id"},{"op":"remove","path":"/name/0/_given/1/id"}]'
    assert patched(twice, document)["name"] == [{"given": ["A", "B"]}]


def test_empty_arrays_that_the_writer_put_in_stay_for_the_door_check_to_refuse() -> None:
    after = patched(b'[{"op":"add","path":"/contact","value":[]},{"op":"remove","path":"/name/1"}]')
    assert after["contact"] == []


def test_copies_of_copies_end() -> None:
    deeper = b",".join([b'{"op":"copy","from":"/meta","path":"/meta/x"}'] * 70)
    assert refused(b"[%b]" % deeper) == ["[59]"]
    doubled = b",".join([b'{"op":"copy","from":"/name","path":"/name/-"}'] * 30)
    assert refused(b"[%b]" % doubled, TooLarge) == [None]
    long = b'{"op":"add","path":"/x","value":"%b"}' % (b"a" * 100_000)
    again = b",".join(b'{"op":"copy","from":"/x","path":"/x%d"}' % number for number in range(200))
    assert refused(b"[%b,%b]" % (long, again), TooLarge) == [None]


def test_a_patch_has_an_end() -> None:
    assert refused(b"[%b]" % b",".join([b'{"op":"test","path":"/active","value":true}'] * 1001), TooLarge) == [None]
    assert refused(b'[{"op":"remove","path":"%b"}]' % (b"/a" * 65), BadRequest) == ["[0].path"]


def test_the_resource_and_the_patch_stay_as_they_are() -> None:
    patch = json_patch.read(parse(b'[{"op":"add","path":"/x","value":[]},{"op":"add","path":"/x/-","value":1}]'))
    before = parse(PATIENT)
    assert patch.apply(before) == patch.apply(before)
    assert before == parse(PATIENT)


def test_no_fault_repeats_a_value() -> None:
    for patch in (b'[{"op":"test","path":"/secret~1name","value":"secret"}]', b'[{"op":"secret","path":"secret"}]'):
        with pytest.raises(Refusal) as refusal:
            patched(patch)
        assert "secret" not in repr(refusal.value.issues)
