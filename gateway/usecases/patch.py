"""patch: the next version of a resource, made of the current one by a list of changes; also by a condition.

https://hl7.org/fhir/R4/http.html#patch
A patch says itself what it supposes, so it need not name the version it is based on; If-Match is honoured.
What an entry of a Bundle holds as a patch is read by `gateway.fhir.patch.bodies.of_entry`.
"""

from __future__ import annotations

from gateway.errors import Gone, NotFound, PreconditionFailed
from gateway.fhir.json import parse
from gateway.fhir.patch import bodies
from gateway.fhir.patch.bodies import Patch
from gateway.rules.audit import Act
from gateway.store.resources import Stored
from gateway.usecases import provenance
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Written, carry_out
from gateway.usecases.conditional import matches
from gateway.usecases.incoming import check_changeable, judge, target_of, version_of
from gateway.usecases.known import reachable
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.update import follow


def patch(
    services: Services,
    asked: Asked,
    type: str,
    id: str,
    content_type: str | None,
    body: bytes,
    *,
    if_match: str | None = None,
    x_provenance: bytes | None = None,
) -> Written:
    """Keep the patched version. Refuses as `plan_patch` does, and with UnsupportedMedia, BadRequest and Unprocessable
    for a body that is no patch."""
    with recorded(services, asked, Act.PATCH, target_of(type, id)):
        judge(asked, type, "patch")
        change = _read(services, content_type, body)
        told = provenance.told(services, asked, x_provenance)
        return carry_out(
            services, asked, lambda ground: told(ground, plan_patch(ground, type, id, change, if_match=if_match))
        )[0]


def patch_matching(
    services: Services,
    asked: Asked,
    type: str,
    condition: str,
    content_type: str | None,
    body: bytes,
    *,
    if_match: str | None = None,
    x_provenance: bytes | None = None,
) -> Written:
    """Keep the patched version of the one resource that a condition finds. Refuses as `plan_patch_matching` does."""
    with recorded(services, asked, Act.PATCH, type):
        judge(asked, type, "conditional-patch")
        change = _read(services, content_type, body)
        told = provenance.told(services, asked, x_provenance)
        return carry_out(
            services,
            asked,
            lambda ground: told(ground, plan_patch_matching(ground, type, condition, change, if_match=if_match)),
        )[0]


def plan_patch(ground: Ground, type: str, id: str, change: Patch, *, if_match: str | None = None) -> Planned:
    """The step to the patched version; the current one, if the patch changes nothing. The type must have been judged.

    Raises NotFound for what is absent or hidden, Gone for what was deleted, Unprocessable naming the operation that
    does not fit, and what `check_changeable` and `fit` raise.
    """
    base = version_of(if_match)
    found = reachable(ground, type, id, "u")
    if found is None:
        raise NotFound
    if found.is_deleted:
        raise Gone
    return _next(ground, found, change, base)


def plan_patch_matching(
    ground: Ground, type: str, condition: str, change: Patch, *, if_match: str | None = None
) -> Planned:
    """The step that patches the one match. Raises NotFound for none, PreconditionFailed for several."""
    base = version_of(if_match)
    found = matches(ground, type, condition)
    if not found:
        raise NotFound("Nothing matches the condition.")
    if len(found) > 1:
        raise PreconditionFailed("Several resources match the condition.")
    return _next(ground, found[0], change, base)


def _next(ground: Ground, found: Stored, change: Patch, base: int | None) -> Planned:
    check_changeable(ground, found, "u", base)
    return follow(ground, Act.PATCH, change.apply(parse(found.text)), found)


def _read(services: Services, content_type: str | None, body: bytes) -> Patch:
    return bodies.of_body(content_type, body, max_depth=services.limits.payload_depth)
