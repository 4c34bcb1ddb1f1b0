"""Once homework is done, the care plan that assigned it names its results: CarePlan.activity.outcomeReference.

https://hl7.org/fhir/R4/careplan-definitions.html#CarePlan.activity.outcomeReference
The plan is the one that the same approval published and that has the Task as an activity. Nothing of what was approved
changes: what came of it is added, as a version of its own with a Provenance that names the Task.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.fhir.json import parse
from gateway.rules import homework
from gateway.rules.audit import Act
from gateway.rules.review import sight_of
from gateway.store import drafts
from gateway.store.resources import Stored
from gateway.usecases.changes import Ground, Step
from gateway.usecases.door import check_all
from gateway.usecases.known import current, patients_in
from gateway.usecases.witnessing import changed, tell


def name_results(ground: Ground, done: Step) -> None:
    """Put along the next version of the plan, where the step says that its homework is done and there is something to
    name. Who tells need not be able to change plans; of a plan that the teller cannot see whole nothing is kept."""
    task = done.resource or {}
    if task.get("status") != homework.COMPLETED:
        return
    for found in _plans(ground, done):
        beside = ground.beside.get(f"{found.type}/{found.id}")  # of another homework that is done in the same act
        plan = beside.resource if beside and beside in ground.along else parse(found.text)
        named = homework.with_results(plan or {}, done.reference, task)
        if named != plan:
            ground.along = [step for step in ground.along if step is not beside]
            check_all(ground.services, [named])
            because = f"{done.reference}/_history/{done.version}"
            ground.along.append(tell(ground, changed(Act.UPDATE, found, named), [because]))


def _plans(ground: Ground, done: Step) -> Iterator[Stored]:
    sight = sight_of(ground.asked.caller)
    origin = drafts.origin_of(ground.db, sight, done.type, done.id)
    for type, _, id in (each.partition("/") for each in drafts.published(ground.db, sight, origin or "")):
        found = current(ground, type, id) if type == "CarePlan" else None
        if found is not None and not (found.is_deleted or found.redacts) and patients_in(found) == done.patients:
            yield found
