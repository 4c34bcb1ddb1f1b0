"""Who is meant by a CareTeam, a Group or a PractitionerRole, one step at a time, and from when until when.

https://hl7.org/fhir/R4/careteam.html https://hl7.org/fhir/R4/group.html https://hl7.org/fhir/R4/practitionerrole.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from gateway.errors import Issue, Unprocessable
from gateway.fhir import dates
from gateway.fhir.dates import Interval
from gateway.fhir.references import literal

# What stands for others; a change of one changes whom the consents mean that name it.
COLLECTIVES = frozenset({"CareTeam", "Group", "PractitionerRole"})
_RECIPIENTS = frozenset({"Organization", "Practitioner", "Device", "Patient"}) | COLLECTIVES


MOST_MEMBERS = 20_000  # through all that a collective is made of


class Member(NamedTuple):
    """A recipient, by the key under which rules know it, and when it is meant: both ends belong to it."""

    key: str
    start: int
    end: int


class Belonging(NamedTuple):
    """`reference` names a recipient or another collective; with `at`, the person while calling for that organization.
    Both ends of `span` belong to it."""

    reference: str
    span: Interval
    at: str | None = None

    @property
    def member(self) -> Member:
        """As rules know it: `Practitioner/p`, `Practitioner/p@o`."""
        return Member(f"{self.reference}@{self.at}" if self.at else self.reference, *self.span)


class Directory(Protocol):
    """Who is known here to belong to what."""

    def members(self, reference: str) -> Sequence[Member]:
        """Who is meant by `Type/id`, through all that it is made of; a recipient means itself."""
        ...

    def authors(self, reference: str) -> Sequence[str]:
        """All as whom `Type/id` may have signed, whenever: itself, who ever belonged to it, and the roles of these."""
        ...


def meaning_of(resource: Mapping[str, Any]) -> list[str]:
    """Whose meaning in a consent depends on a collective: itself, and the person whose role it is."""
    person = _named(resource.get("practitioner")) if resource["resourceType"] == "PractitionerRole" else None
    return [f"{resource['resourceType']}/{resource['id']}", *([person] if person else [])]


def once_of(resource: Mapping[str, Any]) -> list[str]:
    """Everybody who belongs or belonged to a collective, as far as it tells, in use or not."""
    elements = {"Group": ("member", "entity"), "CareTeam": ("participant", "member")}
    if resource["resourceType"] == "PractitionerRole":
        held = [resource.get("practitioner")]
    else:
        many, one = elements[resource["resourceType"]]
        held = [each.get(one) for each in resource.get(many, ())]
    return [reference for each in held if (reference := _named(each))]


def belonging_to(resource: Mapping[str, Any]) -> list[Belonging]:
    """The direct members; none of what is not in use, and of a role that says only half of who and where."""
    match resource["resourceType"]:
        case "CareTeam":
            return list(_team(resource))
        case "Group":
            return list(_group(resource))
        case "PractitionerRole":
            return list(_role(resource))
    return []


def too_costly(text: str) -> Unprocessable:
    """The refusal of consents, or of a change of whom they name, that are more than can be kept in force."""
    text = f"{text} The consents of a patient cannot be that many, nor name as many people."
    return Unprocessable("The consents cannot be kept in force.", issues=[Issue(text, code="too-costly")])


def common(one: Interval, other: Interval) -> Interval | None:
    """When both are; None for never."""
    low, high = max(one.low, other.low), min(one.high, other.high)
    return Interval(low, high) if low <= high else None


def _team(team: Mapping[str, Any]) -> Iterator[Belonging]:
    if team.get("status", "active") != "active":
        return
    whole = dates.period(team.get("period", {}))
    for participant in team.get("participant", ()):
        span = common(whole, dates.period(participant.get("period", {})))
        reference, at = _named(participant.get("member")), _named(participant.get("onBehalfOf"))
        if reference and span:
            behalf = _id(at) if at and reference.startswith("Practitioner/") else None
            yield Belonging(reference, span, behalf)


def _group(group: Mapping[str, Any]) -> Iterator[Belonging]:
    if not group.get("active", True):
        return
    for member in group.get("member", ()):
        if (reference := _named(member.get("entity"))) and not member.get("inactive", False):
            yield Belonging(reference, dates.period(member.get("period", {})))


def _role(role: Mapping[str, Any]) -> Iterator[Belonging]:
    person, place = _named(role.get("practitioner")), _named(role.get("organization"))
    if person and place and role.get("active", True):
        yield Belonging(person, dates.period(role.get("period", {})), _id(place))


def _named(reference: Mapping[str, Any] | None) -> str | None:
    """`Type/id` of a literal reference to somebody known here who can be a recipient."""
    text = (reference or {}).get("reference")
    found = literal(text) if isinstance(text, str) else None
    return f"{found.type}/{found.id}" if found and found.type in _RECIPIENTS else None


def _id(reference: str) -> str:
    return reference.partition("/")[2]
