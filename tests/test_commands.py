"""The command line: what an operator and an integration analyst do, and what they are told when it does not work."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
import structlog
from joserfc.jwk import ECKey
from typer.main import get_command

from gateway import logs, wiring
from gateway.__main__ import cli, main
from gateway.commands.operator import operator
from gateway.errors import Refusal
from gateway.rules.audit import Act
from gateway.settings import PROJECT, Settings
from gateway.store import deliveries
from gateway.store.deliveries import Notice
from gateway.store.submissions import Part
from gateway.usecases.asked import Asked
from gateway.usecases.submit import Payload, submit
from tests.outbox.clinic import listening
from tests.world import SUMMARY

EXAMPLES = PROJECT / "mappings" / "aws-healthscribe" / "examples"
PASSWORD = "a walk by the water at dusk"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said on both streams."""

    code: int
    out: str
    err: str

    @property
    def id(self) -> str:
        """The one id it printed."""
        assert self.code == 0, self.err
        found = re.fullmatch(UUID, self.out.strip())
        assert found, self.out
        return found[0]


Gateway = Callable[..., Said]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a gateway that was migrated once."""
    home = tmp_path_factory.mktemp("fresh")
    wiring.upgrade(Settings(home=home, database_url=None))
    return home


@pytest.fixture
def home(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    shutil.copytree(fresh, home)
    for name, value in {"HOME": home, "MAPPINGS": tmp_path / "mappings", "PACKAGES": tmp_path / "none"}.items():
        monkeypatch.setenv(f"GATEWAY_{name}", str(value))
    shutil.copytree(PROJECT / "mappings", tmp_path / "mappings")
    return home


def _drop(*_: object) -> NoReturn:
    raise structlog.DropEvent


@pytest.fixture
def gateway(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gateway:
    """Runs a command as `gateway …` does."""
    monkeypatch.setattr(logs, "configure", lambda *_: structlog.configure(processors=[_drop]))

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["gateway", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
            raise SystemExit(0)
        said = capsys.readouterr()
        code = end.value.code
        return Said(code if isinstance(code, int) else 0 if code is None else 1, said.out, said.err)

    return run


@pytest.fixture
def clinic(gateway: Gateway) -> str:
    return gateway("organization", "add", "Harbour Clinic", "--identifier", "urn:example:org|1").id


@pytest.fixture
def patient(gateway: Gateway, clinic: str) -> str:
    return gateway(
        "patient", "add", "--family", "Rivers", "--given", "Sam", "--gender", "other", "--birth-date", "1990-01-02",
        "--organization", clinic, "--identifier", "urn:example:mrn|77",
    ).id  # fmt: skip


@pytest.fixture
def keys(tmp_path: Path) -> str:
    """A file with a client's public keys."""
    key = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384", "kid": "k1"}, private=True)
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return str(file)


def test_every_command_explains_itself(gateway: Gateway) -> None:
    def commands(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, below in getattr(command, "commands", {}).items():
            yield from commands(below, (*path, name))

    every = list(commands(get_command(cli), ()))
    assert len(every) > 20
    for path in every:
        said = gateway(*path, "--help")
        assert said.code == 0
        assert re.search(r"Usage: .*gateway " + " ".join(path), said.out)
        described = said.out.partition("╭")[0].partition("Usage:")[2].partition("\n")[2]
        assert len(re.findall(r"\w+", described)) >= 4, path
        undescribed = re.findall(r"^│ [* ]\s+([\w-]+)\s+<\S+>\s+(?:\[required\]\s*)?│$", said.out, re.MULTILINE)
        assert undescribed == [], path


def test_a_group_alone_lists_its_commands(gateway: Gateway) -> None:
    said = gateway("consent")
    assert all(name in said.out + said.err for name in ("grant", "revoke", "list"))


def test_what_is_registered_is_named_by_its_id(gateway: Gateway, clinic: str, patient: str) -> None:
    practitioner = gateway(
        "practitioner", "add", "--family", "Okafor", "--given", "Grace", "--login", "grace", "--password", PASSWORD,
        "--organization", clinic, "--identifier", "http://hl7.org/fhir/sid/us-npi|1234567893",
    ).id  # fmt: skip
    assert len({clinic, patient, practitioner}) == 3
    token = gateway("token", "grace", "--password", PASSWORD)
    assert token.code == 0
    assert re.fullmatch(r"[\w-]{43}", token.out.strip())
    wrong = gateway("token", "grace", "--password", "something else")
    assert (wrong.code, wrong.out) == (1, "")
    assert "refused" in wrong.err


def test_a_patient_is_let_in_once_by_who_keeps_her_record(gateway: Gateway, clinic: str, patient: str) -> None:
    let_in = ("patient", "let-in", patient, "--login", "sam", "--password", PASSWORD, "--organization")
    other = gateway("organization", "add", "Hill Practice").id
    assert gateway(*let_in, other).code == 1
    assert gateway(*let_in, clinic).code == 0
    assert gateway("token", "sam", "--password", PASSWORD).code == 0
    again = gateway(*let_in, clinic)
    assert (again.code, "login" in again.err) == (1, True)


def test_a_client_is_a_device_that_is_known(gateway: Gateway, clinic: str, keys: str) -> None:
    device = gateway("device", "add", "Monitor", "--organization", clinic).id
    add = ("client", "add", "A monitor", "--organization", clinic, "--scope", "system/*.rs", "--jwks", keys, "--device")
    assert gateway(*add, device).code == 0
    said = gateway(*add, "nothing")
    assert (said.code, "device" in said.err) == (1, True)


def test_a_client_is_registered_listed_and_disabled(gateway: Gateway, clinic: str, keys: str) -> None:
    client = gateway(
        "client", "add", "The scribe", "--organization", clinic, "--scope", "submission.write", "--jwks", keys
    ).id
    listed = gateway("client", "list").out
    assert all(text in listed for text in (client, "The scribe", "submission.write", "TREAT"))
    assert gateway("client", "disable", client).code == 0
    assert client not in gateway("client", "list").out
    assert gateway("client", "disable", client).code == 1


def test_a_client_that_cannot_be_registered_is_told_every_fault(gateway: Gateway, clinic: str) -> None:
    said = gateway("client", "add", " ", "--organization", clinic, "--scope", "everything", "--purpose", "FUN")
    assert (said.code, said.out) == (1, "")
    assert said.err.count("refused") == 4
    for place in ("scope", "purpose", "jwks", "name"):
        assert place in said.err


def test_keys_that_are_no_json_are_refused_without_a_traceback(gateway: Gateway, clinic: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text("{broken")
    said = gateway("client", "add", "X", "--organization", clinic, "--scope", "system/*.rs", "--jwks", str(file))
    assert said.code in (1, 2)
    assert "Traceback" not in said.err
    assert "JSON" in said.err


def test_a_client_of_no_organization_is_refused(gateway: Gateway, keys: str) -> None:
    said = gateway("client", "add", "X", "--organization", "nobody", "--scope", "system/*.rs", "--jwks", keys)
    assert said.code == 1
    assert "organization" in said.err


def test_a_person_of_no_organization_is_refused(gateway: Gateway) -> None:
    said = gateway(
        "practitioner", "add", "--family", "Okafor", "--login", "g", "--password", PASSWORD, "--organization", "nobody"
    )
    assert said.code == 1
    assert "organization" in said.err


def test_a_login_or_password_that_will_not_do_is_told(gateway: Gateway, clinic: str) -> None:
    add = ("practitioner", "add", "--family", "Okafor", "--organization", clinic, "--login")
    said = gateway(*add, "grace", "--password", "short")
    assert said.code == 1
    assert "password" in said.err
    assert _practitioners() == 0  # nobody is half registered
    assert gateway(*add, "grace", "--password", PASSWORD).code == 0
    taken = gateway(*add, "Grace", "--password", PASSWORD)
    assert taken.code == 1
    assert "login" in taken.err
    assert _practitioners() == 1


def _practitioners() -> int:
    with wiring.running(Settings()) as services, services.database.read() as db:
        count = db.connection.exec_driver_sql("SELECT count(*) FROM resource WHERE type = 'Practitioner'").scalar()
    return int(count or 0)


@pytest.mark.parametrize("gender", ["robot", ""])
def test_a_patient_that_is_not_valid_is_refused_by_the_place(gateway: Gateway, clinic: str, gender: str) -> None:
    said = gateway("patient", "add", "--family", "Rivers", "--gender", gender, "--organization", clinic)
    assert said.code == 1
    assert "Patient.gender" in said.err


def test_an_identifier_is_a_system_and_a_value(gateway: Gateway, clinic: str) -> None:
    said = gateway("organization", "add", "X", "--identifier", "4711")
    assert said.code == 2
    assert "system|value" in said.err


def test_a_consent_is_granted_listed_and_revoked(gateway: Gateway, clinic: str, patient: str) -> None:
    other = gateway("organization", "add", "Hill Practice").id
    consent = gateway("consent", "grant", "--patient", patient, "--recipient", other, "--organization", clinic).id
    listed = gateway("consent", "list", patient, "--organization", clinic).out
    assert all(text in listed for text in (consent, "in-force", "treatment"))
    assert gateway("consent", "revoke", consent, "--organization", clinic).code == 0
    assert "revoked" in gateway("consent", "list", patient, "--organization", clinic).out
    assert gateway("consent", "revoke", "unknown", "--organization", clinic).code == 1
    assert gateway("consent", "revoke", consent, "--organization", other).code == 1


def test_a_consent_that_cannot_be_recorded_names_every_fault(gateway: Gateway, clinic: str, patient: str) -> None:
    grant = ("consent", "grant", "--organization", clinic)
    unknown = gateway(*grant, "--patient", "nobody", "--recipient", "nowhere")
    assert unknown.code == 1
    assert "Consent.patient" in unknown.err
    assert "Consent.provision.actor" in unknown.err
    dates = gateway(*grant, "--patient", patient, "--recipient", clinic, "--start", "tomorrow", "--purpose", "FUN")
    assert dates.code == 1
    assert "refused" in dates.err


def submitted(clinic: str, patient: str, session: str = "s-1") -> str:
    """A submission to the mapping as it is at this moment; its id, whatever became of it."""
    context = {
        "patient": {"reference": f"Patient/{patient}"},
        "session": {"id": session, "start": "2026-09-01T14:00:00Z"},
        "model": {"name": "Scribe", "version": "2.3.1", "manufacturer": "Example Ltd"},
    }
    parts = {"context": context, "summary": SUMMARY}
    with wiring.running(Settings()) as services:
        asked = Asked(operator(clinic), services.clock())
        payload = Payload(
            "aws-healthscribe", tuple(Part(n, "application/json", json.dumps(v).encode()) for n, v in parts.items())
        )
        try:
            return submit(services, asked, payload).submission_id
        except Refusal:
            with services.database.read() as db:
                newest = "SELECT id FROM submission ORDER BY received_at DESC LIMIT 1"
                return str(db.connection.exec_driver_sql(newest).scalar_one())


def test_a_refused_submission_is_listed_and_taken_after_the_mapping_is_mended(
    gateway: Gateway, clinic: str, patient: str, tmp_path: Path
) -> None:
    schema = tmp_path / "mappings" / "aws-healthscribe" / "input.schema.json"
    sound = schema.read_text()
    strict = json.loads(sound)
    strict["properties"]["summary"] |= {"required": ["Version"]}
    strict["properties"]["summary"].setdefault("properties", {})["Version"] = {"type": "string"}
    schema.write_text(json.dumps(strict))
    submission = submitted(clinic, patient)
    listed = gateway("submissions", "--refused", "--organization", clinic)
    assert all(text in listed.out for text in (submission, "aws-healthscribe 1.", "summary"))
    assert "Sleeps" not in listed.out
    again = gateway("replay", submission, "--organization", clinic)
    assert (again.code, again.out) == (1, "")
    assert "summary" in again.err
    schema.write_text(sound)
    taken = gateway("replay", submission, "--organization", clinic)
    assert taken.code == 0, taken.err
    assert json.loads(taken.out)["state"] == "accepted"
    assert submission not in gateway("submissions", "--refused", "--organization", clinic).out
    assert json.loads(gateway("replay", submission, "--organization", clinic).out) == json.loads(taken.out)


def test_without_an_organization_those_of_all_are_listed_and_the_one_that_keeps_it_is_found(
    gateway: Gateway, clinic: str, patient: str, tmp_path: Path
) -> None:
    other = gateway("organization", "add", "Hill Practice").id
    theirs = submitted(other, patient)  # refused: the patient is not of that organization
    schema = tmp_path / "mappings" / "aws-healthscribe" / "input.schema.json"
    sound = schema.read_text()
    schema.write_text(json.dumps(json.loads(sound) | {"required": ["transcript"]}))
    ours = submitted(clinic, patient, "s-2")
    listed = gateway("submissions", "--refused")
    assert (listed.code, listed.err) == (0, "")
    lines = {id: next(line for line in listed.out.splitlines() if id in line) for id in (ours, theirs)}
    assert "Harbour Clinic" in lines[ours]
    assert "Hill Practice" in lines[theirs]
    assert clinic in listed.out
    assert listed.out.index(ours) < listed.out.index(theirs), "the newest first, whosever it is"
    assert theirs not in gateway("submissions", "--refused", "--count", "1").out
    assert theirs not in gateway("submissions", "--refused", "--organization", clinic).out
    schema.write_text(sound)
    assert json.loads(gateway("replay", ours).out)["submission"] == ours
    assert gateway("replay", theirs).code == 1
    assert gateway("replay", "nothing").code == 1


def test_submissions_of_others_are_not_there(gateway: Gateway, clinic: str, patient: str) -> None:
    submission = submitted(clinic, patient)
    other = gateway("organization", "add", "Hill Practice").id
    assert gateway("replay", submission, "--organization", other).code == 1
    plain = gateway("submissions", "--organization", clinic)
    assert plain.code == 2
    assert "--refused" in plain.err


def test_sound_mappings_are_sound(gateway: Gateway) -> None:
    said = gateway("mapping", "check")
    assert (said.code, "sound" in said.out) == (0, True)


def test_a_broken_mapping_is_told_by_file_and_place(gateway: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "mappings" / "aws-healthscribe" / "mapping.yaml"
    file.write_text(file.read_text().replace("%sentence.SummarizedSegment.narrative()", "%sentence.Nothing.narrative("))
    said = gateway("mapping", "check")
    assert said.code == 1
    assert "mapping.yaml" in said.out
    assert ".text: " in said.out
    for command in (
        ("mapping", "try", "aws-healthscribe", str(EXAMPLES / "birp" / "summary.json")),
        ("client", "list"),
    ):
        broken = gateway(*command)
        assert broken.code == 1, command
        assert "mapping.yaml" in broken.err
        assert "Traceback" not in broken.err


def test_a_folder_without_mappings_is_told(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = gateway("mapping", "check", str(tmp_path / "empty"))
    assert said.code == 1
    assert "no mapping" in said.out + said.err
    assert gateway("mapping", "check", str(tmp_path / "nowhere")).code != 0


def test_trying_shows_the_resources_and_what_became_of_each_value(gateway: Gateway) -> None:
    files = [str(EXAMPLES / "full" / f"{name}.json") for name in ("summary", "transcript")]
    said = gateway("mapping", "try", "aws-healthscribe", *files)
    assert said.code == 0, said.err
    for text in (
        '"resourceType": "Composition"',
        "summary.ClinicalDocumentation.Sections[*].SectionName",
        "mapped",
        "ignored",
    ):
        assert text in said.out


def test_trying_a_table_tells_the_rows_left_out_and_whose_words_the_others_are(gateway: Gateway) -> None:
    file = EXAMPLES.parents[1] / "daylio" / "examples" / "broken-rows" / "daylio.csv"
    said = gateway("mapping", "try", "daylio", f"daylio={file}")
    assert said.code == 0, said.err
    for text in ("left out", "daylio:4", "by patient"):
        assert text in said.out
    assert gateway("mapping", "try", "daylio", "daylio=nowhere.csv").code == 2


def test_trying_a_payload_that_does_not_fit_names_each_place(gateway: Gateway) -> None:
    said = gateway("mapping", "try", "aws-healthscribe", str(EXAMPLES / "broken-shapes" / "summary.json"))
    assert said.code == 1
    assert "summary.ClinicalDocumentation" in said.out


def test_trying_what_cannot_be_tried_is_told(gateway: Gateway, tmp_path: Path) -> None:
    unknown = gateway("mapping", "try", "nobody", str(EXAMPLES / "birp" / "summary.json"))
    assert unknown.code == 2
    assert "aws-healthscribe" in unknown.err
    broken = tmp_path / "summary.json"
    broken.write_text('{"a": NaN}')
    said = gateway("mapping", "try", "aws-healthscribe", str(broken))
    assert said.code in (1, 2)
    assert "JSON" in said.out + said.err
    assert "Traceback" not in said.err


def test_migrating_twice_changes_nothing(gateway: Gateway, home: Path, clinic: str) -> None:
    assert [gateway("migrate").code for _ in range(2)] == [0, 0]
    assert gateway("client", "list").code == 0
    keys = sorted(path.name for path in (home / "keys").iterdir())
    assert "database.key" in keys
    assert {path.stat().st_mode & 0o777 for path in (home / "keys").iterdir()} == {0o600}


def test_a_database_under_another_key_is_told_without_a_traceback(gateway: Gateway, home: Path) -> None:
    gateway("migrate")
    (home / "keys" / "database.key").write_text("ab" * 32)
    said = gateway("client", "list")
    assert said.code == 1
    assert "key" in said.err
    assert "Traceback" not in said.err


def test_a_setting_that_is_wrong_is_told_by_its_name(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "eighty")
    said = gateway("client", "list")
    assert said.code == 1
    assert "GATEWAY_PORT" in said.err
    assert "Traceback" not in said.err


def test_the_openapi_document_is_current_or_said_not_to_be(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.commands import server

    (tmp_path / "openapi").mkdir()
    monkeypatch.setattr(server, "PROJECT", tmp_path)
    absent = gateway("openapi", "--check")
    assert absent.code == 1
    assert "make openapi" in absent.out
    assert gateway("openapi").code == 0
    assert gateway("openapi", "--check").code == 0
    document = tmp_path / "openapi" / "openapi.json"
    assert "/submissions/{mapping}" in json.loads(document.read_text())["paths"]
    document.write_text(document.read_text().replace("/submissions/{mapping}", "/elsewhere"))
    assert gateway("openapi", "--check").code == 1


def _queued(clinic: str) -> str:
    with wiring.running(Settings()) as services, services.database.write() as writer:
        entry = Asked(operator(clinic), services.clock()).entry(Act.ALERT, None)
        return deliveries.queue(writer, entry, Notice("alert", clinic, clinic, "Alert/1"))


def test_what_waits_goes_to_an_endpoint_once_there_is_one(
    gateway: Gateway, clinic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = _queued(clinic)
    assert gateway("work", "--once").code == 0
    waiting = gateway("endpoint", "show", clinic).out
    assert "No endpoint" in waiting and delivery in waiting
    monkeypatch.setenv("GATEWAY_ALLOW_LOOPBACK_PEERS", "true")
    with listening() as there:
        secret = gateway("endpoint", "set", clinic, there.url).out.strip()
        assert re.fullmatch(r"whsec_[\w-]{43}", secret)
        assert gateway("work", "--once").code == 0
        assert [each["id"] for each in there.bodies()] == [delivery]
        shown = gateway("endpoint", "show", clinic).out
        assert there.url in shown and delivery not in shown and secret not in shown


def test_an_endpoint_is_a_public_https_address_of_an_organization(gateway: Gateway, clinic: str) -> None:
    said = gateway("endpoint", "set", clinic, "http://192.168.1.7/alerts")
    assert (said.code, said.out) == (1, "")
    assert "url: An endpoint is an https address" in said.err
    assert gateway("endpoint", "set", "nowhere", "https://alerts.clinic.example/").code == 1
    assert gateway("endpoint", "remove", clinic).code == 1
