"""What JSON Patch does to a document: find, put, take, compare, copy. Numbers and dates keep their text.

https://www.rfc-editor.org/rfc/rfc6902
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.fhir.patch.pointers import Tokens, index

MAX_DEPTH = 64


class Misfit(ValueError):
    """The document is not as the operation supposes. The words hold nothing of it."""


def find(document: Any, tokens: Tokens) -> Any:
    """What the pointer leads to. Raises Misfit when there is nothing."""
    for token in tokens:
        document = _child(document, token)
    return document


def add(container: Any, name: str, value: Any) -> None:
    """Put a member, or a new item before the one that the name tells (`-`: at the end). Raises Misfit."""
    if type(container) is dict:
        container[name] = value
        return
    if type(container) is not list:
        raise Misfit("The path leads into a value without members.")
    place = len(container) if name == "-" else index(name)
    if place is None or place > len(container):
        raise Misfit("The path leads past the end of an array.")
    container.insert(place, value)


def replace(container: Any, name: str, value: Any) -> None:
    """Put the value where there is one. Raises Misfit when there is none."""
    _child(container, name)
    container[name if type(container) is dict else int(name)] = value


def remove(container: Any, name: str) -> Any:
    """Take away what is there, and return it. Raises Misfit when there is nothing."""
    _child(container, name)
    return container.pop(name if type(container) is dict else int(name))


def equal(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON Patch's `test` asks: numbers by value, never across types."""
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other and (type(one) is bool) == (type(other) is bool)
    if type(one) is not type(other):
        return False
    if type(one) is dict:
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if type(one) is list:
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def copy(value: Any) -> Any:
    """A copy that shares no container with the original."""
    if type(value) is dict:
        return {key: copy(item) for key, item in value.items()}
    return [copy(item) for item in value] if type(value) is list else value


def weight(value: Any) -> int:
    """About how many characters the value takes when it is written."""
    if type(value) is dict:
        return 2 + sum(len(key) + 4 + weight(item) for key, item in value.items())
    if type(value) is list:
        return 2 + sum(1 + weight(item) for item in value)
    return 2 + len(value) if type(value) is str else 8


def depth(value: Any) -> int:
    """How many levels of objects and arrays the value has."""
    if type(value) is dict:
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if type(value) is list else 0


def pruned(value: Any, emptied: set[int]) -> Any:
    """The value without the containers (by `id`) that a removal left empty: nothing is in FHIR. NOTHING if so."""
    if type(value) is dict:
        kept = {key: _pruned_member(key, item, emptied) for key, item in value.items()}
        left: Any = {key: item for key, item in kept.items() if item is not NOTHING}
    elif type(value) is list:
        left = [item for item in (pruned(item, emptied) for item in value) if item is not NOTHING]
    else:
        return value
    return NOTHING if not left and (value or id(value) in emptied) else left


NOTHING = object()


def _pruned_member(key: str, value: Any, emptied: set[int]) -> Any:
    """What stands beside repeating primitives keeps its places: null where nothing is left, none when nothing is."""
    if not key.startswith("_") or type(value) is not list:
        return pruned(value, emptied)
    left = [None if item is NOTHING else item for item in (pruned(item, emptied) for item in value)]
    was_only_null = all(item is None for item in value)
    return NOTHING if all(item is None for item in left) and (not was_only_null or id(value) in emptied) else left


def _child(container: Any, name: str) -> Any:
    if type(container) is dict and name in container:
        return container[name]
    place = index(name) if type(container) is list else None
    if place is None or place >= len(container):
        raise Misfit("The path leads to nothing.")
    return container[place]
