"""Dates and times moved by a calendar amount. http://hl7.org/fhirpath/N1/#datetime-arithmetic"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.fhir.path.errors import EvaluationError
from gateway.fhir.path.moments import Moment
from gateway.fhir.path.quantities import Quantity

_UNITS = ("years", "months", "days", "hours", "minutes", "seconds")
_PER_COARSER = {"months": 12, "days": 30, "hours": 24, "minutes": 60, "seconds": 60}


def move(start: Moment | str, amount: Quantity, *, backwards: bool) -> Moment | None:
    """Moved at the precision it has; None when the result lies outside the calendar or a text is no date."""
    moment = Moment.parse(start) if isinstance(start, str) else start
    unit = amount.calendar_unit()
    if unit is None:
        raise EvaluationError("a date moves by calendar units only")
    if moment is None:
        return None
    value = -amount.value if backwards else amount.value
    try:
        return _moved_time(moment, value, unit) if moment.kind == "Time" else _moved(moment, value, unit)
    except (OverflowError, ValueError):
        return None


def _moved(moment: Moment, value: Decimal, unit: str) -> Moment:
    if unit in ("weeks", "milliseconds"):
        value, unit = (value * 7, "days") if unit == "weeks" else (value / 1000, "seconds")
    finest = min(len(moment.parts), 6) - 1
    while _UNITS.index(unit) > finest:
        value = Decimal(int(value / _PER_COARSER[unit]))
        unit = _UNITS[_UNITS.index(unit) - 1]
    start = _datetime(moment)
    if unit in ("years", "months"):
        months = start.year * 12 + start.month - 1 + int(value) * (12 if unit == "years" else 1)
        year, month = divmod(months, 12)
        day = min(start.day, monthrange(year, month + 1)[1])
        return _as_precise(moment, start.replace(year=year, month=month + 1, day=day))
    whole = value if unit == "seconds" else Decimal(int(value))
    return _as_precise(moment, start + timedelta(**{unit: float(whole)}))


def _moved_time(moment: Moment, value: Decimal, unit: str) -> Moment | None:
    if unit not in ("hours", "minutes", "seconds", "milliseconds"):
        raise EvaluationError("a time moves by hours, minutes and seconds only")
    day = Moment("DateTime", (2000, 1, 1, *moment.parts), None, "")
    moved = _moved(day, value, unit)
    return Moment("Time", moved.parts[3:], None, moved.text[11:])


def _datetime(moment: Moment) -> datetime:
    year, month, day, hour, minute, second = (*moment.parts, *(1, 1, 1, 0, 0, Decimal(0))[len(moment.parts) :])
    micro = int(second % 1 * 1_000_000)
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micro)


def _as_precise(moment: Moment, when: datetime) -> Moment:
    second = Decimal(when.second) + Decimal(when.microsecond) / 1_000_000
    fields = (when.year, when.month, when.day, when.hour, when.minute, second)[: len(moment.parts)]
    length = (0, 4, 7, 10, 13, 16)[len(fields)] if len(fields) < 6 else 19
    text = when.isoformat()[:length]
    if len(fields) == 6 and when.microsecond:
        text += f".{when.microsecond // 1000:03d}"
    return Moment(moment.kind, fields, moment.offset, text + _zone(moment.offset))


def _zone(offset: int | None) -> str:
    if not offset:
        return "" if offset is None else "Z"
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
