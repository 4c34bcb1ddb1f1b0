"""Law 2: nothing reads patient content without a Visibility, nothing writes without an audit entry."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import gateway.store
from gateway.rules.audit import AuditEntry
from gateway.store.database import Reader, Writer

# Functions that are the machinery itself, each with the reason it needs neither.
MACHINERY: dict[str, str] = {}


def store_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in pkgutil.iter_modules(gateway.store.__path__):
        loaded = importlib.import_module(f"gateway.store.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and not name.startswith("_"):
                yield f"{module.name}.{name}", function


def first_type(function: Callable[..., Any]) -> Any:
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    return hints.get(names[0]) if names else None


def test_every_function_that_writes_requires_an_audit_entry() -> None:
    careless = [
        name
        for name, function in store_functions()
        if first_type(function) is Writer
        and name not in MACHINERY
        and AuditEntry not in [hint for key, hint in get_type_hints(function).items() if key != "return"]
    ]
    assert careless == []


def test_an_audit_entry_can_never_be_left_out() -> None:
    optional = [
        name
        for name, function in store_functions()
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name in {"audit", "visibility"} and parameter.default is not inspect.Parameter.empty
    ]
    assert optional == []


def test_the_law_looks_at_real_functions() -> None:
    writers = [name for name, function in store_functions() if first_type(function) is Writer]
    readers = [name for name, function in store_functions() if first_type(function) is Reader]
    assert "resources.publish" in writers
    assert "resources.read" in readers
