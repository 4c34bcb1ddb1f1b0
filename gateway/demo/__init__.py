"""`gateway demo`: the whole road on a fresh database, each step with what it shows."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gateway import wiring
from gateway.demo.cast import EHR_SCOPES, OWN_EHR_SCOPES, Cast, gather
from gateway.demo.road import STEPS, NotAsExpected, Road, consent, submit
from gateway.demo.stage import fresh_settings, serving
from gateway.settings import Settings

console = Console(highlight=False)


def run(*, stay: bool, summary: Path | None, transcript: Path | None) -> int:
    """Walk the road; 0 when every step saw what it should, 1 otherwise."""
    settings = fresh_settings()
    given = {"summary": summary, "transcript": transcript}
    parts = {name: path for name, path in given.items() if path} or _example(settings, "full")
    console.print(Panel("The road of one AI-written session summary, from the scribe to the next clinic's EHR"))
    cast_list = "a fresh, encrypted database; two clinics with their EHRs, a clinician, an auditor, a scribe"
    with console.status(cast_list), wiring.running(settings) as services:
        cast = gather(services)
    with serving(settings) as http:
        road = Road(http, cast, parts)
        if not _walk(road):
            return 1
        if stay:
            _show(settings, road)
            _until_interrupted()
    return 0


def _walk(road: Road) -> bool:
    for number, (title, step) in enumerate(STEPS, 1):
        began = time.perf_counter()
        try:
            seen = step(road)
        except NotAsExpected as failure:
            console.print(f"[red]✗ {number:2} {title}[/red]\n     {failure}")
            return False
        milliseconds = (time.perf_counter() - began) * 1000
        console.print(f"[green]✓[/green] {number:2} [bold]{title}[/bold] [dim]{milliseconds:.0f} ms[/dim]\n     {seen}")
    return True


def _show(settings: Settings, road: Road) -> None:
    """The addresses and tokens to go on with: the consent is given again, and another draft waits for its review."""
    consent(road)
    submit(replace(road, session="session-2", parts=_example(settings, "full")))
    url, cast = settings.public_url, road.cast
    table = Table(title="The gateway stays up until Ctrl-C", show_lines=True)
    table.add_column("what")
    table.add_column("where or with what", overflow="fold")
    table.add_row("review pages: a draft waits", f"{url}/pages/reviews\n{_login(cast)}")
    table.add_row("FHIR API", f"{url}/fhir/metadata")
    table.add_row("approved document", f"{url}/fhir/DocumentReference/{road.document_id}")
    table.add_row("its lineage", f"{url}/lineage/DocumentReference/{road.document_id}")
    table.add_row("token of the clinician", cast.clinician.token)
    table.add_row("token of the auditor", cast.auditor.token)
    table.add_row("token of the other EHR, to read (5 minutes)", road.token_of(cast.ehr, " ".join(EHR_SCOPES)))
    table.add_row("token of its own EHR, to write (5 minutes)", road.token_of(cast.own_ehr, " ".join(OWN_EHR_SCOPES)))
    console.print(table)
    command = f'curl -H "Authorization: Bearer {cast.auditor.token}" {url}/lineage/DocumentReference/{road.document_id}'
    console.print(f"Try it:\n{command}", soft_wrap=True)


def _example(settings: Settings, name: str) -> dict[str, Path]:
    folder = settings.mappings / "aws-healthscribe" / "examples" / name
    return {path.stem: path for path in (folder / "summary.json", folder / "transcript.json") if path.exists()}


def _login(cast: Cast) -> str:
    return f"sign in as {cast.clinician.login} with {cast.clinician.password}"


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("\nThe server stops; the database stays in var/demo until the next demo.")
