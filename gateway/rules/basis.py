"""What every revision of a draft hangs on, and what an approval adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.rules.attribution import Attribution


@dataclass(frozen=True, slots=True)
class Basis:
    """What every revision of a draft hangs on. `start` and `end` are the session's, as the producer wrote them;
    `clinician` is a reference to the one it was meant for, where the producer said so. `patient_id` is SEVERAL where it
    is about all of `several`."""

    draft_id: str
    session_id: str
    patient_id: str
    attribution: Attribution
    start: str
    end: str | None = None
    clinician: str | None = None
    several: tuple[str, ...] = ()

    @property
    def patients(self) -> tuple[str, ...]:
        """All it is about."""
        return self.several or (self.patient_id,)

    @property
    def period(self) -> dict[str, str]:
        return {"start": self.start} | ({"end": self.end} if self.end else {})


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves, and when the machine had made what is approved. An `edition` after the first puts right what was
    published before."""

    practitioner_id: str
    made_at: datetime
    edition: int = 1

    @property
    def status(self) -> str:
        return "final" if self.edition == 1 else "amended"
