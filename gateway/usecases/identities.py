"""Which resource each entry of a transaction means, before anything is planned: links between entries need to know.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from gateway.errors import BadRequest, Issue, PreconditionFailed
from gateway.fhir.transaction.links import Link
from gateway.fhir.transaction.requests import Entry
from gateway.store.resources import Stored
from gateway.usecases.changes import Ground
from gateway.usecases.conditional import matches
from gateway.usecases.entries import Faults

Identifier = tuple[str, str, str]  # type, system, value


@dataclass(frozen=True, slots=True)
class Aim:
    """What an entry writes: a resource of this id, created where `is_new`. `found` stays as it is: a condition for
    creating it met it. Without an id there is nothing to delete."""

    entry: Entry
    id: str | None
    is_new: bool = False
    found: Stored | None = None
    twin: bool = False
    links: tuple[Link, ...] = ()

    @property
    def reference(self) -> str:
        return f"{self.entry.address.type}/{self.id}"

    @property
    def writes(self) -> bool:
        return self.id is not None and self.found is None and not self.twin


@dataclass(slots=True)
class Identities:
    """The aims of all entries that write. What the entries themselves write counts for conditions too, as far as it
    is found by an identifier: it will be there when the transaction is done."""

    ground: Ground
    links: Mapping[int, tuple[Link, ...]]  # of the resources as they were sent, by the index of the entry
    gone: set[str] = field(default_factory=set)
    written: dict[Identifier, list[str]] = field(default_factory=dict)

    def aims(self, entries: Iterable[Entry], faults: Faults) -> list[Aim]:
        """One for each entry, in the order of processing. Notes what is refused, and identities that overlap."""
        aims: list[Aim] = []
        first: dict[str, int] = {}
        for entry in entries:
            with faults.of(entry):
                aim = self._aim(entry)
                aims.append(aim)
                if aim.writes and first.setdefault(aim.reference, entry.index) != entry.index:
                    text = f"The resource is written by Bundle.entry[{first[aim.reference]}] already."
                    raise BadRequest(issues=[Issue(text, "http.url", "duplicate")])
        return aims

    def find(self, type: str, condition: str) -> list[Stored | str]:
        """What a condition finds once the transaction is done: stored versions, and ids that its entries write."""
        found: list[Stored | str] = [
            row for row in matches(self.ground, type, condition) if f"{type}/{row.id}" not in self.gone
        ]
        known = {row.id for row in found if isinstance(row, Stored)}
        key = _identifier(type, condition)
        return found + [id for id in self.written.get(key, ()) if id not in known] if key else found

    def _aim(self, entry: Entry) -> Aim:
        aim = self._met(entry)
        if entry.method == "DELETE" and aim.id is not None:
            self.gone.add(aim.reference)
        if entry.method in ("POST", "PUT") and aim.writes and entry.resource is not None and aim.id is not None:
            for key in _identifiers(entry):
                self.written.setdefault(key, []).append(aim.id)
        return aim

    def _met(self, entry: Entry) -> Aim:
        held = self.links.get(entry.index, ())
        if entry.address.id is not None:
            return Aim(entry, entry.address.id, links=held)
        condition = entry.if_none_exist if entry.method == "POST" else entry.address.query
        found = [] if condition is None else self.find(entry.address.type, condition)
        if len(found) > 1:
            raise PreconditionFailed("Several resources match the condition.")
        if not found:
            creates = entry.method in ("POST", "PUT")
            return Aim(entry, str(uuid.uuid4()) if creates else None, is_new=creates, links=held)
        (one,) = found
        if isinstance(one, str):
            if entry.method != "POST":
                raise BadRequest("The condition finds what another entry of the transaction writes.")
            return Aim(entry, one, twin=True)
        return Aim(entry, one.id, found=one if entry.method == "POST" else None, links=held)


def _identifier(type: str, condition: str) -> Identifier | None:
    """The one identifier that a condition asks for, if it asks for nothing else."""
    pairs = parse_qsl(condition.removeprefix("?"))
    if len(pairs) != 1 or pairs[0][0] != "identifier":
        return None
    system, bar, value = pairs[0][1].partition("|")
    return (type, system, value) if bar and value and "," not in value and "\\" not in value else None


def _identifiers(entry: Entry) -> list[Identifier]:
    """The identifiers that a resource has, whatever its shape: it has not been checked yet."""
    given = entry.resource.get("identifier") if entry.resource else None
    listed = given if isinstance(given, list) else [given]
    return [
        (entry.address.type, system, value)
        for each in listed
        if isinstance(each, dict)
        and isinstance(system := each.get("system", ""), str)
        and isinstance(value := each.get("value"), str)
    ]
