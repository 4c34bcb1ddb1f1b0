"""Law 7: a draft is seen by the custodian's reviewers only.

Two gateways on copies of one database; in the second, something is hidden. Whoever may not see it gets the same bytes
from both, whatever is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, product
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.fhir.elements import objects_of
from gateway.fhir.search.table import TYPES
from tests.house import Cast, House, opened
from tests.reading import Ground, Request, sighted, ways
from tests.world import SUMMARY

OTHER_MODEL = {"name": "Scribe", "version": "9.9", "manufacturer": "Example Ltd"}
QUERIES = (
    "patient={patient}",
    "patient={patient},{neighbour}",
    "patient={neighbour}",
    "_security=http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST",
    "_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|HUAPRV",
    "status=preliminary,draft",
    "status:missing=true",
    "entity:missing=true&_include=Provenance:entity",
)
# The types that hold something.
HELD = (
    "DocumentReference",
    "Composition",
    "Provenance",
    "Device",
    "Patient",
    "Practitioner",
    "Organization",
    "Consent",
)


@contextmanager
def pair(cast: Cast, folder: Path) -> Iterator[tuple[House, House, dict[str, str]]]:
    """Two gateways on the same approved and consented document, and its ids."""
    with opened(cast, folder / "first") as first:
        made = first.approve(first.draft())
        first.grant()
    now = datetime.now(UTC)  # what is made when it is asked for tells the time
    cast = replace(cast, world=replace(cast.world, services=replace(cast.world.services, clock=lambda: now)))
    with opened(cast, folder / "plain", folder / "first" / "gateway.db") as plain:
        for name in ("ehr", "own_ehr", "scribe"):
            setattr(plain, name, getattr(first, name))
        with opened(cast, folder / "full", folder / "first" / "gateway.db") as full:
            for name in ("ehr", "own_ehr", "scribe"):
                setattr(full, name, getattr(first, name))
            yield plain, full, made


def walk(house: House, path: str, token: str) -> list[str]:
    """Every page, by following the links."""
    pages, url = [], path
    while url:
        bundle = house.ask("GET", url, token, headers={"X-Request-ID": "same"}).json()
        links = {link["relation"]: link["url"] for link in bundle.pop("link")}
        pages.append(str(bundle))
        url = httpx.URL(links["next"]).raw_path.decode() if "next" in links else ""
        assert len(pages) < 200
    return pages


def questions(house: House, made: Mapping[str, str], hidden: Sequence[Mapping[str, Any]]) -> Iterator[Request]:
    """Every way of reading, by GET, POST and HEAD, and what else of the gateway might tell of something hidden."""
    names = {"patient": house.world.patient, "neighbour": house.cast.neighbour}
    queries = tuple(query.format(**names) for query in QUERIES)
    shown = {type: (made[type],) if type in made else () for type in HELD}
    ground = Ground(shown, tuple(hidden), tuple(names.values()), dict.fromkeys(HELD, queries))
    for asked in chain(*ways(ground).values()):
        asked = asked._replace(path=f"/fhir/{asked.path}")
        yield asked
        if asked.method == "GET" and "?" not in asked.path:
            yield asked._replace(method="HEAD")
    yield from (Request("GET", f"/fhir/{kind}?_total=accurate") for kind in TYPES if kind not in HELD)
    for place, each in product(("reviews", "lineage/DocumentReference", "submissions"), hidden):
        yield Request("GET", f"/{place}/{each['id']}")


def differences(
    plain: House, full: House, made: Mapping[str, str], hidden: Sequence[Mapping[str, Any]], token: str
) -> list[str]:
    """Every question the two gateways answer differently."""
    known = frozenset(id for (id,) in plain.rows("SELECT id FROM resource"))

    def seen(house: House, asked: Request) -> tuple[Any, ...]:
        sent = {**asked.headers, "X-Request-ID": "same"}
        answer = house.ask(asked.method, asked.path, token, content=asked.body, headers=sent)
        assert answer.status_code < 500, asked
        return sighted(answer, known)

    asked = questions(plain, made, hidden)
    found = [f"{one.method} {one.path}" for one in asked if seen(plain, one) != seen(full, one)]
    for path in ("_history?_count=2", "Provenance?_count=2&_sort=_lastUpdated", "Provenance/_history?_count=3"):
        if walk(plain, f"/fhir/{path}", token) != walk(full, f"/fhir/{path}", token):
            found.append(f"walk {path}")
    return found


def drafted(house: House, draft: str) -> list[Mapping[str, Any]]:
    """The resources of a draft, and the draft as if it were one: under ids that nobody outside could know."""
    rows = house.rows("SELECT content FROM draft_revision WHERE draft_id = ?", draft)
    inner = objects_of(json.loads(bytes(rows[-1][0])))
    return [
        {"resourceType": "DocumentReference", "id": draft},
        *(each for each in inner if {"resourceType", "id"} <= set(each)),
    ]


def published(house: House, made: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Resources as the custodian's own EHR reads them."""
    return [house.get(f"/fhir/{type}/{id}", house.own_ehr).json() for type, id in made.items()]


@pytest.mark.spec("X-023", "X-024")
def test_a_draft_changes_no_answer_of_the_fhir_api(cast: Cast, tmp_path: Path) -> None:
    """Not for the EHR that has the patient's consent, and not for the custodian's own."""
    with pair(cast, tmp_path) as (plain, full, made):
        draft = full.draft("s-2", model=OTHER_MODEL, prompt={"text": "Another prompt.", "version": "99"})
        amended = full.draft("s-3", patient=cast.neighbour)
        full.rewrite(amended, "Words of a clinician.")
        rejected = full.draft("s-4", model=OTHER_MODEL | {"version": "9.8"})
        assert full.step(rejected, "rejection", body={"reason": "Not what was said."}).status_code == 200
        hidden = drafted(full, draft)
        for token in (plain.ehr, plain.own_ehr):
            assert differences(plain, full, made, hidden, token) == []


@pytest.mark.spec("X-023", "X-024")
def test_what_is_approved_without_a_consent_changes_no_answer_elsewhere(cast: Cast, tmp_path: Path) -> None:
    with pair(cast, tmp_path) as (plain, full, made):
        hidden = published(full, full.approve(full.draft("s-2", patient=cast.neighbour)))
        assert differences(plain, full, made, hidden, plain.ehr) == []
        assert differences(plain, full, made, hidden, plain.own_ehr) != [], "the custodian does see it"


@pytest.mark.spec("X-028")
def test_the_log_tells_of_a_draft_to_auditors_only(cast: Cast, tmp_path: Path) -> None:
    """Not even to the custodian's own EHR, whose scope names every type: it would count the drafts of a patient."""
    with pair(cast, tmp_path) as (_, full, _):
        full.draft("s-2")
        for query in ("", "?_summary=count", f"?patient={full.world.patient}", "/any"):
            statuses = [full.get(f"/fhir/AuditEvent{query}", token).status_code for token in (full.ehr, full.own_ehr)]
            assert statuses == [403, 403], query
        assert len(full.found(f"/fhir/AuditEvent?patient={full.world.patient}", full.auditor)) > 2


def test_a_draft_is_read_by_the_custodians_reviewers_only(house: House) -> None:
    draft = house.draft()
    assert house.get(f"/reviews/{draft}", house.clinician).status_code == 200
    outsiders = (house.scribe, house.ehr, house.own_ehr, house.auditor, "no-token")
    assert [house.get(f"/reviews/{draft}", token).status_code for token in outsiders] == [403, 403, 403, 403, 401]


def test_its_producer_hears_its_state_and_no_content(house: House) -> None:
    answer = house.submit()
    standing = house.get(f"/submissions/{answer.json()['submission']}", house.scribe)
    assert standing.json()["review"] == "pending"
    sentence = SUMMARY["ClinicalDocumentation"]["Sections"][0]["Summary"][0]["SummarizedSegment"]
    assert sentence not in standing.text + answer.text
    assert house.get(f"/submissions/{answer.json()['submission']}", house.own_ehr).status_code == 403
