"""Purposes and sensitivities, held to HL7's own tables; and which purposes a permit or a deny reaches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.rules import purposes, sensitivity
from gateway.rules.purposes import ANY, denied_under, permitted_under
from tests.world import SHARED

TERMINOLOGY = SHARED / "terminology"
needs_terminology = pytest.mark.skipif(not TERMINOLOGY.is_dir(), reason="HL7's tables are not in ../shared/terminology")


def concepts(name: str) -> dict[str, dict[str, Any]]:
    found = json.loads((TERMINOLOGY / f"{name}.json").read_text())["concepts"]
    return {each["code"]: each for each in found}


@needs_terminology
def test_the_purposes_are_those_of_hl7_each_below_what_hl7_puts_it_below() -> None:
    theirs = concepts("v3-ActReason.PurposeOfUse")
    selectable = {code for code, each in theirs.items() if each["notSelectable"] != "true"}
    assert selectable == purposes.PURPOSES
    for code in selectable:
        assert denied_under(code) == (code, *(each for each in _above(theirs, code) if each in selectable), ANY)


@needs_terminology
def test_the_sensitivities_are_those_of_hl7_each_below_what_hl7_puts_it_below() -> None:
    theirs = concepts("v3-ActCode.sensitivity")
    selectable = {code for code, each in theirs.items() if each["notSelectable"] != "true"}
    assert selectable == sensitivity.SENSITIVITIES
    for code in selectable:
        assert sensitivity.named_by(frozenset({code})) == {code, *_above(theirs, code)} & selectable


@needs_terminology
def test_the_laws_and_marks_are_codes_of_hl7() -> None:
    laws = concepts("v3-ActCode.us-privacy-law")
    assert {code for code in laws if not code.startswith("_")} - {"a) HIPAAConsent"} == sensitivity.LAWS
    marks = {sensitivity.NO_REDISCLOSURE, sensitivity.NOT_TO_PATIENT, sensitivity.REDACT}
    assert marks <= set(concepts("v3-ActCode.obligation-refrain-mark"))


def _above(theirs: dict[str, dict[str, Any]], code: str) -> list[str]:
    parents = [parent for parent in theirs[code]["parents"] if parent in theirs]
    return [*parents, *(each for parent in parents for each in _above(theirs, parent))]


@pytest.mark.parametrize(
    ("purpose", "permitted", "denied"),
    [
        ("ERTREAT", ("ERTREAT", "ETREAT", "TREAT", ANY), ("ERTREAT", "ETREAT", "TREAT", ANY)),
        ("BTG", ("BTG",), ("BTG", "ETREAT", "TREAT", ANY)),
        ("MLTRAINING", ("MLTRAINING",), ("MLTRAINING", "HOPERAT", ANY)),
        ("HMARKT", ("HMARKT",), ("HMARKT", ANY)),
        ("CLINTRCHPC", ("CLINTRCHPC", "CLINTRCH", "HRESCH"), ("CLINTRCHPC", "CLINTRCH", "HRESCH", ANY)),
        ("SNOOPING", (), (ANY,)),
    ],
)
def test_what_must_be_named_is_reached_by_no_wider_permit_but_by_every_deny(
    purpose: str, permitted: tuple[str, ...], denied: tuple[str, ...]
) -> None:
    assert permitted_under(purpose) == permitted
    assert denied_under(purpose) == denied


def test_no_purpose_has_more_than_four_names() -> None:
    assert max(len(denied_under(purpose)) for purpose in purposes.PURPOSES) == 4
