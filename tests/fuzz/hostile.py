"""What callers should not send, and do: texts, ids, references, narratives, numbers, whole bodies."""

from __future__ import annotations

import re
from typing import Any

_RAW = re.compile(r'"\\u0001([^"\\]*)\\u0001"')
MARK = "zq7~never~to~be~repeated"  # stands in texts: no refusal may say it again. Not the form of a name, which one may
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def raw(token: str) -> str:
    """Stands for a JSON token that no Python value is written as; `written` puts it in."""
    return f"\x01{token}\x01"


def written(text: str) -> str:
    """JSON with the raw tokens in their places."""
    return _RAW.sub(r"\1", text)


TEXTS = (
    "",
    " ",
    MARK,
    "\x00",
    f"{MARK}\x00",
    "\u202e\ufeff\u200b",
    "\U0001f9e0" * 40,
    "é" * 300,
    "e\u0301",
    "a" * 70_000,
    "' OR 1=1 --",
    '"; DROP TABLE resource; --',
    "%",
    "_",
    "*",
    "\\",
    "\\,\\|\\$",
    "a,b|c$d",
    "||",
    "|",
    "$",
    "{{ 7*7 }}",
    "${jndi:ldap://x}",
    "../../../../etc/passwd",
    "%2e%2e%2f",
    "\r\nX-Injected: 1",
    "<script>alert(1)</script>",
    "(((((((((((((((((((((a+)+)+)+)+)+)+)+)+)+$",
    "-1",
    "0",
    "1e400",
    "NaN",
    "9" * 400,
    "0x10",
    "١٢٣",
    "2020-02-30",
    "0000-00-00",
    "9999-12-31T23:59:60Z",
    "10000-01-01",
    "2020-01-01T00:00:00+99:99",
    "gt",
    "ap2020",
    "sa9999",
    "lt0001-01-01",
)
IDS = (
    "never-was",
    "a" * 64,
    "a" * 65,
    "a" * 5000,
    ".",
    "..",
    "...",
    "-",
    "%00",
    "%2e%2e",
    "%252e%252e",
    "%2F",
    "a%2Fb",
    "%0d%0aSet-Cookie:%20x=1",
    "%ff%fe",
    "%E2%80%AE",
    "%F0%9F%A7%A0",
    "null",
    "undefined",
    "*",
    "$everything",
    "$unknown",
    "_history",
    "_search",
    "'",
    "%22",
    "1;DROP%20TABLE%20resource",
    "<script>",
    "{id}",
    "a b",
    "+",
    "~",
    "%",
    "%zz",
    "id|1",
    "#contained",
)
REFERENCES = (
    "",
    "Patient",
    "Patient/",
    "/Patient/x",
    "Patient//x",
    "Patient/never-was",
    "Patient/../Patient/x",
    "patient/x",
    "Patient/x/_history/",
    "Patient/x/_history/99999999999999999999",
    "Patient?identifier=urn:example:mrn|77",
    "Patient?_id=*",
    "Patient?unknown=1",
    "Patient?",
    "Nothing/x",
    "#",
    "#nobody",
    "urn:uuid:not-a-uuid",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "urn:oid:1.2.3",
    "http://169.254.169.254/latest/meta-data",
    "https://evil.example/fhir/Patient/x",
    "//evil.example/Patient/x",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://gateway.example/fhir/Patient/x",
    "https://gateway.example/fhir/../Patient/x",
    "https://[::1",
    "http://x:99999999/fhir/Patient/x",
)
NARRATIVES = (
    f"<div {XHTML}><script>alert(1)</script></div>",
    f'<div {XHTML}><p onclick="x()">a</p></div>',
    f'<div {XHTML}><a href="javascript:alert(1)">a</a></div>',
    f'<div {XHTML}><img src="data:text/html;base64,PHNjcmlwdD4="/></div>',
    f"<div {XHTML}><form><input/></form></div>",
    f'<div {XHTML}><p style="background:url(http://evil.example)">a</p></div>',
    "<div>no namespace</div>",
    f"<div {XHTML}>unclosed",
    f"<div {XHTML}>{'<p>' * 3000}{'</p>' * 3000}</div>",
    f'<!DOCTYPE d [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><div {XHTML}>&c;</div>',
    f"<div {XHTML}><![CDATA[<script>]]></div>",
    f"<div {XHTML}>&nbsp;&#0;&#x1F;</div>",
    f"<div {XHTML}></div>",
    f"<?xml version='1.0'?><div {XHTML}>a</div>",
    "\ud800",
)
NUMBERS = tuple(
    raw(token)
    for token in (
        "1E400",
        "-1E-400",
        "9" * 400,
        "9" * 6000,
        "0." + "3" * 200,
        "-0",
        "-0.0",
        "1E3",
        "NaN",
        "Infinity",
        "01",
        "1.",
        "+1",
        "0x1F",
        "18446744073709551616",
        "1e99999999999",
    )
)


def _deep(levels: int) -> Any:
    value: Any = MARK
    for level in range(levels):
        value = [value] if level % 2 else {"extension": value}
    return value


VALUES: tuple[Any, ...] = (
    *TEXTS,
    *REFERENCES,
    *NARRATIVES,
    *NUMBERS,
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    2**64,
    1.5,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": ""},
    {"reference": "#nobody"},
    {"reference": "Patient/never-was"},
    {"resourceType": "Patient"},
    {"extension": [{"url": "http://x.example", "valueString": MARK}]},
    _deep(30),
    _deep(200),
)
BODIES = (
    b"",
    b" ",
    b"null",
    b"true",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b"{",
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b'{"resourceType":"Patient"',
    b'{"resourceType":"Patient","resourceType":"Observation"}',
    b'{"resourceType":"Patient","id":"a","id":"b"}',
    b'{"resourceType":1}',
    b'{"resourceType":null}',
    b'{"resourceType":["Patient"]}',
    b'{"resourceType":"Patient","name":"\\ud800"}',
    b'{"resourceType":"Patient","name":[{"family":"\\u0000"}]}',
    b'{"resourceType":"Patient","x":NaN}',
    b"\xef\xbb\xbf{}",
    b'\xef\xbb\xbf{"resourceType":"Patient"}',
    '{"resourceType":"Patient"}'.encode("utf-16"),
    b'{"resourceType":"Patient","language":"\xff"}',
    b'{"resourceType":"Patient","language":"\xc0\xaf"}',
    b"<Patient xmlns='http://hl7.org/fhir'/>",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    b"a=b&c=%zz&=&&d",
    b"{}{}",
    b"{}\x00",
)
