"""An AI that goes on with a patient is told what the patient disputes, what came of it, and that it is no homework."""

from __future__ import annotations

from tests.api.context.test_patient_context import told
from tests.disputing import decided, disputed
from tests.house import House
from tests.writers import created, observation


def test_a_dispute_is_told_with_what_it_is_about_and_how_it_stands(house: House) -> None:
    item = f"Observation/{created(house, observation(house.world.patient))['id']}"
    task = disputed(house, item)
    decided(house, task, "deny")
    items = [each for each in told(house) if each["kind"] != "series"]
    assert {each["kind"] for each in items} == {"dispute"}
    (request,) = [each for each in items if each["resource"].startswith("Task/")]
    assert (request["links"], request["status"], request["progress"]) == ([item], "completed", "denied")
    texts = {each["text"]: each["links"] for each in items if each is not request}
    about = [f"Task/{task['id']}", item]
    assert texts == {"This does not describe me.": about, "We have looked at it together.": about}
