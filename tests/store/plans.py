"""SQLite's plans of a search: by every criterion that could drive it, and for every part of a walk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.fhir.search.query import Query
from gateway.rules.access import Visibility
from gateway.store import sorting
from gateway.store.chains import Scope
from gateway.store.database import Reader
from gateway.store.driving import _candidates
from gateway.store.search import _Form, _form, _legs, _statement
from gateway.store.statements import Prepared
from gateway.store.visible import parameters
from tests.store.conftest import NOON


def plan(db: Reader, prepared: Prepared, values: dict[str, Any]) -> list[str]:
    compiled = prepared.on(db.connection.dialect)
    bound = compiled.bind({**parameters(Visibility("clinic", "TREAT", NOON)), "count": 10, **values})
    rows: Any = db._driver.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", bound)
    return [row[-1] for row in rows]


def driven(db: Reader, query: Query, scope: Scope) -> list[list[str]]:
    """The plan by each criterion and chain that could drive."""
    form, values = _form(query, scope)
    forms = [_sorted(form, query)._replace(driver=place) for place, _ in _candidates(query)]
    return [steps for one in forms for steps in _plans(db, one, values)]


def walked(db: Reader, query: Query, scope: Scope) -> list[list[str]]:
    """The plans without a driver: along the order."""
    form, values = _form(query, scope)
    return list(_plans(db, _sorted(form, query), values))


def paged(db: Reader, query: Query, scope: Scope) -> list[list[str]]:
    """The plans of further pages along the order, forth and back."""
    form, values = _form(query, scope)
    ways = [form._replace(is_next=True, is_back=is_back) for is_back in (False, True)]
    return [steps for way in ways for steps in _plans(db, _sorted(way, query), values)]


def _sorted(form: _Form, query: Query) -> _Form:
    return form._replace(sorts=sorting.keys_of(query.controls.sorts))


def _plans(db: Reader, form: _Form, values: dict[str, Any]) -> Iterator[list[str]]:
    for leg in _legs(form, None):
        yield plan(db, _statement(form._replace(leg=leg)), {**values, **dict.fromkeys(_KEYS, 1)})


_KEYS = [f"k{place}" for place in range(6)]
