"""What a weekly visit leaves in a chart."""

from __future__ import annotations

from tests.synthetic.chart import Builder, Chart, Resource, text_of
from tests.synthetic.knowledge import (
    DRUGS,
    HOMEWORK,
    LOINC,
    MESSAGES,
    NOTES,
    THERAPIES,
    Code,
    concept,
)
from tests.synthetic.questionnaires import gad7_answers, gad7_score, phq9_answers, phq9_score


def appointment(chart: Chart) -> Resource:
    return {
        "resourceType": "Appointment",
        "status": "fulfilled",
        "start": chart.moment(),
        "end": chart.moment(1),
        "participant": [
            {"actor": chart.to("patient"), "status": "accepted"},
            {"actor": chart.to("practitioner"), "status": "accepted"},
        ],
    }


def encounter(chart: Chart) -> Resource:
    return {
        "resourceType": "Encounter",
        "identifier": chart.number("visit"),
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": chart.pick(("AMB", "VR"))},
        "type": [concept(chart.pick(THERAPIES))],
        "subject": chart.to("patient"),
        "episodeOfCare": [chart.to("episode")],
        "participant": [{"individual": chart.to("practitioner")}],
        "period": {"start": chart.moment(), "end": chart.moment(0.8)},
        "reasonReference": [chart.to("condition")],
        "location": [{"location": chart.to("location")}],
        "serviceProvider": chart.to("organization"),
    }


def note(chart: Chart) -> Resource:
    return {
        "resourceType": "DocumentReference",
        "identifier": chart.number("note"),
        "status": "current",
        "docStatus": "final",
        "type": concept(Code("11506-3", "Progress note", LOINC)),
        "category": [concept(Code("11488-4", "Consult note", LOINC))],
        "subject": chart.to("patient"),
        "date": chart.moment(1),
        "author": [chart.to("practitioner")],
        "custodian": chart.to("organization"),
        "content": [{"attachment": text_of(f"Visit {chart.visit + 1}. {chart.pick(NOTES)}")}],
        "context": {
            "encounter": [chart.to("encounter")],
            "period": {"start": chart.moment(), "end": chart.moment(0.8)},
        },
    }


def therapy(chart: Chart) -> Resource:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept(chart.pick(THERAPIES)),
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "performedPeriod": {"start": chart.moment(), "end": chart.moment(0.8)},
        "performer": [{"actor": chart.to("practitioner")}],
        "reasonReference": [chart.to("condition")],
    }


def homework(chart: Chart) -> Resource:
    return {
        "resourceType": "Task",
        "basedOn": [chart.to("care_plan")],
        "status": chart.pick(("requested", "in-progress", "completed")),
        "intent": "order",
        "description": chart.pick(HOMEWORK),
        "focus": chart.to("goal"),
        "for": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "executionPeriod": {"start": chart.moment(), "end": chart.moment(24 * 7)},
        "authoredOn": chart.moment(),
        "requester": chart.to("practitioner"),
        "owner": chart.to("patient"),
    }


def message(chart: Chart) -> Resource:
    return {
        "resourceType": "Communication",
        "status": "completed",
        "subject": chart.to("patient"),
        "sent": chart.moment(30),
        "sender": chart.to("practitioner"),
        "recipient": [chart.to("patient")],
        "payload": [{"contentString": chart.pick(MESSAGES)}],
    }


def prescription(chart: Chart) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(chart.pick(DRUGS)),
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "authoredOn": chart.moment(),
        "requester": chart.to("practitioner"),
        "dosageInstruction": [
            {"text": "One in the morning", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
        ],
        "dispenseRequest": {"numberOfRepeatsAllowed": 2},
    }


def plan_review(chart: Chart) -> Resource:
    return {
        "resourceType": "ClinicalImpression",
        "status": "completed",
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "effectiveDateTime": chart.moment(),
        "assessor": chart.to("practitioner"),
        "problem": [chart.to("condition")],
        "summary": chart.pick(NOTES),
    }


VISIT: tuple[tuple[Builder, int], ...] = (
    (encounter, 1),
    (phq9_answers, 1),
    (phq9_score, 1),
    (prescription, 4),
    (note, 1),
    (homework, 1),
    (gad7_answers, 2),
    (gad7_score, 2),
    (therapy, 1),
    (message, 2),
    (appointment, 2),
    (plan_review, 6),
)
