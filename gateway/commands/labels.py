"""An analyst's two questions of the label rules: are they sound, and what do they give to this resource, and why?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gateway.commands.operator import console, fail, json_in, table
from gateway.fhir.labels import spoken
from gateway.fhir.marks import basis_of
from gateway.rules.label_rules import RULE_SYSTEM, LabelRules
from gateway.settings import Settings
from gateway.usecases.label_rules import Trial, check_folder, load, try_rules


def check(
    folder: Annotated[Path | None, typer.Argument(help="The folder of the rules; default: the configured one.")] = None,
) -> None:
    """Hold the label rules against their form and their examples; 1 if anything is wrong."""
    place = folder or Settings().labels
    faults = check_folder(place)
    for fault in faults:
        console.print(f"[red]wrong[/red] {escape(str(fault))}", soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    rules = load(place)
    console.print(f"The {len(rules.rules)} label rules are sound, and every example gets the labels it should.")


def try_(
    files: Annotated[list[Path], typer.Argument(help="Resources, or Bundles of them, as JSON.", exists=True)],
    mapping: Annotated[str | None, typer.Option(help="As if it came by this mapping.")] = None,
) -> None:
    """Print which labels a resource gets, from which rule and why; nothing is stored."""
    rules = load(Settings().labels)
    for file in files:
        for resource in _resources(file):
            console.print(_table(rules, try_rules(rules, resource, mapping)))


def _resources(file: Path) -> list[dict[str, object]]:
    found = json_in(file)
    entries = found.get("entry", ()) if isinstance(found, dict) and found.get("resourceType") == "Bundle" else None
    resources = [found] if entries is None else [each.get("resource") for each in entries]
    if not all(isinstance(each, dict) and each.get("resourceType") for each in resources):
        fail(f"{file.name} is no resource and no Bundle of resources")
    return resources


def _table(rules: LabelRules, trial: Trial) -> Table:
    kind = trial.labelled["resourceType"]
    where = {given.rule.name: place for given, place in zip(trial.given, trial.places, strict=True)}
    rows = table("label", "rule", "because", "found at", title=f"{kind} {trial.labelled.get('id', '')}".strip())
    for coding in trial.labelled["meta"]["security"]:
        basis = basis_of(coding) or {}
        rule = rules.rule(basis.get("code", "")) if basis.get("system") == RULE_SYSTEM else None
        because = rule.because if rule else f"It belongs to {basis['code']}." if basis else _unbased(coding, trial)
        rows.add_row(spoken(coding)[1], rule.name if rule else "", because, where.get(rule.name, "") if rule else "")
    return rows


def _unbased(coding: dict[str, str], trial: Trial) -> str:
    """A confidentiality carries no basis: it may have several."""
    code = spoken(coding)[1]
    names = [given.rule.name for given in trial.given if given.rule.confidentiality == code]
    if names:
        return f"At least this: {', '.join(names)}."
    return "It was said of it, or is given where nothing is said."


def join(cli: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Which labels content gets by what it says.")
    group.command("check")(check)
    group.command("try")(try_)
    cli.add_typer(group, name="labels", rich_help_panel="Mappings")
