"""Search told a second time, naively: straight from the JSON of a resource, with exact numbers and days; no index."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
INFINITE = Decimal("Infinity")
EPOCH, DOOMSDAY = datetime.date(1, 1, 1), datetime.date(9999, 12, 31)


def matches(resource: Json, name: str, text: str) -> bool:
    code, _, modifier = name.partition(":")
    values = list(VALUES[code](resource))
    if modifier == "missing":
        return (text == "true") is not bool(values)
    found = any(_one(code, modifier, value, each) for value in values for each in text.split(","))
    return not found if modifier == "not" else found


def _one(code: str, modifier: str, value: Any, text: str) -> bool:
    kind = KINDS[code]
    if kind == "composite":
        first, second = text.split("$")
        return token(value[0], "", first) and SECONDS[code](value[1], "", second)
    return COMPARE[kind](value, modifier, text)


def token(value: Json, modifier: str, text: str) -> bool:
    if modifier == "text":
        words = [value.get("display"), value.get("text"), value.get("type", {}).get("text")]
        return any(word is not None and word.lower().startswith(text.lower()) for word in words)
    if modifier == "of-type":
        system, kind, number = text.split("|")
        codings = value.get("type", {}).get("coding", [])
        return value.get("value") == number and any(c == {"system": system, "code": kind} for c in codings)
    code = value.get("code", value.get("value"))
    if "|" not in text:
        return bool(code == text)
    system, wanted = text.split("|")
    return value.get("system", "") == system and wanted in ("", code)


def string(value: str, modifier: str, text: str) -> bool:
    if modifier == "exact":
        return value == text
    return text.lower() in value.lower() if modifier == "contains" else value.lower().startswith(text.lower())


def uri(value: str, modifier: str, text: str) -> bool:
    def path(url: str) -> list[str]:
        return url.rstrip("/").split("/")

    if modifier == "below":
        return path(value)[: len(path(text))] == path(text)
    if modifier == "above":
        return path(text)[: len(path(value))] == path(value) and len(path(value)) > 2
    return value == text


def reference(value: Json, modifier: str, text: str) -> bool:
    if modifier == "identifier":
        return token(value.get("identifier", {}), "", text)
    kind, _, id = value.get("reference", "/").partition("/")
    return id != "" and (text == f"{kind}/{id}" or (text == id and modifier in ("", kind)))


def date(value: tuple[datetime.date, datetime.date], _: str, text: str) -> bool:
    prefix, rest = (text[:2], text[2:]) if text[0].isalpha() else ("eq", text)
    return _compare(prefix, *value, *days(rest))


def number(value: tuple[Any, Any, Json], _: str, text: str) -> bool:
    low, high, unit = value
    said, *units = text.split("|")
    prefix, rest = (said[:2], said[2:]) if said[0].isalpha() else ("eq", said)
    if units and not _has_unit(unit, *units):
        return False
    exact, half = Decimal(rest), Decimal(1).scaleb(int(Decimal(rest).as_tuple().exponent)) / 2
    first, last = exact - half, exact + half  # without the last itself
    contained = first <= low and high < last
    outcomes = {
        "eq": contained,
        "ne": not contained,
        "ap": low <= exact + max(half, abs(exact) / 10) and high >= exact - max(half, abs(exact) / 10),
    }
    return outcomes[prefix] if prefix in outcomes else _compare(prefix, low, high, exact, exact)


def _has_unit(unit: Json, system: str, code: str) -> bool:
    if system:
        return bool(unit.get("system") == system and unit.get("code") == code)
    return code in (unit.get("code"), unit.get("unit"))


def _compare(prefix: str, low: Any, high: Any, first: Any, last: Any) -> bool:
    contained = bool(first <= low and high <= last)
    outcomes = {
        "eq": contained,
        "ne": not contained,
        "lt": low < first,
        "gt": high > last,
        "le": low < first or contained,
        "ge": high > last or contained,
        "sa": low > last,
        "eb": high < first,
    }
    return bool(outcomes[prefix])


def days(text: str) -> tuple[datetime.date, datetime.date]:
    year, *rest = (int(part) for part in text.split("-"))
    if len(rest) == 2:
        return datetime.date(year, *rest), datetime.date(year, *rest)
    if not rest:
        return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    after = datetime.date(year + rest[0] // 12, rest[0] % 12 + 1, 1)
    return datetime.date(year, rest[0], 1), after - datetime.timedelta(days=1)


def _codes(concept: Json) -> Iterator[Json]:
    """A concept's codings, each with the words of the whole; one in words is there as well."""
    for coding in concept.get("coding", [{}]):
        yield {**coding, **({"text": concept["text"]} if "text" in concept else {})}


def _moments(resource: Json) -> Iterator[tuple[datetime.date, datetime.date]]:
    if text := resource.get("effectiveDateTime"):
        yield days(text)
    if (period := resource.get("effectivePeriod")) is not None:
        start, end = period.get("start"), period.get("end")
        yield (days(start)[0] if start else EPOCH, days(end)[1] if end else DOOMSDAY)
    if timing := resource.get("effectiveTiming"):
        found = [days(event) for event in timing["event"]]
        yield min(found)[0], max(last for _, last in found)


def _quantity(element: Json) -> Iterator[tuple[Any, Any, Json]]:
    value = element.get("valueQuantity")
    if value is None or "value" not in value:
        return
    exact, tiny = value["value"], Decimal("1e-12")
    ends = {
        "<": (-INFINITE, exact - tiny),
        "<=": (-INFINITE, exact),
        ">": (exact + tiny, INFINITE),
        ">=": (exact, INFINITE),
    }
    yield *ends.get(value.get("comparator", ""), (exact, exact)), value


def _pairs(elements: list[Json], seconds: Callable[[Json], Any]) -> Iterator[tuple[Json, Any]]:
    for element in elements:
        for code in _codes(element.get("code", {"coding": []})):
            for second in seconds(element):
                yield code, second


def _probabilities(resource: Json) -> Iterator[tuple[Any, Any, Json]]:
    for prediction in resource.get("prediction", []):
        if "probabilityDecimal" in prediction:
            yield prediction["probabilityDecimal"], prediction["probabilityDecimal"], {}
        if found := prediction.get("probabilityRange"):
            low, high = found.get("low", {}).get("value"), found.get("high", {}).get("value")
            yield (-INFINITE if low is None else low), (INFINITE if high is None else high), {}


VALUES: dict[str, Callable[[Json], Any]] = {
    "code": lambda r: _codes(r["code"]) if "code" in r else iter(()),
    "identifier": lambda r: r.get("identifier", []),
    "subject": lambda r: [r["subject"]] if "subject" in r else [],
    "date": _moments,
    "value-string": lambda r: [r["valueString"]] if "valueString" in r else [],
    "value-quantity": _quantity,
    "component-code-value-quantity": lambda r: _pairs(r.get("component", []), _quantity),
    "combo-code-value-quantity": lambda r: _pairs([r, *r.get("component", [])], _quantity),
    "code-value-string": lambda r: _pairs([r], lambda e: [e["valueString"]] if "valueString" in e else []),
    "_profile": lambda r: r.get("meta", {}).get("profile", []),
    "probability": _probabilities,
}
KINDS = {
    "code": "token",
    "identifier": "token",
    "subject": "reference",
    "date": "date",
    "value-string": "string",
    "value-quantity": "quantity",
    "_profile": "uri",
    "probability": "quantity",
    "component-code-value-quantity": "composite",
    "combo-code-value-quantity": "composite",
    "code-value-string": "composite",
}
COMPARE: dict[str, Callable[[Any, str, str], bool]] = {
    "token": token,
    "string": string,
    "uri": uri,
    "reference": reference,
    "date": date,
    "quantity": number,
}
SECONDS: dict[str, Callable[[Any, str, str], bool]] = {
    "component-code-value-quantity": number,
    "combo-code-value-quantity": number,
    "code-value-string": string,
}
