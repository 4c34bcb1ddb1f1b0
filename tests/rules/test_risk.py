"""Which content alarms clinicians, and which does not."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from gateway.rules.risk import Finding, risks_in

LOINC = "http://loinc.org"
SAM = {"reference": "Patient/sam"}
YES, NO = {"valueCoding": {"system": LOINC, "code": "LA33-6"}}, {"valueCoding": {"system": LOINC, "code": "LA32-8"}}
SEVERAL_DAYS, NOT_AT_ALL = ({"valueCoding": {"system": LOINC, "code": code}} for code in ("LA6569-3", "LA6568-5"))


def found(resource: dict[str, Any]) -> set[Finding]:
    return {risk.finding for risk in risks_in([resource])}


def estimate(**prediction: Any) -> dict[str, Any]:
    return {
        "resourceType": "RiskAssessment",
        "status": "preliminary",
        "subject": SAM,
        "performer": {"reference": "Device/model"},
        "prediction": [prediction],
    }


def rated(code: str) -> dict[str, Any]:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/risk-probability", "code": code}
    return estimate(qualitativeRisk={"coding": [coding]})


def response(link: str, answer: dict[str, Any], questionnaire: str = "", text: str = "") -> dict[str, Any]:
    item = {"linkId": link, "answer": [answer]} | ({"text": text} if text else {})
    told = {"questionnaire": questionnaire} if questionnaire else {}
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "subject": SAM, **told, "item": [item]}


def observed(code: str, **value: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": LOINC, "code": code}]}
    return {"resourceType": "Observation", "status": "final", "subject": SAM, "code": coded, **value}


@pytest.mark.parametrize("code", ["high", "certain"])
def test_a_machines_high_estimate_alarms(code: str) -> None:
    (risk,) = risks_in([rated(code)])
    assert (risk.finding, risk.patient_id) == (Finding.ESTIMATE, "sam")


@pytest.mark.parametrize("code", ["negligible", "low", "moderate"])
def test_a_low_estimate_does_not(code: str) -> None:
    assert found(rated(code)) == set()


@pytest.mark.parametrize(
    ("chance", "alarms"), [("0.49", False), ("0.5", True), ("0.83", True), ("5", False), ("49.9", False), ("50", True)]
)
def test_a_probability_is_read_as_a_share_or_as_a_percentage(chance: str, alarms: bool) -> None:
    assert found(estimate(probabilityDecimal=Decimal(chance))) == ({Finding.ESTIMATE} if alarms else set())
    high = {"high": {"value": Decimal(chance), "unit": "%"}}
    assert found(estimate(probabilityRange=high)) == ({Finding.ESTIMATE} if alarms else set())


def test_what_a_clinician_estimates_herself_is_no_news_to_clinicians() -> None:
    assert found(rated("high") | {"performer": {"reference": "Practitioner/grace"}}) == set()


def test_what_was_entered_in_error_alarms_nobody() -> None:
    assert found(rated("high") | {"status": "entered-in-error"}) == set()


@pytest.mark.parametrize("link", ["/44260-8", "44260-8", "/44249-1/44260-8"])
def test_item_9_of_the_phq_9_alarms_when_it_is_above_zero(link: str) -> None:
    assert found(response(link, SEVERAL_DAYS)) == {Finding.PHQ_9}
    assert found(response(link, NOT_AT_ALL)) == set()


@pytest.mark.parametrize(
    "questionnaire",
    [
        *(
            "http://loinc.org/q/89206-7",
            "http://loinc.org/q/44249-1|2.77",
            "urn:PHQ-9",
            "https://app.example/phq9_de|1",
        ),
        *("Questionnaire/patient-health-questionnaire-9", "urn:app:phq_a", "urn:app:PHQ 9"),
    ],
)
def test_the_ninth_item_of_a_phq_is_known_by_its_number(questionnaire: str) -> None:
    assert found(response("/9", SEVERAL_DAYS, questionnaire)) == {Finding.PHQ_9}
    assert found(response("/8", SEVERAL_DAYS, questionnaire)) == set()
    assert found(response("/9", SEVERAL_DAYS, "http://loinc.org/q/69737-5")) == set()


@pytest.mark.parametrize("link", ["9", "q9", "phq9-9", "PHQ-9.item09", "phq_9/9", "question9"])
def test_the_ninth_item_is_known_however_it_is_numbered(link: str) -> None:
    assert found(response(link, SEVERAL_DAYS, "urn:PHQ-9")) == {Finding.PHQ_9}


@pytest.mark.parametrize("link", ["phq9", "PHQ-9", "19", "phq9-8", "q29"])
def test_another_item_or_the_total_is_not_taken_for_the_ninth(link: str) -> None:
    assert found(response(link, SEVERAL_DAYS, "urn:PHQ-9")) == set()


def test_a_response_that_names_no_questionnaire_is_known_by_its_links() -> None:
    assert found(response("phq9-9", SEVERAL_DAYS)) == {Finding.PHQ_9}


def test_a_question_is_known_by_its_definition() -> None:
    asked = response("q17", SEVERAL_DAYS)
    asked["item"][0]["definition"] = "http://loinc.org/44260-8"
    assert found(asked) == {Finding.PHQ_9}


@pytest.mark.parametrize("concept", [{"text": "{}"}, {"coding": [{"code": "i9", "display": "{}"}]}])
def test_an_observation_is_known_by_its_words_too(concept: dict[str, Any]) -> None:
    for words, finding in (("Better off dead", Finding.PHQ_9), ("Thoughts of killing yourself", Finding.C_SSRS)):
        code = {"code": json.loads(json.dumps(concept).replace("{}", words))}
        assert found(observed("x", valueInteger=1) | code) == {finding}
        assert found(observed("x", valueInteger=0) | code) == set()


@pytest.mark.parametrize("code", ["HIGH", "very-high", "Very_High", "Certain"])
def test_a_level_is_read_however_it_is_spelled(code: str) -> None:
    assert found(rated(code)) == {Finding.ESTIMATE}


def test_each_question_is_a_risk_of_its_own() -> None:
    asked = response("/93246-7", YES)
    asked["item"].append({"linkId": "/93267-3", "answer": [YES]})
    assert len(risks_in([asked])) == 2


@pytest.mark.parametrize(
    ("answer", "alarms"),
    [
        ({"valueInteger": 0}, False),
        ({"valueInteger": 1}, True),
        ({"valueDecimal": Decimal("2.0")}, True),
        ({"valueString": "Not at all"}, False),
        ({"valueString": "Some days, mostly at night"}, True),
        ({"valueBoolean": False}, False),
        ({"valueBoolean": True}, True),
        ({"valueCoding": {"code": "unknown", "display": "Nearly every day"}}, True),
        (
            {
                "valueCoding": {
                    "code": "a0",
                    "extension": [
                        {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": Decimal(0)}
                    ],
                }
            },
            False,
        ),
    ],
)
def test_an_answer_that_is_not_known_to_be_none_counts(answer: dict[str, Any], alarms: bool) -> None:
    assert found(response("/44260-8", answer)) == ({Finding.PHQ_9} if alarms else set())


def test_a_question_without_an_answer_alarms_nobody() -> None:
    asked = response("/44260-8", SEVERAL_DAYS)
    del asked["item"][0]["answer"]
    assert found(asked) == set()


def test_a_question_is_known_by_its_words_where_it_has_no_code() -> None:
    words = "Thoughts that you would be better off dead, or of hurting yourself in some way"
    assert found(response("q17", {"valueInteger": 2}, text=words)) == {Finding.PHQ_9}
    assert found(response("q17", YES, text="Have you wished you were dead?")) == {Finding.C_SSRS}


def test_questions_inside_of_groups_and_answers_are_asked_too() -> None:
    nested = response("group", {"valueString": "see below"})
    nested["item"][0]["answer"][0]["item"] = [
        {"linkId": "g2", "item": [{"linkId": "/44260-8", "answer": [SEVERAL_DAYS]}]}
    ]
    assert found(nested) == {Finding.PHQ_9}


@pytest.mark.parametrize("item", ["93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9"])
def test_every_positive_item_of_the_c_ssrs_alarms(item: str) -> None:
    assert found(response(f"/{item}", YES)) == {Finding.C_SSRS}
    assert found(response(f"/{item}", NO)) == set()


def test_a_level_of_suicide_risk_alarms_unless_it_is_low() -> None:
    def level(code: str) -> dict[str, Any]:
        return {"valueCodeableConcept": {"coding": [{"system": LOINC, "code": code}]}}

    assert found(observed("93374-7", **level("LA9194-7"))) == set()
    assert found(observed("93374-7", **level("LA6751-7"))) == {Finding.C_SSRS}
    assert found(observed("93374-7", **level("LA9193-9"))) == {Finding.C_SSRS}


def test_items_are_found_in_observations_and_their_components() -> None:
    assert found(observed("44260-8", valueInteger=1)) == {Finding.PHQ_9}
    assert found(observed("44260-8", valueQuantity={"value": 0})) == set()
    assert found(observed("44260-8", valueQuantity={"value": 0, "comparator": ">"})) == {Finding.PHQ_9}
    component = {"code": {"coding": [{"system": LOINC, "code": "44260-8"}]}, **SEVERAL_DAYS}
    component["valueCodeableConcept"] = {"coding": [component.pop("valueCoding")]}
    assert found(observed("44249-1", component=[component])) == {Finding.PHQ_9}


def test_a_total_says_nothing_of_its_items() -> None:
    assert found(observed("44261-6", valueInteger=27)) == set()


def test_what_is_contained_is_looked_at_under_the_subject_of_the_whole() -> None:
    holder = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": SAM}
    (risk,) = risks_in([holder | {"contained": [rated("high")]}])
    assert (risk.finding, risk.patient_id) == (Finding.ESTIMATE, "sam")
