"""batch: each entry as if it came alone, with its own answer or refusal. https://hl7.org/fhir/R4/http.html#brules"""

from __future__ import annotations

from gateway.errors import Refusal
from gateway.fhir.transaction.requests import Entry, Requests
from gateway.usecases.asked import Asked
from gateway.usecases.entries import Answered, placed
from gateway.usecases.entry_reads import Allowance, read_alone
from gateway.usecases.incoming import target_of
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.transaction import ACTS, carry_out_entries


def batch(services: Services, asked: Asked, requests: Requests) -> tuple[Answered, ...]:
    """One answer for each entry, in their order. A write is a transaction of one, so that a link to another entry
    leads nowhere."""
    allowance = Allowance(services)
    answers = [_answer(services, asked, entry, allowance) for entry in requests.ordered]
    return tuple(sorted(answers, key=lambda answer: answer.entry.index))


def _answer(services: Services, asked: Asked, entry: Entry, allowance: Allowance) -> Answered:
    try:
        if entry.is_write:
            return _write(services, asked, entry)
        allowance.check()
        return allowance.take(read_alone(services, asked, entry))
    except Refusal as refusal:
        return Answered(entry, refusal.status, refusal=placed(refusal, entry))


def _write(services: Services, asked: Asked, entry: Entry) -> Answered:
    type, id = entry.address.type, entry.address.id
    with recorded(services, asked, ACTS[entry.method], target_of(type, id) if id else type):
        (answer,) = carry_out_entries(services, asked, [entry])
    return answer
