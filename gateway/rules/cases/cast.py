"""Who appears in the truth table, by id and by name, and who belongs to what.

The clinic keeps the records of Sam and Kim. Everybody else is somebody to whom they may be given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.fhir.dates import BEGINNING, END, Interval
from gateway.rules.access import Visibility
from gateway.rules.membership import Member, belonging_to, common

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)

CLINIC, HOSPITAL, INSURER = "Organization/clinic", "Organization/hospital", "Organization/insurer"
SAM, KIM = "Patient/sam", "Patient/kim"
AMES, HART, LUND = "Practitioner/ames", "Practitioner/hart", "Practitioner/lund"
APP, SCRIBE = "Device/app", "Device/scribe"
HARTS_ROLE, LUNDS_ROLE = "PractitionerRole/hart-at-hospital", "PractitionerRole/lund-at-hospital"
TEAM, GROUP, APPS = "CareTeam/sams-team", "Group/on-call", "Group/trusted-apps"

NAMES: Mapping[str, str] = {
    CLINIC: "the clinic",
    HOSPITAL: "the hospital",
    INSURER: "the insurer",
    SAM: "Sam",
    KIM: "Kim",
    AMES: "Dr Ames",
    HART: "Dr Hart",
    LUND: "Dr Lund",
    APP: "the app",
    SCRIBE: "the scribe",
    HARTS_ROLE: "Dr Hart's role at the hospital",
    LUNDS_ROLE: "Dr Lund's role at the hospital (until 2026-03-31)",
    TEAM: "Sam's team",
    GROUP: "the on-call group",
    APPS: "the group of trusted apps",
    "Observation/score": "the score",
    "Condition/condition": "the condition",
    "Encounter/visit": "the visit",
}


def _to(reference: str) -> dict[str, str]:
    return {"reference": reference}


def _resource(reference: str, **elements: Any) -> dict[str, Any]:
    type, _, id = reference.partition("/")
    return {"resourceType": type, "id": id, **elements}


# Dr Hart is in Sam's team from April on, Dr Lund was until then; Dr Lund is on call.
COLLECTIVES: Sequence[Mapping[str, Any]] = (
    _resource(HARTS_ROLE, active=True, practitioner=_to(HART), organization=_to(HOSPITAL)),
    _resource(LUNDS_ROLE, practitioner=_to(LUND), organization=_to(HOSPITAL), period={"end": "2026-03-31"}),
    _resource(
        TEAM,
        status="active",
        subject=_to(SAM),
        participant=[
            {"member": _to(HART), "period": {"start": "2026-04-01"}},
            {"member": _to(LUND), "period": {"end": "2026-03-31"}},
            {"member": _to(INSURER)},
        ],
    ),
    _resource(
        GROUP,
        type="practitioner",
        actual=True,
        active=True,
        member=[{"entity": _to(LUND)}, {"entity": _to(HART), "inactive": True}],
    ),
    _resource(APPS, type="device", actual=True, active=True, member=[{"entity": _to(APP)}]),
)


class Known:
    """The cast as a directory: who is meant by a role, a team or a group."""

    def authors(self, reference: str) -> Sequence[str]:
        return [reference, *(member.key.partition("@")[0] for member in self.members(reference))]

    def members(self, reference: str) -> Sequence[Member]:
        held = next((each for each in COLLECTIVES if f"{each['resourceType']}/{each['id']}" == reference), None)
        if held is None:
            return [Member(reference, BEGINNING, END)]
        found = []
        for belonging in belonging_to(held):
            for member in [belonging.member] if belonging.at else self.members(belonging.reference):
                span = common(belonging.span, Interval(member.start, member.end))
                found += [Member(member.key, *span)] if span else []
        return found


def by(
    who: str, purpose: str = "TREAT", *, of: str = HOSPITAL, at: datetime = NOW, about: str | None = None
) -> Visibility:
    """Somebody asks: an organization's system, a person or a device of `of`, or a patient; with `about`, a token that
    is good for the record of this patient only."""
    type, _, id = who.partition("/")
    place = {"Organization": id, "Patient": ""}.get(type, of.partition("/")[2])
    person, device, patient = (id if type == each else None for each in ("Practitioner", "Device", "Patient"))
    return Visibility(
        place, purpose, at, person, device, patient, bound_to=patient or (about and about.partition("/")[2])
    )
