"""Who asks, and what comes back: a value or a refusal, with the record of the act that must be durable first."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from gateway.errors import Refusal
from gateway.rules.access import Caller, Visibility, visibility_of
from gateway.rules.audit import Act, AuditEntry, Outcome
from gateway.usecases.services import Services

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the audit: the id that its answer carries, and the address."""

    request_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a known caller. `at` is the moment for which consent is asked."""

    caller: Caller
    at: datetime
    request_id: str | None = None
    address: str | None = None

    @property
    def visibility(self) -> Visibility:
        return visibility_of(self.caller, self.at)

    def entry(
        self,
        act: Act,
        target: str | None,
        *,
        outcome: Outcome = Outcome.DONE,
        patient_id: str | None = None,
        patients: Sequence[str] = (),
        custodian_id: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> AuditEntry:
        """An entry of this request, about a patient or about all of `patients`. One about none is seen by the caller's
        own auditors."""
        first, *others = patients or (patient_id,)
        return AuditEntry(
            act,
            self.at,
            self.caller,
            outcome,
            first,
            custodian_id or self.caller.organization_id,
            target,
            self.request_id,
            self.address,
            detail or {},
            tuple(other for other in others if other is not None),
        )


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """`recorded` must be done before the value, or the refusal, leaves."""

    recorded: Future[None]
    value: T | None = None
    refusal: Refusal | None = None

    def open(self) -> T:
        """The value. Raises the refusal."""
        if self.refusal is not None:
            raise self.refusal
        assert self.value is not None
        return self.value


def refused(services: Services, asked: Asked, act: Act, target: str | None, refusal: Refusal) -> Answer[Any]:
    """A refusal and its record, which names no patient: what is hidden and what is absent look the same."""
    outcome = Outcome.DENIED if refusal.status == 403 else Outcome.REFUSED
    entry = asked.entry(act, target, outcome=outcome, detail={"reason": refusal.code})
    return Answer(services.journal.record([entry]), refusal=refusal)
