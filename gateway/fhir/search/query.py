"""A search as the caller wrote it, read strictly: https://hl7.org/fhir/R4/search.html

Unknown parameters, and criteria without a value, are refused unless the caller asked for lenient handling: ignoring one
could widen a search that was meant for one patient. A parameter that only shapes the answer (`_sort=`) cannot; without
a value it is ignored, as R4 says. No value is ever repeated in a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import urlencode

from gateway.errors import BadRequest, Issue
from gateway.fhir.search.chain import Link, TooCostly, is_link, link
from gateway.fhir.search.controls import CONTROLS, Controls, control
from gateway.fhir.search.criteria import Criterion, Unknown, criterion
from gateway.fhir.search.table import TYPES, TypeTable

MAX_VALUES, MAX_LINKS = 200, 8
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-:.]{0,127}\Z")

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search of one type, or of several at once (`type` is empty then).

    `patient` is the one in whose compartment every match must be. `canonical` are the parameters that were used, as
    written; `notices` tell what was not.
    """

    type: str
    criteria: tuple[Criterion, ...] = ()
    controls: Controls = field(default_factory=Controls)
    canonical: tuple[tuple[str, str], ...] = ()
    notices: tuple[Issue, ...] = ()
    links: tuple[Link, ...] = ()
    types: tuple[str, ...] = ()
    patient: str | None = None

    @property
    def text(self) -> str:
        """The query string of the self link."""
        return urlencode(self.canonical, safe="/:|,")

    @property
    def wanted(self) -> tuple[str, ...]:
        """The types of the matches."""
        return self.types or (self.type,)

    @property
    def reached(self) -> frozenset[str]:
        """Every type that is asked about: those of the matches, and those that chains lead to."""
        return frozenset(self.wanted).union(*(link.reached() for link in self.links))


def parse(kind: str, pairs: Pairs, *, base: str = "", lenient: bool = False) -> Query:
    """Read the parameters of a search on type `kind`. Raises BadRequest with one issue per fault.

    `base` is the address of this FHIR API: absolute references under it are its own.
    """
    return _parse(TYPES[kind], pairs, base, lenient=lenient)


def parse_all(types: Sequence[str], pairs: Pairs, *, base: str = "", lenient: bool = False) -> Query:
    """The same for a search of several types: by the parameters that all of them have. `_type` is not among them."""
    return replace(_parse(_common(tuple(types)), pairs, base, lenient=lenient), types=tuple(types))


def _parse(table: TypeTable, pairs: Pairs, base: str, *, lenient: bool) -> Query:
    if len(pairs) + sum(value.count(",") for _, value in pairs) > MAX_VALUES:
        raise BadRequest(f"A search takes at most {MAX_VALUES} values.")
    query, issues = Query(table.name), list[Issue]()
    for name, value in pairs:
        try:
            query = _with(query, table, name, value, base)
        except Unknown as fault:
            if lenient:
                query = replace(query, notices=(*query.notices, _issue(name, fault, "warning")))
            else:
                issues.append(_issue(name, fault))
        except ValueError as fault:
            issues.append(_issue(name, fault))
    if issues:
        raise BadRequest(issues=issues)
    return query


def _with(query: Query, table: TypeTable, name: str, value: str, base: str) -> Query:
    """The query with one more parameter. Raises Unknown and ValueError."""
    if name in CONTROLS and not value:
        notice = Issue("The parameter has no value and was ignored.", f"http.{name}", "value", "warning")
        return replace(query, notices=(*query.notices, notice))
    query = replace(query, canonical=(*query.canonical, (name, value)))
    if name in CONTROLS:
        return replace(query, controls=control(table, query.controls, name, value))
    if is_link(name):
        if not value:
            raise Unknown("The parameter has no value.")
        if len(query.links) == MAX_LINKS:
            raise TooCostly(f"A search takes at most {MAX_LINKS} chains.")
        return replace(query, links=(*query.links, link(table, name, value, base)))
    return replace(query, criteria=(*query.criteria, criterion(table, name, value, base)))


@lru_cache(maxsize=64)
def _common(types: tuple[str, ...]) -> TypeTable:
    """A table of what all the types have; it has no name of its own."""
    tables = [TYPES[type] for type in types]
    parameters = {
        code: replace(parameter, targets=_union([table.parameters[code].targets for table in tables]))
        for code, parameter in tables[0].parameters.items()
        if all(code in table.parameters and table.parameters[code].kind == parameter.kind for table in tables)
    }
    return replace(tables[0], name="", parameters=parameters)


def _union(targets: list[frozenset[str] | None]) -> frozenset[str] | None:
    known = [each for each in targets if each is not None]
    return frozenset().union(*known) if len(known) == len(targets) else None


def _printable(name: str) -> str:
    return name if _SAFE_NAME.match(name) else "?"


def _issue(name: str, fault: ValueError, severity: str = "error") -> Issue:
    code = {Unknown: "not-supported", TooCostly: "too-costly"}.get(type(fault), "value")
    text = str(fault)
    return Issue(text[0].upper() + text[1:], f"http.{_printable(name)}", code, severity)
