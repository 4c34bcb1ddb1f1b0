"""$validate: what the gateway would say to a resource, or to a write of it, without writing anything.

https://hl7.org/fhir/R4/resource-operation-validate.html
With a mode the write is planned as it would be done, so that all its rules are asked: scopes, whose record, labels.
"""

from __future__ import annotations

from typing import Any

from gateway.errors import BadRequest, Forbidden, Gone, Issue, NotFound, Refusal
from gateway.fhir.check import check
from gateway.fhir.json import parse
from gateway.fhir.profiles import BASE
from gateway.fhir.references import ID
from gateway.rules.audit import Act
from gateway.rules.scopes import allows
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.changes import Ground
from gateway.usecases.create import plan_create
from gateway.usecases.delete import plan_delete
from gateway.usecases.disclosures import disclosures
from gateway.usecases.incoming import judge, target_of
from gateway.usecases.known import current
from gateway.usecases.scoping import in_scope
from gateway.usecases.services import Services
from gateway.usecases.update import plan_update

MODES = ("create", "update", "delete", "profile")
Issues = tuple[Issue, ...]


def validate(
    services: Services,
    asked: Asked,
    type: str,
    id: str | None,
    resource: Any,
    *,
    mode: str | None = None,
    profile: str | None = None,
) -> Answer[Issues]:
    """Every fault, none for what is valid. Without a resource the stored one of this id is meant.

    Refuses with BadRequest for what does not go together, Forbidden beyond the scopes, and as a read does.
    """
    target = type if id is None else target_of(type, id)
    try:
        _judge(asked, type, id, resource, mode, profile)
        with services.database.read() as db:
            ground = Ground(services, asked, db)
            stored = _stored(ground, type, id) if resource is None and mode != "delete" else None
            content = parse(stored.text) if stored else resource
            issues = tuple(
                _profile_faults(services, content, profile) or _faults(ground, type, id, content, mode, profile)
            )
    except Refusal as refusal:
        return refused(services, asked, Act.OPERATION, target, refusal)
    detail = {"query": f"{target}/$validate"}
    return Answer(
        services.journal.record(disclosures(asked, Act.OPERATION, target, [stored] if stored else [], detail)), issues
    )


def _judge(asked: Asked, type: str, id: str | None, resource: Any, mode: str | None, profile: str | None) -> None:
    if mode is not None and mode not in MODES:
        raise BadRequest(f"The mode is one of {', '.join(MODES)}.")
    if mode == "profile" and profile is None:
        raise BadRequest("The mode profile takes a profile.")
    if mode in ("update", "delete") and id is None:
        raise BadRequest(f"The mode {mode} is asked of one resource: Type/id/$validate.")
    if resource is None and mode != "delete" and (id is None or mode in ("create", "update")):
        raise BadRequest("A resource is expected.")
    if resource is not None and (not isinstance(resource, dict) or resource.get("resourceType") != type):
        raise BadRequest("The resourceType of the resource is not that of the address.")
    if not any(allows(asked.caller.scopes, type, letter) for letter in "crus"):
        raise Forbidden


def _stored(ground: Ground, type: str, id: str | None) -> Stored:
    judge(ground.asked, type, "read")
    found = current(ground, type, id) if id is not None and ID.match(id) else None
    if found is None or not in_scope(ground.asked.caller, found, "r"):
        raise NotFound
    if found.is_deleted:
        raise Gone
    return found


def _profile_faults(services: Services, resource: Any, profile: str | None) -> list[Issue]:
    """What is wrong with the profile that was named: unknown here, or of another type."""
    if profile is None or resource is None or profile.partition("|")[0] == f"{BASE}{resource['resourceType']}":
        return []
    found = services.profiles.find(profile)
    if found is None or found.kind != "StructureDefinition":
        return [Issue("The profile is not known here.", None, "not-found")]
    if found.body.get("type") != resource["resourceType"]:
        return [Issue("The profile is one of another type.", None, "invalid")]
    return []


def _faults(
    ground: Ground, type: str, id: str | None, resource: Any, mode: str | None, profile: str | None
) -> Issues | list[Issue]:
    if resource is not None:
        found = check(_claiming(resource, profile), profiles=ground.services.profiles)
        if found or mode in (None, "profile"):
            return found
    try:
        _plan(ground, type, id, resource, mode)
    except Refusal as refusal:
        return refusal.issues
    return []


def _plan(ground: Ground, type: str, id: str | None, resource: Any, mode: str | None) -> None:
    """Plan the write, on the version that is current. Raises what speaks against it."""
    judge(ground.asked, type, str(mode))
    if mode == "create":
        plan_create(ground, resource)
    elif id is not None and mode == "update":
        found = current(ground, type, id)
        plan_update(ground, resource, id, if_match=f'W/"{found.version}"' if found else None)
    elif id is not None:
        plan_delete(ground, type, id)


def _claiming(resource: dict[str, Any], profile: str | None) -> dict[str, Any]:
    """The resource as one that claims the profile too; a faulty meta is left to be told of."""
    meta = resource.get("meta", {})
    claimed = meta.get("profile", []) if isinstance(meta, dict) else None
    if profile is None or not isinstance(claimed, list):
        return resource
    return {**resource, "meta": {**meta, "profile": [*claimed, profile]}}
