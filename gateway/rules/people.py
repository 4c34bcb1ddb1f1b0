"""Who wrote what came by a submission, as a reference: the model's Device, the patient, or the clinician."""

from __future__ import annotations

from typing import Any

from gateway.rules.basis import Basis
from gateway.rules.codes import reference
from gateway.rules.evidence import Origin


def author_of(basis: Basis, origin: Origin, by: str | None = None) -> dict[str, Any]:
    """The author of what is of that origin; `by` is the Practitioner who wrote it here."""
    if origin is Origin.PATIENT:
        return reference("Patient", basis.patient_id)
    if origin is Origin.HUMAN:
        return practitioner(by) if by else clinician_of(basis)
    return reference("Device", basis.attribution.device_id)


def clinician_of(basis: Basis) -> dict[str, Any]:
    """The clinician whom the producer named; else the organization, for which somebody of it wrote."""
    custodian = reference("Organization", basis.attribution.custodian_id)
    return {"reference": basis.clinician} if basis.clinician else custodian


def practitioner(id: str) -> dict[str, Any]:
    return reference("Practitioner", id)
