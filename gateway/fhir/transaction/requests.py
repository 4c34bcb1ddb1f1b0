"""A batch or transaction Bundle as ordered entries: https://hl7.org/fhir/R4/http.html#transaction

Only the envelope is judged here; what each entry carries is judged by the interaction it asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import BadRequest, Issue, TooLarge
from gateway.fhir.tables import describe
from gateway.fhir.transaction.address import CONDITIONS, METHODS, Address, full_url_fault, read_url
from gateway.fhir.walker import Walk

KINDS = frozenset({"batch", "transaction"})
# Whatever the order of the entries is, they are carried out in this one.
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry asks for. The conditions are the texts of `entry.request`, as headers would carry them."""

    index: int
    method: str
    address: Address
    resource: dict[str, Any] | None = None
    full_url: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_none_exist: str | None = None

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.index}]"

    @property
    def is_write(self) -> bool:
        return self.method in _WRITES


@dataclass(frozen=True, slots=True)
class Requests:
    """A whole Bundle: `kind` is batch or transaction, the entries are in the order of the request."""

    kind: str
    entries: tuple[Entry, ...]

    @property
    def ordered(self) -> list[Entry]:
        """In the order of processing: DELETE, POST, PUT and PATCH, GET and HEAD."""
        return sorted(self.entries, key=lambda entry: _ORDER[entry.method])


def read(bundle: Any, base: str, *, entries: int, lookups: int) -> Requests:
    """The entries of a Bundle that was posted to `base`.

    `entries` and `lookups` bound how many there may be, and how many of them may search. Raises BadRequest with
    every fault of the envelope, each with its place, and TooLarge beyond the bounds.
    """
    if type(bundle) is not dict or bundle.get("resourceType") != "Bundle":
        raise BadRequest(issues=[Issue("must be a Bundle", "Bundle", "structure")])
    if bundle.get("type") not in tuple(KINDS):
        raise BadRequest(issues=[Issue("must be batch or transaction", "Bundle.type", "value")])
    listed = bundle.get("entry", [])
    if type(listed) is list and len(listed) > entries:
        raise TooLarge(f"A Bundle has at most {entries} entries.")
    faults = Walk(_envelope(bundle)).walk()
    if faults:
        raise BadRequest(issues=faults)
    found = [_entry(index, each, base, faults) for index, each in enumerate(listed)]
    read_ = [entry for entry in found if entry is not None]
    faults += _same_identity(read_) if bundle["type"] == "transaction" else []
    faults += _same_full_url(read_)
    if faults:
        raise BadRequest(issues=faults)
    if sum(_asks(entry) for entry in read_) > lookups:
        raise TooLarge(f"At most {lookups} entries of a Bundle are searches or conditional.")
    return Requests(bundle["type"], tuple(read_))


def _envelope(bundle: dict[str, Any]) -> dict[str, Any]:
    """The Bundle without the resources that it carries; what is no resource stays, to be told of."""
    entries = bundle.get("entry")
    if type(entries) is not list:
        return bundle
    bare = [
        {name: value for name, value in each.items() if name != "resource" or type(value) is not dict}
        if type(each) is dict and len(each) > 1
        else each
        for each in entries
    ]
    return {**bundle, "entry": bare}


def _entry(index: int, each: dict[str, Any], base: str, faults: list[Issue]) -> Entry | None:
    place = f"Bundle.entry[{index}]"
    request = each.get("request")
    if request is None:
        faults.append(Issue("is required", f"{place}.request", "required"))
        return None
    method, url, resource, full_url = (
        request.get("method"),
        request.get("url"),
        each.get("resource"),
        each.get("fullUrl"),
    )
    if method is None or url is None:  # an extension may stand in the place of a value, which asks for nothing
        faults.append(Issue("must have a method and a url", f"{place}.request", "required"))
        return None
    address, fault = read_url(method, url, base)
    told = [*_surplus(each, place), *_misplaced(request, method, place), *_carried(method, resource, place)]
    if fault or address is None:
        told.append(Issue(fault or "is not understood", f"{place}.request.url", "value"))
    elif resource is not None and method in ("POST", "PUT") and resource.get("resourceType") != address.type:
        told.append(Issue("must be of the type that request.url names", f"{place}.resource", "invalid"))
    if full_url is not None and (fault := full_url_fault(full_url)):
        told.append(Issue(fault, f"{place}.fullUrl", "value"))
    faults += told
    if told or address is None:
        return None
    conditions = {name: request.get(key) for key, name in CONDITIONS.items()}
    return Entry(index, method, address, resource, full_url, **conditions)


def _surplus(each: dict[str, Any], place: str) -> Iterator[Issue]:
    for name in ("search", "response"):
        if name in each:
            yield Issue("is not for a request", f"{place}.{name}", "structure")


def _misplaced(request: dict[str, Any], method: str, place: str) -> Iterator[Issue]:
    """A condition that means nothing for the method would be ignored, which could write what was not wanted."""
    for key in CONDITIONS:
        if key in request and key not in METHODS[method].conditions:
            yield Issue(f"is not for {method}", f"{place}.request.{key}", "value")


def _carried(method: str, resource: Any, place: str) -> Iterator[Issue]:
    if METHODS[method].carries and resource is None:
        yield Issue(f"is required for {method}", f"{place}.resource", "required")
    elif resource is not None and not METHODS[method].carries:
        yield Issue(f"is not for {method}", f"{place}.resource", "structure")
    elif resource is not None and type(resource) is not dict:
        yield Issue(f"must be a resource, not {describe(resource)}", f"{place}.resource", "structure")


def _same_identity(entries: Sequence[Entry]) -> Iterator[Issue]:
    """One resource, or one condition, is written once: which of two would win is not for the order to say."""
    seen: dict[tuple[str, ...], int] = {}
    for entry in entries:
        if not entry.is_write or entry.method == "POST":
            continue
        identity = (entry.address.type, "id" if entry.address.id else "query", entry.address.id or entry.address.query)
        first = seen.setdefault(tuple(map(str, identity)), entry.index)
        if first != entry.index:
            yield Issue(f"is written by Bundle.entry[{first}] already", f"{entry.place}.request.url", "duplicate")


def _same_full_url(entries: Sequence[Entry]) -> Iterator[Issue]:
    seen: dict[str, int] = {}
    for entry in entries:
        if entry.full_url is not None and seen.setdefault(entry.full_url, entry.index) != entry.index:
            first = seen[entry.full_url]
            yield Issue(f"is that of Bundle.entry[{first}] already", f"{entry.place}.fullUrl", "duplicate")


def _asks(entry: Entry) -> bool:
    """Whether the entry is a search, or needs one before it is carried out."""
    if not entry.is_write:
        return entry.address.id is None
    return entry.if_none_exist is not None or entry.address.query is not None
