"""Make organizations, practitioners, devices and patients known: US Core shapes, labelled, checked, audited."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.labels import CONFIDENTIALITY, NORMAL, RESTRICTED, label
from gateway.rules.audit import Act
from gateway.rules.codes import US_CORE_ORGANIZATION, US_CORE_PATIENT, US_CORE_PRACTITIONER, reference
from gateway.rules.labelling_written import label_written
from gateway.store import registry, resources
from gateway.store.resources import New, Stored
from gateway.usecases.asked import Asked
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

Identifier = tuple[str, str]  # system, value


def organization(services: Services, asked: Asked, name: str, identifiers: Sequence[Identifier] = ()) -> Stored:
    """A custodian or a recipient. Refuses with Unprocessable."""
    resource = _resource("Organization", US_CORE_ORGANIZATION, identifiers, active=True, name=name)
    return _publish(services, asked, label(resource, CONFIDENTIALITY["U"]))


def practitioner(
    services: Services, asked: Asked, family: str, given: Sequence[str], identifiers: Sequence[Identifier]
) -> Stored:
    """Somebody who reviews. Refuses with Unprocessable."""
    name = [_name(family, given)]
    resource = _resource("Practitioner", US_CORE_PRACTITIONER, identifiers, active=True, name=name)
    return _publish(services, asked, label(resource, NORMAL))


def device(services: Services, asked: Asked, name: str, identifiers: Sequence[Identifier] = ()) -> Stored:
    """What a client is, for consents to name it; it works for the caller's organization. Refuses with Unprocessable."""
    resource = _resource(
        "Device",
        None,
        identifiers,
        status="active",
        deviceName=[{"name": name, "type": "user-friendly-name"}],
        owner=reference("Organization", asked.caller.organization_id),
    )
    return _publish(services, asked, label(resource, NORMAL))


def patient(
    services: Services,
    asked: Asked,
    custodian_id: str,
    family: str,
    given: Sequence[str],
    gender: str,
    birth_date: str | None,
    identifiers: Sequence[Identifier],
) -> Stored:
    """A patient whose record `custodian_id` keeps here. Refuses with Unprocessable."""
    born = {"birthDate": birth_date} if birth_date else {}
    resource = _resource(
        "Patient",
        US_CORE_PATIENT,
        identifiers,
        active=True,
        name=[_name(family, given)],
        gender=gender,
        **born,
        managingOrganization=reference("Organization", custodian_id),
    )
    return _publish(services, asked, label(resource, RESTRICTED), resource["id"], custodian_id)


def _publish(
    services: Services,
    asked: Asked,
    resource: dict[str, Any],
    patient_id: str | None = None,
    custodian_id: str | None = None,
) -> Stored:
    target = f"{resource['resourceType']}/{resource['id']}/_history/1"
    with recorded(services, asked, Act.REGISTER, resource["resourceType"]), services.database.write() as writer:
        label_written(resource, None, services.labels.given(resource))
        issues = check(resource, profiles=services.profiles)
        if custodian_id and registry.organization(writer, custodian_id) is None:
            issues.append(Issue("No such organization.", "Patient.managingOrganization", "not-found"))
        if issues:
            raise Unprocessable("This cannot be registered.", issues=issues)
        entry = asked.entry(Act.REGISTER, target, patient_id=patient_id, custodian_id=custodian_id)
        return resources.publish(writer, entry, New(resource, patient_id, custodian_id))


def _resource(type: str, profile: str | None, identifiers: Sequence[Identifier], **elements: Any) -> dict[str, Any]:
    named = [{"system": system, "value": value} for system, value in identifiers]
    return {
        "resourceType": type,
        "id": str(uuid.uuid4()),
        **({"meta": {"profile": [profile]}} if profile else {}),
        **({"identifier": named} if named else {}),
        **elements,
    }


def _name(family: str, given: Sequence[str]) -> Mapping[str, Any]:
    return {"family": family, **({"given": list(given)} if given else {})}
