"""Who takes part in the demo: two clinics with EHRs and endpoints, their people, a couple, an AI scribe, an app."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from joserfc.jwk import ECKey

from gateway.demo.endpoint import Endpoint
from gateway.peers.http import Http
from gateway.rules.access import Caller
from gateway.usecases import clients, endpoints, register, signin
from gateway.usecases.asked import Asked, Origin
from gateway.usecases.services import Services

NPI = "http://hl7.org/fhir/sid/us-npi"
MRN = "urn:oid:2.16.840.1.113883.19.5"
SCRIBE_SCOPES = ("submission.write", "context.read")
APP_SCOPES = ("submission.write", "system/Task.rus", "system/QuestionnaireResponse.crus")
EHR_SCOPES = ("system/*.rs",)
OWN_EHR_SCOPES = ("system/*.cruds",)
REVIEWER_SCOPES = ("review", "transcripts", "consent", "lineage", "user/*.rs")
AUDITOR_SCOPES = ("lineage", "audit", "user/*.rs")


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend client, what it may ask for, and the key it signs its assertions with."""

    client_id: str
    scope: str
    key: ECKey


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in, and a token that is hers already; `id` is of her Practitioner or Patient."""

    login: str
    password: str
    id: str
    token: str


@dataclass(frozen=True, slots=True)
class Cast:
    custodian_id: str
    recipient_id: str
    client: Person
    partner_id: str
    clinician: Person
    auditor: Person
    scribe: Backend
    app: Backend
    own_ehr: Backend
    ehr: Backend
    told_at: dict[str, str]  # the path of the endpoint of each organization


def gather(services: Services, endpoint: Endpoint, http: Http) -> Cast:
    """Register everybody, by the use cases the command line calls."""
    asked = _operator(services, "operator")
    custodian = register.organization(services, asked, "Linden Street Counselling", [(NPI, "1234567893")]).id
    recipient = register.organization(services, asked, "Harbour Clinic", [(NPI, "1033291887")]).id
    asked = _operator(services, custodian)
    return Cast(
        custodian,
        recipient,
        client=_client(services, asked, "rivera", "Rivera", "Ana"),
        partner_id=_patient(services, asked, "Feld", "Jonas", "male", "MRN-4712"),
        clinician=_person(services, asked, "okafor", "Okafor", "Ngozi", REVIEWER_SCOPES, "TREAT", "1992756837"),
        auditor=_person(services, asked, "lindqvist", "Lindqvist", "Maja", AUDITOR_SCOPES, "HOPERAT", "1558410193"),
        scribe=_backend(services, "The AI scribe", custodian, SCRIBE_SCOPES),
        app=_backend(services, "The client's app", custodian, APP_SCOPES),
        own_ehr=_backend(services, "Linden Street's EHR", custodian, OWN_EHR_SCOPES),
        ehr=_backend(services, "Harbour Clinic's EHR", recipient, EHR_SCOPES),
        told_at={each: _told_at(services, each, endpoint, http) for each in (custodian, recipient)},
    )


def _operator(services: Services, organization_id: str) -> Asked:
    caller = Caller("demo", "demo", organization_id, frozenset({"consent"}), "HOPERAT")
    return Asked(caller, services.clock())


def _told_at(services: Services, organization_id: str, endpoint: Endpoint, http: Http) -> str:
    path = f"/{organization_id}"
    address = f"{endpoint.address}{path}"
    endpoint.secrets[path] = endpoints.put(services, _operator(services, organization_id), http, address)
    return path


def _patient(services: Services, asked: Asked, family: str, given: str, gender: str, number: str) -> str:
    custodian = asked.caller.organization_id
    return register.patient(services, asked, custodian, family, [given], gender, "1991-04-02", [(MRN, number)]).id


def _client(services: Services, asked: Asked, login: str, family: str, given: str) -> Person:
    known, password = _patient(services, asked, family, given, "female", "MRN-4711"), _password()
    signin.add_patient(services, asked, login, password, known)
    return Person(login, password, known, signin.sign_in(services, login, password, Origin()).token)


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
    known, password = register.practitioner(services, asked, family, [given], [(NPI, npi)]).id, _password()
    organization = asked.caller.organization_id
    signin.add_person(
        services, login, password, practitioner=known, organization=organization, scopes=scopes, purpose=purpose
    )
    return Person(login, password, known, signin.sign_in(services, login, password, Origin()).token)


def _password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(4))


def _backend(services: Services, name: str, organization_id: str, scopes: tuple[str, ...]) -> Backend:
    key = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384", "kid": secrets.token_hex(8)}, private=True)
    jwks = {"keys": [key.as_dict(private=False)]}
    client = clients.add(services, name, organization_id, jwks=jwks, scopes=scopes, purpose="TREAT")
    return Backend(client.id, " ".join(scopes), key)
