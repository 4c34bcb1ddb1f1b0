"""The queue of alerts: seen, acknowledged, and made a Flag by the custodian's clinicians, and by them alone.

What a patient keeps from a clinician in person she is not alerted of either: it looks absent to her.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from gateway.errors import Conflict, NotFound
from gateway.fhir.json import parse
from gateway.rules.audit import Act
from gateway.rules.flag import flag_of, provenance_of
from gateway.rules.rendering import name_of
from gateway.rules.review import check_reviewer, sight_of
from gateway.store import alerts, resources
from gateway.store.alerts import Alert
from gateway.store.database import Reader, Writer
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, carry_out_with
from gateway.usecases.fitting import fit
from gateway.usecases.refusals import recorded
from gateway.usecases.reviewable import enough, reviewable
from gateway.usecases.services import Services

MOST = 100


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert, and how its patient is called."""

    alert: Alert
    patient: str


def queue(services: Services, asked: Asked, *, acknowledged: bool = False, count: int = MOST) -> list[Raised]:
    """Those that wait for an acknowledgement, the oldest first; or those that were heard, the latest first. Raises
    Forbidden without a clinician."""
    with recorded(services, asked, Act.REVIEW_READ):
        check_reviewer(asked.caller)
        with services.database.read() as db:
            found = _shown(db, asked, acknowledged, count)
            told = [_raised(db, asked, each) for each in found]
    patients = dict.fromkeys(each.patient_id for each in found)
    entries = [asked.entry(Act.REVIEW_READ, None, patient_id=whose, detail={"inbox": "alerts"}) for whose in patients]
    services.journal.record(entries).result()
    return told


def open_count(services: Services, asked: Asked) -> int:
    """How many wait for an acknowledgement, as far as a page of them goes."""
    with services.database.read() as db:
        return len(_shown(db, asked, False, MOST))


def view(services: Services, asked: Asked, alert_id: str) -> Raised:
    """Raises NotFound, also for an alert of another organization or about what is kept from her; Forbidden."""
    with recorded(services, asked, Act.REVIEW_READ):
        check_reviewer(asked.caller)
        with services.database.read() as db:
            found = _raised(db, asked, _known(db, asked, alert_id))
    patient_id, detail = found.alert.patient_id, {"alert": alert_id}
    services.journal.record([asked.entry(Act.REVIEW_READ, None, patient_id=patient_id, detail=detail)]).result()
    return found


def acknowledge(services: Services, asked: Asked, alert_id: str) -> Raised:
    """A clinician has heard of it. Who was first stays named, whoever says so again. Raises NotFound, Forbidden."""
    with recorded(services, asked, Act.ACKNOWLEDGE):
        by = check_reviewer(asked.caller)
        with services.database.write() as writer:
            found = _known(writer, asked, alert_id)
            entry = asked.entry(Act.ACKNOWLEDGE, None, patient_id=found.patient_id, detail={"alert": alert_id})
            alerts.acknowledge(writer, entry, alert_id, by)
            return _raised(writer, asked, _known(writer, asked, alert_id))


def flag(services: Services, asked: Asked, alert_id: str, text: str) -> str:
    """The reference of a Flag in her words; the alert counts as acknowledged. Raises NotFound, Forbidden, Conflict when
    there is a Flag already, Unprocessable for a text that FHIR does not take."""
    flag_id = str(uuid.uuid4())

    def conclude(writer: Writer, _: Any) -> str:
        found = _known(writer, asked, alert_id)
        entry = asked.entry(Act.FLAG, None, patient_id=found.patient_id, detail={"alert": alert_id})
        if not alerts.flag(writer, entry, alert_id, flag_id):
            raise Conflict("The alert has a Flag already.")
        alerts.acknowledge(writer, entry, alert_id, by)
        return f"Flag/{flag_id}"

    def decide(ground: Ground) -> list[Planned]:
        found, organization_id = _known(ground.db, asked, alert_id), asked.caller.organization_id
        made = flag_of(flag_id, found.patient_id, by, text, asked.at)
        told = provenance_of(str(uuid.uuid4()), flag_id, by, organization_id, asked.at)
        return [ground.plan(fit(ground, Act.FLAG, each, id=each["id"])) for each in (made, told)]

    with recorded(services, asked, Act.FLAG):
        by = check_reviewer(asked.caller)
        return carry_out_with(services, asked, decide, conclude)


def _shown(db: Reader, asked: Asked, acknowledged: bool, count: int) -> list[Alert]:
    """As many as are asked for, if there are: what is withheld takes no place."""

    def first(most: int) -> list[Alert]:
        return alerts.queue(db, sight_of(asked.caller), acknowledged=acknowledged, count=most)

    return enough(count, first, lambda found: [each for each in found if _is_shown(db, asked, each)])


def _known(db: Reader, asked: Asked, alert_id: str) -> Alert:
    found = alerts.read(db, sight_of(asked.caller), alert_id)
    if found is None or not _is_shown(db, asked, found):
        raise NotFound
    return found


def _is_shown(db: Reader, asked: Asked, alert: Alert) -> bool:
    """As what it was found in is."""
    if alert.draft_id is None:
        assert alert.type is not None and alert.resource_id is not None
        return resources.read(db, asked.visibility, alert.type, alert.resource_id) is not None
    try:
        reviewable(db, asked, alert.draft_id)
    except NotFound:
        return False
    return True


def _raised(db: Reader, asked: Asked, alert: Alert) -> Raised:
    patient = resources.read(db, asked.visibility, "Patient", alert.patient_id)
    return Raised(alert, name_of(parse(patient.text) if patient and patient.text else None, "unnamed"))
