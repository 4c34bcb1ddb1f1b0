"""What becomes of a model card: for its maker, before it is sent along with a submission."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.json import JSON

from gateway.commands.operator import console, json_in
from gateway.fhir.check import check
from gateway.fhir.json import dump
from gateway.rules.attribution import attributed, attribution_of
from gateway.rules.model_card import MARKDOWN, card_of, missing
from gateway.usecases.context import check_card

_MODEL = {"name": "model", "version": "1", "manufacturer": "maker"}


def try_(
    file: Annotated[
        Path, typer.Argument(help="Source attributes (.json), a CHAI card (.xml) or Markdown (.md).", exists=True)
    ],
) -> None:
    """Print the card as its readers see it, the DocumentReference it becomes, and what it does not tell."""
    card = _card_in(file)
    issues = check_card(card)
    if not issues:
        context = {"model": _MODEL, "modelCard": card}
        _, resource = attributed(context, attribution_of(context, "example"), datetime.now(UTC))
        console.print(card_of(card).texts[MARKDOWN], markup=False, highlight=False)
        console.print(JSON(dump(_shortened(resource)).decode()))
        issues = check(resource)
    if not issues and "dsi" in card and (untold := missing(card["dsi"])):
        console.print(f"Not told: {', '.join(untold)}")
    for issue in issues:
        console.print(f"[red]refused[/red] {issue.expression or ''} {issue.text}")
    if issues:
        raise typer.Exit(1)


def _shortened(resource: dict[str, Any]) -> dict[str, Any]:
    """For reading: the card itself is printed above."""
    contents = [{"attachment": {**entry["attachment"], "data": "…"}} for entry in resource["content"]]
    return {**resource, "content": contents}


def _card_in(file: Path) -> dict[str, Any]:
    if file.suffix == ".json":
        return {"dsi": json_in(file)}
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise typer.BadParameter("the file is not UTF-8 text") from error
    return {"chai": text} if file.suffix == ".xml" else {"markdown": text}


def join(cli: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, help="What makers tell of their models: source attributes, CHAI, Markdown."
    )
    group.command("try")(try_)
    cli.add_typer(group, name="model-card", rich_help_panel="Mappings")
