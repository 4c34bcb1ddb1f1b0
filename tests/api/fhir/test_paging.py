"""Walking through pages: each match once, whatever happens meanwhile, and for nobody else."""

from __future__ import annotations

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.store import pages
from tests.api.fhir.conftest import World, document, link, names


@pytest.fixture
def many(world: World) -> World:
    for number in range(7):
        world.publish(document(f"n{number}", date=f"2026-0{1 + number // 2}-01"))
    return world


def walk(world: World, path: str, between: object = None) -> list[str]:
    seen: list[str] = []
    url: str | None = path
    while url:
        bundle = world.get(url).json()
        seen += names(bundle)
        if callable(between):
            between()
        url = link(bundle, "next")
    return seen


@pytest.mark.spec("F-124", "F-143")
@pytest.mark.parametrize("sort", ["", "&_sort=date", "&_sort=-date", "&_sort=-_lastUpdated", "&_sort=date,-_id"])
def test_a_walk_gives_every_match_once_in_order(many: World, sort: str) -> None:
    whole = names(many.get(f"/DocumentReference?patient=ann{sort}").json())
    assert len(whole) == 8
    assert walk(many, f"/DocumentReference?patient=ann&_count=3{sort}") == whole


@pytest.mark.spec("F-124")
@pytest.mark.parametrize("sort", ["", "&_sort=-date", "&_sort=_lastUpdated", "&_sort=-_lastUpdated"])
def test_what_is_added_meanwhile_neither_repeats_nor_hides_a_match(many: World, sort: str) -> None:
    before = set(many.found("/DocumentReference?patient=ann"))
    added = iter(range(100))

    def add() -> None:
        number = next(added)
        if number < 4:
            many.publish(document(f"a{number}", date="2026-03-01"))

    seen = walk(many, f"/DocumentReference?patient=ann&_count=2{sort}", add)
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


@pytest.mark.spec("F-124")
@pytest.mark.parametrize("sort", ["", "&_sort=date", "&_sort=-date,status", "&_sort=-_lastUpdated", "&_sort=-_id"])
def test_the_way_back_shows_the_same_pages(many: World, sort: str) -> None:
    """Each page back is the page that was shown on the way there; the first one has none before it."""
    pages: list[tuple[list[str], str | None]] = []
    url = link(many.get(f"/DocumentReference?patient=ann&_count=3{sort}").json(), "self")
    while url:
        bundle = many.get(url).json()
        pages.append((names(bundle), link(bundle, "previous")))
        url = link(bundle, "next")
    assert [bool(before) for _, before in pages] == [False, True, True]
    for number in (2, 1):
        back = many.get(pages[number][1] or "").json()
        assert names(back) == pages[number - 1][0]
        assert bool(link(back, "previous")) is (number > 1)
        assert names(many.get(link(back, "next") or "").json()) == pages[number][0]


@pytest.mark.spec("F-124")
def test_the_way_back_to_what_is_gone_leads_to_the_beginning(many: World) -> None:
    second = many.get(link(many.get("/DocumentReference?patient=ann&_count=1").json(), "next") or "").json()
    many.delete("DocumentReference", "doc-ann")
    back = many.get(link(second, "previous") or "").json()
    assert names(back) == names(second)
    assert link(back, "previous") is None


@pytest.mark.spec("F-124", "F-056")
def test_a_walk_beside_busy_writers_has_no_gap_and_no_repeat(many: World) -> None:
    """Others create and change while three readers walk: what was there all the time is seen once by each."""
    before = many.found("/DocumentReference?patient=ann")
    many.token()  # made before anybody is in a hurry
    done = threading.Event()

    def write() -> None:
        for number in range(60):
            many.publish(document(f"w{number:03}-{'am'[number % 2]}", date="2026-02-15"))
            many.publish(document("n3", description=str(number), date="2026-02-01"), method="PUT")
        done.set()

    def read(path: str) -> list[list[str]]:
        walks: list[list[str]] = []
        while not (done.is_set() and walks):
            walks.append(walk(many, path))
        return walks

    paths = [f"/DocumentReference?patient=ann&_count=2{sort}" for sort in ("", "&_sort=-date", "&_sort=date,_id")]
    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(write)
        reading = [pool.submit(read, path) for path in paths]
        writing.result()
        walks = [seen for each in reading for seen in each.result()]
    for seen in walks:
        assert len(seen) == len(set(seen))
        assert set(before) <= set(seen)


@pytest.mark.spec("F-125")
def test_a_page_link_serves_nobody_else(many: World) -> None:
    url = link(many.get("/DocumentReference?_count=2").json(), "next")
    assert url
    assert many.get(url).status_code == 200
    assert many.get(url, many.token(client="another")).status_code == 404
    assert many.get(url, many.token("elsewhere", client="clinic-client")).status_code == 404


@pytest.mark.spec("F-126")
def test_a_page_link_expires(many: World) -> None:
    url = link(many.get("/DocumentReference?_count=2").json(), "next")
    assert url
    many.clock.advance(hours=2)
    answer = many.get(url)
    assert answer.status_code == 410
    assert answer.json()["issue"][0]["code"] == "expired"


@pytest.mark.parametrize("token", ["", "x", "AAAA", "ä", "A" * 400])
def test_a_page_link_of_no_origin_is_refused(many: World, token: str) -> None:
    assert many.get(f"/DocumentReference?_page={token}").status_code == 400


def test_a_page_link_that_was_changed_is_refused(many: World) -> None:
    url = link(many.get("/DocumentReference?_count=2").json(), "next")
    assert url
    head, token = url.split("_page=")
    raw = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[-1] ^= 1
    changed = urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    assert many.get(f"{head}_page={changed}").status_code == 400
    assert many.get(f"{head}_page={token}&patient=bob").status_code == 400
    same = many.get(f"{head}_page={token}&_count=1000").json()
    assert len(same["entry"]) == 2, "a _count beside it, as some clients write, changes nothing"
    assert many.get(url.replace("/DocumentReference?", "/Composition?")).status_code == 404


@pytest.mark.parametrize("path", ["?patient=ann", "?patient=ann&_sort=-date", "?_sort=date", "/_history?_count=100"])
def test_a_page_ends_where_it_would_become_too_long(many: World, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    url: str | None = f"/DocumentReference{path}"
    assert url
    whole = [entry["resource"] for entry in many.get(url).json()["entry"]]
    monkeypatch.setattr(pages, "MOST_BYTES", 1)
    seen = []
    while url:
        bundle = many.get(url).json()
        (entry,) = bundle["entry"]
        seen.append(entry["resource"])
        url = link(bundle, "next")
    assert seen == whole


def test_includes_end_where_they_would_become_too_long_and_say_so(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_BYTES", 1)
    *found, last = many.get("/DocumentReference?_id=n1&_include=*").json()["entry"]
    assert [entry["search"]["mode"] for entry in found] == ["match", "include"]
    assert last["resource"]["issue"][0]["code"] == "too-costly"


def test_a_page_link_tells_nothing_of_the_query(many: World) -> None:
    url = link(many.get("/DocumentReference?patient=ann&_count=2").json(), "next")
    assert url
    token = url.split("_page=")[1]
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"ann" not in raw
    assert "ann" not in url


def test_consent_is_asked_again_on_every_page(many: World) -> None:
    many.permit("ann", "ehr")
    ehr = many.token("ehr")
    url = link(many.get("/DocumentReference?_count=2", ehr).json(), "next")
    assert url
    many.revoke()
    assert names(many.get(url, ehr).json()) == []


@pytest.mark.spec("F-056")
def test_a_history_is_walked_without_gaps_or_repeats(many: World) -> None:
    for number in range(5):
        many.publish(document("doc-ann", description=str(number)), method="PUT")
    seen: list[str] = []
    url: str | None = "/DocumentReference/doc-ann/_history?_count=2"
    while url:
        bundle = many.get(url).json()
        seen += [entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]]
        if len(seen) == 2:
            many.publish(document("doc-ann", description="meanwhile"), method="PUT")
        url = link(bundle, "next")
    assert seen == ["6", "5", "4", "3", "2", "1"]


@pytest.mark.spec("F-125")
def test_a_history_link_serves_its_caller_and_place_only(many: World) -> None:
    url = link(many.get("/DocumentReference/_history?_count=2").json(), "next")
    assert url
    assert many.get(url, many.token(client="another")).status_code == 404
    assert many.get(url.replace("/DocumentReference/", "/Patient/")).status_code == 404


def test_the_length_of_a_page_link_does_not_tell_how_many_rows_there_are(many: World) -> None:
    first = link(many.get("/_history?_count=1").json(), "next")
    for number in range(100):
        many.publish(document(f"m{number}", "bob"), "bob")
    later = link(many.get("/_history?_count=1").json(), "next")
    assert first
    assert later
    assert len(first) == len(later)
