"""Bundles made by joining bytes: the stored text of each resource goes in as it is.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from gateway.fhir.json import dump

Link = tuple[str, str]
MATCH_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def search_entry(url: str, text: bytes, mode: str) -> bytes:
    """One entry of a searchset; `mode` is match or include."""
    return b'{"fullUrl":%b,"resource":%b,"search":{"mode":"%b"}}' % (dump(url), text, mode.encode())


def graded_entry(url: str, text: bytes, score: Decimal, grade: str) -> bytes:
    """One match of a patient. https://hl7.org/fhir/R4/patient-operation-match.html"""
    extension = [{"url": MATCH_GRADE, "valueCode": grade}]
    search = {"extension": extension, "mode": "match", "score": score}
    return b'{"fullUrl":%b,"resource":%b,"search":%b}' % (dump(url), text, dump(search))


def document_entry(url: str, text: bytes) -> bytes:
    """One entry of a document."""
    return b'{"fullUrl":%b,"resource":%b}' % (dump(url), text)


def document(head: dict[str, Any], entries: Iterable[bytes]) -> bytes:
    """A document: its head (id, meta, identifier, timestamp), then its entries, the Composition first."""
    made = dump({"resourceType": "Bundle", **head, "type": "document"})
    return b'%b,"entry":[%b]}' % (made[:-1], b",".join(entries))


def outcome_entry(outcome: dict[str, Any]) -> bytes:
    return b'{"resource":%b,"search":{"mode":"outcome"}}' % dump(outcome)


def history_entry(url: str, text: bytes | None, request: dict[str, str], response: dict[str, str]) -> bytes:
    """One entry of a history; a deletion has no resource."""
    held = b"" if text is None else b'"resource":%b,' % text
    return b'{"fullUrl":%b,%b"request":%b,"response":%b}' % (dump(url), held, dump(request), dump(response))


def response_entry(url: str | None, text: bytes | None, response: dict[str, Any]) -> bytes:
    """One entry of the answer to a batch or transaction; `url` is that of the resource which goes along."""
    named = b"" if url is None else b'"fullUrl":%b,' % dump(url)
    held = b"" if text is None else b'"resource":%b,' % text
    return b'{%b%b"response":%b}' % (named, held, dump(response))


def bundle(
    kind: str,
    links: Sequence[Link],
    entries: Iterable[bytes],
    total: int | None = None,
    meta: dict[str, Any] | None = None,
) -> bytes:
    """A Bundle of `kind`, its links in the order given. Without an entry there is no `entry` element."""
    marked = b'"meta":%b,' % dump(meta) if meta else b""
    head = b'{"resourceType":"Bundle",%b"type":"%b"' % (marked, kind.encode())
    count = b"" if total is None else b',"total":%d' % total
    linked = b',"link":%b' % dump([{"relation": relation, "url": url} for relation, url in links]) if links else b""
    joined = b",".join(entries)
    body = b',"entry":[%b]' % joined if joined else b""
    return b"%b%b%b%b}" % (head, count, linked, body)
