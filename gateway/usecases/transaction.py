"""transaction: many interactions as one act, all or nothing. https://hl7.org/fhir/R4/http.html#transaction

Everything is decided and checked outside of the write lock (`changes`): which resources the entries mean, where their
links lead, what is written. The write transaction applies it and answers the reads of the same Bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.errors import BadRequest, Issue, NotSupported, PreconditionFailed
from gateway.fhir.patch.bodies import of_entry
from gateway.fhir.search.table import TYPES
from gateway.fhir.transaction.links import Link, Names, links, rewrite, root_of
from gateway.fhir.transaction.requests import Entry, Requests
from gateway.rules.audit import Act
from gateway.store.database import Writer
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Step, Written, carry_out_with
from gateway.usecases.create import plan_create
from gateway.usecases.delete import plan_delete
from gateway.usecases.entries import Answered, Faults, done, judge_write
from gateway.usecases.entry_reads import Allowance, read_inside
from gateway.usecases.fitting import carry
from gateway.usecases.identities import Aim, Identities
from gateway.usecases.patch import plan_patch, plan_patch_matching
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.update import plan_update, plan_update_matching

ACTS = {"POST": Act.CREATE, "PUT": Act.UPDATE, "PATCH": Act.PATCH, "DELETE": Act.DELETE}
_LAST = 3


def transaction(services: Services, asked: Asked, requests: Requests) -> tuple[Answered, ...]:
    """One answer for each entry, in their order. Refuses with all faults of all entries, each with its place."""
    with recorded(services, asked, Act.TRANSACTION):
        return carry_out_entries(services, asked, requests.ordered)


def carry_out_entries(services: Services, asked: Asked, ordered: Sequence[Entry]) -> tuple[Answered, ...]:
    """Carry out entries, given in the order of processing, as one act; answers in the order of the request."""
    faults = Faults()
    for entry in ordered:
        if entry.is_write:
            with faults.of(entry):
                judge_write(asked, entry)
    faults.settle()
    act = _Transaction(services, asked, ordered)
    answers = carry_out_with(services, asked, act.decide, act.conclude)
    return tuple(sorted(answers, key=lambda answer: answer.entry.index))


class _Transaction:
    """What is decided of the entries, and what becomes of it. A further decision is a new one: its links are led from
    what was sent, its new resources have new ids."""

    def __init__(self, services: Services, asked: Asked, ordered: Sequence[Entry]) -> None:
        self._services, self._asked = services, asked
        self._writes = [entry for entry in ordered if entry.is_write]
        self._reads = [entry for entry in ordered if not entry.is_write]
        self._links = {entry.index: tuple(links(entry.resource)) for entry in self._writes if entry.resource}
        self._aims: list[Aim] = []
        self._planned: dict[int, Planned] = {}

    def decide(self, ground: Ground) -> list[Planned]:
        """What to write, in the order of processing. Raises all refusals of the entries as one."""
        faults = Faults()
        identities = Identities(ground, self._links)
        self._aims = identities.aims(self._writes, faults)
        faults.settle()
        found = _conditional_references(identities, self._aims, faults)
        faults.settle()
        self._planned = _Plan(ground, self._aims, found).made(faults)
        return [self._planned[aim.entry.index] for aim in self._aims if aim.entry.index in self._planned]

    def conclude(self, writer: Writer, written: tuple[Written, ...]) -> list[Answered]:
        """The answers, once all is written; reads see it. Raises the refusals of reads."""
        planned = [aim for aim in self._aims if aim.entry.index in self._planned]
        became = {aim.reference: each for aim, each in zip(planned, written, strict=True)}
        answers = [_answer(aim, became.get(aim.reference)) for aim in self._aims]
        faults, allowance = Faults(), Allowance(self._services)
        for entry in self._reads:
            with faults.of(entry):
                allowance.check()
                answers.append(allowance.take(read_inside(self._services, self._asked, writer, entry)))
        faults.settle()
        return answers


def _answer(aim: Aim, written: Written | None) -> Answered:
    return done(aim.entry, replace(written, created=False) if aim.twin and written else written)


def _conditional_references(identities: Identities, aims: Iterable[Aim], faults: Faults) -> dict[str, str]:
    """`Type/id` by the text of each conditional reference, which has to find exactly one resource."""
    found: dict[str, str] = {}
    for aim in aims:
        for link in aim.links:
            if link.is_conditional and link.text not in found:
                with faults.of(aim.entry):
                    found[link.text] = _one(identities, link)
    return found


def _one(identities: Identities, link: Link) -> str:
    type, _, condition = link.text.partition("?")
    if type not in TYPES:
        raise BadRequest(issues=[Issue("must name a type of this server", link.path, "not-supported")])
    reached = identities.find(type, condition)
    if len(reached) != 1:
        raise PreconditionFailed(issues=[Issue("must find exactly one resource", link.path, "not-found")])
    (one,) = reached
    return f"{type}/{one if isinstance(one, str) else one.id}"


class _Plan:
    """The planning of all aims on one ground. They may refer to each other in any direction, so all count as made
    before the first is planned; what has to know more of others (whose record they are, which version) comes last."""

    def __init__(self, ground: Ground, aims: Sequence[Aim], found: dict[str, str]) -> None:
        self._ground, self._aims = ground, aims
        self._versions = {aim.reference: "1" for aim in aims if aim.is_new}
        self._versions |= {aim.reference: str(aim.found.version) for aim in aims if aim.found}
        named = {aim.entry.full_url: aim.reference for aim in aims if aim.entry.full_url and aim.id}
        self._names = Names(named, found, self._versions.get)

    def made(self, faults: Faults) -> dict[int, Planned]:
        """What is planned, by the index of the entry. Raises the faults."""
        for aim in self._aims:
            if aim.writes:
                self._ground.plan(_provisional(self._ground, aim))
        planned: dict[int, Planned] = {}
        for wave in range(_LAST + 1):
            for aim in self._aims:
                if self._wave(aim) == wave:
                    with faults.of(aim.entry):
                        self._plan(aim, planned)
            faults.settle()
        self._carry(planned)
        return planned

    def _carry(self, planned: dict[int, Planned]) -> None:
        """What an entry holds may have come after it; labels are only added, so this ends."""
        ahead = True
        while ahead:
            carried = {key: carry(self._ground, one) for key, one in planned.items() if isinstance(one, Step)}
            ahead = any(planned[key] is not one for key, one in carried.items())
            planned |= carried

    def _wave(self, aim: Aim) -> int:
        type = aim.entry.address.type
        if type == "Provenance" or any(self._names.is_versioned(link.text) for link in aim.links):
            return _LAST
        return 0 if aim.entry.method == "DELETE" else 2 if type in ("Binary", "Consent") else 1

    def _plan(self, aim: Aim, planned: dict[int, Planned]) -> None:
        if aim.twin:
            return
        if not aim.found:
            self._lead(aim)
        made = aim.found or _planned(self._ground, aim)
        if not isinstance(made, Step):
            self._ground.beside.pop(aim.reference, None)  # it stays as it is
        if made is not None:
            planned[aim.entry.index] = made
            self._versions[aim.reference] = str(made.version)

    def _lead(self, aim: Aim) -> None:
        """Let the links of a resource lead to where they will. Raises BadRequest for those that lead nowhere."""
        held, root = list(aim.links), root_of(aim.entry.full_url)
        rewrite(held, self._names, root)
        issues = [
            Issue("must lead to an entry of this Bundle", link.path, "not-found")
            for link in held
            if (link.is_placeholder or self._names.is_versioned(link.text)) and not self._names.target(link.text, root)
        ]
        if issues:
            raise BadRequest(issues=issues)


def _provisional(ground: Ground, aim: Aim) -> Step:
    entry, organization = aim.entry, ground.asked.caller.organization_id
    resource = None if entry.method == "DELETE" else entry.resource
    act, type = ACTS[entry.method], entry.address.type
    return Step(act, type, str(aim.id), None, resource, (), organization, is_provisional=True)


def _planned(ground: Ground, aim: Aim) -> Planned | None:
    """The planner of the interaction decides, as if the entry came alone."""
    entry, type = aim.entry, aim.entry.address.type
    if entry.method == "DELETE":
        return plan_delete(ground, type, aim.id, if_match=entry.if_match) if aim.id else None
    resource = entry.resource
    assert resource is not None
    if entry.method == "PATCH":
        change = of_entry(resource)
        if entry.address.id:
            return plan_patch(ground, type, entry.address.id, change, if_match=entry.if_match)
        return plan_patch_matching(ground, type, entry.address.query or "", change, if_match=entry.if_match)
    if entry.method == "POST":
        return plan_create(ground, resource, id=aim.id)
    if entry.address.id:
        return plan_update(ground, resource, entry.address.id, if_match=entry.if_match)
    if not aim.is_new:
        return plan_update_matching(ground, resource, entry.address.query or "", if_match=entry.if_match)
    if resource.get("id") is not None:
        raise NotSupported("New ids are given by the server: send the resource without one.")
    return plan_create(ground, resource, id=aim.id)
