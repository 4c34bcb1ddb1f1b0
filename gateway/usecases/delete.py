"""delete: a last version without content, after which the resource is gone; also by a condition.

https://hl7.org/fhir/R4/http.html#delete
"""

from __future__ import annotations

from gateway.errors import Conflict, PreconditionFailed
from gateway.rules.audit import Act
from gateway.store import referring
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Step, Written, carry_out
from gateway.usecases.conditional import matches
from gateway.usecases.incoming import check_changeable, judge, target_of, version_of
from gateway.usecases.known import patients_in, reachable
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services


def delete(services: Services, asked: Asked, type: str, id: str, *, if_match: str | None = None) -> Written:
    """Delete a resource; what is not there, or not for the caller to see, is left. Refuses as `plan_delete` does."""
    with recorded(services, asked, Act.DELETE, target_of(type, id)):
        judge(asked, type, "delete")
        return carry_out(services, asked, lambda ground: [plan_delete(ground, type, id, if_match=if_match)])[0]


def delete_matching(
    services: Services, asked: Asked, type: str, condition: str, *, if_match: str | None = None
) -> Written:
    """Delete the one resource that a condition finds."""
    with recorded(services, asked, Act.DELETE, type):
        judge(asked, type, "conditional-delete")
        return carry_out(
            services, asked, lambda ground: [plan_delete_matching(ground, type, condition, if_match=if_match)]
        )[0]


def plan_delete(ground: Ground, type: str, id: str, *, if_match: str | None = None) -> Planned:
    """The step that deletes; the deletion that is there already; None where there is nothing.

    Raises Conflict while others of the caller's resources refer to it, and what `check_changeable` raises.
    """
    base = version_of(if_match)
    found = reachable(ground, type, id, "d")
    if found is None or found.is_deleted:
        return found
    check_changeable(ground, found, "d", base)
    visibility, gone = ground.asked.visibility, {name for name, step in ground.beside.items() if step.resource is None}
    if ground.see(("referring", type, id), lambda db: referring.referring(db, visibility, type, id)) - gone:
        raise Conflict("Other resources refer to this one.")
    return ground.plan(Step(Act.DELETE, type, id, found, None, patients_in(found), ground.asked.caller.organization_id))


def plan_delete_matching(ground: Ground, type: str, condition: str, *, if_match: str | None = None) -> Planned:
    """The step that deletes the one match; None without one. Raises PreconditionFailed for several."""
    found = matches(ground, type, condition)
    if len(found) > 1:
        raise PreconditionFailed("Several resources match the condition.")
    return plan_delete(ground, type, found[0].id, if_match=if_match) if found else None
