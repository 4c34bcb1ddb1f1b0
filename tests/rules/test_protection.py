"""How a draft is protected: the rules raise it, a reviewer may lower it with a reason, and is then not overruled."""

from __future__ import annotations

from gateway.rules.label_rules import Given, LabelRule
from gateway.rules.protection import SESSION, Choice, check_choice, chosen, lowered, raised

SUD = (Given(LabelRule("substance-use", "It tells of substance use.", "R", ("SUD",))),)
VERY = (Given(LabelRule("very", "It is very delicate.", "V", ())),)


def test_a_rule_raises_and_is_the_basis_of_what_it_gives() -> None:
    made = raised(SESSION, (*SUD, *VERY))
    assert made.confidentiality == "V"
    assert dict(made.labels) == {"MH": "", "SUD": "substance-use"}


def test_what_a_reviewer_took_off_is_not_put_on_again_by_the_same_rule() -> None:
    before = raised(SESSION, SUD)
    after = chosen(before, Choice("N", ("MH",), "A mistake of the code."), "grace")
    assert lowered(before, Choice("N", ("MH",))) == ("R", "SUD")
    assert (after.waived, after.by) == (("R", "SUD"), "grace")
    assert raised(after, SUD) == after
    assert raised(after, VERY).confidentiality == "V"


def test_what_she_puts_on_again_is_no_longer_waived() -> None:
    off = chosen(raised(SESSION, SUD), Choice("R", ("MH",), "A mistake of the code."), "grace")
    again = chosen(off, Choice("R", ("MH", "SUD")), "grace")
    assert not again.waived
    assert again.codes == {"MH", "SUD"}


def test_raising_needs_no_reason_and_lowering_does() -> None:
    assert check_choice(SESSION, Choice("V", ("MH", "HIV"))) == []
    for choice in (Choice("N", ("MH",)), Choice("V", ()), Choice("N", ("MH",), "  ")):
        (issue,) = check_choice(SESSION, choice)
        assert issue.expression == "protection.reason"


def test_the_same_again_is_no_change() -> None:
    assert chosen(SESSION, Choice("R", ("MH",), "Nothing."), "grace") is SESSION
