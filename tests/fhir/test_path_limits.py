"""FHIRPath keeps its bounds: work, depth, the clock, patterns, and what its errors tell."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gateway.fhir.path import EVERY, INVARIANTS, EvaluationError, PathError, compile

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"use": "official", "given": ["Ada", "May"], "family": "Oak"}],
    "birthDate": "1970-03",
    "deceasedDateTime": "2020-01-01T10:00:00+02:00",
    "generalPractitioner": [{"reference": "Practitioner/7"}],
}


@pytest.mark.parametrize(
    "expression", ["now()", "today()", "timeOfDay()", "a.matches('x')", "a.replaceMatches('x', 'y')"]
)
def test_the_clock_and_regular_expressions_have_to_be_allowed(expression: str) -> None:
    with pytest.raises(PathError):
        compile(expression)
    assert compile(expression, functions=EVERY).evaluate({"a": "x"}) != []


def test_a_list_of_functions_is_kept_to() -> None:
    assert compile("a.first()", functions={"first"}).evaluate({"a": [1, 2]}) == [1]
    with pytest.raises(PathError):
        compile("a.last()", functions={"first"})


@pytest.mark.parametrize(
    "expression", ["name.given = %unknown", "name.given + 'x'", "name.family > 1", "name.family.abs()"]
)
def test_an_error_never_tells_the_data(expression: str) -> None:
    with pytest.raises(EvaluationError) as refused:
        compile(expression).evaluate(PATIENT)
    assert not any(word in str(refused.value) for word in ("Ada", "May", "Oak"))


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    compile("name.trace('names', family)").evaluate(PATIENT)
    assert capsys.readouterr() == ("", "")


@pytest.mark.spec("X-045")
@pytest.mark.parametrize(
    "expression",
    [
        "a.select(%context.a.select(%context.a.select(%context.a)))",
        "a.aggregate($total | $total.select($this + 1), 0)",
        "a.aggregate($total & $total, 'x')",
        "a.aggregate($total * $total, 10)",
        "a.repeat($this + 1)",
        "a.where(%context = %context)",
        "a.select(%context.distinct()).count()",
        "%long.matches('(a+)+b')",
    ],
)
def test_no_expression_runs_for_long(expression: str) -> None:
    variables = {"long": "a" * 100_000}
    with pytest.raises(EvaluationError):
        compile(expression, functions=INVARIANTS).evaluate({"a": list(range(300))}, variables, max_steps=50_000)


@pytest.mark.spec("X-045")
def test_a_pattern_never_comes_from_the_data() -> None:
    with pytest.raises(PathError):
        compile("name.matches(pattern)", functions=INVARIANTS)


_WORDS = """name given . ( ) [ ] { } | & + - * / = != ~ < <= and or xor implies in contains is as div mod 'x' 1 2.5
 @2020 @T10 $this $total %resource where select first() exists() iif( , Patient Quantity true `q` repeat 'mg' days !"""


@pytest.mark.spec("X-045")
@settings(max_examples=300, deadline=None)
@given(some.one_of(some.text(max_size=80), some.lists(some.sampled_from(_WORDS.split()), max_size=25).map(" ".join)))
def test_any_text_is_a_path_or_a_path_error(text: str) -> None:
    try:
        path = compile(text, functions=INVARIANTS)
    except PathError as error:
        assert 0 <= error.position <= len(text)
        return
    with contextlib.suppress(EvaluationError):
        assert isinstance(path.evaluate(PATIENT, max_steps=10_000), list)


@pytest.mark.parametrize(
    "text", ["(" * 5000, "a" + ".a" * 5000, "-" * 5000 + "1", "1" + "+1" * 5000, "a[" * 5000, "a" * 50_000]
)
def test_a_monstrous_text_is_refused(text: str) -> None:
    with pytest.raises(PathError):
        compile(text)
