"""Values from a payload are never read as a template, a path or markup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fpml import resolve_template

from gateway.mapping.faults import MappingRefusal
from gateway.mapping.mapping import Mapping

Load = Callable[..., Mapping]
EVIL = "{{ %secret }}"


def test_a_payload_that_holds_a_template_stays_text(load: Load) -> None:
    mapping = load("""
        - "{% assign %}": {secret: hidden}
          a: "{{ note.title }}"
          b: "{[ note.tags ]}"
          c: "see {{ note.title }}"
          d: {"{% for t in note.tags %}": "{{ %t }}"}
    """)
    made = mapping.apply({"note": {"title": EVIL, "tags": [EVIL, "{[ note ]}"]}}, {}).resources
    assert made == [{"a": EVIL, "b": [EVIL, "{[ note ]}"], "c": f"see {EVIL}", "d": [EVIL, "{[ note ]}"]}]


def test_the_reference_implementation_reads_it_which_is_why_it_is_not_used() -> None:
    leaked = resolve_template({"tags": [EVIL]}, {"b": "{[ tags ]}"}, {"secret": "hidden"})
    assert leaked == {"b": ["hidden"]}


def test_a_control_character_is_shown_and_spoils_nothing(load: Load) -> None:
    mapping = load("""
        - a: "{{ note.title }}"
          b: "{[ note.tags ]}"
          c: "see {{ note.title }}"
          d: "{{ note.lines }}"
    """)
    note = {"title": "bell\x07", "tags": ["up\x0b", "line\n\ttab"], "lines": [{"text": "end\uffff"}]}
    (made,) = mapping.apply({"note": note}, {}).resources
    shown = {"a": "bell\ufffd", "b": ["up\ufffd", "line\n\ttab"], "c": "see bell\ufffd", "d": {"text": "end\ufffd"}}
    assert made == shown


def test_markup_of_a_payload_is_escaped(load: Load) -> None:
    mapping = load('- {text: "{{ note.title.narrative() }}"}')
    (made,) = mapping.apply({"note": {"title": "<script>x</script> & 1 < 2"}}, {}).resources
    assert made["text"]["div"].endswith("<p>&lt;script&gt;x&lt;/script&gt; &amp; 1 &lt; 2</p></div>")


@pytest.mark.parametrize(
    "extra",
    [
        {"meta": {"security": []}},
        {"deep": {"id": "mine"}},
        {"status": "final"},
        {"list": [{"resourceType": "Provenance"}]},
        {"div": "<script>"},
        {"_status": {"extension": []}},
    ],
)
def test_an_object_of_a_payload_cannot_smuggle_in_what_a_template_may_not_write(load: Load, extra: Any) -> None:
    mapping = load('- {x: "{{ note.extra }}"}')
    with pytest.raises(MappingRefusal, match="does not fit"):
        mapping.apply({"note": {"title": "t", "extra": extra}}, {})


def test_a_harmless_object_of_a_payload_is_copied_without_its_empty_parts(load: Load) -> None:
    mapping = load('- {x: "{{ note.extra }}"}')
    extra = {"a": [], "b": {"c": {}}, "d": [1, [2]]}
    made = mapping.apply({"note": {"title": "t", "extra": extra}}, {}).resources
    assert made == [{"x": {"d": [1, 2]}}]
    made[0]["x"]["d"].append(3)
    assert extra["d"] == [1, [2]]
