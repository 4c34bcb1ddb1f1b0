"""update: the next version of a resource, based on the one its writer has read; also by a condition.

https://hl7.org/fhir/R4/http.html#update
Every type is `versioned-update`: nobody overwrites what was not seen. Ids are given by the gateway, so an update
creates only by a condition that finds nothing.
"""

from __future__ import annotations

from typing import Any

from gateway.errors import BadRequest, NotSupported, PreconditionFailed
from gateway.fhir.json import dump, parse
from gateway.rules.audit import Act
from gateway.store.resources import Stored
from gateway.usecases import homework, provenance
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Step, Written, carry_out
from gateway.usecases.conditional import matches
from gateway.usecases.create import plan_create
from gateway.usecases.fitting import fit
from gateway.usecases.incoming import check_changeable, is_assigned, judge, resource_of, target_of, version_of
from gateway.usecases.known import reachable
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.superseding import supersede


def update(
    services: Services,
    asked: Asked,
    type: str,
    id: str,
    body: bytes,
    *,
    if_match: str | None = None,
    x_provenance: bytes | None = None,
) -> Written:
    """Keep the next version. Refuses as `plan_update` does, and with BadRequest for a body that cannot be read."""
    with recorded(services, asked, Act.UPDATE, target_of(type, id)):
        judge(asked, type, "update")
        resource = resource_of(services, body, type)
        told = provenance.told(services, asked, x_provenance)
        return carry_out(
            services, asked, lambda ground: told(ground, plan_update(ground, resource, id, if_match=if_match))
        )[0]


def update_matching(
    services: Services,
    asked: Asked,
    type: str,
    condition: str,
    body: bytes,
    *,
    if_match: str | None = None,
    x_provenance: bytes | None = None,
) -> Written:
    """Keep the next version of the one resource that a condition finds, or the first of a new one."""
    with recorded(services, asked, Act.UPDATE, type):
        judge(asked, type, "conditional-update")
        resource = resource_of(services, body, type)
        told = provenance.told(services, asked, x_provenance)
        return carry_out(
            services,
            asked,
            lambda ground: told(ground, plan_update_matching(ground, resource, condition, if_match=if_match)),
        )[0]


def plan_update(ground: Ground, resource: dict[str, Any], id: str, *, if_match: str | None = None) -> Planned:
    """The step to the next version; the current one, if nothing would change.

    Raises BadRequest for an id that is not the address's and where no version is told that it is based on,
    PreconditionFailed when that is not the current one, NotSupported for an id that is not known to the caller, and
    what `check_changeable` and `fit` raise.
    """
    if resource.get("id") != id:
        raise BadRequest("The id of the body is not that of the address.")
    base = version_of(if_match) if if_match is not None else _told_version(resource)
    found = reachable(ground, resource["resourceType"], id, "u")
    if found is None:
        raise NotSupported("Nothing is known under this id, and new ids are given by the server: create it by POST.")
    if found.is_deleted:
        base = version_of(if_match)  # a version read before the deletion says nothing against bringing it back
    elif base is None:
        raise BadRequest("Tell the version this is based on, by If-Match or in meta.versionId.")
    return _next(ground, resource, found, base)


def plan_update_matching(
    ground: Ground, resource: dict[str, Any], condition: str, *, if_match: str | None = None
) -> Planned:
    """The step to the next version of the one match, or to the first of a new resource.

    Raises PreconditionFailed for several matches, BadRequest for a body with the id of another resource, NotSupported
    for one with an id of its own choice, and what `plan_update` raises.
    """
    type, id = resource["resourceType"], resource.get("id")
    found = matches(ground, type, condition)
    if len(found) > 1:
        raise PreconditionFailed("Several resources match the condition.")
    if found:
        if id not in (None, found[0].id):
            raise BadRequest("The id of the body is not that of the resource the condition finds.")
        return _next(ground, resource, found[0], version_of(if_match))
    if id is None:
        return plan_create(ground, resource)
    if isinstance(id, str) and reachable(ground, type, id, "u") is not None:
        raise BadRequest("The id of the body is that of a resource the condition does not find.")
    raise NotSupported("New ids are given by the server: send the resource without one.")


def _next(ground: Ground, resource: dict[str, Any], found: Stored, base: int | None) -> Planned:
    check_changeable(ground, found, "u", base)
    planned = follow(ground, Act.UPDATE, resource, found)
    return supersede(ground, planned) if isinstance(planned, Step) else planned


def follow(ground: Ground, act: Act, resource: dict[str, Any], found: Stored) -> Planned:
    """The step to the next version, which may be written; the current one, if nothing would change."""
    is_homework = is_assigned(ground, found)
    step = (
        homework.advance(ground, act, resource, found)
        if is_homework
        else fit(ground, act, resource, id=found.id, former=found)
    )
    if is_same(step):
        return found
    return homework.kept(ground, step) if is_homework else ground.plan(step)


def is_same(step: Step) -> bool:
    """Whether the content is that of the former version, to the letter."""
    if step.former is None or step.former.is_deleted or step.resource is None:
        return False
    return _content(parse(step.former.text)) == _content(step.resource)


def _content(resource: dict[str, Any]) -> bytes:
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    return dump(
        {"id": resource["id"], "meta": meta}
        | {name: resource[name] for name in sorted(resource.keys() - {"id", "meta"})}
    )


def _told_version(resource: dict[str, Any]) -> int | None:
    """The version that the body itself says it was read at."""
    meta = resource.get("meta")
    told = meta.get("versionId") if isinstance(meta, dict) else None
    return int(told) if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 10 else None
