"""The real app before a real, encrypted database, with everybody who calls it."""

from tests.casting import cast, house, quiet

__all__ = ["cast", "house", "quiet"]
