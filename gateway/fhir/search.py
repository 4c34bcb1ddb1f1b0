"""A search as the caller wrote it, read strictly: https://hl7.org/fhir/R4/search.html

Unknown parameters and empty values are refused unless the caller asked for lenient handling: ignoring one could widen
a search that was meant for one patient. No value is ever repeated in a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from gateway.errors import BadRequest, Issue
from gateway.fhir.search_controls import CONTROLS, Controls, control
from gateway.fhir.search_criteria import Criterion, Unknown, criterion
from gateway.fhir.search_table import TYPES

MAX_VALUES = 200
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-:.]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search. `canonical` are the parameters that were used, as written; `notices` tell what was not."""

    type: str
    criteria: tuple[Criterion, ...] = ()
    controls: Controls = field(default_factory=Controls)
    canonical: tuple[tuple[str, str], ...] = ()
    notices: tuple[Issue, ...] = ()

    @property
    def text(self) -> str:
        """The query string of the self link."""
        return urlencode(self.canonical, safe="/:|,")


def parse(kind: str, pairs: Sequence[tuple[str, str]], *, base: str = "", lenient: bool = False) -> Query:
    """Read the parameters of a search on type `kind`. Raises BadRequest with one issue per fault.

    `base` is the address of this FHIR API: absolute references under it are its own.
    """
    if len(pairs) + sum(value.count(",") for _, value in pairs) > MAX_VALUES:
        raise BadRequest(f"A search takes at most {MAX_VALUES} values.")
    table, controls = TYPES[kind], Controls()
    criteria: list[Criterion] = []
    used: list[tuple[str, str]] = []
    notices: list[Issue] = []
    issues: list[Issue] = []
    for name, value in pairs:
        try:
            if name in CONTROLS and value:
                controls = control(table, controls, name, value)
            else:
                criteria.append(criterion(table, name, value, base))
            used.append((name, value))
        except Unknown as fault:
            if lenient:
                notices.append(_issue(name, fault, "warning"))
            else:
                issues.append(_issue(name, fault))
        except ValueError as fault:
            issues.append(_issue(name, fault))
    if issues:
        raise BadRequest(issues=issues)
    return Query(kind, tuple(criteria), controls, tuple(used), tuple(notices))


def _printable(name: str) -> str:
    return name if _SAFE_NAME.match(name) else "?"


def _issue(name: str, fault: ValueError, severity: str = "error") -> Issue:
    code = "not-supported" if isinstance(fault, Unknown) else "value"
    text = str(fault)
    return Issue(text[0].upper() + text[1:], f"http.{_printable(name)}", code, severity)
