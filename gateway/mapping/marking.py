"""The closures that mark what a template makes: segments it rests on, its local name, its writer, its patient."""

from __future__ import annotations

from typing import Any

from gateway.mapping.expression import Expression
from gateway.mapping.marks import WRITERS, Mark, Marked, unfit
from gateway.mapping.strings import Closure, Variables, evaluated
from gateway.mapping.values import ABSENT

LOOPED = ""  # the variable that holds the object a template is being filled with; no template can name it


def marking(content: Closure, segments: Closure, name: Closure, by: Closure, of: Closure, place: str) -> Closure:
    """Marks the object that `content` gives, where it gives one."""

    def mark(root: Any, variables: Variables) -> Any:
        value = content(root, variables)
        if not isinstance(value, dict):
            return ABSENT
        said = (closure(root, variables) for closure in (segments, name, by, of))
        known = [None if item is ABSENT else item for item in said]
        new = Mark(place, known[0], known[1], known[2], known[3], variables.get(LOOPED))
        return Marked(value, value.mark.joined(new) if isinstance(value, Marked) else new)

    return mark


def segments_of(expression: Expression, place: str) -> Closure:
    """Raises MappingRefusal, when it runs, for what are no identifiers."""

    def segments(root: Any, variables: Variables) -> Any:
        found = evaluated(expression, root, variables, place)
        if not all(isinstance(item, str) for item in found):
            raise unfit(place, "evidence must be identifiers of segments")
        return tuple(dict.fromkeys(found))

    return segments


def name_of(closure: Closure, place: str) -> Closure:
    """Of an entry or of a patient. Raises MappingRefusal, when it runs, for what is no text."""

    def name(root: Any, variables: Variables) -> Any:
        value = closure(root, variables)
        if value is not ABSENT and not isinstance(value, str):
            raise unfit(place, "a name is a text")
        return value

    return name


def writer_of(closure: Closure, place: str) -> Closure:
    """Raises MappingRefusal, when it runs, for a writer that is none."""

    def writer(root: Any, variables: Variables) -> Any:
        value = closure(root, variables)
        if value is not ABSENT and value not in WRITERS:
            raise unfit(place, f"the writer is one of: {', '.join(WRITERS)}")
        return value

    return writer
