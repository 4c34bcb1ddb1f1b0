"""What the histories are made of: names, questionnaires, disorders, drugs, words; invented, or from code systems."""

from __future__ import annotations

from typing import Any, NamedTuple


class Code(NamedTuple):
    """A concept: its code, its words and, unless it is SNOMED CT's, its system."""

    code: str
    display: str
    system: str = "http://snomed.info/sct"


LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"

GIVEN = (
    "Ada",
    "Bilal",
    "Chloé",
    "Dag",
    "Esi",
    "Farah",
    "Goran",
    "Hana",
    "Ío",
    "Jun",
    "Käthe",
    "Lindiwe",
    "Mateo",
    "Noor",
)
FAMILY = ("Abara", "Brook", "Çelik", "Dunn", "Eriksen", "Fontaine", "Grün", "Hale", "Ito", "Jensen", "Kowalski", "Łuk")
CITIES = (("Springfield", "IL", "62701"), ("Portland", "ME", "04101"), ("Duluth", "MN", "55802"))

DISORDERS = (
    (Code("35489007", "Depressive disorder"), "F32.9"),
    (Code("21897009", "Generalized anxiety disorder"), "F41.1"),
    (Code("47505003", "Posttraumatic stress disorder"), "F43.10"),
    (Code("25501002", "Social phobia"), "F40.10"),
    (Code("191736004", "Obsessive-compulsive disorder"), "F42.9"),
    (Code("193462001", "Insomnia"), "G47.00"),
)
ALLERGENS = (
    Code("91936005", "Allergy to penicillin"),
    Code("300913006", "Shellfish allergy"),
    Code("91935009", "Allergy to peanut"),
)
VACCINES = (Code("140", "Influenza, seasonal, injectable, preservative free", CVX), Code("115", "Tdap", CVX))
DRUGS = (
    Code("312940", "sertraline 25 MG Oral Tablet", RXNORM),
    Code("351250", "escitalopram 10 MG Oral Tablet", RXNORM),
    Code("310384", "fluoxetine 10 MG Oral Capsule", RXNORM),
)
THERAPIES = (
    Code("228557008", "Cognitive and behavioral therapy"),
    Code("76168009", "Group psychotherapy"),
    Code("75516001", "Psychotherapy"),
)
GOALS = (
    "Sleep seven hours",
    "Ride the bus alone",
    "One walk a day",
    "Call a friend every week",
    "Back to half-time work",
)
HOMEWORK = (
    "Keep a thought record",
    "Ride one stop",
    "Write down three good things",
    "Practise breathing",
    "Sleep diary",
)
NOTES = (
    "Slept better; woke once at 3:00. Rode the bus for two stops – anxiety 6/10, then 3/10.",
    "Tearful. Talked about the move & the loss of routine. No thoughts of self-harm.",
    'Homework done on 4 of 7 days. Named the thought "I always fail" and answered it.',
    "Reviewed the plan: keep exposure, add activity on weekends. Mood 5 → 6.",
)
MESSAGES = ("How did the week go?", "Your diary arrived, thank you.", "See you on Thursday at ten.")

ANSWERS = (
    Code("LA6568-5", "Not at all", LOINC),
    Code("LA6569-3", "Several days", LOINC),
    Code("LA6570-1", "More than half the days", LOINC),
    Code("LA6571-9", "Nearly every day", LOINC),
)


class Instrument(NamedTuple):
    """A questionnaire with its items and the code of its score."""

    name: str
    panel: Code
    score: Code
    items: tuple[Code, ...]

    @property
    def url(self) -> str:
        return f"https://questionnaires.example/{self.name.lower()}"


def _items(*pairs: tuple[str, str]) -> tuple[Code, ...]:
    return tuple(Code(code, display, LOINC) for code, display in pairs)


PHQ9 = Instrument(
    "PHQ-9",
    Code("44249-1", "PHQ-9 quick depression assessment panel", LOINC),
    Code("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score", LOINC),
    _items(
        ("44250-9", "Little interest or pleasure in doing things"),
        ("44255-8", "Feeling down, depressed, or hopeless"),
        ("44259-0", "Trouble falling or staying asleep, or sleeping too much"),
        ("44254-1", "Feeling tired or having little energy"),
        ("44251-7", "Poor appetite or overeating"),
        ("44258-2", "Feeling bad about yourself"),
        ("44252-5", "Trouble concentrating on things"),
        ("44253-3", "Moving or speaking slowly, or being restless"),
        ("44260-8", "Thoughts that you would be better off dead"),
    ),
)
GAD7 = Instrument(
    "GAD-7",
    Code("69737-5", "Generalized anxiety disorder 7 item (GAD-7)", LOINC),
    Code("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score", LOINC),
    _items(
        ("69725-0", "Feeling nervous, anxious or on edge"),
        ("68509-9", "Not being able to stop or control worrying"),
        ("69733-4", "Worrying too much about different things"),
        ("69734-2", "Trouble relaxing"),
        ("69735-9", "Being so restless that it is hard to sit still"),
        ("69689-8", "Becoming easily annoyed or irritable"),
        ("69736-7", "Feeling afraid as if something awful might happen"),
    ),
)


def concept(code: Code, **more: Any) -> dict[str, Any]:
    """A CodeableConcept."""
    return {"coding": [coding(code)], "text": code.display, **more}


def coding(code: Code) -> dict[str, Any]:
    return {"system": code.system, "code": code.code, "display": code.display}


def of(system: str, code: str) -> dict[str, Any]:
    """A CodeableConcept from one of HL7's own code systems."""
    return {"coding": [{"system": HL7 + system, "code": code}]}


def quantity(value: Any, unit: str, code: str = "") -> dict[str, Any]:
    """A Quantity in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": code or unit}
