"""SQL finds what a naive reading of the resources finds: random ones, for every kind and modifier."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.search.query import parse
from gateway.rules.access import Visibility
from gateway.store import driving, resources, search
from gateway.store.database import Database
from gateway.store.resources import New
from tests.store import oracle
from tests.store.conftest import NOON

SYSTEMS, CODES = st.sampled_from(["http://s", "http://t"]), st.sampled_from(["a", "b", "ab"])
WORDS = st.sampled_from(["Blood pressure", "blood", "pressure", "Mood, low", "x"])
NUMBERS = st.decimals(-20, 120, places=2) | st.sampled_from([Decimal(text) for text in ("5", "5.0", "99.5", "100")])
DAYS = st.sampled_from(["2019", "2019-12", "2019-12-31", "2020", "2020-02", "2020-02-29", "2020-03-01", "2021-01"])
IDS = st.sampled_from(["p", "q", "r"])
URLS = st.sampled_from(["http://h/a", "http://h/a/b", "http://h/ab", "http://h", "http://h/a/b/c", "http://h/a/"])
COMPARATORS = st.sampled_from(["<", "<=", ">", ">="])


def some(required: dict[str, Any] | None = None, **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required or {}, optional=optional)


coding = some({"code": CODES}, system=SYSTEMS, display=WORDS)
concept = some({"coding": st.lists(coding, min_size=1, max_size=2)}, text=WORDS) | some({"text": WORDS})
kind = some({"coding": st.lists(some({"system": SYSTEMS, "code": CODES}), min_size=1, max_size=2)}, text=WORDS)
identifier = some({"value": CODES}, system=SYSTEMS, type=kind)
quantity = some({"value": NUMBERS}, system=SYSTEMS, code=CODES, unit=CODES, comparator=COMPARATORS)
person = st.builds("{}/{}".format, st.sampled_from(["Patient", "Group"]), IDS)
reference = some({"reference": person}, identifier=some({"value": CODES}, system=SYSTEMS))
period = some({"start": DAYS.filter(lambda day: day < "2020")}, end=DAYS.filter(lambda day: day > "2020"))
meta = some({"profile": st.lists(URLS, min_size=1, max_size=2, unique=True)})
component = some({"code": concept}, valueQuantity=quantity)
value_range = some({"low": some({"value": st.just(Decimal("0.1"))})}) | some({"high": some({"value": NUMBERS})})
prediction = some({"probabilityDecimal": NUMBERS}) | some({"probabilityRange": value_range})

observations = st.builds(
    lambda rest, moment, value: {"resourceType": "Observation", **rest, **moment, **value},
    some(
        code=concept,
        identifier=st.lists(identifier, max_size=2),
        subject=reference,
        component=st.lists(component, max_size=3),
        meta=meta,
    ),
    st.one_of(
        st.just({}),
        some({"effectiveDateTime": DAYS}),
        some({"effectivePeriod": period}),
        some({"effectiveTiming": some({"event": st.lists(DAYS, min_size=1, max_size=2)})}),
    ),
    st.one_of(st.just({}), some({"valueString": WORDS}), some({"valueQuantity": quantity})),
)
risks = some({"resourceType": st.just("RiskAssessment"), "prediction": st.lists(prediction, max_size=2)})

TOKENS = CODES | st.builds("{}|{}".format, SYSTEMS, CODES) | CODES.map("|{}".format) | SYSTEMS.map("{}|".format)
ORDERED = st.sampled_from(["", "eq", "ne", "lt", "gt", "le", "ge", "sa", "eb"])
dates = st.builds("{}{}".format, ORDERED, DAYS)
plain = st.builds("{}{:f}".format, ORDERED | st.just("ap"), NUMBERS)
units = st.builds("|{}|{}".format, SYSTEMS | st.just(""), CODES)
quantities = plain | st.builds("{}{}".format, plain, units)
words = st.sampled_from(["blood", "BLOOD P", "press", "x", "mood"])
PRESENCE = st.sampled_from(["true", "false"])


def ask(name: str, values: st.SearchStrategy[str], *, many: bool = True) -> st.SearchStrategy[tuple[str, str]]:
    texts = st.lists(values, min_size=1, max_size=2).map(",".join) if many else values
    return st.tuples(st.just(name), texts)


def beside(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{}${}".format, TOKENS, values)


NAMES = [name for name in oracle.VALUES if name != "probability"]
QUERIES = [
    *(ask(f"{name}:missing", PRESENCE, many=False) for name in NAMES),
    *(ask(f"{name}{modifier}", TOKENS) for name in ("code", "identifier") for modifier in ("", ":not")),
    ask("code:text", words),
    ask("identifier:of-type", st.builds("{}|{}|{}".format, SYSTEMS, CODES, CODES)),
    ask("subject", IDS | person),
    ask("subject:Patient", IDS),
    ask("subject:identifier", TOKENS),
    ask("date", dates),
    *(ask(f"value-string{modifier}", words) for modifier in ("", ":exact", ":contains")),
    ask("value-quantity", quantities),
    ask("component-code-value-quantity", beside(quantities)),
    ask("combo-code-value-quantity", beside(quantities)),
    ask("code-value-string", beside(words)),
    *(ask(f"_profile{modifier}", URLS) for modifier in ("", ":above", ":below")),
]
Pairs = list[tuple[str, str]]
World = Callable[[str, list[dict[str, Any]], list[Pairs]], None]


class Undo(Exception):
    """Nothing of an example is kept."""


@pytest.fixture
def equal(database: Database, entry: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(driving, "FEW", 1)

    def check(kind: str, bodies: list[dict[str, Any]], queries: list[Pairs]) -> None:
        held = [{**body, "id": f"o{place:02}"} for place, body in enumerate(bodies)]
        seen = Visibility("clinic", "TREAT", NOON)
        with pytest.raises(Undo), database.write() as writer:
            for body in held:
                resources.publish(writer, entry(), New(body, None, "clinic"))
            for pairs in queries:
                query = parse(kind, pairs)
                expected = [body["id"] for body in held if all(oracle.matches(body, *pair) for pair in pairs)]
                for many in (0, 3, 1000):  # wherever it begins
                    monkeypatch.setattr(driving, "MANY", many)
                    hits = search.search(writer, seen, query, scope={kind: []}, count=1000)
                    assert [hit.stored.id for hit in hits] == expected, pairs
                    assert search.total(writer, seen, query, scope={kind: []}) == len(expected), pairs
            raise Undo

    return check


SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.spec("F-132", "F-133", "F-134", "F-135", "F-136", "F-137", "F-138", "F-139")
@SETTINGS
@given(
    bodies=st.lists(observations, min_size=1, max_size=12),
    queries=st.lists(st.lists(st.one_of(QUERIES), min_size=1, max_size=2), min_size=6, max_size=12),
)
def test_sql_finds_what_a_naive_reading_finds(equal: World, bodies: list[dict[str, Any]], queries: list[Pairs]) -> None:
    equal("Observation", bodies, queries)


@pytest.mark.spec("F-136")
@SETTINGS
@given(
    bodies=st.lists(risks, min_size=1, max_size=12),
    queries=st.lists(st.lists(ask("probability", plain), min_size=1, max_size=1), min_size=4, max_size=8),
)
def test_numbers_and_ranges_of_them(equal: World, bodies: list[dict[str, Any]], queries: list[Pairs]) -> None:
    equal("RiskAssessment", bodies, queries)
