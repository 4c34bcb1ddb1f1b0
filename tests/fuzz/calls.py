"""Whole requests: a method, an address with its query, headers, a body; most of them almost right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus, urlencode

from hypothesis import strategies as st

from gateway.fhir.search.table import TYPES
from tests.fuzz import bodies
from tests.fuzz.hostile import IDS, REFERENCES, TEXTS

NAMES = (*TYPES, "AuditEvent", "Bundle", "Parameters", "patient", "Nothing", "Pati%65nt", "$x", "_x", "a" * 300, "")
OPERATIONS = ("$everything", "$summary", "$match", "$validate", "$meta", "$docref", "$meta-add", "$expunge", "$")
MODIFIERS: tuple[str, ...] = (
    "",
    "",
    "",
    ":exact",
    ":contains",
    ":missing",
    ":not",
    ":text",
    ":in",
    ":not-in",
    ":of-type",
    ":above",
    ":below",
)
MODIFIERS += (":identifier", ":Patient", ":Nothing", ":", ":iterate", ":exact:exact")
CONTROLS: Mapping[str, tuple[str, ...]] = {
    "_count": ("0", "1", "500", "-1", "x", "99999999999999999999"),
    "_sort": ("_id", "-_lastUpdated", "date", "x", "-", ",", "name,-birthdate", "-" * 99),
    "_include": ("*", "Observation:subject", "Patient:organization", "Observation:*", "x", ":", "a:b:c:d"),
    "_include:iterate": ("*", "Observation:derived-from", "Provenance:target", "Organization:partof", "Patient:link"),
    "_revinclude": ("*", "Provenance:target", "Observation:subject", "Encounter:part-of", "x:y"),
    "_revinclude:iterate": ("Provenance:target", "Observation:derived-from", "Encounter:part-of"),
    "_summary": ("true", "text", "data", "count", "false", "x"),
    "_elements": ("id", "name,status", "x", ",", "a.b.c"),
    "_total": ("none", "estimate", "accurate", "x"),
    "_format": ("json", "xml", "application/fhir+json", "x", "%00"),
    "_pretty": ("true", "x"),
    "_list": ("never-was", "$current-problems", ""),
    "_type": ("Patient", "Patient,Observation", "x", ","),
    "_since": ("2020", "x", "9999-12-31T23:59:59Z"),
    "_at": ("2020", "gt2020-01-01", "x"),
    "_filter": ("name eq x",),
    "_content": ("x",),
    "_text": ("x",),
    "_page": ("x", "A" * 4000, "%00", "AAAA.BBBB"),
    "_id": ("never-was", "a,b,c", "," * 400),
    "start": ("2020", "x"),
    "end": ("2020", "x"),
    "patient": ("never-was", "*"),
}
HOPS = ("subject", "patient", "encounter", "performer", "part-of", "organization", "target", "focus", "x")
MEDIA: tuple[str, ...] = (
    "application/fhir+json",
    "application/json",
    "application/json-patch+json",
    "application/x-www-form-urlencoded",
)
MEDIA += ("application/fhir+xml", "text/plain", "application/fhir+json; charset=utf-16", "multipart/form-data", "x", "")
MEDIA += ("application/octet-stream", "application/fhir+json; fhirVersion=5.0", "application/merge-patch+json")
HEADERS: Mapping[str, tuple[str, ...]] = {
    "accept": (
        "*/*",
        "application/fhir+json",
        "application/xml",
        "x",
        "",
        "application/fhir+json;q=0",
        ",,;;=",
        "text/html",
    ),
    "if-match": ('W/"1"', '"1"', "1", "*", 'W/"x"', 'W/"99999999999999999999"', "", 'W/"1", W/"2"', "\xff"),
    "if-none-match": ("*", 'W/"1"', "", "\xff"),
    "if-modified-since": ("Sat, 01 Jan 2099 00:00:00 GMT", "x", "Sat, 99 Jan 0000 99:99:99 GMT"),
    "if-none-exist": (
        "identifier=urn:example:mrn|77",
        "",
        "x",
        "_id=never-was",
        "name:exact=" + "a" * 999,
        "a=b&" * 99,
        "\xff",
    ),
    "prefer": (
        "return=minimal",
        "return=OperationOutcome",
        "handling=strict",
        "handling=x",
        "return",
        "respond-async",
        "\xff",
    ),
    "x-provenance": ("{}", "x", '{"resourceType":"Provenance"}', '{"resourceType":"Patient"}', "[" * 5000, "\xff"),
    "x-request-id": ("a", "a" * 999, "\xff", "<script>"),
    "accept-encoding": ("gzip", "x", "*"),
    "content-encoding": ("gzip", "br"),
    "content-length": ("-1", "x", "99999999999"),
    "x-security-context": ("Patient/never-was", "x", "\xff"),
    "range": ("bytes=0-1",),
    "origin": ("https://evil.example", "null", "\xff"),
    "access-control-request-method": ("POST", "x"),
    "x-http-method-override": ("DELETE",),
    "cookie": ("a=b; c", "\xff"),
    "host": ("evil.example", ""),
}


class Call(NamedTuple):
    """`target` is as it stands in the request line. `who`: whose token it carries."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    who: str


def calls(patient: str, known: list[str]) -> st.SearchStrategy[Call]:
    """Calls in a world where these references can be read, and this patient written about."""
    addresses, resource, query = paths(known), bodies.resources(patient, known), queries(known)
    targets = st.builds(lambda path, query: path.removeprefix("/fhir/") + query, addresses, query)
    who = st.sampled_from(("writer",) * 16 + ("foreign", "reader", "nobody", "forged"))
    pairs = [(name, value) for name, values in HEADERS.items() for value in values]
    headers = st.lists(st.sampled_from(pairs), max_size=2, unique_by=lambda pair: pair[0]).map(tuple)
    return st.builds(
        _call,
        st.one_of(_aimed(resource, targets, known), _wild(addresses, resource)),
        who,
        headers,
        query,
        st.integers(0, 10_000),
        st.frozensets(st.integers(0, 15), max_size=3),
    )


def _call(
    parts: tuple[str, str, bytes, str],
    who: str,
    headers: tuple[tuple[str, str], ...],
    query: str,
    cut: int,
    chances: frozenset[int],
) -> Call:
    """Each of the extras comes with a chance of its own, so that most calls get past the first questions."""
    method, path, content, medium = parts
    body = bodies.cut(content, cut) if 5 in chances else content
    target = path + query if 6 in chances and "?" not in path else path
    extra = headers if chances & {7, 8, 9} else ()
    return Call(method, target, (("content-type", medium), *extra), body, who)


def _aimed(
    resource: st.SearchStrategy[bodies.Json], targets: st.SearchStrategy[str], known: list[str]
) -> st.SearchStrategy[tuple[str, str, bytes, str]]:
    """Requests whose parts belong together."""
    there = st.sampled_from(known)
    fhir, patch, form = MEDIA[0], MEDIA[2], MEDIA[3]

    def create(made: bodies.Json) -> tuple[str, str, bytes, str]:
        return "POST", f"/fhir/{_segment(made.get('resourceType'))}", bodies.text(made), fhir

    def update(made: bodies.Json, at: str) -> tuple[str, str, bytes, str]:
        made = {**made, "id": at.partition("/")[2], "meta": {"versionId": "1"}}
        return "PUT", f"/fhir/{_segment(made.get('resourceType'))}/{made['id']}", bodies.text(made), fhir

    def change(made: bodies.Json, at: str) -> tuple[str, str, bytes, str]:
        return "PATCH", f"/fhir/{at}", bodies.text(made), fhir if isinstance(made, dict) else patch

    def operate(made: bodies.Json, at: str, name: str) -> tuple[str, str, bytes, str]:
        return "POST", f"/fhir/{at}/{name}", bodies.text(made), fhir

    somewhere = st.one_of(there, there.map(lambda reference: reference.partition("/")[0]))
    parameters = st.one_of(bodies.parameters(resource), resource)
    return st.one_of(
        st.builds(create, resource),
        st.builds(update, resource, there),
        st.builds(change, bodies.patches(), there),
        st.builds(operate, parameters, somewhere, st.sampled_from(OPERATIONS)),
        bodies.bundles(resource, targets).map(lambda made: ("POST", "/fhir", bodies.text(made), fhir)),
        st.builds(
            lambda at, form_: ("POST", f"/fhir/{at.partition('/')[0]}/_search", urlencode(form_).encode(), form),
            there,
            bodies.FORMS,
        ),
        there.map(lambda at: ("GET", f"/fhir/{at}", b"", fhir)),
        st.builds(
            lambda name, query: ("GET", f"/fhir/{name}{query}", b"", fhir),
            st.sampled_from(tuple(TYPES)),
            queries(known),
        ),
    )


def _wild(
    addresses: st.SearchStrategy[str], resource: st.SearchStrategy[bodies.Json]
) -> st.SearchStrategy[tuple[str, str, bytes, str]]:
    """Any method anywhere with anything."""
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")
    content = st.one_of(bodies.noise(), resource.map(bodies.text))
    return st.tuples(st.sampled_from(methods), addresses, content, st.sampled_from(MEDIA))


def _segment(value: object) -> str:
    return quote(value if isinstance(value, str) else "Patient", safe="", errors="replace")[:2000]


def paths(known: list[str]) -> st.SearchStrategy[str]:
    name, id = st.sampled_from(NAMES), st.sampled_from(IDS)
    instance = st.one_of(st.sampled_from(known), st.builds("{}/{}".format, name, id))
    version = st.sampled_from(("1", "2", "0", "-1", "x", "99999999999999999999", "%00", ""))
    operation = st.sampled_from(OPERATIONS)
    return st.one_of(
        name,
        instance,
        st.builds("{}/_history".format, instance),
        st.builds("{}/_history/{}".format, instance, version),
        st.builds("{}/_search".format, name),
        st.builds("{}/_history".format, name),
        st.builds("{}/{}".format, instance, operation),
        st.builds("{}/{}".format, name, operation),
        st.builds("{}/{}".format, instance, name),
        st.builds("{}/*".format, instance),
        st.builds("{}/{}/_search".format, instance, name),
        st.builds("{}/{}/{}".format, instance, name, id),
        st.sampled_from(
            ("", "_history", "_search", "metadata", "$validate", "$meta", ".well-known/smart-configuration")
        ),
    ).map(lambda path: f"/fhir/{path}")


def queries(known: list[str]) -> st.SearchStrategy[str]:
    """Nothing, mostly; else up to four pairs, some of them chains of any length, and stray characters."""
    controls = st.sampled_from([(name, value) for name, values in CONTROLS.items() for value in values])
    codes = st.sampled_from(sorted({code for table in TYPES.values() for code in table.parameters}))
    names = st.one_of(codes, codes, _chains(), st.sampled_from(TEXTS))
    values = st.one_of(st.sampled_from(TEXTS), st.sampled_from(REFERENCES), st.sampled_from(known))
    own = st.builds(lambda name, modifier, value: (name + modifier, value), names, st.sampled_from(MODIFIERS), values)
    pairs = st.lists(st.one_of(controls, own), min_size=1, max_size=4).map(_query)
    stray = st.sampled_from(("?", "?&&&", "?=", "?%zz=%", "?a=%ff", "?a=%00", "?;a=b", "?" + "a=b&" * 2000))
    return st.one_of(st.just(""), st.just(""), pairs, pairs, stray)


def _chains() -> st.SearchStrategy[str]:
    hops = st.lists(st.sampled_from(HOPS), min_size=2, max_size=30)
    typed = st.lists(st.sampled_from(("subject:Patient", "target:Observation", "x:y")), min_size=1, max_size=8)
    backwards = st.lists(
        st.sampled_from(("Observation:subject", "Provenance:target", "x:y", ":")), min_size=1, max_size=12
    )
    return st.one_of(
        hops.map(".".join),
        typed.map(lambda steps: ".".join([*steps, "name"])),
        backwards.map(lambda steps: "".join(f"_has:{step}:" for step in steps) + "code"),
    )


def _query(pairs: list[tuple[str, str]]) -> str:
    return "?" + "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(text: str) -> str:
    return quote_plus(text, safe=":$,|", errors="replace")[:60_000]
