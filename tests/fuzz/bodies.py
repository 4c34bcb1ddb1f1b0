"""Bodies: good resources with something wrong in them, patches, bundles, parameters, forms, and noise."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.hostile import BODIES, IDS, NARRATIVES, REFERENCES, TEXTS, VALUES, written
from tests.synthetic import history_of, resources_of

Json = Any
HISTORY = history_of(11, 30)["entry"]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "", None, 7)
PATHS = (
    "/status",
    "/code/text",
    "/subject",
    "/meta/versionId",
    "/id",
    "/resourceType",
    "/a/0/b",
    "/name/-",
    "",
    "x",
    "/~2",
)
EXPRESSIONS = (
    "Patient",
    "Patient.name",
    "Observation.status",
    "Flag.code.text",
    "Patient.name.where(use = 'official').given[0]",
    "Patient.descendants()",
    "Patient.repeat(name)",
    "Patient.name[99999999999999999999]",
    "((((((((((",
    "Patient.name.matches('(a+)+$')",
    "'" * 999,
    "$this",
    "%context.a",
    "Patient.name | ".join(["x"] * 500),
)


def spots(value: Json) -> Iterator[tuple[Any, Any]]:
    """Every place in it: a container and a key or index."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield value, key
        yield from spots(each)


def _spoil(container: Any, key: Any, way: str, value: Json) -> None:
    if way == "drop":
        del container[key]
    elif way == "wrap":
        container[key] = [container[key]]
    elif way == "twice" and isinstance(container, list):
        container.append(copy.deepcopy(container[key]))
    elif way == "unknown" and isinstance(container, dict):
        container[f"{key}x"] = container[key]
    else:
        container[key] = value


# Made once: a strategy that is made anew for each draw costs more than all the calls.
_NUMBER = st.integers(0, 10**6)
_FAULTS = st.sampled_from((0, 0, 1, 1, 2, 3))
_WAY = st.sampled_from(("drop", "wrap", "twice", "unknown", "value", "value", "value"))
_VALUE = st.sampled_from(VALUES)


@st.composite
def spoiled(draw: st.DrawFn, good: st.SearchStrategy[Json]) -> Json:
    """A copy with a few faults; with none it is as good as it was."""
    made = copy.deepcopy(draw(good))
    for _ in range(draw(_FAULTS)):
        places = list(spots(made))
        if not places:
            break
        container, key = places[draw(_NUMBER) % len(places)]
        _spoil(container, key, draw(_WAY), copy.deepcopy(draw(_VALUE)))
    return made


def text(value: Json) -> bytes:
    """As JSON; what cannot be UTF-8 is left escaped."""
    return written(json.dumps(value, ensure_ascii=True)).encode()


def resources(patient: str, known: list[str]) -> st.SearchStrategy[Json]:
    """Resources about a patient who is there, whole and spoiled; some claim an id that is there."""
    good = resources_of(5, 60, f"Patient/{patient}")
    ids = [reference.partition("/")[2] for reference in known]
    base = spoiled(st.sampled_from(good))
    extra = st.one_of(
        st.sampled_from([{"id": id} for id in (*ids, *IDS)]),
        st.sampled_from([{"text": {"status": "generated", "div": div}} for div in NARRATIVES]),
        st.sampled_from([{"meta": meta} for meta in METAS]),
        st.sampled_from([{"contained": [each, None]} for each in good]),
        st.sampled_from([{"subject": {"reference": reference}} for reference in (*REFERENCES, *known)]),
    )
    wanted = st.sampled_from((False, False, True))
    return st.builds(lambda made, more, wanted: {**made, **more} if wanted else made, base, extra, wanted)


METAS: tuple[Json, ...] = (
    {"versionId": "1"},
    {"versionId": "99999999999999999999"},
    {"versionId": 1},
    {"lastUpdated": "9999-12-31T23:59:59.999999999Z"},
    {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}]},
    {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "U"}]},
    {"security": [{}]},
    {"profile": ["http://hl7.org/fhir/StructureDefinition/vitalsigns", "x" * 5000]},
    {"tag": [{"code": "a"}] * 500},
)


def patches() -> st.SearchStrategy[Json]:
    """JSON Patch documents, and FHIRPath Patch in Parameters."""
    operation = st.fixed_dictionaries(
        {"op": st.sampled_from(("add", "remove", "replace", "move", "copy", "test", "x", None))},
        optional={
            "path": st.sampled_from(PATHS),
            "from": st.sampled_from(PATHS),
            "value": st.sampled_from(VALUES),
        },
    )
    part = st.one_of(
        st.builds(
            lambda kind: {"name": "type", "valueCode": kind},
            st.sampled_from(("add", "insert", "delete", "replace", "move", "x")),
        ),
        st.builds(lambda path: {"name": "path", "valueString": path}, st.sampled_from(EXPRESSIONS)),
        st.builds(
            lambda name: {"name": "name", "valueString": name}, st.sampled_from(("status", "name", "id", "x", ""))
        ),
        st.builds(
            lambda name, number: {"name": name, "valueInteger": number},
            st.sampled_from(("index", "source", "destination")),
            st.sampled_from((0, 1, -1, 10**9)),
        ),
        st.builds(
            lambda kind, value: {"name": "value", kind: value},
            st.sampled_from(("valueString", "valueCode", "valueHumanName", "valueX")),
            st.sampled_from(VALUES),
        ),
    )
    by_path = st.lists(part, max_size=5).map(lambda parts: {"name": "operation", "part": parts})
    parameters = st.lists(by_path, max_size=3).map(lambda all: {"resourceType": "Parameters", "parameter": all})
    return st.one_of(st.lists(operation, max_size=4), parameters)


def bundles(one: st.SearchStrategy[Json], targets: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """Batches and transactions, of good entries and of others."""
    wild = st.fixed_dictionaries(
        {},
        optional={
            "fullUrl": st.sampled_from((*REFERENCES, "urn:uuid:11111111-1111-4111-8111-111111111111", None)),
            "resource": st.one_of(one, st.sampled_from(VALUES)),
            "request": st.fixed_dictionaries(
                {},
                optional={
                    "method": st.sampled_from(METHODS),
                    "url": st.one_of(targets, st.sampled_from(REFERENCES)),
                    "ifMatch": st.sampled_from(('W/"1"', "1", "*", 'W/""', "\x00")),
                    "ifNoneExist": st.sampled_from(
                        ("", "identifier=", "_id=x", "x=y", "identifier=urn:example:mrn|77")
                    ),
                    "ifNoneMatch": st.sampled_from(("*", 'W/"1"', "")),
                    "ifModifiedSince": st.sampled_from(("2020-01-01T00:00:00Z", "x")),
                },
            ),
        },
    )
    good = st.sampled_from(HISTORY)
    entry = st.one_of(good, good, spoiled(good), wild)
    kind = st.sampled_from(("transaction", "transaction", "batch", "batch", "collection", "history", "x", None))
    return st.builds(
        lambda type, entries: {"resourceType": "Bundle", "type": type, "entry": entries},
        kind,
        st.one_of(st.lists(entry, max_size=6), st.lists(wild, max_size=4), st.sampled_from(VALUES)),
    )


def parameters(one: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Parameters of operations."""
    value = st.one_of(
        st.builds(lambda resource: {"resource": resource}, one),
        st.builds(
            lambda kind, value: {kind: value},
            st.sampled_from(
                ("valueCode", "valueUri", "valueBoolean", "valueInteger", "valueDate", "valueMeta", "part")
            ),
            st.sampled_from(VALUES),
        ),
    )
    name = st.sampled_from(
        ("resource", "mode", "profile", "onlyCertainMatches", "count", "start", "_since", "_type", "")
    )
    parameter = st.builds(lambda name, value: {"name": name, **value}, name, value)
    return st.lists(parameter, max_size=4).map(lambda all: {"resourceType": "Parameters", "parameter": all})


def noise() -> st.SearchStrategy[bytes]:
    return st.one_of(st.sampled_from(BODIES), st.binary(max_size=64))


def cut(body: bytes, at: int) -> bytes:
    return body[: at % (len(body) + 1)]


FORMS = st.lists(st.tuples(st.sampled_from(("_id", "name", "code", "", "_count")), st.sampled_from(TEXTS)), max_size=4)
