"""Whose record a resource belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.rules.subjects import NEEDS_PATIENT, SEVERAL, patients_of, subject_of, targets_of


@pytest.mark.parametrize(
    ("resource", "patients"),
    [
        ({"resourceType": "Patient", "id": "a"}, ("a",)),
        ({"resourceType": "Patient", "id": "a", "link": [{"other": {"reference": "Patient/b"}}]}, ("a", "b")),
        ({"resourceType": "Task", "for": {"reference": "Patient/a"}, "owner": {"reference": "Patient/a"}}, ("a",)),
        ({"resourceType": "Observation", "subject": {"reference": "Patient/a/_history/2"}}, ("a",)),
        ({"resourceType": "Observation", "subject": {"reference": "https://x.example/fhir/Patient/a"}}, ()),
        ({"resourceType": "Observation", "subject": {"reference": "#a"}}, ()),
        ({"resourceType": "Observation", "subject": {"identifier": {"value": "a"}}}, ()),
        ({"resourceType": "Basic", "extension": [{"valueReference": {"reference": "Patient/b"}}]}, ("b",)),
    ],
)
@pytest.mark.spec("X-005", "F-148")
def test_every_reference_to_a_patient_counts(resource: dict[str, Any], patients: tuple[str, ...]) -> None:
    assert patients_of(resource) == patients


def test_several_patients_share_a_key_of_their_own() -> None:
    assert subject_of("Group", ()) is None
    assert subject_of("Group", ("a", "a")) == "a"
    assert subject_of("Group", ("a", "b")) == SEVERAL
    assert subject_of("Patient", ("a", "b")) == "a"


def test_a_provenance_and_a_binary_belong_where_they_lead() -> None:
    told = {"resourceType": "Provenance", "target": [{"reference": "Task/t/_history/1"}, {"reference": "Patient/a"}]}
    assert [(target.type, target.id) for target in targets_of(told)] == [("Task", "t")]
    binary = {"resourceType": "Binary", "securityContext": {"reference": "Composition/c"}}
    assert [target.id for target in targets_of(binary)] == ["c"]
    assert targets_of({"resourceType": "Binary"}) == []


def test_what_is_clinical_needs_a_patient() -> None:
    assert {"Observation", "Condition", "Consent", "Encounter"} <= NEEDS_PATIENT
    assert not {"Organization", "Device", "Group", "List", "Questionnaire", "Provenance"} & NEEDS_PATIENT
