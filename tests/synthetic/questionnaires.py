"""PHQ-9 and GAD-7: the questionnaires, the answers of a week, their scores."""

from __future__ import annotations

from tests.synthetic.chart import Chart, Resource
from tests.synthetic.knowledge import ANSWERS, GAD7, PHQ9, Instrument, coding, concept, of


def phq9_questionnaire(chart: Chart) -> Resource:
    return _questionnaire(PHQ9)


def gad7_questionnaire(chart: Chart) -> Resource:
    return _questionnaire(GAD7)


def _questionnaire(instrument: Instrument) -> Resource:
    options = [{"valueCoding": coding(answer)} for answer in ANSWERS]
    items = [
        {"linkId": item.code, "code": [coding(item)], "text": item.display, "type": "choice", "answerOption": options}
        for item in instrument.items
    ]
    return {
        "resourceType": "Questionnaire",
        "url": instrument.url,
        "version": "1.0",
        "name": instrument.name.replace("-", ""),
        "title": instrument.name,
        "status": "active",
        "subjectType": ["Patient"],
        "code": [coding(instrument.panel)],
        "item": items,
    }


def phq9_answers(chart: Chart) -> Resource:
    return _answers(chart, PHQ9)


def gad7_answers(chart: Chart) -> Resource:
    return _answers(chart, GAD7)


def _answers(chart: Chart, instrument: Instrument) -> Resource:
    items = [
        {"linkId": item.code, "text": item.display, "answer": [{"valueCoding": coding(chart.pick(ANSWERS))}]}
        for item in instrument.items
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{instrument.url}|1.0",
        "status": "completed",
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "authored": chart.moment(-2),
        "author": chart.to("patient"),
        "item": items,
    }


def phq9_score(chart: Chart) -> Resource:
    return _score(chart, PHQ9, "phq9_answers")


def gad7_score(chart: Chart) -> Resource:
    return _score(chart, GAD7, "gad7_answers")


def _score(chart: Chart, instrument: Instrument, answers: str) -> Resource:
    score = chart.dice.randrange(3 * len(instrument.items) + 1)
    unit = {"unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [of("observation-category", "survey")],
        "code": concept(instrument.score),
        "subject": chart.to("patient"),
        "encounter": chart.to("encounter"),
        "effectiveDateTime": chart.moment(),
        "performer": [chart.to("practitioner")],
        "valueQuantity": {"value": score, **unit},
        "interpretation": [of("v3-ObservationInterpretation", "H" if score >= 10 else "N")],
        "derivedFrom": [chart.to(answers)],
    }
