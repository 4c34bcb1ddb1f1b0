"""An AI scribe's note of a session, until a clinician has made it hers."""

from __future__ import annotations

from gateway.demo.handing_in import hand_in, session_context
from gateway.demo.road import Chapter, Road, expect


def submit(road: Road) -> str:
    token, context = road.token(road.cast.scribe), session_context(road)
    answer = hand_in(road, "aws-healthscribe", road.parts, token, **context)
    again = hand_in(road, "aws-healthscribe", road.parts, token, expect=200, **context)
    expect(again == answer, "the same submission twice did not give the first one's answer")
    road.draft_id = answer["draft"]
    return f"accepted as draft [bold]{road.draft_id}[/bold]; sent again, it gave the same answer and stored nothing"


def hidden(road: Road) -> str:
    for path in ("/fhir/DocumentReference", "/fhir/Composition", "/fhir/Provenance", "/fhir/Patient"):
        expect(not road.found(path), f"{path} shows something before anybody approved or consented")
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
    return f"bound to her and to {road.digest[1:20]}…; published as [bold]{reference}[/bold]"


CHAPTER = Chapter(
    "The session",
    (
        ("An AI scribe submits a session", submit),
        ("A draft is invisible", hidden),
        ("The clinician reads it beside its evidence", read),
        ("She amends it", amend),
        ("She approves it", approve),
    ),
)
