"""Whatever narrows a caller never shows more: a scope with a restriction, a consent that ends, a deny."""

from __future__ import annotations

import pytest

from tests.api.fhir.conftest import World, document, names, patient, provenance
from tests.api.fhir.test_hidden import FILTERS
from tests.permits import deny

LETTER = [{"coding": [{"system": "urn:categories", "code": "letter"}]}]
EVERY = frozenset({"system/*.rs"})
NARROW = frozenset(
    {"system/DocumentReference.rs?category=urn:categories|letter", "system/Patient.rs", "system/List.rs"}
)
NARROW |= {"system/Provenance.rs", "system/Practitioner.rs"}
SEARCHES = [f"/DocumentReference?{query}" for query in FILTERS] + [
    "/Patient?_has:DocumentReference:subject:status=superseded",
    "/Patient?_has:DocumentReference:subject:category:not=urn:categories|letter",
    "/Patient?_revinclude=DocumentReference:subject&_revinclude:iterate=Provenance:target",
    "/Practitioner?_revinclude=DocumentReference:author",
    "/Patient/ann/*?_include=*",
    "/?_type=DocumentReference,Patient&_lastUpdated=ge2020",
]


@pytest.fixture
def open_world(world: World) -> World:
    """Everything about the three patients is open to the EHR."""
    world.publish(patient("zed", "Zedson"), "zed")
    told = {"status": "superseded", "date": "2026-05-05", "description": "unspeakable", "author": []}
    world.publish(document("doc-zed", "zed", relatesTo=[_appends("doc-ann")], **told), "zed")
    world.publish(provenance("prov-zed", "DocumentReference/doc-zed"), "zed")
    world.publish(document("letter", category=LETTER, relatesTo=[_appends("doc-ann")]))
    world.publish(document("reply", "bob", category=LETTER, relatesTo=[_appends("letter")]), "bob")
    world.publish(provenance("prov-letter", "DocumentReference/letter"))
    for each in ("ann", "bob", "zed"):
        world.permit(each, "ehr", consent=f"c-{each}")
    return world


def shown(world: World, token: str) -> dict[str, set[str]]:
    """All that each search gives out, matches and what comes along."""
    found = {}
    for path in SEARCHES:
        bundle = world.get(path, token).json()
        assert bundle["resourceType"] == "Bundle", path
        found[path] = {*names(bundle), *names(bundle, "include")}
    return found


def more(after: dict[str, set[str]], before: dict[str, set[str]]) -> list[str]:
    return [path for path in SEARCHES if not after[path] <= before[path]]


@pytest.mark.spec("X-029")
def test_a_narrower_scope_never_shows_more(open_world: World) -> None:
    wide, narrow = (shown(open_world, open_world.token("ehr", scopes)) for scopes in (EVERY, NARROW))
    assert more(narrow, wide) == []
    assert narrow != wide
    documents = {each for found in narrow.values() for each in found if each.startswith("DocumentReference")}
    assert documents == {"DocumentReference/letter", "DocumentReference/reply"}


@pytest.mark.spec("X-029")
@pytest.mark.parametrize("scopes", [EVERY, NARROW])
def test_a_deny_or_an_ended_consent_never_shows_more(open_world: World, scopes: frozenset[str]) -> None:
    token = open_world.token("ehr", scopes)
    before = shown(open_world, token)
    open_world.enforce("no", deny("zed", "Organization/ehr"))
    denied = shown(open_world, token)
    open_world.revoke("c-bob")
    revoked = shown(open_world, token)
    assert more(denied, before) == []
    assert more(revoked, denied) == []
    assert before != denied != revoked


def _appends(id: str) -> dict[str, object]:
    return {"code": "appends", "target": {"reference": f"DocumentReference/{id}"}}
