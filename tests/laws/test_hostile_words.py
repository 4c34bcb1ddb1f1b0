"""Words of callers stay words: no reference is followed, no text becomes a pattern, a wildcard or a header."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import gateway
from tests.house import House
from tests.world import PROJECT
from tests.writers import count, created, note, observation, post, practitioner, put

SOURCES = sorted((PROJECT / "gateway").rglob("*.py"))
SMUGGLED = [
    "javascript:alert(1)",
    "file:///etc/passwd",
    "data:text/html,x",
    "//evil.example/fhir/Practitioner/1",
    "../Practitioner/1",
    "../../etc/passwd",
    "Practitioner/../../etc/passwd",
    "Practitioner/1?x=//evil.example",
    "\\\\evil.example\\share",
    "Practitioner/%2e%2e%2fetc",
]


@pytest.fixture
def silent_net(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Everybody who is asked for over the network; nobody is reached."""
    asked: list[Any] = []

    def refuse(*whom: Any, **_: Any) -> Any:
        asked.append(whom)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return asked


@pytest.mark.spec("X-044")
@pytest.mark.parametrize("reference", SMUGGLED)
def test_a_reference_that_is_none_is_refused_with_its_place(house: House, reference: str) -> None:
    answer = post(house, observation(house.world.patient, performer=[{"reference": reference}]))
    assert answer.status_code == 422, answer.text
    assert answer.json()["issue"][0]["expression"] == ["Observation.performer[0]"]
    assert "evil" not in answer.text and "passwd" not in answer.text
    assert count(house, "Observation") == 0


@pytest.mark.spec("X-044")
def test_a_reference_to_another_server_is_kept_and_never_followed(house: House, silent_net: list[Any]) -> None:
    foreign = "https://169.254.169.254/fhir/Practitioner/1"
    made = created(house, observation(house.world.patient, performer=[{"reference": foreign}]))
    address = f"/fhir/Observation?_id={made['id']}"
    for asked in ("&_include=Observation:performer", f"&performer={foreign}", "&performer.name=x"):
        assert house.get(f"{address}{asked}", house.own_ehr).status_code == 200
    assert house.get(f"/fhir/Patient/{house.world.patient}/$everything", house.own_ehr).status_code == 200
    attached = note(house.world.patient, content=[{"attachment": {"contentType": "text/plain", "url": foreign}}])
    assert post(house, attached).status_code == 422
    assert silent_net == []


@pytest.mark.spec("X-044", "X-060")
def test_only_the_peers_speak_to_others() -> None:
    """Whatever address comes in, there is one place it could be asked from, and that one is guarded."""
    speakers = {"socket", "ssl", "httpx", "requests", "aiohttp", "ftplib", "smtplib", "telnetlib", "http", "urllib"}
    harmless = {"urllib.parse", "http.HTTPStatus", "http"}
    found = {
        (str(path.relative_to(PROJECT)), name)
        for path in SOURCES
        for name in imported(path)
        if name.partition(".")[0] in speakers and name not in harmless
    }
    assert {path.split("/")[1] for path, _ in found} == {"peers", "demo"}, found  # the demo calls the gateway it starts


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


GIVEN_PATTERNS = {
    "gateway/fhir/path/texts.py",  # of an expression of ours, where allowed at all: tests/fhir/test_path_limits.py
    "gateway/mapping/moments.py",  # parts of its own, each once, and between them a mapping's format, escaped
}
COMPILING = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}


@pytest.mark.spec("X-045")
def test_no_pattern_is_made_of_what_a_caller_says() -> None:
    """Each pattern stands in the code: a text, or texts of the module put together."""
    made = [
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for path in SOURCES
        if "definitions/build_" not in str(path) and str(path.relative_to(PROJECT)) not in GIVEN_PATTERNS
        for call in pattern_calls(ast.parse(path.read_text()))
        if not is_ours(call.args[0])
    ]
    assert made == []


def pattern_calls(tree: ast.AST) -> Iterator[ast.Call]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    for call in calls:
        match call.func:
            case ast.Attribute(value=ast.Name(id="re"), attr=name) if name in COMPILING:
                yield call


def is_ours(pattern: ast.expr) -> bool:
    if isinstance(pattern, ast.JoinedStr):
        holes = [part.value for part in pattern.values if isinstance(part, ast.FormattedValue)]
        return all(is_ours(hole) for hole in holes)
    if isinstance(pattern, ast.BinOp):
        return is_ours(pattern.left) and is_ours(pattern.right)
    return isinstance(pattern, ast.Constant) or (isinstance(pattern, ast.Name) and pattern.id.isupper())


def patterns() -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern of every module, by name."""
    found: dict[str, re.Pattern[Any]] = {}
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if module.name.rpartition(".")[2] != "__main__" and "build_" not in module.name:
            members = vars(importlib.import_module(module.name)).items()
            found |= {f"{module.name}.{name}": value for name, value in members if isinstance(value, re.Pattern)}
    return found


PIECES = (
    "a",
    "0",
    " ",
    "-",
    ".",
    "a.",
    "a ",
    "1.",
    "A/",
    "<p ",
    "&a",
    "\\",
    "=",
    ",",
    ";",
    ":",
    "a:",
    "é",
    "|",
    "%a",
    "'",
)


@pytest.mark.spec("X-045")
def test_no_pattern_takes_long_on_any_text() -> None:
    """Neither exponential nor cubic: 4,000 like characters and a last one that spoils the match."""
    known = patterns()
    assert len(known) > 30
    for name, pattern in known.items():
        began = time.process_time()
        for piece in PIECES:
            text: Any = piece * (4000 // len(piece)) + "\x01"
            text = text.encode() if isinstance(pattern.pattern, bytes) else text
            pattern.fullmatch(text), pattern.match(text), pattern.search(text)
        assert time.process_time() - began < 5, name


@pytest.mark.spec("X-046")
def test_wildcards_of_the_database_are_letters_like_others(house: House) -> None:
    names = ["Rivers", "R%vers", "R_vers", "R\\vers", "R'vers", 'R"vers', "R*vers", "R?vers", "R[a-z]vers", "R;--vers"]
    for name in names:
        created(house, practitioner(name=[{"family": name}]))

    def families(modifier: str, text: str) -> list[str]:
        query = str(httpx.QueryParams({f"family{modifier}": text}))
        return [each["name"][0]["family"] for each in house.found(f"/fhir/Practitioner?{query}", house.own_ehr)]

    for name in names:
        asked = name.replace("\\", "\\\\")
        for modifier in ("", ":exact", ":contains"):
            assert families(modifier, asked) == [name], (modifier, name)
        assert families(":contains", asked[1:]) == [name]
    for wild in ("%", "_", "R%", "R_", "%vers", "_ivers", "R.vers", "^R", "[R]", "' OR 1=1 --", "R* OR x"):
        for modifier in ("", ":contains", ":exact"):
            found = families(modifier, wild)
            assert all(wild.casefold() in name.casefold() for name in found), (modifier, wild)
            assert len(found) < 2, (modifier, wild)


INJECTED = [
    "text/plain\nSet-Cookie: a=b",
    "text/plain\r\n\r\n<script>",
    "text/html; x=\u2028y",
    'text/plain"; filename="../x',
]


@pytest.mark.spec("X-047")
@pytest.mark.parametrize("media", INJECTED)
def test_no_word_of_a_resource_becomes_a_header(house: House, media: str) -> None:
    binary = {"resourceType": "Binary", "contentType": media, "data": "aGk="}
    context = {"securityContext": {"reference": f"Patient/{house.world.patient}"}}
    answer = post(house, binary | context)
    if answer.status_code == 201:
        read = house.get(f"/fhir/Binary/{answer.json()['id']}", house.writer, accept="*/*")
        assert read.headers["content-disposition"] == "attachment"
        assert "set-cookie" not in read.headers and "filename" not in read.headers["content-disposition"]
        assert read.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"[^\x20-\x7e]", read.headers["content-type"])
    else:
        assert answer.status_code == 422


@pytest.mark.spec("X-047")
@pytest.mark.parametrize("name", ["../../etc/passwd", "a\\b", 'x"; y="z', "\u202egpj.exe", "a" * 5000])
def test_the_name_of_a_file_is_never_used(house: House, name: str) -> None:
    parts = {"context": house.world.context(), "summary": {}}
    files = {part: (name, json.dumps(value), "application/json") for part, value in parts.items()}
    answer = house.ask("POST", "/submissions/aws-healthscribe", house.scribe, files=files)
    assert answer.status_code in (400, 422)
    assert name[:40] not in answer.text


@pytest.mark.spec("X-047")
def test_what_an_answer_says_where_it_lives_is_made_by_the_gateway(house: House) -> None:
    evil = "https://evil.example/\r\nSet-Cookie: a=b"
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
    named = {name.replace("-", "_"): text for name, text in headers.items()}
    answer = post(house, practitioner(id=evil, implicitRules=None, name=[{"family": evil}]), **named)
    assert answer.status_code in (201, 422)
    made = created(house, practitioner(), **named)
    moved = put(house, made | {"name": [{"family": "Stone"}]}, **named)
    searched = house.ask("GET", "/fhir/Practitioner?_count=1", house.own_ehr, headers=headers)
    assert moved.status_code == 200
    for each in (answer, moved, searched):
        assert "evil" not in "".join(f"{name}: {text}" for name, text in each.headers.items())
    assert all("evil" not in link["url"] for link in searched.json()["link"])


@pytest.mark.spec("X-048")
def test_no_answer_is_a_page_but_the_pages(house: House) -> None:
    """So nothing that a narrative or a name says could be run by a browser that was led here."""
    script = "<script>alert(1)</script>"
    made = created(house, practitioner(name=[{"family": script}]))
    for path in (f"/fhir/Practitioner/{made['id']}", f"/fhir/Practitioner?family={script}", f"/fhir/{script}"):
        for accept in ("text/html", "*/*"):
            answer = house.get(path, house.own_ehr, accept=accept)
            assert answer.headers["content-type"].startswith("application/fhir+json")
            assert answer.headers["x-content-type-options"] == "nosniff"
    hostile = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{script}</div>'}
    assert post(house, practitioner(text=hostile)).status_code == 400
