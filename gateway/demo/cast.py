"""Who takes part in the demo: two clinics with their EHRs, a clinician, an auditor, a patient, an AI scribe."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from joserfc.jwk import ECKey

from gateway.rules.access import Caller
from gateway.usecases import clients, register, signin
from gateway.usecases.asked import Asked, Origin
from gateway.usecases.services import Services

NPI = "http://hl7.org/fhir/sid/us-npi"
SCRIBE_SCOPES = ("submission.write",)
EHR_SCOPES = ("system/*.rs",)
OWN_EHR_SCOPES = ("system/*.cruds",)
REVIEWER_SCOPES = ("review", "transcripts", "consent", "lineage", "user/*.rs")
AUDITOR_SCOPES = ("lineage", "audit", "user/*.rs")


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend client and the key it signs its assertions with."""

    client_id: str
    key: ECKey


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in, and a token that is hers already."""

    login: str
    password: str
    practitioner_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Cast:
    custodian_id: str
    recipient_id: str
    patient_id: str
    clinician: Person
    auditor: Person
    scribe: Backend
    own_ehr: Backend
    ehr: Backend


def gather(services: Services) -> Cast:
    """Register everybody, by the use cases the command line calls."""
    asked = _operator(services, "operator")
    custodian = register.organization(services, asked, "Linden Street Counselling", [(NPI, "1234567893")]).id
    recipient = register.organization(services, asked, "Harbour Clinic", [(NPI, "1033291887")]).id
    asked = _operator(services, custodian)
    mrn = [("urn:oid:2.16.840.1.113883.19.5", "MRN-4711")]
    patient = register.patient(services, asked, custodian, "Rivera", ["Ana"], "female", "1991-04-02", mrn).id
    return Cast(
        custodian,
        recipient,
        patient,
        clinician=_person(services, asked, "okafor", "Okafor", "Ngozi", REVIEWER_SCOPES, "TREAT", "1992756837"),
        auditor=_person(services, asked, "lindqvist", "Lindqvist", "Maja", AUDITOR_SCOPES, "HOPERAT", "1558410193"),
        scribe=_backend(services, "The AI scribe", custodian, SCRIBE_SCOPES),
        own_ehr=_backend(services, "Linden Street's EHR", custodian, OWN_EHR_SCOPES),
        ehr=_backend(services, "Harbour Clinic's EHR", recipient, EHR_SCOPES),
    )


def _operator(services: Services, organization_id: str) -> Asked:
    caller = Caller("demo", "demo", organization_id, frozenset({"consent"}), "HOPERAT")
    return Asked(caller, services.clock())


def _person(
    services: Services,
    asked: Asked,
    login: str,
    family: str,
    given: str,
    scopes: tuple[str, ...],
    purpose: str,
    npi: str,
) -> Person:
    known = register.practitioner(services, asked, family, [given], [(NPI, npi)]).id
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    organization = asked.caller.organization_id
    signin.add_person(
        services, login, password, practitioner=known, organization=organization, scopes=scopes, purpose=purpose
    )
    return Person(login, password, known, signin.sign_in(services, login, password, Origin()).token)


def _backend(services: Services, name: str, organization_id: str, scopes: tuple[str, ...]) -> Backend:
    key = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384", "kid": secrets.token_hex(8)}, private=True)
    jwks = {"keys": [key.as_dict(private=False)]}
    client = clients.add(services, name, organization_id, jwks=jwks, scopes=scopes, purpose="TREAT")
    return Backend(client.id, key)
