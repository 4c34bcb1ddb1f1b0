"""What can go wrong: the mapping is bad (for the analyst to mend), or a payload does not fit it (for the producer)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import Issue, Unprocessable


class MappingFault(Exception):
    """A mapping that does not load. Names file, line (0 when unknown) and key path."""

    def __init__(self, file: str, line: int, place: str, reason: str) -> None:
        self.file, self.line, self.place, self.reason = file, line, place, reason
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {place}: {reason}" if place else f"{where}: {reason}")


class MappingRefusal(Unprocessable):
    """A payload that does not fit its mapping; `issues` names each fault by its place, never by its value."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("The payload does not fit the mapping.", issues=issues)
