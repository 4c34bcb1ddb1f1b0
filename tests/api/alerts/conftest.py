"""The real app with everybody who calls it."""

from tests.casting import cast, house, quiet

__all__ = ["cast", "house", "quiet"]
