"""What was published here is changed by the gateway itself: the next version, and the Provenance that tells of it.

The content was not sent, so it is not fitted anew: labels, and whose it is, stay as they were.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from gateway.fhir.search.index import index
from gateway.rules.audit import Act
from gateway.rules.witness import witness
from gateway.store.resources import Stored
from gateway.usecases.changes import Ground, Step
from gateway.usecases.door import check_all
from gateway.usecases.known import patients_in


def changed(act: Act, found: Stored, resource: dict[str, Any]) -> Step:
    """The step to the next version of what was found. It is about the same patients."""
    rows, custodian_id = tuple(index(resource)), found.custodian_id or ""
    return Step(act, found.type, found.id, found, resource, patients_in(found), custodian_id, rows)


def tell(ground: Ground, step: Step, because: Sequence[str] = ()) -> Step:
    """The same step; its Provenance goes along. `because` are references to what led to it."""
    asked, id, version = ground.asked, str(uuid.uuid4()), step.version
    former = f"{step.reference}/_history/{version - 1}" if step.former else None
    target, resource = f"{step.reference}/_history/{version}", step.resource or {}
    made = witness(id, target, resource, former, asked.caller, asked.at, because)
    check_all(ground.services, [made])
    rows = tuple(index(made))
    ground.along.append(Step(Act.CREATE, "Provenance", id, None, made, step.patients, step.custodian_id, rows))
    return ground.plan(step)


def beside(act: Act, found: Stored, resource: dict[str, Any]) -> Step:
    """The step to a new resource about the same patients as what was found."""
    rows, custodian_id = tuple(index(resource)), found.custodian_id or ""
    kind, id = resource["resourceType"], resource["id"]
    return Step(act, kind, id, None, resource, patients_in(found), custodian_id, rows)
