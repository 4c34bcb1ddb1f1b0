"""Which labels what is written gets: only ever more than it said, and no less than its version before."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.labels import CONFIDENTIALITY, HIPAA_PSY_NOTES, PART_2, PROCESSINLINELABEL, label_inline, security_of
from gateway.fhir.marks import act_code, basis_of
from gateway.rules.labelling_written import PART_2_STATEMENT, label_carried, label_written

PART_2_SET = {"42CFRPart2", "SUD", "NORDSCLCD", "RedisclosureProhibitionMark"}


def labelled(*codings: Any, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "meta": {"security": [dict(each) for each in codings]}, **elements}


SUBJECT = {"reference": "Patient/p"}


def codes(resource: dict[str, Any]) -> set[str]:
    return {code for _, code in security_of(resource)}


def test_what_has_no_confidentiality_gets_one() -> None:
    assert codes(label_written({"resourceType": "Observation"}, None)) == {"R"}
    assert codes(label_written({"resourceType": "Organization"}, None)) == {"N"}
    assert codes(label_written(labelled(CONFIDENTIALITY["V"]), None)) == {"V"}
    assert codes(label_written(labelled(CONFIDENTIALITY["N"], subject=SUBJECT), None)) == {"N"}


def test_what_is_of_nobodys_record_here_is_not_opened_to_everybody() -> None:
    """It may be about somebody who is kept elsewhere, and is named by an identifier."""
    assert codes(label_written(labelled(CONFIDENTIALITY["N"]), None)) == {"R"}
    place = {"resourceType": "Location", "meta": {"security": [dict(CONFIDENTIALITY["U"])]}}
    assert codes(label_written(place, None)) == {"U"}


def test_what_a_resource_says_of_its_parts_counts_for_the_whole() -> None:
    part_2 = label_inline({"text": "x"}, PART_2)
    assert PART_2["code"] in codes(label_written(labelled(note=[part_2]), None))
    document = {"resourceType": "DocumentReference", "securityLabel": [{"coding": [dict(CONFIDENTIALITY["V"])]}]}
    assert codes(label_written(document, None)) == {"V"}
    assert codes(label_written({"resourceType": "Composition", "confidentiality": "V"}, None)) == {"V"}


@pytest.mark.spec("X-050")
def test_protection_of_a_part_stays_when_the_part_goes() -> None:
    former = labelled(CONFIDENTIALITY["R"], note=[label_inline({"text": "x"}, CONFIDENTIALITY["V"])])
    assert codes(label_written(labelled(CONFIDENTIALITY["R"]), former)) == {"V"}
    former = labelled(CONFIDENTIALITY["R"], note=[label_inline({"text": "x"}, PART_2)])
    assert PART_2["code"] in codes(label_written(labelled(CONFIDENTIALITY["R"]), former))


@pytest.mark.spec("X-050")
def test_protection_of_a_directory_entry_and_by_an_unknown_code_stays() -> None:
    entry = {"resourceType": "Practitioner"}
    assert codes(label_written(dict(entry), entry | labelled(CONFIDENTIALITY["R"], **entry))) == {"R"}
    unknown = labelled({**CONFIDENTIALITY["V"], "code": "X"})
    assert codes(label_written(labelled(CONFIDENTIALITY["N"], subject=SUBJECT), unknown)) == {"V"}


@pytest.mark.spec("X-050")
@pytest.mark.parametrize("given", [[], [CONFIDENTIALITY["N"]], [CONFIDENTIALITY["U"], PART_2]])
def test_protection_stays(given: list[Any]) -> None:
    former = labelled(CONFIDENTIALITY["V"], PART_2, HIPAA_PSY_NOTES)
    assert codes(label_written(labelled(*given), former)) == {"V", HIPAA_PSY_NOTES["code"]} | PART_2_SET


def test_protection_may_be_raised() -> None:
    former = labelled(CONFIDENTIALITY["N"])
    assert codes(label_written(labelled(CONFIDENTIALITY["V"]), former)) == {"V"}
    assert codes(label_written(labelled(), former)) == {"R"}


def test_no_label_of_the_version_before_is_lost() -> None:
    """Neither a sensitivity nor what forbids something; who asserted it is another matter."""
    former = labelled(CONFIDENTIALITY["R"], *map(act_code, ("HIV", "NOPAT", "NOAUTH")))
    assert codes(label_written(labelled(CONFIDENTIALITY["R"]), former)) == {"R", "HIV", "NOPAT", "NOAUTH"}


def test_confidentiality_is_one_and_the_highest_that_was_said() -> None:
    said = label_written(labelled(CONFIDENTIALITY["N"], CONFIDENTIALITY["R"], CONFIDENTIALITY["L"]), None)
    assert [code for _, code in security_of(said)] == ["R"]


def test_a_sensitivity_that_was_once_a_confidentiality_is_kept_as_what_it_is_now() -> None:
    said = label_written(labelled({**CONFIDENTIALITY["V"], "code": "HIV"}, subject=SUBJECT), None)
    assert security_of(said) == [(CONFIDENTIALITY["V"]["system"], "V"), (act_code("HIV")["system"], "HIV")]


@pytest.mark.spec("X-085")
def test_content_of_42_cfr_part_2_carries_the_whole_set_and_the_statement() -> None:
    said = label_written(labelled(CONFIDENTIALITY["N"], PART_2, subject=SUBJECT), None)
    assert codes(said) == {"R"} | PART_2_SET
    (shown,) = said["meta"]["extension"]
    assert shown["valueAnnotation"]["text"] == PART_2_STATEMENT
    basis = {each["code"]: basis_of(each) for each in said["meta"]["security"]}
    assert basis["NORDSCLCD"] == act_code("42CFRPart2")
    again = label_written(labelled(*said["meta"]["security"], subject=SUBJECT), said)
    assert again["meta"] == said["meta"]


@pytest.mark.spec("X-085")
def test_a_narrower_sensitivity_stands_for_substance_use() -> None:
    assert "SUD" not in codes(label_written(labelled(PART_2, act_code("OPIOIDUD")), None))


def test_labels_of_parts_stay_with_the_parts_where_readers_are_told_to_heed_them() -> None:
    part = label_inline({"text": "x"}, CONFIDENTIALITY["V"])
    heeded = labelled(CONFIDENTIALITY["R"], PROCESSINLINELABEL, note=[part], subject=SUBJECT)
    assert codes(label_written(heeded, None)) == {"R", "PROCESSINLINELABEL"}
    assert codes(label_written(labelled(CONFIDENTIALITY["R"], note=[part]), heeded)) == {"V"}
    gone = labelled(CONFIDENTIALITY["R"], PROCESSINLINELABEL, note=[{"text": "x"}])
    assert "V" in codes(label_written(gone, heeded))


def test_a_part_under_42_cfr_part_2_brings_the_statement_along() -> None:
    part = label_inline({"text": "x"}, PART_2)
    said = label_written(labelled(CONFIDENTIALITY["R"], PROCESSINLINELABEL, note=[part], subject=SUBJECT), None)
    assert "NORDSCLCD" not in codes(said)
    assert said["meta"]["extension"][0]["valueAnnotation"]["text"] == PART_2_STATEMENT


def test_what_holds_others_is_as_restricted_as_they_are() -> None:
    held = [labelled(CONFIDENTIALITY["V"], act_code("HIV")), labelled(CONFIDENTIALITY["N"], act_code("NODSCLCD"))]
    assert codes(label_carried(labelled(CONFIDENTIALITY["N"]), held)) == {"V", "HIV"}
    assert codes(label_carried(labelled(CONFIDENTIALITY["N"]), [{}])) == {"V"}
