"""A process that answers one line of JSON with one line of JSON, for as long as it is asked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from gateway.fhir.json import dump


class Speaker:
    """`greeting` is the first line it said."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path) -> None:
        self._process, self._errors = process, errors
        self.greeting = self._line()

    def ask(self, question: Any) -> Any:
        """Raises RuntimeError with what the process complained of when it ends instead of answering."""
        stream: IO[bytes] = self._process.stdin  # type: ignore[assignment]
        stream.write(dump(question) + b"\n")
        stream.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        stream: IO[bytes] = self._process.stdout  # type: ignore[assignment]
        if not (line := stream.readline()):
            raise RuntimeError(f"the process ended: {self._errors.read_text()[-2000:]}")
        return line.decode().strip()


@contextmanager
def speaking(command: Sequence[str], folder: Path) -> Iterator[Speaker]:
    """The process while it is needed; what it complains of is kept in `folder`."""
    errors = folder / "errors.txt"
    with errors.open("wb") as complaints:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints)
    try:
        yield Speaker(process, errors)
    finally:
        process.kill()
        process.communicate()
