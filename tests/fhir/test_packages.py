"""Packages of our own making: how they are read, which are refused, and what a profile of each kind asks."""

from __future__ import annotations

import copy
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.check import check
from gateway.fhir.profiles import PackageFault, Profiles, load

Json = dict[str, Any]

PROFILE: Json = {
    "resourceType": "StructureDefinition",
    "url": "http://example.org/basic-note",
    "version": "1",
    "type": "Basic",
    "snapshot": {
        "element": [
            {"id": "Basic", "path": "Basic", "min": 0, "max": "*"},
            {
                "id": "Basic.code",
                "path": "Basic.code",
                "min": 1,
                "max": "1",
                "type": [{"code": "CodeableConcept"}],
                "binding": {"strength": "required", "valueSet": "http://example.org/notes"},
            },
            {
                "id": "Basic.identifier",
                "path": "Basic.identifier",
                "min": 1,
                "max": "*",
                "type": [{"code": "Identifier"}],
                "slicing": {"discriminator": [{"type": "exists", "path": "period"}], "rules": "closed"},
            },
            {
                "id": "Basic.identifier:lasting",
                "path": "Basic.identifier",
                "sliceName": "lasting",
                "min": 0,
                "max": "1",
            },
            {"id": "Basic.identifier:lasting.period", "path": "Basic.identifier.period", "min": 1, "max": "1"},
        ]
    },
}
VALUE_SET: Json = {
    "resourceType": "ValueSet",
    "url": "http://example.org/notes",
    "compose": {
        "include": [{"system": "http://example.org/codes"}],
        "exclude": [{"system": "http://example.org/codes", "concept": [{"code": "old"}]}],
    },
}
CODES: Json = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/codes",
    "content": "complete",
    "concept": [{"code": "note", "concept": [{"code": "inner"}]}, {"code": "old"}],
}


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


BASIC: Json = {
    "resourceType": "Basic",
    "meta": {"profile": ["http://example.org/basic-note"]},
    "code": coded("http://example.org/codes", "inner"),
    "identifier": [{"value": "1", "period": {"start": "2026"}}],
}


def write_package(folder: Path, *definitions: Json, version: str = "1.0.0", name: str = "example.notes") -> Path:
    package = folder / f"{name}-{version}" / "package"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": name, "version": version}))
    for number, definition in enumerate(definitions):
        (package / f"{number}.json").write_text(json.dumps(definition))
    return folder


def told(resource: Json, profiles: Profiles) -> set[tuple[str | None, str]]:
    return {(issue.expression, issue.code) for issue in check(resource, profiles=profiles)}


def test_an_unpacked_package_is_read(tmp_path: Path) -> None:
    profiles = load(write_package(tmp_path, PROFILE, VALUE_SET, CODES))
    assert told(BASIC, profiles) == set()
    assert told(BASIC | {"code": coded("http://example.org/codes", "old")}, profiles) == {
        ("Basic.code", "code-invalid")
    }
    assert told(BASIC | {"identifier": [{"value": "1"}]}, profiles) == {("Basic.identifier[0]", "structure")}
    assert told(BASIC | {"identifier": BASIC["identifier"] * 2}, profiles) == {("Basic.identifier", "structure")}


def test_no_folder_and_an_empty_folder_have_no_profiles(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        assert load(folder).urls == frozenset()
        assert check(BASIC, profiles=load(folder)) == []


def test_an_unknown_profile_is_passed_over() -> None:
    assert check(BASIC | {"meta": {"profile": ["http://nowhere.org/x"]}}, profiles=Profiles([])) == []


def test_a_value_set_that_cannot_be_listed_refuses_nothing(tmp_path: Path) -> None:
    filtered = copy.deepcopy(VALUE_SET)
    filtered["compose"]["include"][0]["filter"] = [{"property": "x", "op": "=", "value": "y"}]
    profiles = load(write_package(tmp_path, PROFILE, filtered, CODES))
    assert told(BASIC | {"code": coded("http://other.org", "x")}, profiles) == set()


def test_value_sets_in_a_circle_end(tmp_path: Path) -> None:
    circle = VALUE_SET | {"compose": {"include": [{"valueSet": ["http://example.org/notes"]}]}}
    assert told(BASIC, load(write_package(tmp_path, PROFILE, circle))) == set()


def test_the_newest_version_answers_unless_one_is_named(tmp_path: Path) -> None:
    lax = PROFILE | {"version": "2", "snapshot": {"element": PROFILE["snapshot"]["element"][:1]}}
    write_package(tmp_path, PROFILE, VALUE_SET, CODES, version="9.0.0")
    profiles = load(write_package(tmp_path, lax, version="10.0.0"))
    without = {key: value for key, value in BASIC.items() if key != "identifier"}
    assert told(without, profiles) == set()
    named = without | {"meta": {"profile": ["http://example.org/basic-note|1"]}}
    assert told(named, profiles) == {("Basic.identifier", "required")}


def archive(path: Path, **files: bytes) -> None:
    with tarfile.open(path, "w:gz") as out:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}.json")
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize(
    "files",
    [
        {"package": b"{}"},
        {"package": b"not json"},
        {"other": b"{}"},
        {"package": b'{"name":"x","version":"1"}', "broken": b'{"resourceType":'},
        {"package": b'{"name":"x","version":"1"}', "odd": b'{"snapshot":{"element":[{"min":1}]}}'},
        {"package": b'{"name":"x","version":"1"}', "odd": b'{"snapshot":{"element":[{"path":"A","max":"many"}]}}'},
    ],
)
def test_a_bad_package_is_refused_with_its_name(tmp_path: Path, files: dict[str, bytes]) -> None:
    archive(tmp_path / "bad-1.0.0.tgz", **files)
    with pytest.raises(PackageFault, match=r"bad-1\.0\.0\.tgz"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b\x08\x00truncated"])
def test_a_file_that_is_no_archive_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.tgz").write_bytes(content)
    with pytest.raises(PackageFault, match=r"bad\.tgz"):
        load(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Profiles:
    return load(write_package(tmp_path_factory.mktemp("own"), PROFILE, VALUE_SET, CODES))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(["code", "identifier", "meta", "extension", "contained", "_code"]), value=JSON)
def test_no_value_makes_the_profile_check_raise(own: Profiles, place: str, value: Any) -> None:
    assert isinstance(check(BASIC | {place: value}, profiles=own, second_opinion=False), list)
