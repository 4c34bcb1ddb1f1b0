"""A Bundle that was posted to the base: a batch or a transaction. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from gateway.fhir.transaction.requests import read
from gateway.rules.audit import Act
from gateway.usecases.asked import Asked
from gateway.usecases.batch import batch
from gateway.usecases.entries import Answered
from gateway.usecases.incoming import resource_of
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.transaction import transaction

Answers = tuple[str, tuple[Answered, ...]]


def answer(services: Services, asked: Asked, body: bytes) -> Answers:
    """The kind of the Bundle, and one answer for each entry in their order.

    Refuses with BadRequest for what is no such Bundle, TooLarge beyond the bounds; a transaction with whatever one of
    its entries is refused with.
    """
    limits = services.limits
    with recorded(services, asked, Act.TRANSACTION):
        bundle = resource_of(services, body, "Bundle")
        requests = read(bundle, services.fhir_base, entries=limits.bundle_entries, lookups=limits.conditional_lookups)
    carry_out = batch if requests.kind == "batch" else transaction
    return requests.kind, carry_out(services, asked, requests)
