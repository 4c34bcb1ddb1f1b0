"""`gateway demo`: the whole road on a fresh database, each step with what it shows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel

from gateway import wiring
from gateway.demo.cast import Cast, Person, gather
from gateway.demo.chapters import CHAPTERS, consenting, session
from gateway.demo.endpoint import Endpoint, listening
from gateway.demo.handing_in import example
from gateway.demo.road import Chapter, NotAsExpected, Road
from gateway.demo.stage import end_as_by_ctrl_c, fresh_settings, starting
from gateway.settings import Settings

console = Console(highlight=False)


def run(*, stay: bool, summary: Path | None, transcript: Path | None) -> int:
    """Walk the road; 0 when every step saw what it should, 1 otherwise."""
    end_as_by_ctrl_c()
    settings = fresh_settings()
    given = {"summary": summary, "transcript": transcript}
    parts = {name: path.read_bytes() for name, path in given.items() if path} or _example(settings)
    console.print(Panel("What an AI writes of a client, and what she writes herself, to the next clinic's EHR"))
    cast_list = "a fresh, encrypted database; two clinics, their people, EHRs and endpoints, a couple, a scribe, an app"
    with listening() as endpoint, starting(settings) as answering:
        with console.status(cast_list):
            cast = _gathered(settings, endpoint)
            road = Road(answering(), cast, endpoint, settings.mappings, parts)
        if not _walk(road, CHAPTERS):
            return 1
        if stay:
            _show(settings, road)
            _until_interrupted()
    return 0


def _gathered(settings: Settings, endpoint: Endpoint) -> Cast:
    """Everybody, made known while the server starts: each brings the database to this release's schema, in turn."""
    with wiring.running(settings) as services, closing(wiring.outgoing(settings)) as outgoing:
        return gather(services, endpoint, outgoing)


def _walk(road: Road, chapters: Iterable[Chapter]) -> bool:
    began, number = time.perf_counter(), 0
    for chapter in chapters:
        console.print(f"\n[bold blue]{chapter.title}[/bold blue]")
        for title, step in chapter.steps:
            number += 1
            since = time.perf_counter()
            try:
                seen = step(road)
            except NotAsExpected as failure:
                console.print(f"[red]✗ {number:2} {title}[/red]", _indented(escape(str(failure))))
                return False
            took = f"{(time.perf_counter() - since) * 1000:.0f} ms"
            console.print(f"[green]✓[/green] {number:2} [bold]{title}[/bold] [dim]{took}[/dim]", _indented(seen))
    console.print(f"\n{number} steps, each over HTTP, in {time.perf_counter() - began:.0f} seconds")
    return True


def _indented(text: str) -> Padding:
    return Padding(text, (0, 0, 0, 5))


def _show(settings: Settings, road: Road) -> None:
    """The addresses and tokens to go on with: the consent is given again, and another draft waits for its review."""
    consenting.consent(road)
    session.submit(replace(road, session="session-next", parts=_example(settings)))
    url, cast = settings.public_url, road.cast
    document = f"DocumentReference/{road.document_id}"
    rows = {
        "review pages: a draft waits, and an alert": f"{url}/pages/reviews, {_login(cast.clinician)}",
        "the client's own record": f"{url}/pages/my-record, {_login(cast.client)}",
        "FHIR API": f"{url}/fhir/metadata",
        "approved document": f"{url}/fhir/{document}",
        "its lineage": f"{url}/lineage/{document}",
        "token of the clinician": cast.clinician.token,
        "token of the auditor": cast.auditor.token,
        "token of the other EHR, to read (5 minutes)": road.new_token(cast.ehr),
        "token of its own EHR, to write (5 minutes)": road.new_token(cast.own_ehr),
    }
    console.print("\n[bold blue]The gateway stays up until Ctrl-C[/bold blue]")
    for what, where in rows.items():
        console.print(f"  [bold]{what}[/bold]\n     {where}", soft_wrap=True)
    command = f'curl -H "Authorization: Bearer {cast.auditor.token}" {url}/lineage/{document}'
    console.print(f"  [bold]try it[/bold]\n     {command}", soft_wrap=True)


def _example(settings: Settings) -> dict[str, bytes]:
    return example(settings.mappings, "aws-healthscribe", "full")


def _login(person: Person) -> str:
    return f"sign in as {person.login} with {person.password}"


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("\nThe server stops; the database stays in var/demo until the next demo.")
