"""Quantities: an amount with a unit. Only equal units compare; conversion between UCUM units is not done."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_SINGULAR = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
CALENDAR_UNITS = {unit: unit + "s" for unit in _SINGULAR} | {unit + "s": unit + "s" for unit in _SINGULAR}
# Up to a week a calendar unit is as long as the UCUM unit; months and years are not.
_UCUM = {"weeks": "wk", "days": "d", "hours": "h", "minutes": "min", "seconds": "s", "milliseconds": "ms"}
_CALENDAR = {code: unit for unit, code in _UCUM.items()} | {"a": "years", "mo": "months"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A System.Quantity, such as `4 days` or `5.0 'mg'`."""

    value: Decimal
    unit: str

    def comparable(self) -> str:
        """The unit as a key: two quantities compare only where these are equal."""
        unit = CALENDAR_UNITS.get(self.unit, self.unit)
        return _UCUM.get(unit, unit)

    def calendar_unit(self) -> str | None:
        """The plural calendar unit meant, such as `days` for `d`; None for any other unit."""
        return CALENDAR_UNITS.get(self.unit) or _CALENDAR.get(self.unit)

    def __str__(self) -> str:
        unit = self.unit if self.unit in CALENDAR_UNITS else f"'{self.unit}'"
        return f"{self.value} {unit}"
