"""The journal: audit entries of concurrent requests, committed in groups so that they share one fsync.

A request awaits the future of its entries before its answer leaves. If the commit fails, so does the future, and
there is no answer. Every process has a journal of its own; they write to the same table.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import structlog

from gateway.events import Event
from gateway.rules.audit import AuditEntry
from gateway.store import audit
from gateway.store.database import Database

_GROUP_LIMIT = 1000
# While requests come in together, a group waits so long for more of them: a commit costs as much as ten rows.
_GATHERING_SECONDS = 0.003
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    rows: list[dict[str, Any]]
    done: Future[None]


class Journal:
    """Records entries durably from a thread of its own: `start()`, `record(…)`, `stop()`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._state = Lock()

    def start(self) -> None:
        with self._state:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Record everything that waits, then end the thread."""
        with self._state:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._queue.put(None)
        thread.join()

    def record(self, entries: Sequence[AuditEntry]) -> Future[None]:
        """The future is done when the entries are on the disk, or fails when they are not.

        Raises TypeError for an entry that cannot be stored, RuntimeError when the journal is not running.
        """
        done: Future[None] = Future()
        waiting = _Waiting([audit.row_of(entry) for entry in entries], done)
        with self._state:
            if self._thread is None:
                raise RuntimeError("the journal is not running")
            self._queue.put(waiting)
        return done

    def _run(self) -> None:
        stopping = is_busy = False
        while not stopping:
            waiting = self._queue.get()
            group = [] if waiting is None else [waiting]
            if is_busy:
                time.sleep(_GATHERING_SECONDS)
            stopping = waiting is None or self._gather(group)
            is_busy = len(group) > 1
            if group:
                self._commit(group)

    def _gather(self, group: list[_Waiting]) -> bool:
        """Take along whatever waits already; whether the end was among it."""
        while len(group) < _GROUP_LIMIT:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                return False
            if waiting is None:
                return True
            group.append(waiting)
        return False

    def _commit(self, group: list[_Waiting]) -> None:
        # A request that went away cancelled its future; what it read is recorded all the same.
        awaited = [waiting.done for waiting in group if waiting.done.set_running_or_notify_cancel()]
        try:
            with self._database.write() as writer:
                audit.record_all(writer, [row for waiting in group for row in waiting.rows])
        except BaseException as error:
            _log.error(Event.AUDIT_FAILED, entries=len(group), error=type(error).__name__)
            for done in awaited:
                done.set_exception(error)
        else:
            for done in awaited:
                done.set_result(None)
