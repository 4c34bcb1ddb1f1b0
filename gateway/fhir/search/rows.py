"""The rows of the search index: one for each value of a search parameter.

`of_system` and `of_code` are for composites: a value of a composite is a row of its second part, and they name the code
that it stands beside in one element. What matches is then always within that one element.
"""

from __future__ import annotations

from typing import NamedTuple


class TokenRow(NamedTuple):
    """An empty code stands for a value without one, such as a concept in words."""

    name: str
    system: str | None
    code: str
    of_system: str | None = None
    of_code: str | None = None


class ReferenceRow(NamedTuple):
    """A literal reference, an identifier, or both; neither for one in words.

    One that leaves this server has type '' and its URL as id; a canonical also its version.
    """

    name: str
    target_type: str | None
    target_id: str | None
    target_version: str | None
    system: str | None = None
    value: str | None = None
    of_system: str | None = None
    of_code: str | None = None


class DateRow(NamedTuple):
    name: str
    low: int
    high: int
    of_system: str | None = None
    of_code: str | None = None


class StringRow(NamedTuple):
    """Also the words beside a token, under the token's name."""

    name: str
    folded: str
    exact: str
    of_system: str | None = None
    of_code: str | None = None


class QuantityRow(NamedTuple):
    """A number, or a quantity with its unit: its code in a system, and as people write it."""

    name: str
    low: float
    high: float
    system: str | None = None
    code: str | None = None
    unit: str | None = None
    of_system: str | None = None
    of_code: str | None = None


class UriRow(NamedTuple):
    name: str
    value: str
    of_system: str | None = None
    of_code: str | None = None


IndexRow = TokenRow | ReferenceRow | DateRow | StringRow | QuantityRow | UriRow
# `Patient.identifier` of a kind: its rows have this after the name, and `kind|value` as code.
OF_TYPE = ":of-type"
