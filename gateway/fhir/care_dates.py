"""When the care was that a resource tells of, by the search parameters of its type; when it was recorded is another
matter. https://hl7.org/fhir/R4/operation-patient-everything.html (start, end)

A type that is not here has no date of care: an allergy, a coverage or a consent is of every time.
"""

from __future__ import annotations

from typing import NamedTuple


class CareDates(NamedTuple):
    """The parameters that tell when something began, and those that tell when it was over."""

    type: str
    began: tuple[str, ...]
    over: tuple[str, ...]


def _at(type: str, *codes: str) -> CareDates:
    return CareDates(type, codes, codes)


CARE_DATES: tuple[CareDates, ...] = (
    _at("Appointment", "date"),
    _at("CarePlan", "date"),
    _at("CareTeam", "date"),
    _at("ClinicalImpression", "date"),
    _at("Communication", "sent", "received"),
    _at("Composition", "period"),
    CareDates("Condition", ("onset-date",), ("abatement-date",)),
    _at("DiagnosticReport", "date"),
    _at("DocumentReference", "period"),
    _at("Encounter", "date"),
    _at("EpisodeOfCare", "date"),
    _at("Flag", "date"),
    CareDates("Goal", ("start-date",), ()),
    _at("Immunization", "date"),
    _at("List", "date"),
    _at("Media", "created"),
    _at("MedicationAdministration", "effective-time"),
    _at("MedicationDispense", "whenprepared", "whenhandedover"),
    CareDates("MedicationRequest", ("authoredon",), ()),
    _at("MedicationStatement", "effective"),
    _at("Observation", "date"),
    _at("Procedure", "date"),
    _at("QuestionnaireResponse", "authored"),
    _at("RiskAssessment", "date"),
    _at("ServiceRequest", "occurrence"),
    _at("Specimen", "collected"),
    _at("Task", "period"),
)
