"""An integration analyst's two questions: is the mapping sound, and what does it make of this payload?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.json import JSON
from rich.markup import escape
from rich.table import Table

from gateway.commands.operator import console, table
from gateway.fhir.json import dump
from gateway.mapping import catalogue
from gateway.mapping.report import Trial, check_folder, try_parts
from gateway.settings import Settings


def check(
    folder: Annotated[Path | None, typer.Argument(help="A mapping's folder, or one of many; default: all.")] = None,
) -> None:
    """Hold every mapping against its rules and its own examples; 1 if anything is wrong."""
    findings = check_folder(folder or Settings().mappings)
    for finding in findings:
        console.print(f"[red]{finding.mapping}[/red] {finding.place}: {finding.text}")
    if findings:
        raise typer.Exit(1)
    console.print("The mappings are sound, and every value of their examples is accounted for.")


def try_(
    name: Annotated[str, typer.Argument(help="The mapping, for instance aws-healthscribe.")],
    files: Annotated[
        list[str], typer.Argument(help="One file per input, named as it: summary.json … or daylio=export-of-march.csv.")
    ],
) -> None:
    """Print what a mapping makes of a payload, and what became of each of its values; nothing is stored."""
    known = catalogue.load(Settings().mappings)
    if name not in known:
        raise typer.BadParameter(f"there is no mapping '{name}'; there are: {', '.join(sorted(known))}")
    trial = try_parts(known[name], dict(map(_part, files)))
    for resource, head in zip(trial.mapped.resources, trial.mapped.heads, strict=True):
        named = f" as {escape(head.name)}" if head.name else ""
        whose = f" of {escape(head.of)}" if head.of else ""
        console.print(f"[bold]{resource.get('resourceType')}[/bold] by {head.by}{named}{whose}")
        console.print(JSON(dump(resource).decode()))
    console.print(_coverage(trial))
    for issue in trial.mapped.skipped:
        console.print(f"[yellow]left out[/yellow] {issue.expression or ''} {issue.text}")
    for issue in trial.issues:
        console.print(f"[red]refused[/red] {issue.expression or ''} {issue.text}")
    if trial.issues:
        raise typer.Exit(1)


def _part(argument: str) -> tuple[str, bytes]:
    """The input and its bytes; the file alone where it has the input's name."""
    name, is_named, file = argument.rpartition("=")
    path = Path(file if is_named else argument)
    if not path.is_file():
        raise typer.BadParameter(f"there is no file {path}")
    return name or path.stem, path.read_bytes()


def _coverage(trial: Trial) -> Table:
    """Leaves of one list are one line: `Sections[*].SectionName`, with how many there are."""
    counts: dict[tuple[str, str, str], int] = {}
    for leaf in trial.coverage:
        key = (re.sub(r"\[\d+\]", "[*]", leaf.place), leaf.state, leaf.reason or "")
        counts[key] = counts.get(key, 0) + 1
    rows = table("value", "how many", "became", "because", title="What became of each value")
    for (place, state, reason), count in counts.items():
        rows.add_row(place, str(count), state, reason)
    return rows


def join(cli: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Producers' formats: YAML and FHIRPath, no programming.")
    group.command("check")(check)
    group.command("try")(try_)
    cli.add_typer(group, name="mapping", rich_help_panel="Mappings")
