"""Whatever a patch holds, it is carried out or refused: nothing else is raised, and the identity stays."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import Refusal, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.fhir.patch import fhirpath_patch, json_patch
from tests.fhir.test_check import OBSERVATION, PATIENT

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.decimals(-9, 9, places=2) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FOUND = ["name", "given", "_given", "extension", "contained", "meta", "tag", "id", "birthDate", "_birthDate", "contact"]
INDEXES = ["0", "1", "-", "01"]
MISSED = ["", "x", "url", "period", "valueMeta", "gender"]
NAMES = st.sampled_from([*FOUND, *INDEXES, *MISSED])
POINTERS = st.lists(NAMES, max_size=5).map(lambda names: "".join(f"/{name}" for name in names)) | st.text(max_size=5)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": POINTERS},
    optional={"from": POINTERS, "value": VALUES},
)
QUIET = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUIET
@given(document=st.lists(OPERATIONS, max_size=6) | VALUES)
def test_any_json_patch_is_carried_out_or_refused(document: Any) -> None:
    try:
        after = json_patch.read(document).apply(PATIENT)
    except Refusal as refusal:
        assert refusal.status in (400, 413, 422)
    else:
        assert (after["id"], after["resourceType"]) == (PATIENT["id"], PATIENT["resourceType"])
        dump(after)
        check(after, second_opinion=False)


MEMBERS = ["Patient", "name", "given", "extension", "value", "contact", "contained", "meta", "birthDate", "id", "x"]
PICKS = ["where(true)", "where($this = 'Ada')", "where(1/0 = 1)", "first()", "skip(1)", "take(0)", "single()", "last()"]
KINDS = ["ofType(string)", "as(Quantity)", "extension('http://x.org/e')", "resolve()"]
STEPS = st.sampled_from([*MEMBERS, *PICKS, *KINDS])
PATHS = st.lists(STEPS, min_size=1, max_size=6).map(lambda steps: ".".join(["Patient", *steps])) | st.text(max_size=8)
PARTS: list[dict[str, Any]] = [
    {"valueString": "x"},
    {"valueBoolean": True},
    {"valueHumanName": {"family": "Reed"}},
    {"valueMeta": {"tag": [{"code": "x"}]}},
    {"_valueString": {"id": "x"}},
    {"part": [{"name": "url", "valueUri": "urn:x"}, {"name": "value", "valueString": "x"}]},
    {"part": [{"name": "name", "part": [{"name": "given", "valueString": "x"}]}]},
    {"resource": {"resourceType": "Organization", "id": "x", "name": "x"}},
    {"valueExtension": {}},
]
CONTENTS = st.sampled_from(PARTS)


@st.composite
def operations(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["add", "insert", "delete", "replace", "move", "x"]))
    parts: list[dict[str, Any]] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": draw(PATHS)}]
    if kind == "add":
        parts.append({"name": "name", "valueString": draw(STEPS)})
    if kind in ("add", "insert", "replace"):
        parts.append({"name": "value"} | draw(CONTENTS))
    for name in {"insert": ("index",), "move": ("source", "destination")}.get(kind, ()):
        parts.append({"name": name, "valueInteger": draw(st.integers(-1, 3))})
    return {"name": "operation", "part": parts}


@QUIET
@given(given_operations=st.lists(operations(), max_size=5))
def test_any_fhirpath_patch_is_carried_out_or_refused(given_operations: list[dict[str, Any]]) -> None:
    document = {"resourceType": "Parameters"} | ({"parameter": given_operations} if given_operations else {})
    try:
        after = fhirpath_patch.read(document).apply(PATIENT)
    except Refusal as refusal:
        assert refusal.status in (400, 422)
    else:
        assert (after["id"], after["resourceType"]) == (PATIENT["id"], PATIENT["resourceType"])
        assert all(issue.code in ("invariant", "value", "required", "structure") for issue in check(after))


@QUIET
@given(document=VALUES)
def test_anything_at_all_is_no_fhirpath_patch(document: Any) -> None:
    for each in (document, {"resourceType": "Parameters", "parameter": document}):
        try:
            fhirpath_patch.read(each)
        except Refusal as refusal:
            assert refusal.status in (400, 422)


def test_many_operations_on_a_long_list_come_to_an_end_in_time() -> None:
    long = OBSERVATION | {"id": "o", "category": [{"text": str(number)} for number in range(20_000)]}
    value = {"name": "value", "valueCodeableConcept": {"text": "x"}}
    insert = [
        {"name": "type", "valueCode": "insert"},
        {"name": "path", "valueString": "Observation.category"},
        {"name": "index", "valueInteger": 0},
        value,
    ]
    many = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": insert}] * 1000}
    began = time.process_time()
    try:
        fhirpath_patch.read(parse(dump(many))).apply(long)
    except Unprocessable as refusal:
        assert "too many steps" in refusal.issues[0].text
    assert time.process_time() - began < 10
