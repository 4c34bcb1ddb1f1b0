"""What every write is asked first: may this be done to the type, can the body be read, which version is it based on.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from __future__ import annotations

import re
from typing import Any

from gateway.errors import BadRequest, Forbidden, NotFound, NotSupported, PreconditionFailed
from gateway.fhir.json import JsonFault, parse
from gateway.fhir.references import ID
from gateway.fhir.search.table import TYPES
from gateway.rules.correction import CORRECTIONS, is_correction
from gateway.rules.review import sight_of
from gateway.rules.scopes import allows_interaction
from gateway.rules.writing import is_reserved
from gateway.store import drafts
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground
from gateway.usecases.known import patients_in
from gateway.usecases.scoping import in_scope
from gateway.usecases.services import Services

_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"\Z')
_CONDITIONAL = "conditional-"
PARTLY_SEEN = "The caller sees a part of this only, so would overwrite what was not seen."


def judge(asked: Asked, type: str, interaction: str) -> None:
    """Raises NotFound for an unknown type, NotSupported for what its table does not list, Forbidden beyond the
    scopes. A conditional interaction is judged by the letters it needs."""
    if type not in TYPES:
        raise NotFound
    offered = TYPES[type].interactions
    if interaction.removeprefix(_CONDITIONAL) not in offered:
        raise NotSupported
    if interaction.startswith(_CONDITIONAL) and "search-type" not in offered:
        raise NotSupported("This type cannot be searched, so no condition finds one.")
    if not allows_interaction(asked.caller.scopes, type, interaction):
        raise Forbidden


def target_of(type: str, id: str) -> str:
    """What the audit calls the target of a write that was refused: no more than can be an id."""
    return f"{type}/{id}" if ID.match(id) else type


def resource_of(services: Services, body: bytes, type: str) -> dict[str, Any]:
    """The body as a resource of this type. Raises BadRequest."""
    try:
        resource = parse(body, max_depth=services.limits.payload_depth)
    except JsonFault as fault:
        raise BadRequest(f"The body is not strict JSON: {fault}.") from None
    if not isinstance(resource, dict):
        raise BadRequest("The body is not a resource.")
    if resource.get("resourceType") != type:
        raise BadRequest("The resourceType of the body is not that of the address.")
    return resource


def version_of(if_match: str | None) -> int | None:
    """The version that If-Match names; None without one. Raises BadRequest for what is no tag of one version."""
    if if_match is None:
        return None
    tag = _ETAG.match(if_match.strip())
    if tag is None:
        raise BadRequest('If-Match takes one version, as in W/"3".')
    return int(tag[1])


def check_changeable(ground: Ground, found: Stored, letter: str, base: int | None) -> None:
    """Whether the caller may write a further version of what was found, based on version `base` (None: on any).

    Raises Forbidden for what another organization keeps, the scopes do not open or the caller sees a part of only, and
    to a patient for all but the own homework; NotSupported for what the gateway made itself, PreconditionFailed when
    another version is current. How assigned homework goes is told by updates all the same: `homework.advance` says what
    of it may change.
    """
    caller = ground.asked.caller
    if found.custodian_id != caller.organization_id or not in_scope(caller, found, letter):
        raise Forbidden("The caller may not change this resource.")
    if caller.patient_id is not None and not (letter == "u" and is_homework_of(ground, found, caller.patient_id)):
        raise Forbidden("A patient changes the own homework only.")
    if found.redacts:
        raise Forbidden(PARTLY_SEEN)
    if base is not None and base != found.version:
        raise PreconditionFailed
    if not (letter == "u" and found.type == "Task") and is_made_here(ground, found):
        raise NotSupported("What came of a submission is changed by reviews only.")
    if found.type in CORRECTIONS and not found.is_deleted and is_correction(parse(found.text)):
        raise NotSupported("A request for a correction is changed by its operations only.")


def is_assigned(ground: Ground, found: Stored) -> bool:
    """Whether it is homework that an approval assigned."""
    return found.type == "Task" and not found.is_deleted and _origin(ground, found) is not None


def is_homework_of(ground: Ground, found: Stored, patient_id: str) -> bool:
    return is_assigned(ground, found) and patients_in(found) == (patient_id,)


def is_made_here(ground: Ground, found: Stored) -> bool:
    """Whether an approval published it, or it tells of a model."""
    if _origin(ground, found) is not None:
        return True
    return not found.is_deleted and is_reserved(parse(found.text))


def _origin(ground: Ground, found: Stored) -> str | None:
    """The draft it came of."""
    return drafts.origin_of(ground.db, sight_of(ground.asked.caller), found.type, found.id)
