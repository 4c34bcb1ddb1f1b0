"""What comes into a chart now and then: body measures, laboratory, drugs given, risk, lists, documents, attribution."""

from __future__ import annotations

from tests.synthetic.chart import Builder, Chart, Resource, text_of
from tests.synthetic.knowledge import DRUGS, HL7, LOINC, NOTES, Code, concept, of, quantity

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def pressure(chart: Chart) -> Resource:
    parts = (("8480-6", "Systolic blood pressure", 105, 150), ("8462-4", "Diastolic blood pressure", 60, 95))
    measured = [
        {
            "code": concept(Code(code, display, LOINC)),
            "valueQuantity": quantity(chart.dice.randrange(low, high), "mmHg", "mm[Hg]"),
        }
        for code, display, low, high in parts
    ]
    panel = Code("85354-9", "Blood pressure panel with all children optional", LOINC)
    return {**_vital(chart, panel), "component": measured}


def weight(chart: Chart) -> Resource:
    kilograms = round(chart.dice.uniform(48, 110), 1)
    return {**_vital(chart, Code("29463-7", "Body weight", LOINC)), "valueQuantity": quantity(kilograms, "kg")}


def _vital(chart: Chart, code: Code) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [of("observation-category", "vital-signs")],
        "code": concept(code),
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "effectiveDateTime": chart.moment(),
        "performer": [chart.to("practitioner")],
    }


def order(chart: Chart) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "status": "completed",
        "intent": "order",
        "code": concept(Code("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", LOINC)),
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "authoredOn": chart.moment(),
        "requester": chart.to("practitioner"),
    }


def specimen(chart: Chart) -> Resource:
    return {
        "resourceType": "Specimen",
        "type": concept(Code("119364003", "Serum specimen")),
        "subject": chart.to("patient"),
        "request": [chart.to("order")],
        "collection": {"collectedDateTime": chart.moment(2)},
    }


def thyroid(chart: Chart) -> Resource:
    return {
        "resourceType": "Observation",
        "basedOn": [chart.to("order")],
        "status": "final",
        "category": [of("observation-category", "laboratory")],
        "code": concept(Code("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", LOINC)),
        "subject": chart.to("patient"),
        "effectiveDateTime": chart.moment(2),
        "performer": [chart.to("organization")],
        "valueQuantity": quantity(round(chart.dice.uniform(0.3, 6), 2), "mIU/L", "m[IU]/L"),
        "specimen": chart.to("specimen"),
    }


def report(chart: Chart) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "basedOn": [chart.to("order")],
        "status": "final",
        "category": [of("v2-0074", "LAB")],
        "code": concept(Code("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", LOINC)),
        "subject": chart.to("patient"),
        "effectiveDateTime": chart.moment(2),
        "issued": chart.moment(26),
        "performer": [chart.to("organization")],
        "specimen": [chart.to("specimen")],
        "result": [chart.to("thyroid")],
    }


def dispensed(chart: Chart) -> Resource:
    return {
        "resourceType": "MedicationDispense",
        "status": "completed",
        "medicationCodeableConcept": concept(chart.pick(DRUGS)),
        "subject": chart.to("patient"),
        "authorizingPrescription": [chart.to("prescription")],
        "quantity": {"value": 30},
        "whenHandedOver": chart.moment(20),
    }


def administered(chart: Chart) -> Resource:
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationReference": chart.to("medication"),
        "subject": chart.to("patient"),
        "context": chart.to("encounter"),
        "effectiveDateTime": chart.moment(0.5),
    }


def taken(chart: Chart) -> Resource:
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": concept(chart.pick(DRUGS)),
        "subject": chart.to("patient"),
        "effectivePeriod": {"start": chart.day(-30)},
        "dateAsserted": chart.day(),
        "informationSource": chart.to("patient"),
    }


def risk(chart: Chart) -> Resource:
    return {
        "resourceType": "RiskAssessment",
        "status": "final",
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "occurrenceDateTime": chart.moment(),
        "performer": chart.to("practitioner"),
        "prediction": [
            {"outcome": {"text": "Relapse within a year"}, "probabilityDecimal": round(chart.dice.uniform(0, 1), 3)}
        ],
    }


def flag(chart: Chart) -> Resource:
    return {
        "resourceType": "Flag",
        "status": chart.pick(("active", "inactive")),
        "category": [of("flag-category", "behavioral")],
        "code": {"text": "Call back the same day"},
        "subject": chart.to("patient"),
        "period": {"start": chart.day()},
    }


def problems(chart: Chart) -> Resource:
    return {
        "resourceType": "List",
        "status": "current",
        "mode": "working",
        "code": concept(Code("11450-4", "Problem list - Reported", LOINC)),
        "subject": chart.to("patient"),
        "date": chart.moment(),
        "entry": [{"item": chart.to("condition")}],
    }


def drawing(chart: Chart) -> Resource:
    return {
        "resourceType": "Media",
        "status": "completed",
        "subject": chart.to("patient"),
        "createdDateTime": chart.moment(),
        "content": {"contentType": "image/png", "data": PIXEL, "title": "A drawing of the week"},
    }


def recording(chart: Chart) -> Resource:
    return {"resourceType": "Binary", "securityContext": chart.to("patient"), **text_of("diary;5;6;4", "text/csv")}


def letter(chart: Chart) -> Resource:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{chart.pick(NOTES).replace("&", "&amp;")}</p></div>'
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": concept(Code("11488-4", "Consult note", LOINC)),
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "date": chart.moment(1),
        "author": [chart.to("practitioner")],
        "title": "Letter to the general practitioner",
        "section": [
            {"title": "Course", "text": {"status": "generated", "div": div}, "entry": [chart.to("phq9_score")]}
        ],
    }


def preference(chart: Chart) -> Resource:
    kind = {"coding": [{"system": HL7 + "basic-resource-type", "code": "adminact"}], "text": "Preference"}
    return {"resourceType": "Basic", "code": kind, "subject": chart.to("patient"), "created": chart.day()}


def attribution(chart: Chart) -> Resource:
    return {
        "resourceType": "Provenance",
        "target": [chart.to("note")],
        "recorded": chart.moment(1),
        "agent": [
            {
                "type": of("provenance-participant-type", "author"),
                "who": chart.to("practitioner"),
                "onBehalfOf": chart.to("organization"),
            }
        ],
    }


OCCASIONS: tuple[tuple[Builder, int], ...] = (
    (pressure, 5),
    (weight, 9),
    (order, 13),
    (specimen, 13),
    (thyroid, 13),
    (report, 13),
    (dispensed, 4),
    (administered, 20),
    (taken, 10),
    (risk, 6),
    (flag, 25),
    (problems, 15),
    (drawing, 12),
    (recording, 18),
    (letter, 12),
    (preference, 30),
    (attribution, 3),
)
