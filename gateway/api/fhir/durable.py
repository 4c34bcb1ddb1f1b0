"""Waiting for the record of an act: the journal's thread wakes the event loop once for a group, not once for each."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from weakref import WeakKeyDictionary

_Waiter = asyncio.Future[None]


class _Bell:
    """What was recorded and not told yet. Filled by the journal's thread, emptied by the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._done: deque[tuple[_Waiter, Future[None]]] = deque()
        self._is_rung = False

    def ring(self, waiter: _Waiter, recorded: Future[None]) -> None:
        self._done.append((waiter, recorded))
        if not self._is_rung:
            self._is_rung = True
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._is_rung = False  # before it is emptied: what comes in meanwhile rings again
        while self._done:
            waiter, recorded = self._done.popleft()
            if waiter.done():  # the request went away
                continue
            if failure := recorded.exception():
                waiter.set_exception(failure)
            else:
                waiter.set_result(None)


_bells: WeakKeyDictionary[asyncio.AbstractEventLoop, _Bell] = WeakKeyDictionary()


async def durable(recorded: Future[None]) -> None:
    """Return when the record is on the disk. Raises what kept it from getting there."""
    loop = asyncio.get_running_loop()
    bell = _bells.get(loop)
    if bell is None:
        bell = _bells[loop] = _Bell(loop)
    waiter: _Waiter = loop.create_future()
    recorded.add_done_callback(lambda done: bell.ring(waiter, done))
    await waiter
