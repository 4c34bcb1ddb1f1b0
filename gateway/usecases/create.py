"""create: one new resource, or with a condition the one that is there already.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

import uuid
from typing import Any

from gateway.errors import PreconditionFailed
from gateway.rules.audit import Act
from gateway.usecases import provenance
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Written, carry_out
from gateway.usecases.conditional import matches
from gateway.usecases.fitting import fit
from gateway.usecases.incoming import judge, resource_of
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.superseding import supersede


def create(
    services: Services,
    asked: Asked,
    type: str,
    body: bytes,
    *,
    if_none_exist: str | None = None,
    x_provenance: bytes | None = None,
) -> Written:
    """Keep a new resource. Refuses with BadRequest, Unprocessable, Forbidden, PreconditionFailed."""
    with recorded(services, asked, Act.CREATE, type):
        judge(asked, type, "create" if if_none_exist is None else "conditional-create")
        resource = resource_of(services, body, type)
        told = provenance.told(services, asked, x_provenance)
        return carry_out(
            services,
            asked,
            lambda ground: told(ground, plan_create(ground, resource, if_none_exist=if_none_exist)),
        )[0]


def plan_create(
    ground: Ground, resource: dict[str, Any], *, id: str | None = None, if_none_exist: str | None = None
) -> Planned:
    """The step that creates, under a new id unless one is given; with `if_none_exist` (a query) perhaps the one match.

    Raises PreconditionFailed for several matches, and what `fit` and `matches` raise. The type must have been judged.
    """
    if if_none_exist is not None:
        found = matches(ground, resource["resourceType"], if_none_exist)
        if len(found) > 1:
            raise PreconditionFailed("Several resources match the condition.")
        if found:
            return found[0]
    return supersede(ground, ground.plan(fit(ground, Act.CREATE, resource, id=id or str(uuid.uuid4()))))
