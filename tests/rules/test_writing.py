"""What writers may send, and the labels it gets."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.labels import AIAST, CONFIDENTIALITY, HIPAA_PSY_NOTES, PART_2, label_inline, security_of
from gateway.rules.writing import admit, is_reserved, label_written


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
    assert codes(label_written(labelled(*given), former)) == {"V", PART_2["code"], HIPAA_PSY_NOTES["code"]}


def test_protection_may_be_raised() -> None:
    former = labelled(CONFIDENTIALITY["N"])
    assert codes(label_written(labelled(CONFIDENTIALITY["V"]), former)) == {"V"}
    assert codes(label_written(labelled(), former)) == {"R"}


def test_what_the_machine_wrote_is_known_wherever_it_says_so() -> None:
    assert is_reserved(labelled(AIAST))
    assert is_reserved({"resourceType": "Basic", "extension": [{"valueCoding": dict(AIAST)}]})
    assert not is_reserved(labelled(CONFIDENTIALITY["R"]))
    (issue,) = admit(labelled(component=[{"valueCodeableConcept": {"coding": [dict(AIAST)]}}]))
    assert issue.expression == "Observation.component[0].valueCodeableConcept.coding[0]"
