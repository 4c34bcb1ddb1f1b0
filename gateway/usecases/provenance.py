"""X-Provenance: what a writer tells of its own write, kept with it. https://hl7.org/fhir/R4/provenance.html#header"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from gateway.errors import BadRequest, Issue, Unprocessable
from gateway.rules.audit import Act
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Step
from gateway.usecases.fitting import fit
from gateway.usecases.incoming import judge, resource_of
from gateway.usecases.services import Services

Told = Callable[[Ground, Planned], Sequence[Planned]]
_PLACE = "http.X-Provenance"


def told(services: Services, asked: Asked, header: bytes | None) -> Told:
    """What puts the Provenance of a header beside a planned write, its target the version that is written; nothing is
    told of a write that changes nothing.

    Raises BadRequest for a header that is no Provenance without a target, Forbidden without the scope to create one;
    the result raises BadRequest for a Provenance that is not admitted.
    """
    if header is None:
        return lambda _, planned: [planned]
    judge(asked, "Provenance", "create")
    try:
        resource = resource_of(services, header, "Provenance")
    except BadRequest as fault:
        raise _malformed([Issue(fault.detail, _PLACE, "structure")]) from None
    if "target" in resource:
        raise _malformed([Issue("The target is the version that is written; it is not sent.", _PLACE, "business-rule")])

    def beside(ground: Ground, planned: Planned) -> Sequence[Planned]:
        if not isinstance(planned, Step):
            return [planned]
        target = {"reference": f"{planned.reference}/_history/{planned.version}"}
        head = {"resourceType": "Provenance", "target": [target]}
        try:
            step = fit(ground, Act.CREATE, {**head, **resource}, id=str(uuid.uuid4()))
        except Unprocessable as fault:
            raise _malformed(fault.issues) from None
        return [planned, ground.plan(step)]

    return beside


def _malformed(issues: Sequence[Issue]) -> BadRequest:
    return BadRequest("The header X-Provenance does not hold a Provenance that can be kept.", issues=issues)
