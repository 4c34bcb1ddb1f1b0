"""The journal: audit entries of concurrent requests, committed in groups so that they share one fsync.

A request awaits the future of its entries before its answer leaves. If the commit fails, so does the future, and
there is no answer. Every process has a journal of its own; they write to the same table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread, get_ident
from typing import Any

import structlog

from gateway.events import Event
from gateway.rules.audit import AuditEntry
from gateway.store import audit
from gateway.store.database import Busy, Database

_GROUP_LIMIT = 1000
# On the event loop: the turns without more that a group is given to become as large as the last one, and its limit.
_QUIET_TURNS = 8
_LOOP_LIMIT = 64
# While requests come in together, the journal's thread waits so long for more: a commit costs as much as ten rows.
_GATHERING_SECONDS = 0.003
_log = structlog.get_logger()

Soon = Callable[[Callable[[], None]], Any]


@dataclass(frozen=True, slots=True)
class _Waiting:
    rows: list[dict[str, Any]]
    done: Future[None]


class _Soon(Future[None]):
    """Recorded in the next turn of the event loop; whoever will not wait for that has it recorded now."""

    def __init__(self, flush: Callable[[], None]) -> None:
        super().__init__()
        self._flush = flush

    def result(self, timeout: float | None = None) -> None:
        if not self.done():
            self._flush()
        super().result(timeout)


class Journal:
    """Records entries durably: `start()`, `record(…)`, `stop()`.

    Entries of the event loop's own thread, which come from reads that it served, are committed by that thread as soon
    as a turn brings no more of them: everything read meanwhile is one group, without a change of threads, and the
    connection that reads keeps its cache. When somebody else is writing, and for entries of all other threads, the
    journal's own thread commits, so that the event loop never waits for a lock.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._state = Lock()
        self._soon: Soon | None = None
        self._loop_thread: int | None = None
        self._turn: list[_Waiting] = []
        self._seen = self._quiet = self._last = 0  # of this turn, turns without more, of the group before

    def start(self, soon: Soon | None = None) -> None:
        """`soon` is `call_soon` of the event loop whose thread this is."""
        with self._state:
            if self._thread is not None:
                return
            if soon is not None and self._database.is_file:
                self._soon, self._loop_thread = soon, get_ident()
                self._database.make_home()
            self._thread = Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Record everything that waits, then end the thread."""
        with self._state:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._hand_over()
            self._soon = self._loop_thread = None
            self._queue.put(None)
        thread.join()

    def record(self, entries: Sequence[AuditEntry]) -> Future[None]:
        """The future is done when the entries are on the disk, or fails when they are not.

        Raises TypeError for an entry that cannot be stored, RuntimeError when the journal is not running.
        """
        rows = [row for entry in entries for row in audit.rows_of(entry)]
        if self._soon is not None and self._loop_thread == get_ident():
            waiting = _Waiting(rows, _Soon(self._flush))
            if not self._turn:
                self._seen = self._quiet = 0
                self._soon(self._gathered)
            self._turn.append(waiting)
            return waiting.done
        waiting = _Waiting(rows, Future())
        with self._state:
            if self._thread is None:
                raise RuntimeError("the journal is not running")
            self._queue.put(waiting)
        return waiting.done

    def _gathered(self) -> None:
        """A commit costs as much as ten rows: those who come in together, a few in each turn, share one.

        They usually come back together, so a group smaller than the last one is given some turns more.
        """
        waiting = len(self._turn)
        self._quiet = 0 if waiting > self._seen else self._quiet + 1
        self._seen = waiting
        patience = 1 if waiting >= self._last else _QUIET_TURNS
        if self._soon is not None and waiting < _LOOP_LIMIT and self._quiet < patience:
            self._soon(self._gathered)
        else:
            self._last = waiting
            self._flush()

    def _flush(self) -> None:
        """Commit what the event loop has gathered; hand it over when somebody else is writing."""
        if not self._turn:
            return
        try:
            with self._database.write(wait=False) as writer:
                audit.record_all(writer, [row for waiting in self._turn for row in waiting.rows])
        except Busy:
            self._hand_over()
        except BaseException as error:
            group, self._turn = self._turn, []
            _tell(group, error)
        else:
            group, self._turn = self._turn, []
            _tell(group, None)

    def _hand_over(self) -> None:
        group, self._turn = self._turn, []
        for waiting in group:
            self._queue.put(waiting)

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
        try:
            with self._database.write() as writer:
                audit.record_all(writer, [row for waiting in group for row in waiting.rows])
        except BaseException as error:
            _tell(group, error)
        else:
            _tell(group, None)


def _tell(group: list[_Waiting], failure: BaseException | None) -> None:
    # A request that went away cancelled its future; what it read is recorded all the same.
    awaited = [waiting.done for waiting in group if waiting.done.set_running_or_notify_cancel()]
    if failure is not None:
        _log.error(Event.AUDIT_FAILED, entries=len(group), error=type(failure).__name__)
    for done in awaited:
        if failure is not None:
            done.set_exception(failure)
        else:
            done.set_result(None)
