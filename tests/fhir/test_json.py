"""What the strict JSON reader refuses, and that writing gives back what was read."""

from __future__ import annotations

import copy
import pickle
import time
from decimal import Decimal

import pytest

from gateway.fhir.json import JsonFault, dump, parse


@pytest.mark.spec("F-039", "X-041")
@pytest.mark.parametrize(
    "lexeme",
    [
        "19",
        "19.0",
        "19.00",
        "0.010",
        "1.10",
        "10.91968939701716",
        "-0.0",
        "-0",
        "0.00000001",
        "1E3",
        "1e3",
        "1.0E+02",
        "1E400",
        "0.1234567890123456789",
    ],
)
def test_a_number_is_written_exactly_as_it_was_read(lexeme: str) -> None:
    text = f'{{"value":{lexeme}}}'.encode()
    assert dump(parse(text)) == text
    assert dump(copy.deepcopy(parse(text))) == text
    assert dump(pickle.loads(pickle.dumps(parse(text)))) == text


@pytest.mark.spec("F-040")
@pytest.mark.parametrize("lexeme", ["2020", "2020-01", "2020-01-05T10:00:00.1Z", "2020-01-05T10:00:00.100+05:30"])
def test_a_time_is_written_exactly_as_it_was_read(lexeme: str) -> None:
    text = f'{{"at":"{lexeme}"}}'.encode()
    assert dump(parse(text)) == text


def test_a_decimal_is_a_decimal_and_never_a_float() -> None:
    value = parse(b"[1.50, 1e2]")
    assert value == [Decimal("1.50"), Decimal(100)]
    assert all(isinstance(item, Decimal) for item in value)


def test_keys_keep_their_order_and_text_stays_utf8() -> None:
    text = '{"z":"naïve 🙂","a":[true,null,{}]}'.encode()
    assert dump(parse(text)) == text


@pytest.mark.spec("F-038", "X-042")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"id":"1","id":"2"}', "duplicate key"),
        (b'{"a":{"\\u0062":1,"b":2}}', "duplicate key"),
        (b"[NaN]", "NaN and Infinity"),
        (b"[-Infinity]", "NaN and Infinity"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "well-formed"),
        (b'["\xc0\xaf"]', "UTF-8"),
        (b'["\xed\xa0\x80"]', "UTF-8"),
        (b'["\\ud800"]', "lone surrogate"),
        (b'{"\\udc00":1}', "lone surrogate"),
        (b'["\\u0000"]', "NUL"),
        (b'["\\\\\\u0000"]', "NUL"),
        (b'["\x00"]', "well-formed"),
        (b'["a\nb"]', "well-formed"),
        (b"[01]", "well-formed"),
        (b"[1,]", "well-formed"),
        (b"{'a':1}", "well-formed"),
        (b"[] []", "well-formed"),
        (b"", "well-formed"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(JsonFault, match=reason):
        parse(data)


@pytest.mark.spec("X-042")
def test_an_escaped_backslash_before_u0000_is_only_text() -> None:
    assert parse(b'["\\\\u0000", "\\ud83d\\ude42"]') == ["\\u0000", "🙂"]


@pytest.mark.spec("X-040")
@pytest.mark.parametrize("bomb", [b"[" * 200_000, b'{"a":' * 200_000, b"[" * 65 + b"]" * 65])
def test_a_depth_bomb_is_refused_and_never_a_crash(bomb: bytes) -> None:
    with pytest.raises(JsonFault):
        parse(bomb)


@pytest.mark.spec("X-040")
def test_the_deepest_allowed_nesting_is_read() -> None:
    assert parse(b"[" * 64 + b"]" * 64)
    with pytest.raises(JsonFault, match="deeper than 3"):
        parse(b'[{"a":[{}]}]', max_depth=3)


@pytest.mark.spec("X-041")
@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "0." + "1" * 5000, "1E99999", "1e-0000000001000"])
def test_a_monstrous_number_is_refused(number: str) -> None:
    with pytest.raises(JsonFault, match="too long"):
        parse(number.encode())


def test_a_fault_names_the_place_and_never_the_value() -> None:
    with pytest.raises(JsonFault) as caught:
        parse(b'{"note":"a secret"\n "more":1}')
    assert caught.value.place == "line 2 column 2"
    assert "secret" not in str(caught.value)
    with pytest.raises(JsonFault) as caught:
        parse(b'{"a secret":1,"a secret":2}')
    assert "secret" not in str(caught.value)


@pytest.mark.spec("X-042")
def test_a_duplicate_key_at_the_end_of_very_many_is_found_at_once() -> None:
    members = ",".join(f'"k{number}":1' for number in range(200_000))
    began = time.perf_counter()
    with pytest.raises(JsonFault) as fault:
        parse(f'{{{members},"k199999":2}}'.encode())
    assert (fault.value.reason, fault.value.place) == ("duplicate key", "k199999")
    assert time.perf_counter() - began < 10  # minutes, if each key is looked for among all before it


def test_what_json_cannot_hold_is_not_written() -> None:
    with pytest.raises(TypeError):
        dump({"a": object()})
