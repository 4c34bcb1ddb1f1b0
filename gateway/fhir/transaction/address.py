"""`entry.request.url` and `entry.fullUrl` of a Bundle: which addresses may stand there, and nothing that hides another.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request.url
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gateway.fhir.tables import resource_types

_ID = r"[A-Za-z0-9\-.]{1,64}"
_PATH = re.compile(rf"(?P<type>[A-Z][A-Za-z]{{1,63}})(?:/(?P<id>{_ID})(?:/_history/(?P<version>{_ID}))?)?")
_FULL_URL = re.compile(
    rf"urn:(?:uuid|oid):[A-Za-z0-9.\-]{{1,128}}|https?://[^\s/?#\\][^\s?#\\]*/[A-Z][A-Za-z]{{1,63}}/{_ID}"
)
_DOTS = frozenset({".", ".."})

# `entry.request` element → field of an entry.
CONDITIONS: Mapping[str, str] = {
    "ifMatch": "if_match",
    "ifNoneMatch": "if_none_match",
    "ifModifiedSince": "if_modified_since",
    "ifNoneExist": "if_none_exist",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A type; one resource of it, or one version; or the criteria of a search, as raw query text."""

    type: str
    id: str | None = None
    version: str | None = None
    query: str | None = None

    def __str__(self) -> str:
        """What may be told to others: the criteria, which may name a patient, are left out."""
        return f"{self.type}/{self.id}" if self.id else self.type


class Method(NamedTuple):
    """Which addresses a method takes, whether it carries a resource, and its conditions."""

    addresses: frozenset[str]
    carries: bool
    conditions: frozenset[str]


_READS = Method(frozenset({"type", "query", "id", "version"}), False, frozenset({"ifNoneMatch", "ifModifiedSince"}))
METHODS: Mapping[str, Method] = {
    "GET": _READS,
    "HEAD": _READS,
    "POST": Method(frozenset({"type"}), True, frozenset({"ifNoneExist"})),
    "PUT": Method(frozenset({"id", "query"}), True, frozenset({"ifMatch"})),
    "PATCH": Method(frozenset({"id", "query"}), True, frozenset({"ifMatch"})),
    "DELETE": Method(frozenset({"id", "query"}), False, frozenset({"ifMatch"})),
}


def read_url(method: str, url: str, base: str) -> tuple[Address | None, str | None]:
    """The address, or what is wrong with it, in words that repeat nothing of it.

    It is relative to the server, or absolute under `base`; operations, histories, compartments, other servers and
    everything percent-encoded or stepping up in the path are refused.
    """
    path, mark, query = url.removeprefix(f"{base}/").partition("?")
    match = _PATH.fullmatch(path)
    if match is None or _DOTS & set(path.split("/")):
        return None, "must be Type, Type/id or Type?criteria of this server"
    if match["type"] not in resource_types():
        return None, "must name an R4 resource type"
    if "#" in query:
        return None, "must not have a fragment"
    if mark and match["id"]:
        return None, "must not have parameters beside an id"
    address = Address(match["type"], match["id"], match["version"], query if mark else None)
    if _kind(address) not in METHODS[method].addresses:
        return None, f"is not an address for {method}"
    return address, None


def _kind(address: Address) -> str:
    if address.version:
        return "version"
    if address.id:
        return "id"
    return "type" if address.query is None else "query"


def full_url_fault(text: str) -> str | None:
    """What is wrong with a fullUrl, or None."""
    if _FULL_URL.fullmatch(text) and not _DOTS & set(text.split("/")):
        return None
    return "must be urn:uuid:…, urn:oid:… or an http(s) URL that ends in Type/id"
