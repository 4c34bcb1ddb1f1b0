"""A patient with a whole chart, what is asked of it, and what is written beside it through the FHIR API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice

from gateway import wiring
from gateway.fhir.json import dump
from gateway.rules.consent_form import permit
from gateway.settings import Settings
from gateway.usecases import consent
from gateway.usecases.asked import Asked
from tests.benchmarks.recording import Statement
from tests.benchmarks.stage import Stage, answered, within, writes
from tests.synthetic import history_of, resources_of

_FHIR = {"content-type": "application/fhir+json"}


@dataclass(frozen=True)
class Post:
    """One kind of write: its bodies by a seed, how many make one round where a round has `writes` submissions, and
    what others of its kind said to the database."""

    word: str
    name: str
    address: str
    make: Callable[[str, int], bytes]
    share: int
    recorded: tuple[tuple[bytes, list[Statement]], ...] = ()

    def bodies(self, patient: str, purpose: str) -> Iterator[bytes]:
        """Never the same one twice, nor the same for two purposes."""
        first = 10**6 * (1 + ("recorded", "sent").index(purpose))
        return (self.make(patient, seed) for seed in count(first))

    def count(self, writes: int) -> int:
        return max(writes // self.share, 1)


def _observation(patient: str, seed: int) -> bytes:
    made = resources_of(seed, 40, f"Patient/{patient}")
    return dump(next(each for each in made if each["resourceType"] == "Observation"))


def _transaction(entries: int) -> Callable[[str, int], bytes]:
    return lambda _, seed: dump(history_of(seed, entries))


POSTS = (
    Post("create", "create", "/fhir/Observation", _observation, 1),
    Post("transaction", "transaction of 5", "/fhir", _transaction(5), 2),
    Post("transaction", "transaction of 500", "/fhir", _transaction(500), 16),
)


def fill(stage: Stage, entries: int) -> None:
    """Load the chart in one transaction, let the other clinic see it, and note what that clinic will ask."""
    with within(stage.settings) as (http, _):
        headers = stage.writer.header | _FHIR
        loaded = answered(http.post("/fhir", content=dump(history_of(1, entries)), headers=headers))
        places = [entry["response"]["location"] for entry in loaded["entry"]]
        stage.chart = next(place.split("Patient/")[1].split("/")[0] for place in places if "Patient/" in place)
    with wiring.running(stage.settings) as services:
        asked = Asked(replace(stage.writer.caller, scopes=frozenset({"consent"})), services.clock())
        consent.grant(services, asked, permit(stage.chart, stage.ehr.caller.organization_id, "TREAT", "2010-01-01"))
    scores = f"/fhir/Observation?patient={stage.chart}&_count=50"
    notes = f"/fhir/DocumentReference?patient={stage.chart}&_count=50"
    stage.targets["search, 50 hits sorted by date"] = [f"{scores}&_sort=-date"]
    stage.targets["search, 50 hits with _revinclude"] = [f"{notes}&_revinclude=Provenance:target"]
    stage.targets[f"$everything of {entries}, its pages in turn"] = _pages(
        stage, f"/fhir/Patient/{stage.chart}/$everything"
    )


def _pages(stage: Stage, target: str) -> list[str]:
    """The first page and those its links lead to."""
    pages = []
    with within(stage.settings) as (http, _):
        while target:
            pages.append(target.removeprefix(stage.settings.public_url))
            links = answered(http.get(target, headers=stage.ehr.header))["link"]
            target = next((link["url"] for link in links if link["relation"] == "next"), "")
    return pages


def record(stage: Stage, settings: Settings, posts: list[Post], rounds: int, writes_of_round: int) -> list[Post]:
    """The same posts with what they said to a copy of the database."""
    with within(settings) as (http, said):

        def sent(post: Post, body: bytes) -> tuple[bytes, list[Statement]]:
            said.take()
            answered(http.post(post.address, content=body, headers=stage.writer.header | _FHIR))
            return body, writes(said.take())

        def recorded(post: Post) -> Post:
            bodies = islice(post.bodies(stage.chart, "recorded"), rounds * post.count(writes_of_round))
            return replace(post, recorded=tuple(sent(post, body) for body in bodies))

        return [recorded(post) for post in posts]
