"""What becomes of content afterwards: amended, begun and completed, disputed and corrected, told to colleagues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests import of_mappings
from tests.alarms import alarm
from tests.assigning import APP, after, herself, planned
from tests.conformance import products
from tests.conformance.road import Emitted, Json, asked
from tests.disputing import decided, disagreed, disputed
from tests.house import House, backend
from tests.together import draft_of, together
from tests.writers import created, note, observation

# The letters with their Tasks, and who told what of both.
DISPUTES = "Task?_count=40&_revinclude=Communication:about&_revinclude=Provenance:target"
_WORDS = ("title", "description", "text", "valueString")


def stories(house: House, document: str) -> Iterator[Emitted]:
    """Of a published `document`, and of what is handed in anew."""
    yield from _amended(house)
    yield from _together(house)
    flag = house.ask("POST", f"/alerts/{alarm(house)['id']}/flag", house.clinician, json={"text": "Ask about safety."})
    assert flag.status_code == 201, flag.text
    yield from asked(house, house.own_ehr, flag.json()["flag"], f"Provenance?target={flag.json()['flag']}")
    yield from _completed(house)
    yield from _corrected(house, document)
    yield from asked(house, house.own_ehr, DISPUTES)


def _amended(house: House) -> Iterator[Emitted]:
    """A note and entries of which the clinician changed a word each, but for what she took out."""
    whole = of_mappings.good("gateway")["gateway/full"]
    draft = str(of_mappings.draft_of(house, "gateway", of_mappings.context_of(house, "to be amended"), whole))
    house.rewrite(draft, "Slept well in every night of the week.")
    shown = house.view(draft).json()["entries"]
    changes: list[Json] = [{"id": each["id"], "remove": True} for each in shown if each["type"] == "Communication"]
    changes += [{"id": each["id"], "set": _more(each)} for each in shown if each["type"] != "Communication"]
    answer = house.step(draft, "amendment", body={"entries": [each for each in changes if each.get("set", True)]})
    assert answer.status_code == 200, answer.text
    yield from products.made_of(house, draft, "an amended draft")


def _more(entry: Json) -> Json:
    """A word more in the first that may be set."""
    said = [each for each in entry["said"] if each["maySet"] and each["path"].rpartition(".")[2] in _WORDS]
    return {each["path"]: f"{each['text']} (discussed)" for each in said[:1]}


def _together(house: House) -> Iterator[Emitted]:
    for session in ("a couple's session", "an amended one"):
        draft = draft_of(together(house, session=session))
        if session == "an amended one":
            house.rewrite(draft, "Both sleep six hours a night.")
        yield from products.made_of(house, draft, session)


def _completed(house: House) -> Iterator[Emitted]:
    """Homework with a diary and a score that its app wrote, which the plan it comes from names; the patient's note."""
    app = backend(house.world.services, "A homework app", house.world.clinic, APP).token(house.http)
    plan, tasks = planned(house)
    task = tasks["Diary"]
    for status in ("accepted", "in-progress"):
        task = after(house, task, app, status=status)
    results = [created(house, each, app) for each in (_diary(house.world.patient), observation(house.world.patient))]
    output = [
        {"type": {"text": "Result"}, "valueReference": {"reference": f"{each['resourceType']}/{each['id']}"}}
        for each in results
    ]
    done = after(house, task, app, status="completed", output=output)
    yield Emitted("PUT Task", done)
    yield from (Emitted("POST by a homework app", each) for each in results)
    own = {"authorReference": {"reference": f"Patient/{house.world.patient}"}, "text": "Easier than I thought."}
    hers = herself(house, "patient/*.rs", "patient/Task.u")
    yield Emitted("PUT Task by the patient", after(house, done, hers, note=[own]))
    named = f"CarePlan/{plan['id']}"
    yield from asked(house, house.own_ehr, named, f"Provenance?target={named}", f"Provenance?target=Task/{done['id']}")


def _diary(patient: str) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "https://example.org/diary|1",
        "subject": {"reference": f"Patient/{patient}"},
        "source": {"reference": f"Patient/{patient}"},
        "authored": "2026-09-04T19:00:00Z",
        "item": [{"linkId": "1", "answer": [{"valueString": "On the bench by the river."}]}],
    }


def _corrected(house: House, document: str) -> Iterator[Emitted]:
    """What was upheld in part, upheld, put right by its sentences, and, later than usual, denied and disagreed with."""
    decided(house, disputed(house, f"DocumentReference/{document}"), "partial", addendum="On two days only.")
    wrong = disputed(house, f"DocumentReference/{document}")
    sentence = house.get(f"/corrections/{wrong['id']}", house.clinician).json()["statements"][0]["id"]
    decided(house, wrong, "accept", statements=[{"id": sentence, "text": "Sleeps well on five days of seven."}])
    text = created(house, note(house.world.patient))
    reworded = [{"id": "text", "text": "Slept well, but for two nights."}]
    decided(house, disputed(house, f"DocumentReference/{text['id']}"), "accept", statements=reworded)
    yield from asked(house, house.own_ehr, f"DocumentReference/{text['id']}")
    score = created(house, observation(house.world.patient))
    decided(house, disputed(house, f"Observation/{score['id']}"), "accept", set={"valueQuantity.value": 8})
    denied = disputed(house, f"Observation/{score['id']}")
    until = (datetime.fromisoformat(denied["authoredOn"]) + timedelta(days=70)).date().isoformat()
    longer = {"text": "We have to ask the colleague who wrote it.", "until": until}
    answer = house.ask("POST", f"/corrections/{denied['id']}/extension", house.clinician, json=longer)
    assert answer.status_code == 200, answer.text
    yield Emitted("POST extension", answer.json())
    decided(house, denied, "deny")
    yield from (Emitted("POST $correction-request", each) for each in disagreed(house, denied))
    told = f"Provenance?target=DocumentReference/{document}&_count=40"
    yield from asked(house, house.own_ehr, f"Observation/{score['id']}", f"DocumentReference/{document}", told)
