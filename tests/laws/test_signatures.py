"""Law 2: nothing reads patient content without a Visibility, nothing writes without an audit entry."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Union, get_args, get_origin, get_type_hints

from sqlalchemy.dialects import sqlite

import gateway.store
from gateway.rules.access import ReviewerSight, Visibility
from gateway.rules.audit import AuditEntry
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared

# Functions that are the machinery itself, each with the reason it needs neither.
MACHINERY = {
    "audit.record_all": "what it writes are the entries themselves",
    "audit.record_each": "what it writes are the entries themselves",
    "kinds.keep_kinds": "part of publishing, which records it",
    "kinds.keep_shapes": "part of compiling consents, which records it",
    "reaching.keep_custodian": "part of publishing, which records it",
    "reclassifying.classify": "part of making anew what an upgrade left, which records it",
    "reclassifying.classify_patient": "part of compiling consents, which records it",
    "reclassifying.settle": "part of publishing, which records it",
    "reclassifying.settle_deletion": "part of withdrawing, which records it",
    "index.write": "part of publishing and withdrawing, which record it; a test below holds that nothing else calls it",
}
# Functions that read without a visibility, each with what they read instead of patient content.
OPEN = {
    "alerts.any_unheard": "whether anybody is to be told once more",
    "budget.at_most": "nothing; it bounds what is read in its block",
    "classifying.kinds_of": "what a consent may ask of content: labels and types, to decide by",
    "classifying.refers_of": "what a resource refers to, to classify others by",
    "classifying.selectors_of": "what the consents of patients single out, to classify by",
    "classifying.sight_of": "what the consents of patients single out, to classify by",
    "clients.client_of": "a registered client",
    "clients.clients": "registered clients",
    "deliveries.any_due": "whether anything is to be sent",
    "deliveries.waiting": "kinds and ids of what an organization is still to be told",
    "directory.patients_naming": "whose consents a change of a team, group or role makes compile anew",
    "endpoints.read": "where an organization wants to be told",
    "glass.custodian_of": "who keeps a record, to be told of an emergency there",
    "glass.open_one": "whether an emergency access is still good",
    "kinds.kind_behind": "what a consent may ask of content: labels and types, to decide by",
    "people.is_taken": "a login",
    "people.person_of": "somebody who signs in",
    "reclassifying.moved_by": "what an anchor of consents refers to no more, to classify that anew",
    "classifying.subjects_of": "whom a version is about, to classify it by",
    "registry.listed": "organizations and practitioners, about no patient",
    "registry.organization": "an organization, about no patient",
    "registry.organizations": "organizations, about no patient",
    "registry.practitioner": "a practitioner, about no patient",
    "registry.practitioners": "practitioners, about no patient",
    "reindexing.behind": "how many resources are to be indexed anew",
    "reindexing.is_behind": "whether any is",
    "resources.current": "content about no patient that is labelled open",
    "submissions.by_digest": "the answer to what the same client has sent before",
    "submissions.by_key": "the answer to what the same client has sent before",
    "submissions.of_client": "the answer to what the same client has sent before",
    "succession.currents": "which versions are current, not what they say",
    "tokens.caller_of": "who holds a token",
    "tokens.times_of": "how long a token lives",
    "transcripts.session_id": "the id of a session the same client has sent before",
}
# Statements that read a text under no visibility, each with why it never leaves.
COMPILED = {
    "gateway.store.classifying._TEXT": "what is told of becomes part of the kind of what tells of it",
    "gateway.store.classifying._LAST": "what an anchor of consents refers to becomes part of the kinds of others",
    "gateway.store.consents._WORDS": "what a consent says becomes the rules themselves",
    "gateway.store.directory._CONTENT": "who belongs to a team, group or role becomes part of the rules themselves",
    "gateway.store.directory._LAST": "who once belonged to it becomes part of the selectors",
}


def modules() -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(gateway.store.__path__):
        yield importlib.import_module(f"gateway.store.{module.name}")


def store_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", function


def first_type(function: Callable[..., Any]) -> Any:
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    return hints.get(names[0]) if names else None


def _takes_entries(hint: Any) -> bool:
    """Whether it is an entry, or something of which each has one."""
    return hint is AuditEntry or any(_takes_entries(part) for part in get_args(hint) if get_origin(hint) is not Union)


def test_every_function_that_writes_requires_an_audit_entry() -> None:
    careless = [
        name
        for name, function in store_functions()
        if first_type(function) is Writer
        and name not in MACHINERY
        and not any(_takes_entries(hint) for key, hint in get_type_hints(function).items() if key != "return")
    ]
    assert careless == []


def test_every_function_that_reads_patient_content_requires_a_visibility() -> None:
    blind = {
        name
        for name, function in store_functions()
        if first_type(function) is Reader and not {Visibility, ReviewerSight} & set(get_type_hints(function).values())
    }
    assert blind == set(OPEN)


def test_what_is_kept_of_resources_is_selected_under_a_visibility_only() -> None:
    """Every prepared SELECT that gives out a text joins the consents, or is about nobody."""
    dialect = sqlite.dialect()
    selects = {
        f"{module.__name__}.{name}": value.on(dialect).sql
        for module in modules()
        for name, value in inspect.getmembers(module, lambda member: isinstance(member, Prepared))
        if not value.is_write
    }
    texts = {name: sql for name, sql in selects.items() if "resource.text" in sql}
    assert "gateway.store.resources._READ" in texts
    assert {
        name for name, sql in texts.items() if "consent_rule" not in sql and "resource.patient_id IS NULL" not in sql
    } == set(COMPILED)


def test_the_index_is_written_by_publishing_only() -> None:
    callers = {
        module.__name__
        for module in modules()
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "index.write"
    }
    assert callers == {"gateway.store.resources"}


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
