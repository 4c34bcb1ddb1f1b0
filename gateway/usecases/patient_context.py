"""What an AI may know of a patient before the next session: the approved history in brief, if the patient permits it.

The AI-processing consent is that of submissions, asked for the sender and the model it names; what is told is what the
sender may see. Every page asks again, and is a disclosure of what it tells of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from gateway.errors import Forbidden, NotFound, Refusal
from gateway.fhir.json import dump
from gateway.fhir.references import ID
from gateway.rules.attribution import attribution_of
from gateway.rules.audit import Act, AuditEntry, Outcome
from gateway.rules.consent import Reason
from gateway.rules.patient_context import Place
from gateway.rules.patient_context_items import Item
from gateway.store import resources
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.disclosures import disclosures, patients_of
from gateway.usecases.page import Page, seal, unseal
from gateway.usecases.patient_context_walk import MayTell, walk
from gateway.usecases.processing import Concerned, ProcessingRefused, check
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which model is to go on from it, and how many bytes of items a page has."""

    model: str
    version: str
    manufacturer: str
    size: int


class _Page(NamedTuple):
    """The items of a page, what they tell of, and after which place there are more."""

    items: tuple[Item, ...]
    leaving: list[Stored]
    last: Place | None


@dataclass(frozen=True, slots=True)
class Context:
    """One page: its items, and the link to the next."""

    patient: str
    items: tuple[dict[str, Any], ...]
    next: str | None


def patient_context(services: Services, asked: Asked, patient_id: str, wanted: Wanted | str) -> Answer[Context]:
    """What is wanted, or the page behind a link. Refuses with NotFound for who is unknown or hidden, Forbidden where
    the patient does not permit that this AI processes the record; a page link as `page.unseal` does."""
    after = None
    try:
        if isinstance(wanted, str):
            link = unseal(services.page_secret, asked.caller, wanted, _place(patient_id), asked.at)
            (_, model), (_, version), (_, manufacturer), (_, size) = link.pairs
            wanted, after = Wanted(model, version, manufacturer, int(size)), link.key
        with services.database.read() as db:
            reasons = _permitted(services, db, asked, wanted, patient_id)
            may_tell = _others_permit(services, db, asked, wanted, patient_id)
            page = _page(db, asked, patient_id, after, wanted.size, may_tell)
    except ProcessingRefused as refusal:
        return _denied(services, asked, refusal)
    except Refusal as refusal:
        return refused(services, asked, Act.OPERATION, "Patient", refusal)
    entries = _disclosed(asked, patient_id, page.leaving, reasons)
    more = _next(services, asked, patient_id, wanted, page.last) if page.last else None
    return Answer(services.journal.record(entries), Context(f"Patient/{patient_id}", page.items, more))


def _permitted(services: Services, db: Reader, asked: Asked, wanted: Wanted, patient_id: str) -> tuple[Reason, ...]:
    known = resources.read(db, asked.visibility, "Patient", patient_id) if ID.match(patient_id) else None
    if known is None or known.is_deleted:
        raise NotFound
    return check(services, db, _concerned(asked, wanted, patient_id))


def _concerned(asked: Asked, wanted: Wanted, *patients: str) -> Concerned:
    model = {"name": wanted.model, "version": wanted.version, "manufacturer": wanted.manufacturer}
    device = attribution_of({"model": model}, asked.caller.organization_id).device_id
    return Concerned(patients, (asked.visibility, replace(asked.visibility, device_id=device)))


def _page(db: Reader, asked: Asked, patient_id: str, after: Place | None, size: int, may_tell: MayTell) -> _Page:
    """As many items after a place as `size` bytes hold, but one at least."""
    items: list[Item] = []
    leaving: list[Stored] = []
    used, last = 0, None
    for found in walk(db, asked.visibility, patient_id, after, may_tell):
        used += len(dump(found.item))
        if items and used > size:
            return _Page(tuple(items), leaving, last)
        items.append(found.item)
        leaving += found.rows
        last = found.place
    return _Page(tuple(items), leaving, None)


def _others_permit(services: Services, db: Reader, asked: Asked, wanted: Wanted, patient_id: str) -> MayTell:
    """Of what is about several patients that is told of which the others permit the same."""

    @cache
    def permits(other: str) -> bool:
        return _permits(services, db, _concerned(asked, wanted, other))

    return lambda row: all(permits(other) for other in patients_of(row) if other != patient_id)


def _permits(services: Services, db: Reader, about: Concerned) -> bool:
    try:
        check(services, db, about)
    except ProcessingRefused:
        return False
    return True


def _disclosed(asked: Asked, patient_id: str, leaving: Sequence[Stored], reasons: Sequence[Reason]) -> list[AuditEntry]:
    """One entry per patient told of, under the consents to the processing and those that opened what leaves."""
    detail = {"query": _place(patient_id)}
    entries = disclosures(asked, Act.OPERATION, "Patient", leaving, detail)
    if not leaving:
        entries = [asked.entry(Act.OPERATION, "Patient", patient_id=patient_id, detail=detail | {"count": 0})]
    return [_under(entry, reasons) for entry in entries]


def _under(entry: AuditEntry, reasons: Sequence[Reason]) -> AuditEntry:
    consents = sorted({*entry.detail.get("consents", ()), *(str(reason) for reason in reasons)})
    return replace(entry, detail=entry.detail | {"consents": consents}) if consents else entry


def _denied(services: Services, asked: Asked, refusal: ProcessingRefused) -> Answer[Context]:
    consents = [str(reason) for reason in refusal.decision.reasons]
    entry = asked.entry(
        Act.OPERATION,
        "Patient",
        outcome=Outcome.DENIED,
        patient_id=refusal.patient_id,
        detail={"reason": refusal.code} | ({"consents": consents} if consents else {}),
    )
    words = "The patient does not permit that this AI processes the record."
    return Answer(services.journal.record([entry]), refusal=Forbidden(words))


def _place(patient_id: str) -> str:
    return f"context/{patient_id}"


def _next(services: Services, asked: Asked, patient_id: str, wanted: Wanted, last: Place) -> str:
    pairs = ("model", wanted.model), ("version", wanted.version), ("manufacturer", wanted.manufacturer)
    page = Page(_place(patient_id), (*pairs, ("size", str(wanted.size))), last)
    return f"{services.public_url}/{_place(patient_id)}?page={seal(services.page_secret, asked.caller, page, asked.at)}"
