"""Every product of the gateway's own format goes the whole road: submitted, reviewed, approved, published."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.fhir.profiles import Profiles
from gateway.mapping.examples import examples_of
from gateway.store.submissions import Part
from gateway.usecases import drafts, review
from gateway.usecases.submit import Payload, Receipt, submit
from tests.world import World

EXAMPLES = {example.name: example for example in examples_of(Path(__file__).parents[2] / "mappings" / "gateway")}
APP = {"name": "Homework app", "version": "4.2", "manufacturer": "Example Ltd"}
CARD = """<AppliedModelCard xmlns="https://mc.chai.org/v0.1/schema.xsd">
<BasicInfo><ModelName>Scribe</ModelName></BasicInfo></AppliedModelCard>"""


def sent(world: World, case: str, **changes: Any) -> Receipt:
    context = world.context(source=APP, clinician={"reference": f"Practitioner/{world.grace}"}, **changes)
    return sent_in(world, context, case)


def sent_in(world: World, context: dict[str, Any], case: str) -> Receipt:
    parts = {"context": dump(context), **EXAMPLES[case].parts}
    payload = Payload("gateway", tuple(Part(name, "application/json", data) for name, data in parts.items()))
    return submit(world.services, world.scribe, payload)


def approve(world: World, receipt: Receipt) -> None:
    id = world.draft_of(receipt)
    review.approve(world.services, world.reviewer, id, drafts.view(world.services, world.reviewer, id).draft.digest)


def published(world: World, receipt: Receipt) -> list[dict[str, Any]]:
    """What the approval published, as it can be read afterwards."""
    approve(world, receipt)
    return [parse(json.dumps(one).encode()) for one in world.published()]


def of_type(resources: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [resource for resource in resources if resource["resourceType"] == kind]


def test_every_example_is_published_valid_and_settled(world: World, known_profiles: Profiles) -> None:
    for name, example in EXAMPLES.items():
        if example.refused is None and "products" in example.parts and name != "couple":  # of two patients
            approve(world, sent(world, name, session=name))
    made = [parse(json.dumps(one).encode()) for one in world.published()]
    assert len(made) > 100
    for resource in made:
        faults = [issue for issue in check(resource, profiles=known_profiles) if issue.severity == "error"]
        assert (resource["resourceType"], faults) == (resource["resourceType"], [])
        text = dump(resource).decode()
        assert "local:" not in text
        assert "HUAPRV" not in text
        assert resource.get("status") not in ("draft", "preliminary", "in-progress", "preparation", "proposed")


def test_one_approval_publishes_all_of_it_each_with_its_provenance(world: World) -> None:
    made = published(world, sent(world, "full"))
    kinds = Counter(resource["resourceType"] for resource in made)
    assert kinds["Task"] == kinds["Goal"] == kinds["RiskAssessment"] == 2
    assert (kinds["CarePlan"], kinds["CareTeam"], kinds["Communication"]) == (1, 1, 1)
    told = {
        target["reference"].partition("/_history")[0] for one in of_type(made, "Provenance") for target in one["target"]
    }
    everything = {f"{one['resourceType']}/{one['id']}" for one in made if one["resourceType"] != "Provenance"}
    assert everything <= told


def test_homework_is_an_activity_of_the_published_plan(world: World) -> None:
    made = published(world, sent(world, "full"))
    (plan,), tasks = of_type(made, "CarePlan"), of_type(made, "Task")
    named = {activity["reference"]["reference"] for activity in plan["activity"] if "reference" in activity}
    assert named == {f"Task/{task['id']}" for task in tasks}
    assert {task["status"] for task in tasks} == {"requested"}


def test_a_model_and_an_app_are_told_apart(world: World) -> None:
    made = published(world, sent(world, "full"))
    journal = next(one for one in of_type(made, "DocumentReference") if one["type"]["coding"][0]["code"] == "51855-5")
    assert base64.b64decode(journal["content"][0]["attachment"]["data"]).decode().startswith("I nearly said")
    assert journal["author"] == [{"reference": f"Patient/{world.patient}"}]
    machine = {coding["code"] for one in of_type(made, "RiskAssessment")[:1] for coding in one["meta"]["security"]}
    assert {"AIAST", "CLINAST"} <= machine


def test_a_clinicians_estimate_of_risk_is_by_nobody_where_the_clinician_is_not_named(world: World) -> None:
    risk = {"outcome": "Relapse", "level": "low", "at": "2026-09-01T09:00:00Z", "by": "clinician"}
    parts = {"context": dump(world.context(source=APP)), "products": dump({"risks": [risk]})}
    payload = Payload("gateway", tuple(Part(name, "application/json", data) for name, data in parts.items()))
    made = published(world, submit(world.services, world.scribe, payload))
    (told,), (provenance, *_) = of_type(made, "RiskAssessment"), of_type(made, "Provenance")
    assert "performer" not in told
    assert f"Organization/{world.clinic}" in [agent["who"]["reference"] for agent in provenance["agent"]]


def test_a_model_card_goes_along_in_both_of_its_forms(world: World) -> None:
    published(world, sent(world, "minimal", modelCard={"chai": CARD}))
    with world.services.database.read() as db:
        rows = db.connection.exec_driver_sql("SELECT text FROM resource WHERE type = 'DocumentReference'").all()
    cards = [json.loads(bytes(row[0])) for row in rows]
    (card,) = [one for one in cards if one["description"] == "Scribe"]
    assert [content["attachment"]["contentType"] for content in card["content"]] == ["text/markdown", "application/xml"]


@pytest.mark.parametrize(
    ("card", "place"),
    [
        ({"chai": CARD.replace("<BasicInfo>", "<BasicInfo>&x;")}, "context.modelCard.chai"),
        ({"dsi": {"developer": ""}}, "context.modelCard.dsi.developer"),
    ],
)
def test_a_model_card_that_cannot_be_read_is_refused_by_its_place(
    world: World, card: dict[str, Any], place: str
) -> None:
    with pytest.raises(Unprocessable) as refusal:
        sent(world, "minimal", modelCard=card)
    assert [issue.expression for issue in refusal.value.issues] == [place]


def test_a_total_that_is_no_sum_is_refused_by_its_place_and_the_payload_kept(world: World) -> None:
    with pytest.raises(Unprocessable) as refusal:
        sent(world, "phq-9-wrong-total")
    assert [issue.expression for issue in refusal.value.issues] == ["products.questionnaires[0].total"]
    assert (world.rows("submission"), world.rows("draft")) == (1, 0)


def test_what_only_the_patient_wrote_needs_no_model(world: World) -> None:
    context = {"patient": {"reference": f"Patient/{world.patient}"}, "source": APP}
    (mood,) = of_type(published(world, sent_in(world, context, "mood-minimal")), "Observation")
    assert "device" not in mood


def test_what_a_machine_wrote_needs_one(world: World) -> None:
    context = {"patient": {"reference": f"Patient/{world.patient}"}, "source": APP}
    with pytest.raises(Unprocessable) as refusal:
        sent_in(world, context, "minimal")
    assert [(issue.expression, issue.code) for issue in refusal.value.issues] == [("context.model", "required")]
