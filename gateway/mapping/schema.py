"""Holding a payload against the input schema of its mapping: every fault by its place, never by its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import count, islice, takewhile
from typing import Any, NoReturn

import jsonschema_rs

from gateway.errors import Issue
from gateway.mapping.places import Place, spell
from gateway.mapping.shape import Shape, of_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_ISSUES = 100
MOST_ITEMS = 20_000

# Keyword of the schema → FHIR issue code and words. https://hl7.org/fhir/R4/valueset-issue-type.html
_WORDS = {
    "type": ("structure", "has the wrong type: {} expected"),
    "required": ("required", "is missing"),
    "enum": ("code-invalid", "is none of the values allowed here"),
    "const": ("value", "is not the value required here"),
    "minLength": ("value", "is too short"),
    "maxLength": ("too-long", "is too long"),
    "pattern": ("value", "does not have the form required here"),
    "format": ("value", "does not have the form required here"),
    "minimum": ("value", "is too small"),
    "exclusiveMinimum": ("value", "is too small"),
    "maximum": ("value", "is too large"),
    "exclusiveMaximum": ("value", "is too large"),
    "minItems": ("structure", "has too few items"),
    "maxItems": ("too-long", "has too many items"),
    "uniqueItems": ("duplicate", "holds the same item twice"),
    "additionalProperties": ("structure", "holds a member that is not known here"),
    "unevaluatedProperties": ("structure", "holds a member that is not known here"),
}
_OTHERWISE = ("structure", "does not have the shape required here")


class SchemaFault(ValueError):
    """A schema that cannot be used; the message is the reason."""


class InputSchema:
    """A JSON Schema 2020-12 of an object whose members are the named inputs of a mapping."""

    def __init__(self, schema: Any) -> None:
        """Raises SchemaFault."""
        if not isinstance(schema, Mapping) or schema.get("$schema") != DIALECT:
            raise SchemaFault(f"the schema must be an object with $schema {DIALECT}")
        try:
            self._validator = jsonschema_rs.Draft202012Validator(dict(schema), retriever=_refuse, validate_formats=True)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise SchemaFault("not a JSON Schema 2020-12 that can be used without fetching others") from error
        self.shape: Shape = of_schema(schema)

    def faults(self, inputs: Mapping[str, Any]) -> list[Issue]:
        """All faults in the order they are found, at most MOST_ISSUES.

        The validator gathers every fault of what it is given before it tells the first, so a payload of millions is
        looked through in its head only.
        """
        whole = dict(inputs)
        if self._is_valid(whole):
            return []
        whole = _plain(whole)  # the validator reads decimals, but none that keeps how it was written
        if self._is_valid(whole):
            return []
        found = list(islice(self._validator.iter_errors(_head(whole, count(1))), MOST_ISSUES))
        return [self._issue(error) for error in found or [self._first(whole)]]

    def _is_valid(self, whole: Any) -> bool:
        """False also where the validator comes upon what it does not read."""
        try:
            return self._validator.is_valid(whole)
        except ValueError:
            return False

    def _first(self, whole: Any) -> jsonschema_rs.ValidationError:
        """The first fault of what is known to have one."""
        try:
            self._validator.validate(whole)
        except jsonschema_rs.ValidationError as error:
            return error
        raise AssertionError("a payload cannot be valid and not valid")

    def _issue(self, error: jsonschema_rs.ValidationError) -> Issue:
        keyword, details = error.kind.name, error.kind.as_dict()
        place: Place = tuple(error.instance_path)
        if keyword == "required":
            place = (*place, details["property"])
        code, words = _WORDS.get(keyword, _OTHERWISE)
        types = " or ".join(sorted(details.get("types", ())))
        known = self._known(place)
        return Issue(f"{known} {words.format(types)}.", expression=known, code=code)

    def _known(self, place: Place) -> str:
        """The place as far as the schema names it: a key that only the payload knows could be content itself."""
        shape, steps = self.shape, list[str | int]()
        for step in place:
            if isinstance(step, str):
                inner = shape.step(step)
                if inner is None:
                    break
                shape = inner
            steps.append(step)
        return spell(steps)


def _plain(value: Any) -> Any:
    """The value with every decimal as a plain one."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return Decimal(value) if isinstance(value, Decimal) else value


def _head(value: Any, items: Iterator[int]) -> Any:
    """The value with its first MOST_ITEMS list items; after those every list has one, for a schema may ask for it."""
    if isinstance(value, dict):
        return {key: _head(item, items) for key, item in value.items()}
    if isinstance(value, list):
        kept = takewhile(lambda item: not item[0] or next(items) <= MOST_ITEMS, enumerate(value))
        return [_head(item, items) for _, item in kept]
    return value


def _refuse(uri: str) -> NoReturn:
    raise ValueError("schemas are not fetched")
