"""The policy as a truth table: shown, written into the documentation, or checked against the rule."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.operator import console
from gateway.rules.cases import GROUPS
from gateway.rules.cases.table import markdown, numbered, put_into, wrong
from gateway.settings import PROJECT

DOCUMENT = PROJECT / "gateway" / "README.md"


def policy(
    write: Annotated[bool, typer.Option("--write", help="Write it into gateway/README.md.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say whether rule and document agree with it.")] = False,
) -> None:
    """Who may see what, case by case, and what the rule says to each."""
    if faults := wrong(GROUPS):
        for fault in faults:
            console.print(fault, style="red", markup=False)
        raise typer.Exit(1)
    if not write and not check:
        console.out(markdown(GROUPS), highlight=False)
        return
    text = DOCUMENT.read_text()
    current = put_into(text, GROUPS)
    if write:
        DOCUMENT.write_text(current)
    elif current != text:
        console.print("gateway/README.md differs from the policy; run `make policy` and commit it.", style="red")
        raise typer.Exit(1)
    console.print(f"{len(list(numbered(GROUPS)))} cases, and the rule agrees with each")


def join(cli: typer.Typer) -> None:
    cli.command(rich_help_panel="Run")(policy)
