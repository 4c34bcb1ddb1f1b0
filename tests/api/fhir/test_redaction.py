"""Where a consent asks for it, a resource goes out without its more restricted parts: by every road, and without a word
of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.json import parse
from gateway.fhir.labels import ACT_CODE_SYSTEM, CONFIDENTIALITY, label_inline
from gateway.store import pages
from tests.api.fhir.conftest import World, document, furnish, link, opened_world
from tests.api.fhir.hiding import consent, observation
from tests.api.fhir.test_hidden import differing
from tests.reading import Ground, ways

REDACT = {"system": ACT_CODE_SYSTEM, "code": "REDACT"}
SECRET = "unspeakable"


def told(secret: str = SECRET) -> list[dict[str, Any]]:
    """Resources with parts that are very restricted, of which each would be found by the part."""
    hidden = CONFIDENTIALITY["V"]
    spoken = observation("spoken", note=[{"text": "heard by all"}, label_inline({"text": secret}, hidden)])
    spoken["component"] = [
        label_inline({"code": {"coding": [{"system": "urn:codes", "code": secret}]}, "valueString": secret}, hidden)
    ]
    letter = document("letter", description=secret, _description=label_inline({}, hidden))
    letter["identifier"] = [label_inline({"system": "urn:letters", "value": secret}, hidden)]
    return [spoken, letter]


@contextmanager
def kept(path: Path, *, redacts: bool = True, secret: str = SECRET) -> Iterator[World]:
    """A world that keeps them, under a consent which asks for redaction or does not."""
    with opened_world(path) as world:
        furnish(world)
        for resource in told(secret):
            world.publish(resource, labels=("PROCESSINLINELABEL",))
        world.hold(consent("c-ann", "ann", root={"securityLabel": [REDACT]} if redacts else {}), "ann")
        yield world


@pytest.fixture
def redacting(tmp_path: Path) -> Iterator[World]:
    with kept(tmp_path / "world.db") as world:
        yield world


def test_what_goes_out_says_that_it_is_not_the_whole(redacting: World) -> None:
    answer = redacting.get("/Observation/spoken", redacting.token("ehr"))
    copy = answer.json()
    assert [each["text"] for each in copy["note"]] == ["heard by all"]
    assert "component" not in copy
    labels = {each["code"] for each in copy["meta"]["security"]}
    assert {"R", "REDACTED", "SUBSETTED"} <= labels
    assert "PROCESSINLINELABEL" not in labels
    assert copy["meta"]["versionId"] == "1"


def test_who_has_the_rest_does_not_hear_that_it_is_unchanged_when_the_whole_is_there(redacting: World) -> None:
    """The version is the same, the entity is not."""
    ehr, own = redacting.token("ehr"), redacting.token()
    rest, whole = redacting.get("/Observation/spoken", ehr), redacting.get("/Observation/spoken", own)
    assert (rest.headers["etag"], whole.headers["etag"]) == ('W/"1-redacted"', 'W/"1"')
    assert "last-modified" not in rest.headers
    for token, tag, status in ((own, rest, 200), (own, whole, 304), (ehr, whole, 200), (ehr, rest, 304)):
        given = {"if_none_match": tag.headers["etag"]}
        assert redacting.get("/Observation/spoken", token, **given).status_code == status
    since = whole.headers["last-modified"]
    assert redacting.get("/Observation/spoken", ehr, if_modified_since=since).status_code == 200


def test_the_log_keeps_the_digest_of_the_whole(redacting: World) -> None:
    whole = redacting.get("/Observation/spoken").content
    for path in ("/Observation/spoken", "/Observation?_id=spoken", "/Observation/spoken/_history"):
        redacting.get(path, redacting.token("ehr"))
        detail = parse(redacting.audited()[-1]["detail"])
        assert detail["redacted"] == {"Observation/spoken/_history/1": sha256(whole).hexdigest()}
        assert detail["consents"] == ["Consent/c-ann/_history/1#provision"]
    redacting.get("/Observation/spoken")
    assert "redacted" not in parse(redacting.audited()[-1]["detail"] or b"{}")


@pytest.mark.spec("X-022", "X-023")
def test_no_road_gives_out_the_whole_or_tells_of_it(tmp_path: Path) -> None:
    """Of two worlds that differ in the cut parts only, every answer is the same."""
    ground = Ground({"Observation": (), "DocumentReference": ("doc-ann",)}, tuple(told()), ("ann",))
    other = "something else, and longer than that was"
    with kept(tmp_path / "one.db") as one, kept(tmp_path / "other.db", secret=other) as two:
        assert differing((one, two), chain(*ways(ground).values())) == []
        for world, secret in ((one, SECRET), (two, other)):
            assert secret in world.get("/Observation/spoken").text
            found = world.get("/?_type=Observation,DocumentReference", world.token("ehr"))
            assert found.text.count("REDACTED") == 2
            assert secret not in found.text


@pytest.mark.spec("X-023")
def test_nobody_finds_anything_by_what_is_cut(redacting: World) -> None:
    """Not the custodian either: the index does not know who asks."""
    for query in (f"component-code={SECRET}", f"component-code=urn:codes|{SECRET}", f"combo-code={SECRET}"):
        assert redacting.found(f"/Observation?{query}") == []
    for query in (f"description={SECRET}", f"identifier=urn:letters|{SECRET}"):
        assert redacting.found(f"/DocumentReference?{query}") == []
    assert redacting.found("/Observation?component-code:missing=true") == ["Observation/spoken"]


@pytest.mark.spec("X-023")
def test_where_the_consent_does_not_ask_for_it_nothing_goes_out(tmp_path: Path) -> None:
    with kept(tmp_path / "world.db", redacts=False) as world:
        ehr = world.token("ehr")
        assert [
            world.get(f"/{name}", ehr).status_code for name in ("Observation/spoken", "DocumentReference/letter")
        ] == [404, 404]
        assert world.found("/Observation", ehr) == []


@pytest.mark.parametrize("path", ["/Observation?_count=9", "/Observation?_sort=_id", "/Observation/_history"])
def test_a_page_that_is_full_of_what_is_cut_is_followed_by_the_rest(
    redacting: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    hidden = CONFIDENTIALITY["V"]
    for number in range(3):
        long = observation(f"long-{number}", note=[label_inline({"text": "x" * 3000}, hidden)])
        redacting.publish(long, labels=("PROCESSINLINELABEL",))
    monkeypatch.setattr(pages, "MOST_BYTES", 4000)
    found, at = set[str](), path
    while at:
        bundle = redacting.get(at, redacting.token("ehr")).json()
        found |= {entry["resource"]["id"] for entry in bundle["entry"]}
        at = link(bundle, "next") or ""
    assert found == {"spoken", "long-0", "long-1", "long-2"}
