"""The searches of a transaction are made while it holds the lock of those who write, for which every read waits."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gateway.errors import BadRequest
from gateway.store import budget
from gateway.usecases.bounded import bounded
from gateway.usecases.services import Services
from tests.api.fhir.conftest import World

STATEMENT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT sum(i) FROM n"


def test_they_have_less_time_than_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_STEPS", 1000)
    services = cast(Services, cast(Any, world.client.app).state.services)
    spent = services.limits.search_seconds / 2
    with world.database.read() as reader:
        reader.spent = spent
        with bounded(services, reader):
            reader.connection.exec_driver_sql(STATEMENT)
    with world.database.write() as writer:
        writer.spent = spent
        with pytest.raises(BadRequest), bounded(services, writer):
            writer.connection.exec_driver_sql(STATEMENT)
