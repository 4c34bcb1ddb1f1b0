"""A sorted search goes along an index, page by page, and finds what sorting everything at once finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.search.query import Query, parse
from gateway.fhir.search.table import TYPES
from gateway.rules.access import Visibility
from gateway.store import resources, search
from gateway.store.chains import Scope
from gateway.store.database import Database, Reader
from gateway.store.resources import New
from tests.store.conftest import NOON
from tests.store.test_matching import Undo, observations

SEEN = Visibility("clinic", "TREAT", NOON)
SCOPE: Scope = {"Observation": []}
SORTS = [code for code, parameter in TYPES["Observation"].parameters.items() if not parameter.components]
keys = st.builds("{}{}".format, st.sampled_from(["", "-"]), st.sampled_from(SORTS))


def ids(db: Reader, query: Query, count: int, *, back: bool = False) -> list[str]:
    """Page after page, to the end."""
    found: list[str] = []
    after: search.Key | None = None
    while hits := search.search(db, SEEN, query, scope=SCOPE, after=after, back=back, count=count):
        found += [hit.stored.id for hit in hits]
        after = hits[-1].key
    return found


@pytest.mark.spec("F-143")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(observations, min_size=1, max_size=12),
    sorts=st.lists(st.lists(keys, min_size=1, max_size=2), min_size=3, max_size=6),
    size=st.integers(1, 4),
)
def test_pages_along_an_index_are_the_whole_order(
    database: Database, entry: Callable[..., Any], bodies: list[dict[str, Any]], sorts: list[list[str]], size: int
) -> None:
    with pytest.raises(Undo), database.write() as writer:
        for place, body in enumerate(bodies):
            resources.publish(writer, entry(), New({**body, "id": f"o{place:02}"}, None, "clinic"))
        for sort in sorts:
            query = parse("Observation", [("_sort", ",".join(sort))])
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(search, "_COMMON", 1000)
                whole = ids(writer, query, 1000)
                assert len(whole) == len(bodies)
                patch.setattr(search, "_COMMON", 0)
                assert ids(writer, query, size) == whole, sort
                assert ids(writer, query, size, back=True) == whole[::-1], sort
        raise Undo
