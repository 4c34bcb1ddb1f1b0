"""The road itself, walked over HTTP as each party would: every step asks the server and shows what came back."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt

from gateway.demo.cast import EHR_SCOPES, OWN_EHR_SCOPES, SCRIBE_SCOPES, Backend, Cast
from gateway.fhir.json import dump, parse

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AIAST = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST"
CARD = "# Session summarizer\n\nWrites a session note from a transcript. It may mishear names and leave out context."


class NotAsExpected(Exception):
    """A step saw something else than the road promises."""


@dataclass(slots=True)
class Road:
    """What the walk has learnt so far."""

    http: httpx.Client
    cast: Cast
    parts: Mapping[str, Path]
    session: str = "session-1"
    draft: dict[str, Any] = field(default_factory=dict)
    draft_id: str = ""
    digest: str = ""
    document_id: str = ""
    consent_id: str = ""
    ehr_token: str = ""

    def ask(self, method: str, path: str, token: str, *, expect: int = 200, **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | rest.pop("headers", {})
        response = self.http.request(method, path, headers=headers, **rest)
        if response.status_code != expect:
            raise NotAsExpected(f"{method} {path} answered {response.status_code}, not {expect}: {response.text[:500]}")
        return response

    def token_of(self, backend: Backend, scope: str) -> str:
        """SMART Backend Services: a signed assertion for a short-lived token."""
        url = f"{str(self.http.base_url).rstrip('/')}/oauth/token"
        claims = {"iss": backend.client_id, "sub": backend.client_id, "aud": url, "jti": secrets.token_hex(16)}
        claims["exp"] = int(time.time()) + 240  # type: ignore[assignment]
        header = {"alg": "ES384", "typ": "JWT", "kid": backend.key.kid}
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(header, claims, backend.key, algorithms=["ES384"]),
        }
        response = self.http.post("/oauth/token", data=form)
        if response.status_code != httpx.codes.OK:
            raise NotAsExpected(f"no token for {backend.client_id}: {response.text}")
        return str(response.json()["access_token"])

    def found(self, path: str, mode: str = "match") -> list[dict[str, Any]]:
        """What the EHR of the other clinic finds, or with the mode `include`, what comes along."""
        bundle = parse(self.ask("GET", path, self.ehr_token).content)
        return [entry["resource"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == mode]


def parts_of(road: Road) -> dict[str, tuple[str, bytes, str]]:
    """What the scribe sends of a session."""
    context = {
        "patient": {"reference": f"Patient/{road.cast.patient_id}"},
        "session": {"id": road.session, "start": "2026-09-01T14:00:00Z", "end": "2026-09-01T14:50:00Z"},
        "model": {"name": "HealthScribe", "version": "2026-08", "manufacturer": "Amazon Web Services"},
        "modelCard": {"markdown": CARD},
        "prompt": {"text": "Summarise the session in BIRP form.", "version": "14"},
    }
    files = {"context": ("context.json", dump(context), "application/json")}
    return files | {name: (f"{name}.json", path.read_bytes(), "application/json") for name, path in road.parts.items()}


def submit(road: Road) -> str:
    files = parts_of(road)
    token = road.token_of(road.cast.scribe, " ".join(SCRIBE_SCOPES))
    answer = road.ask("POST", "/submissions/aws-healthscribe", token, expect=201, files=files).json()
    again = road.ask("POST", "/submissions/aws-healthscribe", token, expect=200, files=files).json()
    if again != answer:
        raise NotAsExpected("the same submission twice did not give the first one's answer")
    road.draft_id = answer["draft"]
    return f"accepted as draft [bold]{road.draft_id}[/bold]; sent again, it gave the same answer and stored nothing"


def hidden(road: Road) -> str:
    road.ehr_token = road.token_of(road.cast.ehr, " ".join(EHR_SCOPES))
    for path in ("/fhir/DocumentReference", "/fhir/Composition", "/fhir/Provenance", "/fhir/Patient"):
        if road.found(path):
            raise NotAsExpected(f"{path} shows something before anybody approved or consented")
    return "the other clinic's EHR has a token, searches, and finds nothing: a draft is nobody's but the reviewers'"


def read(road: Road) -> str:
    response = road.ask("GET", f"/reviews/{road.draft_id}", road.cast.clinician.token)
    road.draft, road.digest = response.json(), response.headers["etag"]
    statements = road.draft["statements"]
    backed = sum(bool(each["evidence"]) for each in statements)
    return f"{len(statements)} sentences, {backed} beside the lines of the session they were taken from"


def amend(road: Road) -> str:
    statements = [{name: each[name] for name in ("id", "section", "text")} for each in road.draft["statements"]]
    first = statements[0]
    first["text"] += " (Discussed and confirmed with the client.)"
    own = {"section": first["section"], "text": "The client asked to keep the next appointment short."}
    path = f"/reviews/{road.draft_id}/amendment"
    headers = {"If-Match": road.digest}
    answer = road.ask("POST", path, road.cast.clinician.token, headers=headers, json={"statements": [*statements, own]})
    road.ask("POST", f"/reviews/{road.draft_id}/approval", road.cast.clinician.token, expect=412, headers=headers)
    road.digest = answer.headers["etag"]
    return "one sentence changed, one added; an approval of the text as it was before is refused (412)"


def approve(road: Road) -> str:
    headers = {"If-Match": road.digest}
    path = f"/reviews/{road.draft_id}/approval"
    answer = road.ask("POST", path, road.cast.clinician.token, headers=headers).json()
    reference = next(text for text in answer["published"] if text.startswith("DocumentReference/"))
    road.document_id = reference.removeprefix("DocumentReference/").split("/")[0]
    return f"bound to her and to {road.digest[:20]}…; published as [bold]{reference}[/bold]"


def write(road: Road) -> str:
    token = road.token_of(road.cast.own_ehr, " ".join(OWN_EHR_SCOPES))
    score = {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:example:scores", "value": "PHQ-9 of session-1"}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "subject": {"reference": f"Patient/{road.cast.patient_id}"},
        "effectiveDateTime": "2026-09-01",
        "valueInteger": 12,
    }
    request = {
        "method": "POST",
        "url": "Observation",
        "ifNoneExist": "identifier=urn:example:scores|PHQ-9 of session-1",
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": score, "request": request}]}
    headers = {"Content-Type": "application/fhir+json"}
    answers = [road.ask("POST", "/fhir", token, headers=headers, json=bundle).json()["entry"][0] for _ in range(2)]
    if [answer["response"]["status"][:3] for answer in answers] != ["201", "200"]:
        raise NotAsExpected("the same transaction twice did not make one Observation")
    road.ask("DELETE", f"/fhir/DocumentReference/{road.document_id}", token, expect=405)
    return "a PHQ-9 score, in a transaction; sent again, it stored nothing; what was approved it cannot delete (405)"


def silent(road: Road) -> str:
    if road.found(f"/fhir/DocumentReference?patient={road.cast.patient_id}"):
        raise NotAsExpected("approved content left without a consent")
    road.ask("GET", f"/fhir/DocumentReference/{road.document_id}", road.ehr_token, expect=404)
    return "approved, but no consent: the EHR still finds nothing, and a read is a plain 404"


def consent(road: Road) -> str:
    parties = {"patient": road.cast.patient_id, "recipients": [f"Organization/{road.cast.recipient_id}"]}
    form = parties | {"purposes": ["TREAT"], "period": {"start": "2026-01-01"}}
    answer = road.ask("POST", "/consents", road.cast.clinician.token, expect=201, json=form).json()
    road.consent_id = answer["id"]
    return f"Ana Rivera permits Harbour Clinic, for treatment: [bold]Consent/{road.consent_id}[/bold]"


def pull(road: Road) -> str:
    about = f"patient={road.cast.patient_id}&_security={AIAST}&_revinclude=Provenance:target"
    documents = road.found(f"/fhir/DocumentReference?{about}")
    if [document["id"] for document in documents] != [road.document_id]:
        raise NotAsExpected("the approved document is not what the EHR found")
    road.ask("GET", f"/fhir/DocumentReference/{road.document_id}", road.ehr_token)
    provenances = road.found(f"/fhir/Composition?{about}", "include")
    if len(provenances) <= len(road.draft["statements"]):
        raise NotAsExpected("the Composition came without a Provenance for each of its sentences")
    kinds = {content["attachment"]["contentType"].split(";")[0] for content in documents[0]["content"]}
    told = f"{len(provenances)} Provenance records: one of the note, one of each sentence"
    return f"the EHR finds and reads the document ({' and '.join(sorted(kinds))}) with {told}"


def carry(road: Road) -> str:
    path = f"/fhir/Patient/{road.cast.patient_id}/$everything?_count=500"
    whole = parse(road.ask("GET", path, road.ehr_token).content)["entry"]
    types = {entry["resource"]["resourceType"] for entry in whole}
    if not {"Patient", "Observation", "DocumentReference", "Provenance"} <= types:
        raise NotAsExpected("the whole record lacks a part of what was written, approved or told of it")
    summary = parse(road.ask("GET", f"/fhir/Patient/{road.cast.patient_id}/$summary", road.ehr_token).content)
    title = summary["entry"][0]["resource"]["title"]
    return f'$everything gives {len(whole)} resources of {len(types)} types; $summary makes them a document, "{title}"'


def trace(road: Road) -> str:
    path = f"/lineage/DocumentReference/{road.document_id}"
    lineage = road.ask("GET", path, road.cast.auditor.token).json()
    statements = lineage["statements"]
    machine = [each for each in statements if each["origin"] != "human"]
    if not all(each["evidence"] for each in machine if each["origin"] == "revision"):
        raise NotAsExpected("an edited sentence lost its evidence")
    backed = sum(bool(each["evidence"]) for each in machine)
    path = f"/fhir/AuditEvent?patient={road.cast.patient_id}&_count=100"
    events = parse(road.ask("GET", path, road.cast.auditor.token).content)
    return (
        f"{backed} of {len(machine)} machine-written sentences lead to their transcript segments; "
        f"{len(lineage['reads'])} reads by name and consent; {len(events['entry'])} AuditEvents"
    )


def revoke(road: Road) -> str:
    path = f"/consents/{road.consent_id}/revocation"
    road.ask("POST", path, road.cast.clinician.token)
    road.ask("GET", f"/fhir/DocumentReference/{road.document_id}", road.ehr_token, expect=404)
    if road.found(f"/fhir/DocumentReference?patient={road.cast.patient_id}"):
        raise NotAsExpected("content left after the consent was revoked")
    return "with the very next request, with the token it still holds, the EHR finds nothing"


def withhold(road: Road) -> str:
    parties = {"patient": road.cast.patient_id, "recipients": [f"Organization/{road.cast.recipient_id}"]}
    form = parties | {"purposes": ["TREAT"], "period": {"start": "2026-01-01"}}
    but = {"exceptions": [{"type": "deny", "labels": ["MH"]}]}
    answer = road.ask("POST", "/consents", road.cast.clinician.token, expect=201, json=form | but).json()
    road.consent_id = answer["id"]
    if not road.found(f"/fhir/Patient?_id={road.cast.patient_id}"):
        raise NotAsExpected("what the client still permits did not arrive")
    for path in ("DocumentReference", "Composition", "Provenance"):
        if road.found(f"/fhir/{path}?patient={road.cast.patient_id}"):
            raise NotAsExpected(f"a {path} about mental health left although the client has excepted that")
    return "permitted again, but nothing that is labelled MH: the EHR finds the person, and no trace of the sessions"


def explain(road: Road) -> str:
    parties = {"patient": road.cast.patient_id, "who": f"Organization/{road.cast.recipient_id}", "purpose": "TREAT"}
    question = parties | {"what": f"DocumentReference/{road.document_id}"}
    answer = road.ask("POST", "/consent-decisions", road.cast.clinician.token, json=question).json()
    ruling = answer["rulings"][0]
    if answer["decision"] != "deny" or not ruling["reasons"][0]["consent"].startswith(f"Consent/{road.consent_id}/"):
        raise NotAsExpected("the decision does not rest on the client's exception")
    return f'asked why, the gateway names {ruling["reasons"][0]["provision"]} of the consent: "{ruling["words"]}"'


def refuse_ai(road: Road) -> str:
    form = {"patient": road.cast.patient_id, "kind": "ai-processing", "type": "deny", "recipients": ["*"]}
    clinician = road.cast.clinician.token
    refusal = road.ask("POST", "/consents", clinician, expect=201, json=form | {"purposes": []}).json()
    token = road.token_of(road.cast.scribe, " ".join(SCRIBE_SCOPES))
    files = parts_of(replace(road, session="session-refused"))
    answer = road.ask("POST", "/submissions/aws-healthscribe", token, expect=403, files=files).json()
    road.ask("POST", f"/consents/{refusal['id']}/revocation", clinician)
    said = answer["issue"][0]["diagnostics"].partition(" (request")[0]
    return f'the scribe\'s next session is refused (403): "{said}"'


STEPS = (
    ("An AI scribe submits a session", submit),
    ("A draft is invisible", hidden),
    ("The clinician reads it beside its evidence", read),
    ("She amends it", amend),
    ("She approves it", approve),
    ("The clinic's own EHR writes beside it", write),
    ("Silence means no", silent),
    ("The client consents", consent),
    ("The EHR pulls it", pull),
    ("It takes the whole record along", carry),
    ("The auditor traces it", trace),
    ("The client revokes the consent", revoke),
    ("The client permits, but not the sessions", withhold),
    ("The gateway says why", explain),
    ("The client refuses AI", refuse_ai),
)
