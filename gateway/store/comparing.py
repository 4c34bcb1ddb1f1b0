"""What one value that is searched for asks of a row of the index, by kind: its shape and bound values, and its SQL.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Float, String, and_, bindparam, false, func, or_

from gateway.fhir import dates
from gateway.fhir.search import numbers
from gateway.fhir.search.values import (
    DateValue,
    Part,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
)
from gateway.store.keys import START, keyed

Names = Iterator[str]
Shape = tuple[Any, ...]
Compare = Callable[[Any, Shape, Names], ColumnElement[bool]]
_AFTER_EVERYTHING = "\U0010ffff"


def flatten(value: Part, modifier: str | None) -> tuple[Shape, list[Any]]:
    """The shape of a value, and what is bound, in the order in which the SQL asks for it."""
    match value:
        case TokenValue(system, code):
            return _coded_shape(system, code), [keyed(text) for text in (system, code) if text]
        case ReferenceValue(types, id, version):
            bound = [keyed(id), *(types or ()), *([version] if version else ())]
            return (len(types) if types else 0, version is not None), bound
        case DateValue(prefix, interval):
            return (prefix,), [*interval]
        case QuantityValue(prefix, extent, system, code):
            texts = [keyed(text) for text in (system, code) if text]
            return (prefix, *_coded_shape(system, code)), [*extent, *texts]
        case StringValue(folded, exact):
            return _string_values(folded, exact, modifier)
        case UriValue(text):
            return (), [text, f"{text}/", f"{text}0"] if modifier == "below" else [keyed(text)]


def of(kind: str, modifier: str | None) -> Compare:
    """The SQL of values of a kind under a modifier, on the columns of its table."""
    return _MODIFIED.get(modifier or "") or _KINDS[kind]


def coded(system: Any, code: Any, value: Shape, names: Names) -> ColumnElement[bool]:
    """`system|code`, `|code`, `system|` or `code`."""
    wants_system, wants_code = value
    wanted = [code.is_not(None)]
    if wants_system is True:
        wanted.append(equal(system, names))
    elif wants_system is False:
        wanted.append(system.is_(None))
    if wants_code:
        wanted.append(equal(code, names))
    return and_(*wanted)


def date(low: Any, high: Any, value: Shape, names: Names) -> ColumnElement[bool]:
    first, last = (bindparam(next(names), type_=BigInteger) for _ in "12")
    found: ColumnElement[bool] = dates.PREFIXES[value[0]](low, high, first, last)
    return found


def equal(column: Any, names: Names) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == _text(names)
    return found


def _coded_shape(system: str | None, code: str | None) -> Shape:
    return ("any" if system is None else bool(system), code is not None)


def _string_values(folded: str, exact: str, modifier: str | None) -> tuple[Shape, list[Any]]:
    start = folded[:START]
    if modifier == "exact":
        return (), [start, exact]
    if modifier == "contains":
        return (), [folded]
    bound = [start, start + _AFTER_EVERYTHING]
    if len(folded) > START:
        return (True,), [*bound, folded, folded + _AFTER_EVERYTHING]
    return (False,), bound


def _token(c: Any, value: Shape, names: Names) -> ColumnElement[bool]:
    return coded(c.system, c.code, value, names)


def _identifier(c: Any, value: Shape, names: Names) -> ColumnElement[bool]:
    return coded(c.system, c.value, value, names)


def _reference(c: Any, value: Shape, names: Names) -> ColumnElement[bool]:
    types, has_version = value
    wanted = [equal(c.target_id, names)]
    if types:
        wanted.append(or_(false(), *(equal(c.target_type, names) for _ in range(types))))
    if has_version:
        wanted.append(equal(c.target_version, names))
    return and_(*wanted)


def _quantity(c: Any, value: Shape, names: Names) -> ColumnElement[bool]:
    prefix, wants_system, wants_code = value
    first, last = (bindparam(next(names), type_=Float) for _ in "12")
    wanted = [numbers.PREFIXES[prefix](c.low, c.high, first, last)]
    if wants_system is True:
        wanted.append(equal(c.system, names))
    if wants_code:
        unit = _text(names)
        wanted.append(c.code == unit if wants_system is True else or_(c.code == unit, c.unit == unit))
    return and_(*wanted)


def _string(c: Any, value: Shape, names: Names) -> ColumnElement[bool]:
    begins = _between(c.start, names)
    return and_(begins, _between(c.folded, names)) if value[0] else begins


def _exact(c: Any, _: Shape, names: Names) -> ColumnElement[bool]:
    return and_(equal(c.start, names), equal(c.exact, names))


def _contains(c: Any, _: Shape, names: Names) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.replace(c.folded, _text(names), "") != c.folded
    return found


def _uri(c: Any, _: Shape, names: Names) -> ColumnElement[bool]:
    return equal(c.value, names)


def _below(c: Any, _: Shape, names: Names) -> ColumnElement[bool]:
    return or_(equal(c.value, names), _between(c.value, names))


def _between(column: Any, names: Names) -> ColumnElement[bool]:
    return and_(column >= _text(names), column < _text(names))


def _text(names: Names) -> BindParameter[str]:
    return bindparam(next(names), type_=String)


_KINDS: Mapping[str, Compare] = {
    "token": _token,
    "reference": _reference,
    "date": lambda c, value, names: date(c.low, c.high, value, names),
    "string": _string,
    "number": _quantity,
    "quantity": _quantity,
    "uri": _uri,
}
_MODIFIED: Mapping[str, Compare] = {
    "text": _string,
    "exact": _exact,
    "contains": _contains,
    "identifier": _identifier,
    "below": _below,
}
