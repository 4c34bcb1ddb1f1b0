"""The journal: durable before anybody goes on, shared commits, no entry lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event
from typing import Any, TypeVar
from unittest.mock import patch

import pytest

from gateway.rules.audit import Act, AuditEntry
from gateway.store.database import Database, Writer
from gateway.store.journal import Journal

T = TypeVar("T")


def on_a_loop(served: Coroutine[Any, Any, T]) -> T:
    """Run it on an event loop of its own, in a thread of its own: a browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, served).result()


@contextmanager
def running(database: Database) -> Iterator[Journal]:
    journal = Journal(database)
    journal.start()
    try:
        yield journal
    finally:
        journal.stop()


class Held(Database):
    """A database whose transactions are counted, and wait at the gate before they begin."""

    def __init__(self, url: str, key: bytes) -> None:
        super().__init__(url, key)
        self.transactions = 0
        self.gate = Event()
        self.arrived = Event()

    @contextmanager
    def write(self, *, wait: bool = True) -> Iterator[Writer]:
        self.transactions += 1
        self.arrived.set()
        assert self.gate.wait(10)
        with super().write(wait=wait) as writer:
            yield writer


def test_an_entry_is_stored_when_its_future_is_done(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    with running(database) as journal:
        journal.record([entry(Act.READ, patient_id="p1"), entry(Act.READ, patient_id="p2")]).result(10)
        assert audited() == 2


def test_requests_that_wait_together_share_one_commit(
    database: Database, place: Any, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    held = Held(place.url, place.key)
    with running(held) as journal:
        first = journal.record([entry()])
        assert held.arrived.wait(10)
        others = [journal.record([entry()]) for _ in range(100)]
        assert not first.done()
        held.gate.set()
        for future in (first, *others):
            future.result(10)
    assert held.transactions == 2
    assert audited() == 101


def test_when_the_commit_fails_nobody_goes_on(
    database: Database, entry: Callable[..., AuditEntry], monkeypatch: pytest.MonkeyPatch, audited: Callable[[], int]
) -> None:
    with running(database) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(database, "write", _disk_full)
            with pytest.raises(OSError, match="disk full"):
                journal.record([entry()]).result(10)
        assert audited() == 0
        journal.record([entry()]).result(10)  # and the next one is served again
        assert audited() == 1


@contextmanager
def _disk_full() -> Iterator[Writer]:
    raise OSError("disk full")
    yield


def test_stopping_records_what_waits(
    database: Database, place: Any, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    held = Held(place.url, place.key)
    held.gate.set()
    journal = Journal(held)
    journal.start()
    futures = [journal.record([entry()]) for _ in range(50)]
    journal.stop()
    assert all(future.done() and future.exception() is None for future in futures)
    assert audited() == 50


def test_a_stopped_journal_takes_nothing(database: Database, entry: Callable[..., AuditEntry]) -> None:
    with running(database) as journal:
        pass
    with pytest.raises(RuntimeError):
        journal.record([entry()])


def test_what_a_vanished_request_read_is_recorded_all_the_same(
    database: Database, place: Any, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    held = Held(place.url, place.key)
    with running(held) as journal:
        journal.record([entry()])
        assert held.arrived.wait(10)
        vanished: Future[None] = journal.record([entry()])
        assert vanished.cancel()
        held.gate.set()
        journal.record([entry()]).result(10)
    assert audited() == 3


def test_an_entry_that_cannot_be_stored_fails_its_own_request_only(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    with running(database) as journal:
        with pytest.raises(TypeError):
            journal.record([entry(detail={"reason": object()})])
        journal.record([entry()]).result(10)
    assert audited() == 1


OTHER = """
import sys
from datetime import UTC, datetime
from gateway.rules.audit import Act, AuditEntry
from gateway.store.database import Database
from gateway.store.journal import Journal
journal = Journal(Database(sys.argv[1], bytes.fromhex(sys.argv[2])))
journal.start()
for _ in range(10):
    entries = [AuditEntry(Act.READ, datetime.now(UTC), None) for _ in range(3)]
    for future in [journal.record(entries) for _ in range(5)]:
        future.result(30)
journal.stop()
"""


def test_journals_of_several_processes_lose_nothing(
    database: Database, place: Any, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    others = [subprocess.Popen([sys.executable, "-c", OTHER, place.url, place.key.hex()]) for _ in range(2)]
    with running(database) as journal:
        while any(other.poll() is None for other in others):
            journal.record([entry()]).result(30)
        own = audited() - 300
    assert [other.returncode for other in others] == [0, 0]
    assert own > 0
    with database.read() as db:
        assert db.connection.exec_driver_sql("SELECT count(DISTINCT id) FROM audit").scalar() == own + 300


def test_what_comes_in_turn_by_turn_of_the_event_loop_is_one_transaction(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    async def serve(journal: Journal) -> None:
        journal.start(asyncio.get_running_loop().call_soon)
        with patch.object(database, "write", wraps=database.write) as write:
            done = []
            for _ in range(3):
                done += [journal.record([entry()]) for _ in range(5)]
                await asyncio.sleep(0)
                assert not any(each.done() for each in done)
            await asyncio.wait_for(asyncio.gather(*map(asyncio.wrap_future, done)), 10)
            assert write.call_count == 1

    journal = Journal(database)
    on_a_loop(serve(journal))
    assert audited() == 15
    journal.stop()


def test_those_who_came_together_are_awaited_together_but_not_for_long(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    async def serve(journal: Journal) -> None:
        journal.start(asyncio.get_running_loop().call_soon)
        await asyncio.gather(*(asyncio.wrap_future(journal.record([entry()])) for _ in range(5)))
        with patch.object(database, "write", wraps=database.write) as write:
            first = journal.record([entry()])
            for _ in range(4):
                await asyncio.sleep(0)
            last = journal.record([entry()])  # three of the five do not come back
            for _ in range(20):
                await asyncio.sleep(0)
            assert first.done() and last.done()
            assert write.call_count == 1

    journal = Journal(database)
    on_a_loop(serve(journal))
    journal.stop()
    assert audited() == 7


def test_a_stream_without_end_is_committed_all_the_same(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    async def serve(journal: Journal) -> None:
        journal.start(asyncio.get_running_loop().call_soon)
        first = journal.record([entry()])
        for _ in range(100):
            journal.record([entry()])
            await asyncio.sleep(0)
        assert first.done()

    journal = Journal(database)
    on_a_loop(serve(journal))
    journal.stop()
    assert audited() == 101


def test_the_event_loop_never_waits_for_another_writer(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    async def serve(journal: Journal) -> Future[None]:
        journal.start(asyncio.get_running_loop().call_soon)
        with ThreadPoolExecutor(1) as other, ExitStack() as held:
            writer = other.submit(held.enter_context, database.write())
            writer.result()
            done = journal.record([entry()])
            for _ in range(10):
                await asyncio.sleep(0)
            assert not done.done()
            other.submit(held.close).result()
            await asyncio.wrap_future(done)
        return done

    journal = Journal(database)
    assert on_a_loop(serve(journal)).done()
    assert audited() == 1
    journal.stop()


def test_waiting_for_a_record_on_the_event_loop_records_it_at_once(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    async def serve(journal: Journal) -> None:
        journal.start(asyncio.get_running_loop().call_soon)
        journal.record([entry()]).result(5)

    journal = Journal(database)
    on_a_loop(serve(journal))
    assert audited() == 1
    journal.stop()
