"""Bundles made by joining bytes: the stored text of each resource goes in as it is.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.fhir.json import dump

Link = tuple[str, str]


def search_entry(url: str, text: bytes, mode: str) -> bytes:
    """One entry of a searchset; `mode` is match or include."""
    return b'{"fullUrl":%b,"resource":%b,"search":{"mode":"%b"}}' % (dump(url), text, mode.encode())


def outcome_entry(outcome: dict[str, Any]) -> bytes:
    return b'{"resource":%b,"search":{"mode":"outcome"}}' % dump(outcome)


def history_entry(url: str, text: bytes | None, request: dict[str, str], response: dict[str, str]) -> bytes:
    """One entry of a history; a deletion has no resource."""
    held = b"" if text is None else b'"resource":%b,' % text
    return b'{"fullUrl":%b,%b"request":%b,"response":%b}' % (dump(url), held, dump(request), dump(response))


def bundle(kind: str, links: Sequence[Link], entries: Iterable[bytes], total: int | None = None) -> bytes:
    """A Bundle of `kind`, its links in the order given. Without an entry there is no `entry` element."""
    head = b'{"resourceType":"Bundle","type":"%b"' % kind.encode()
    count = b"" if total is None else b',"total":%d' % total
    linked = dump([{"relation": relation, "url": url} for relation, url in links])
    joined = b",".join(entries)
    body = b',"entry":[%b]' % joined if joined else b""
    return b'%b%b,"link":%b%b}' % (head, count, linked, body)
