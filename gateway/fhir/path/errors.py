"""What can go wrong with an expression: when it is read, and when it is run."""

from __future__ import annotations


class PathError(ValueError):
    """The expression is not one we run: `reason` says why, `position` is the offset in its text."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} (at character {position})")
        self.reason = reason
        self.position = position


class EvaluationError(ValueError):
    """The expression does not fit the data, or runs too long. The message never holds any of the data."""
