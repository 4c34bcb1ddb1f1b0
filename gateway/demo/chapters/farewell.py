"""The client takes back what she has permitted, wholly and in part, and refuses AI."""

from __future__ import annotations

from dataclasses import replace

from gateway.demo.chapters import next_session
from gateway.demo.chapters.consenting import permit
from gateway.demo.handing_in import hand_in, session_context
from gateway.demo.road import Chapter, Road, expect


def revoke(road: Road) -> str:
    road.ask("POST", f"/consents/{road.consent_id}/revocation", road.cast.clinician.token)
    for reference in (f"DocumentReference/{road.document_id}", *road.couple):
        road.ask("GET", f"/fhir/{reference}", road.token(road.cast.ehr), expect=404)
    found = road.found(f"/fhir/DocumentReference?patient={road.client}")
    expect(not found, "content left after the consent was revoked")
    return "with the very next request, with the token it still holds, the EHR finds nothing, nor the couple's note"


def withhold(road: Road) -> str:
    road.consent_id = permit(road, road.cast.client.id, exceptions=[{"type": "deny", "labels": ["MH"]}])
    expect(road.found(f"/fhir/Patient?_id={road.cast.client.id}"), "what the client still permits did not arrive")
    for path in ("DocumentReference", "Composition", "CarePlan", "Flag", "Provenance"):
        found = road.found(f"/fhir/{path}?patient={road.client}")
        expect(not found, f"a {path} about mental health left although the client has excepted that")
    return "permitted again, but nothing that is labelled MH: the EHR finds the person, and no trace of the sessions"


def explain(road: Road) -> str:
    parties = {"patient": road.cast.client.id, "who": f"Organization/{road.cast.recipient_id}", "purpose": "TREAT"}
    question = parties | {"what": f"DocumentReference/{road.document_id}"}
    answer = road.ask("POST", "/consent-decisions", road.cast.clinician.token, json=question).json()
    ruling = answer["rulings"][0]
    reason = ruling["reasons"][0]
    rests = answer["decision"] == "deny" and reason["consent"].startswith(f"Consent/{road.consent_id}/")
    expect(rests, "the decision does not rest on the client's exception")
    return f'asked why, the gateway names {reason["provision"]} of the consent: "{ruling["words"]}"'


def refuse_ai(road: Road) -> str:
    form = {"patient": road.cast.client.id, "kind": "ai-processing", "type": "deny", "recipients": ["*"]}
    clinician = road.cast.clinician.token
    refusal = road.ask("POST", "/consents", clinician, expect=201, json=form | {"purposes": []}).json()
    token, context = road.token(road.cast.scribe), session_context(replace(road, session="session-refused"))
    answer = hand_in(road, "aws-healthscribe", road.parts, token, expect=403, **context)
    next_session.ask(road, answered=403)
    road.ask("POST", f"/consents/{refusal['id']}/revocation", clinician)
    said = answer["issue"][0]["diagnostics"].partition(" (request")[0]
    return f'the scribe\'s next session is refused (403), and what came before it: "{said}"'


CHAPTER = Chapter(
    "The client takes it back",
    (
        ("The client revokes the consent", revoke),
        ("The client permits, but not the sessions", withhold),
        ("The gateway says why", explain),
        ("The client refuses AI", refuse_ai),
    ),
)
