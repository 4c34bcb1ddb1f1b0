"""A Consent before it is kept: admitted, given to the caller's organization, and leading to what is really there.

Whoever is to receive must be known, and what a Consent speaks of must be of the patient's own record: a provision about
something else would promise what nobody keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.rules import consent_admission
from gateway.rules.consent_provisions import provisions
from gateway.usecases.changes import Ground
from gateway.usecases.consent_names import DIRECTORY
from gateway.usecases.known import current, is_own_patient, patients_in


def check_consent(ground: Ground, consent: dict[str, Any], former: Mapping[str, Any] | None) -> None:
    """`former` is what it said before, None of a new one. What ends one is not asked where it leads, as what it named
    may be gone. Raises Unprocessable with every fault."""
    is_end = consent.get("status") != "active"
    if issues := consent_admission.admit_end(consent, former) if is_end else faults_of(ground, consent):
        raise Unprocessable("The consent cannot be recorded.", issues=issues)


def faults_of(ground: Ground, consent: Mapping[str, Any]) -> list[Issue]:
    """Every element that cannot be enforced; where all can, every reference that leads to nothing."""
    return consent_admission.admit(consent, ground.asked.at) or list(_unknown(ground, consent))


def _unknown(ground: Ground, consent: Mapping[str, Any]) -> Iterator[Issue]:
    """Every reference that leads nowhere, or out of the patient's record, with its place."""
    patient_id = consent["patient"]["reference"].partition("/")[2]
    custodian = f"Organization/{ground.asked.caller.organization_id}"
    if any(each["reference"] != custodian for each in consent["organization"]):
        text = "A Consent is given to the organization that keeps the record, which is the caller's."
        yield Issue(text, "Consent.organization", "business-rule")
    for number, performer in enumerate(consent["performer"]):
        if performer["reference"] != consent["patient"]["reference"] and not _is_known(ground, performer):
            yield Issue("Nobody of that kind is known here.", f"Consent.performer[{number}]", "not-found")
    if "sourceReference" in consent and not _is_content(ground, consent["sourceReference"], patient_id):
        yield Issue("No such form is in the patient's record.", "Consent.sourceReference", "not-found")
    for each in provisions(consent):
        for number, actor in enumerate(each.stated.get("actor", ())):
            if not _is_known(ground, actor["reference"]):
                place = f"Consent.{each.path}.actor[{number}].reference"
                yield Issue("No such recipient is known here.", place, "not-found")
        for number, data in enumerate(each.stated.get("data", ())):
            is_there = _is_known if data["meaning"] == "authoredby" else _is_content
            if not is_there(ground, data["reference"], patient_id):
                place = f"Consent.{each.path}.data[{number}].reference"
                yield Issue("No such content is in the patient's record.", place, "not-found")


def _is_known(ground: Ground, reference: Mapping[str, str], patient_id: str | None = None) -> bool:
    """Whether it is somebody of the directory, or whom the caller can see; another patient only of the caller's own."""
    type, _, id = reference["reference"].partition("/")
    if type == "Patient":
        return is_own_patient(ground, id)
    if f"{type}/{id}" in ground.beside:
        return ground.beside[f"{type}/{id}"].resource is not None
    if type in DIRECTORY:
        return ground.see(("directory", type, id), lambda db: DIRECTORY[type](db, id) is not None)
    found = current(ground, type, id)
    return found is not None and not found.is_deleted


def _is_content(ground: Ground, reference: Mapping[str, str], patient_id: str) -> bool:
    """Whether it is something about the patient, or planned beside this to be."""
    type, _, id = reference["reference"].partition("/")
    step = ground.beside.get(f"{type}/{id}")
    if step is not None:
        return step.resource is not None and patient_id in step.patients
    found = current(ground, type, id)
    return found is not None and not found.is_deleted and patient_id in patients_in(found)
