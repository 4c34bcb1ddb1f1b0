"""What stands in a chart before the first visit: who cares, who is cared for, what is known and planned."""

from __future__ import annotations

from tests.synthetic.chart import Chart, Resource
from tests.synthetic.knowledge import (
    ALLERGENS,
    CITIES,
    DISORDERS,
    DRUGS,
    FAMILY,
    GIVEN,
    GOALS,
    LOINC,
    PHQ9,
    THERAPIES,
    VACCINES,
    Code,
    concept,
    of,
    quantity,
)
from tests.synthetic.questionnaires import gad7_questionnaire, phq9_questionnaire

CLINIC = [{"system": "urn:example:clinic", "value": "harbour-north"}]
THERAPIST = [{"system": "urn:example:therapist", "value": "b-ode"}]


def organization(chart: Chart) -> Resource:
    return {"resourceType": "Organization", "identifier": CLINIC, "active": True, "name": "Harbour North Clinic"}


def practitioner(chart: Chart) -> Resource:
    return {"resourceType": "Practitioner", "identifier": THERAPIST, "name": [{"family": "Ode", "given": ["Bea"]}]}


def patient(chart: Chart) -> Resource:
    city, state, code = chart.pick(CITIES)
    return {
        "resourceType": "Patient",
        "identifier": chart.number("synthetic-mrn"),
        "active": True,
        "name": [{"use": "official", "family": chart.pick(FAMILY), "given": [chart.pick(GIVEN), chart.pick(GIVEN)]}],
        "telecom": [{"system": "phone", "value": f"555-01{chart.dice.randrange(10, 99)}", "use": "mobile"}],
        "gender": chart.pick(("female", "male", "other", "unknown")),
        "birthDate": chart.day(-chart.dice.randrange(18 * 365, 80 * 365)),
        "address": [{"use": "home", "line": ["1 Quay Street"], "city": city, "state": state, "postalCode": code}],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en-US"}]}}],
        "generalPractitioner": [chart.to("practitioner")],
        "managingOrganization": chart.to("organization"),
    }


def practitioner_role(chart: Chart) -> Resource:
    return {
        "resourceType": "PractitionerRole",
        "practitioner": chart.to("practitioner"),
        "organization": chart.to("organization"),
        "code": [concept(Code("80584001", "Psychiatrist"))],
    }


def location(chart: Chart) -> Resource:
    position = {"longitude": -70.25, "latitude": 43.66}
    return {
        "resourceType": "Location",
        "status": "active",
        "name": "Room 4",
        "position": position,
        "managingOrganization": chart.to("organization"),
    }


def healthcare_service(chart: Chart) -> Resource:
    return {
        "resourceType": "HealthcareService",
        "active": True,
        "name": "Outpatient psychotherapy",
        "providedBy": chart.to("organization"),
        "location": [chart.to("location")],
    }


def related_person(chart: Chart) -> Resource:
    return {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": chart.to("patient"),
        "relationship": [of("v3-RoleCode", chart.pick(("SIB", "SPS", "FRND")))],
        "name": [{"family": chart.pick(FAMILY), "given": [chart.pick(GIVEN)]}],
    }


def coverage(chart: Chart) -> Resource:
    return {
        "resourceType": "Coverage",
        "status": "active",
        "subscriberId": str(chart.dice.randrange(10**8)),
        "beneficiary": chart.to("patient"),
        "payor": [chart.to("organization")],
    }


def episode(chart: Chart) -> Resource:
    return {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "patient": chart.to("patient"),
        "managingOrganization": chart.to("organization"),
        "period": {"start": chart.day()},
        "careManager": chart.to("practitioner"),
    }


def condition(chart: Chart) -> Resource:
    disorder, icd = chart.pick(DISORDERS)
    coded = concept(disorder)
    coded["coding"].append({"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": icd})
    return {
        "resourceType": "Condition",
        "clinicalStatus": of("condition-clinical", "active"),
        "verificationStatus": of("condition-ver-status", "confirmed"),
        "category": [of("condition-category", chart.pick(("problem-list-item", "encounter-diagnosis")))],
        "severity": concept(Code("6736007", "Moderate")),
        "code": coded,
        "subject": chart.to("patient"),
        "onsetDateTime": chart.day(-200)[: chart.pick((4, 7, 10))],
        "recordedDate": chart.day(),
        "recorder": chart.to("practitioner"),
    }


def allergy(chart: Chart) -> Resource:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": of("allergyintolerance-clinical", "active"),
        "verificationStatus": of("allergyintolerance-verification", "confirmed"),
        "type": "allergy",
        "criticality": chart.pick(("low", "high")),
        "code": concept(chart.pick(ALLERGENS)),
        "patient": chart.to("patient"),
        "reaction": [{"manifestation": [concept(Code("247472004", "Weal"))], "severity": "mild"}],
    }


def immunization(chart: Chart) -> Resource:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": concept(chart.pick(VACCINES)),
        "patient": chart.to("patient"),
        "occurrenceDateTime": chart.day(-chart.dice.randrange(400)),
        "primarySource": True,
        "lotNumber": f"L{chart.dice.randrange(10**4)}",
    }


def family_history(chart: Chart) -> Resource:
    disorder, _ = chart.pick(DISORDERS)
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "patient": chart.to("patient"),
        "date": chart.day(),
        "relationship": of("v3-RoleCode", chart.pick(("MTH", "FTH", "GRMTH"))),
        "condition": [{"code": concept(disorder), "onsetAge": quantity(chart.dice.randrange(18, 60), "a")}],
    }


def goal(chart: Chart) -> Resource:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "achievementStatus": of("goal-achievement", "in-progress"),
        "description": {"text": chart.pick(GOALS)},
        "subject": chart.to("patient"),
        "startDate": chart.day(),
        "target": [{"measure": concept(PHQ9.score), "detailQuantity": {"value": 9, "comparator": "<="}}],
        "addresses": [chart.to("condition")],
    }


def care_team(chart: Chart) -> Resource:
    members = [{"member": chart.to(name)} for name in ("practitioner", "patient", "related_person")]
    return {
        "resourceType": "CareTeam",
        "status": "active",
        "subject": chart.to("patient"),
        "participant": members,
        "managingOrganization": [chart.to("organization")],
    }


def care_plan(chart: Chart) -> Resource:
    return {
        "resourceType": "CarePlan",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Exposure, activity</p></div>',
        },
        "status": "active",
        "intent": "plan",
        "category": [concept(Code("38717003", "Management"))],
        "subject": chart.to("patient"),
        "period": {"start": chart.day(), "end": chart.day(180)},
        "careTeam": [chart.to("care_team")],
        "addresses": [chart.to("condition")],
        "goal": [chart.to("goal")],
        "activity": [
            {"detail": {"kind": "ServiceRequest", "code": concept(chart.pick(THERAPIES)), "status": "in-progress"}}
        ],
    }


def medication(chart: Chart) -> Resource:
    return {"resourceType": "Medication", "code": concept(chart.pick(DRUGS)), "status": "active"}


def device(chart: Chart) -> Resource:
    return {
        "resourceType": "Device",
        "identifier": chart.number("watch"),
        "status": "active",
        "deviceName": [{"name": "Sleep watch", "type": "user-friendly-name"}],
        "patient": chart.to("patient"),
    }


def group(chart: Chart) -> Resource:
    return {
        "resourceType": "Group",
        "type": "person",
        "actual": True,
        "name": "Tuesday group",
        "member": [{"entity": chart.to("patient")}],
    }


def subscription(chart: Chart) -> Resource:
    return {
        "resourceType": "Subscription",
        "status": "off",
        "reason": "Follow the scores",
        "criteria": f"Observation?code={LOINC}|{PHQ9.score.code}",
        "channel": {"type": "rest-hook", "endpoint": "https://ehr.example/hook", "payload": "application/fhir+json"},
    }


BACKGROUND = (
    organization,
    practitioner,
    patient,
    condition,
    allergy,
    practitioner_role,
    location,
    healthcare_service,
    related_person,
    coverage,
    episode,
    condition,
    immunization,
    family_history,
    goal,
    care_team,
    care_plan,
    medication,
    device,
    group,
    subscription,
    phq9_questionnaire,
    gad7_questionnaire,
    immunization,
)
