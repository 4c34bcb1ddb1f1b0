"""Law 7: a draft is seen by the custodian's reviewers only.

Two gateways on copies of one database; in the second, something is hidden. Whoever may not see it gets the same bytes
from both, whatever is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, product
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.fhir.search.table import TYPES
from tests.house import Cast, House, opened
from tests.world import SUMMARY

OTHER_MODEL = {"name": "Scribe", "version": "9.9", "manufacturer": "Example Ltd"}
QUERIES = (
    "",
    "_id={document}",
    "_id={hidden}",
    "patient={patient}",
    "patient={patient},{neighbour}",
    "patient={neighbour}",
    "_lastUpdated=ge2020",
    "_security=http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST",
    "_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|HUAPRV",
    "status=preliminary,draft",
    "status:missing=true",
    "type=34904-3",
    "target:missing=false",
    "entity:missing=true",
)
SHAPES = (
    "",
    "_total=accurate",
    "_summary=count",
    "_count=1",
    "_sort=-_lastUpdated&_count=2",
    "_elements=id",
    "_revinclude=Provenance:target&_include=*",
    "_include=Provenance:target&_include=DocumentReference:subject&_include=Provenance:agent&_include=Provenance:entity",
)


@contextmanager
def pair(cast: Cast, folder: Path) -> Iterator[tuple[House, House, dict[str, str]]]:
    """Two gateways on the same approved and consented document, and its ids."""
    with opened(cast, folder / "first") as first:
        made = first.approve(first.draft())
        first.grant()
    with opened(cast, folder / "plain", folder / "first" / "gateway.db") as plain:
        for name in ("ehr", "own_ehr", "scribe"):
            setattr(plain, name, getattr(first, name))
        with opened(cast, folder / "full", folder / "first" / "gateway.db") as full:
            for name in ("ehr", "own_ehr", "scribe"):
                setattr(full, name, getattr(first, name))
            yield plain, full, made


def seen(house: House, method: str, path: str, token: str, **headers: str) -> tuple[Any, ...]:
    """All that the caller gets. A page link is sealed with a fresh nonce, so of it only that it is there."""
    asked = headers | {"X-Request-ID": "same"}
    answer = house.ask(method, path, token, headers=asked)
    body = re.sub(r"_page=[\w-]+", "_page=…", answer.text)
    unsure = {"content-length"} if "_page" in answer.text else set()
    kept = {name: text for name, text in answer.headers.items() if name not in unsure}
    return answer.status_code, kept, body


def posted(house: House, kind: str, query: str, token: str) -> tuple[Any, ...]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Request-ID": "same"}
    answer = house.ask("POST", f"/fhir/{kind}/_search", token, content=query, headers=headers)
    return answer.status_code, re.sub(r"_page=[\w-]+", "_page=…", answer.text)


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


def differences(plain: House, full: House, made: dict[str, str], hidden: list[str], token: str) -> list[str]:
    """Every question the two gateways answer differently."""
    cast, kinds = plain.cast, list(TYPES)
    names = {"patient": plain.world.patient, "neighbour": cast.neighbour}
    names |= {"document": made["DocumentReference"], "hidden": ",".join(hidden)}
    both = [*((query, "") for query in QUERIES), *(("", shape) for shape in SHAPES), *zip(QUERIES, cycle(SHAPES))]
    queries = ["&".join(filter(None, each)).format(**names) for each in both]
    found = []

    def compare(what: str, one: Any, other: Any) -> None:
        if one != other:
            found.append(what)

    for kind, query in product(kinds, queries):
        path = f"/fhir/{kind}?{query}"
        compare(path, *(seen(each, "GET", path, token, Prefer="handling=lenient") for each in (plain, full)))
    for query in queries:
        kind = "Provenance" if "Provenance" in query else "DocumentReference"
        compare(f"POST {kind} {query}", *(posted(each, kind, query, token) for each in (plain, full)))
    ids = [made["Composition"], made["DocumentReference"], *hidden, "never-was"]
    inner = product(("Composition", "DocumentReference", "Device"), ids, ("", "/_history", "/_history/1"))
    for kind, id, rest in inner:
        path = f"/fhir/{kind}/{id}{rest}"
        for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"If-None-Match": 'W/"1"'})):
            compare(f"{method} {path}", *(seen(each, method, path, token, **headers) for each in (plain, full)))
    histories = ("/fhir/_history", "/fhir/_history?_since=2020-01-01", *(f"/fhir/{kind}/_history" for kind in kinds))
    inside = [f"/{place}/{id}" for place in ("reviews", "lineage/DocumentReference", "submissions") for id in hidden]
    for path in ("/fhir/metadata", *histories, "/reviews", *inside):
        compare(path, *(seen(each, "GET", path, token) for each in (plain, full)))
    for path in ("_history?_count=2", "Provenance?_count=2&_sort=_lastUpdated", "Provenance/_history?_count=3"):
        compare(f"walk {path}", *(walk(each, f"/fhir/{path}", token) for each in (plain, full)))
    return found


def inner_ids(house: House, draft: str) -> list[str]:
    """The ids a draft's own resources have, which nobody outside could know."""
    rows = house.rows("SELECT content FROM draft_revision WHERE draft_id = ?", draft)
    return sorted(set(re.findall(r'"id":"([0-9a-f-]{36})"', bytes(rows[-1][0]).decode())))[:3]


@pytest.mark.spec("X-023", "X-024")
def test_a_draft_changes_no_answer_of_the_fhir_api(cast: Cast, tmp_path: Path) -> None:
    """Not for the EHR that has the patient's consent, and not for the custodian's own."""
    with pair(cast, tmp_path) as (plain, full, made):
        draft = full.draft("s-2", model=OTHER_MODEL, prompt={"text": "Another prompt.", "version": "99"})
        amended = full.draft("s-3", patient=cast.neighbour)
        full.rewrite(amended, "Words of a clinician.")
        rejected = full.draft("s-4", model=OTHER_MODEL | {"version": "9.8"})
        assert full.step(rejected, "rejection", body={"reason": "Not what was said."}).status_code == 200
        hidden = [draft, *inner_ids(full, draft)]
        for token in (plain.ehr, plain.own_ehr):
            assert differences(plain, full, made, hidden, token) == []


@pytest.mark.spec("X-023", "X-024")
def test_what_is_approved_without_a_consent_changes_no_answer_elsewhere(cast: Cast, tmp_path: Path) -> None:
    with pair(cast, tmp_path) as (plain, full, made):
        hidden = full.approve(full.draft("s-2", patient=cast.neighbour))
        assert differences(plain, full, made, list(hidden.values()), plain.ehr) == []
        assert differences(plain, full, made, list(hidden.values()), plain.own_ehr) != [], "the custodian does see it"


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
