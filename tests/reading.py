"""Every way of reading the FHIR API, as requests to be asked of two gateways that should answer alike.

`ways` has a place for each method and address of the routes that reads: a test holds it complete. What is asked for is
taken from the hidden resources themselves: every value they would be found by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from gateway.api.fhir.routes import BASE, INSTANCE, TYPE
from gateway.fhir.json import dump
from gateway.fhir.search.index import index
from gateway.fhir.search.rows import IndexRow, ReferenceRow, StringRow, TokenRow, UriRow
from gateway.fhir.search.table import TYPES

Way = tuple[str, str]  # method and address, as the routes have them

# What writes; all else reads. A Bundle may do either, and is asked to read here.
WRITES: frozenset[Way] = frozenset(
    {("POST", TYPE), ("POST", TYPE + "/$correction-request"), *product(("PUT", "PATCH", "DELETE"), (INSTANCE, TYPE))},
)
BUNDLES: Way = ("POST", BASE)
SHAPES = (
    "_total=accurate",
    "_summary=count",
    "_count=1&_total=accurate",
    "_sort=-_lastUpdated&_count=2",
    "_include=*&_revinclude=*",
    "_include:iterate=*&_revinclude:iterate=*",
    "_elements=id",
    "_summary=true",
)
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_PAGE = re.compile(r"_page=([\w-]+)")


class Request(NamedTuple):
    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}


@dataclass(frozen=True)
class Ground:
    """What lies before the caller: the ids that may be seen, and the resources that may not."""

    shown: Mapping[str, tuple[str, ...]]
    hidden: tuple[Mapping[str, Any], ...]
    patients: tuple[str, ...]
    queries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.shown, *(each["resourceType"] for each in self.hidden))))

    @property
    def searched(self) -> tuple[str, ...]:
        return tuple(type for type in self.types if "search-type" in TYPES[type].interactions)

    def ids(self, type: str) -> tuple[str, ...]:
        hidden = (each["id"] for each in self.hidden if each["resourceType"] == type)
        return (*self.shown.get(type, ())[:2], *hidden, "never-was")

    def instances(self) -> Iterator[str]:
        return (f"{type}/{id}" for type in self.types for id in self.ids(type))

    def searches(self) -> Iterator[tuple[str, str]]:
        """Type and query: each shape of an answer, and each value that something hidden would be found by."""
        for type in self.searched:
            ids = ",".join(self.ids(type))
            yield from ((type, query) for query in ("", f"_id={ids}", *SHAPES, *self.queries.get(type, ())))
        for each in self.hidden:
            if each["resourceType"] in self.searched:
                yield from dict.fromkeys(_found_by(each))


def _found_by(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The searches that would find a resource: by its values, and its neighbours by way of it."""
    type, rows = resource["resourceType"], index(resource)
    values = [query for query in map(_query, rows) if query]
    yield type, f"_lastUpdated=ge2020&_id={resource['id']}&_total=accurate"
    for place, query in enumerate(values):
        yield type, f"{query}&{SHAPES[place % len(SHAPES)]}"
    for row in rows:
        if isinstance(row, ReferenceRow) and row.target_type:
            for query in (f"_has:{type}:{row.name}:{values[0]}", f"_has:{type}:{row.name}:_id={resource['id']}"):
                yield row.target_type, f"{query}&_summary=count"
            yield row.target_type, f"_revinclude={type}:{row.name}"


def _query(row: IndexRow) -> str | None:
    """The criterion that such a row meets."""
    if isinstance(row, TokenRow) and ":" not in row.name and row.of_code is None:
        return f"{row.name}={quote(f'{row.system}|{row.code}' if row.system else row.code)}"
    if isinstance(row, ReferenceRow) and row.target_type and row.of_code is None:
        return f"{row.name}={row.target_type}/{row.target_id}"
    if isinstance(row, UriRow):
        return f"{row.name}={quote(row.value)}"
    if isinstance(row, StringRow) and row.exact.isalnum():
        return f"{row.name}:text={row.exact}" if row.name in ("code", "type", "category") else None
    return None


def ways(ground: Ground) -> dict[Way, list[Request]]:
    """The requests of every way of reading."""
    queries = list(ground.searches())
    asked: dict[Way, Callable[[], Iterable[Request]]] = {
        ("GET", "/metadata"): lambda: _gets(["metadata"]),
        ("GET", BASE): lambda: _gets(_whole_system(ground)),
        ("POST", BASE + "/_search"): lambda: _posts("_search", ["_count=3", f"_type={','.join(ground.searched)}"]),
        BUNDLES: lambda: _bundles(ground, queries),
        ("GET", BASE + "/_history"): lambda: _gets(
            f"_history{text}" for text in ("", "?_count=2", "?_since=2020-01-01", "?_at=2026", "?_type=Patient,Consent")
        ),
        ("GET", TYPE): lambda: _gets(f"{type}?{query}" for type, query in queries),
        ("POST", TYPE + "/_search"): lambda: chain(
            *(_posts(f"{type}/_search", [query]) for type, query in queries[:: max(1, len(queries) // 60)])
        ),
        ("GET", TYPE + "/_history"): lambda: _gets(
            f"{type}/_history{text}" for type in ground.types for text in ("", "?_count=1", "?_at=2026-09-02")
        ),
        ("GET", INSTANCE): lambda: [
            *_gets(ground.instances()),
            *_gets(ground.instances(), {"If-None-Match": 'W/"1"'}),
            *_gets(ground.instances(), {"Accept": "*/*"}),
        ],
        ("GET", INSTANCE + "/_history"): lambda: _gets(f"{each}/_history" for each in ground.instances()),
        ("GET", INSTANCE + "/_history/{version}"): lambda: _gets(
            f"{each}/_history/{version}" for each in ground.instances() for version in (1, 2)
        ),
        **_of_patients(ground),
        **_of_operations(ground),
    }
    return {way: list(requests()) for way, requests in asked.items()}


def _of_patients(ground: Ground) -> dict[Way, Callable[[], Iterable[Request]]]:
    patients = (*ground.patients, "never-was")
    members = list(product(patients, (type for type in ground.types if type != "Patient")))
    return {
        ("GET", "/Patient/{id}/*"): lambda: _gets(
            f"Patient/{id}/*{text}" for id in patients for text in ("", "?_count=1&_total=accurate", "?_summary=count")
        ),
        ("GET", "/Patient/{id}/{member:fhirtype}"): lambda: _gets(
            f"Patient/{id}/{type}?_total=accurate" for id, type in members
        ),
        ("POST", "/Patient/{id}/{member:fhirtype}/_search"): lambda: chain(
            *(_posts(f"Patient/{id}/{type}/_search", ["_summary=count"]) for id, type in members)
        ),
    }


def _of_operations(ground: Ground) -> dict[Way, Callable[[], Iterable[Request]]]:
    patients = (*ground.patients, "never-was")
    everything = [f"Patient/{id}/$everything" for id in patients]
    summaries = [f"Patient/{id}/$summary" for id in patients]
    documents = [f"patient={id}{more}" for id in patients for more in ("", "&start=2020", "&type=34904-3")]
    metas = [f"{each}/$meta" for each in ground.instances()]
    checked = [f"{each}/$validate" for each in ground.instances()]
    return {
        ("GET", INSTANCE + "/$everything"): lambda: _gets(
            f"{each}{text}" for each in everything for text in ("", "?_count=1", "?start=2020-01-01", "?_since=2020")
        ),
        ("POST", INSTANCE + "/$everything"): lambda: _sends(everything),
        ("GET", INSTANCE + "/$summary"): lambda: _gets(summaries),
        ("POST", INSTANCE + "/$summary"): lambda: _sends(summaries),
        ("GET", TYPE + "/$summary"): lambda: _gets(f"Patient/$summary?identifier={each}" for each in _numbers(ground)),
        ("POST", TYPE + "/$summary"): lambda: _sends(
            f"Patient/$summary?identifier={each}" for each in _numbers(ground)
        ),
        ("GET", TYPE + "/$docref"): lambda: _gets(f"DocumentReference/$docref?{each}" for each in documents),
        ("POST", TYPE + "/$docref"): lambda: _sends(f"DocumentReference/$docref?{each}" for each in documents),
        ("POST", TYPE + "/$match"): lambda: _matches(ground),
        ("GET", INSTANCE + "/$meta"): lambda: _gets(metas),
        ("POST", INSTANCE + "/$meta"): lambda: _sends(metas),
        ("GET", TYPE + "/$validate"): lambda: _gets(f"{type}/$validate" for type in ground.types),
        ("POST", TYPE + "/$validate"): lambda: (
            Request("POST", f"{each['resourceType']}/$validate?mode=create", dump(each), _JSON)
            for each in ground.hidden
        ),
        ("GET", INSTANCE + "/$validate"): lambda: _gets(f"{each}?mode=delete" for each in checked),
        ("POST", INSTANCE + "/$validate"): lambda: _sends(f"{each}?mode=delete" for each in checked),
    }


_JSON = {"Content-Type": "application/fhir+json"}


def _gets(paths: Iterable[str], headers: Mapping[str, str] | None = None) -> Iterator[Request]:
    """Asked leniently: what is not understood shall not keep the rest from being looked at."""
    return (Request("GET", path, None, {"Prefer": "handling=lenient", **(headers or {})}) for path in paths)


def _posts(path: str, queries: Iterable[str]) -> Iterator[Request]:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Prefer": "handling=lenient"}
    return (Request("POST", path, query.encode(), form) for query in queries)


def _sends(paths: Iterable[str]) -> Iterator[Request]:
    nothing = dump({"resourceType": "Parameters"})
    return (Request("POST", path, nothing, _JSON) for path in paths)


def _whole_system(ground: Ground) -> Iterator[str]:
    types = f"_type={','.join(ground.searched)}"
    return (f"?{text}" for text in ("_count=3", "_summary=count", types, f"{types}&_sort=-_lastUpdated&_count=3"))


def _bundles(ground: Ground, queries: list[tuple[str, str]]) -> Iterator[Request]:
    reads = [*ground.instances(), *(f"{type}?{query}" for type, query in queries[:40] if "_count" not in query)]
    for kind, some in product(
        ("batch", "transaction"), (reads[start : start + 20] for start in range(0, len(reads), 20))
    ):
        entries = [{"request": {"method": "GET", "url": url}} for url in some]
        yield Request("POST", "", dump({"resourceType": "Bundle", "type": kind, "entry": entries}), _JSON)


def _numbers(ground: Ground) -> Iterator[str]:
    patients = (each for each in ground.hidden if each["resourceType"] == "Patient")
    numbers = (one for each in patients for one in each.get("identifier", ()))
    return (f"{each['system']}|{each['value']}" for each in numbers)


def _matches(ground: Ground) -> Iterator[Request]:
    for each in ground.hidden:
        if each["resourceType"] == "Patient":
            asked = {"name": "resource", "resource": {name: each[name] for name in each if name not in ("id", "meta")}}
            body = {"resourceType": "Parameters", "parameter": [asked]}
            yield Request("POST", "Patient/$match", dump(body), _JSON)


def sighted(answer: httpx.Response, known: frozenset[str]) -> tuple[Any, ...]:
    """All that the caller sees. Of a page link only its length, for it is sealed anew each time; of an id that is made
    up for one answer only that it is there."""
    text = _without_chance(_PAGE.sub(lambda found: f"_page={len(found[1])}", answer.text), known)
    unsure = {"content-length"} if text != answer.text else set()
    kept = {name: _without_chance(value, known) for name, value in answer.headers.items() if name not in unsure}
    return answer.status_code, kept, text


def _without_chance(text: str, known: frozenset[str]) -> str:
    return _UUID.sub(lambda found: found[0] if found[0] in known else "(made up)", text)
