"""The operations: their names, definitions and levels, the methods they take, their endpoints. Routes and
CapabilityStatement are made of this one table.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.api.fhir.address import Endpoint
from gateway.api.fhir.operations.everything import everything
from gateway.usecases.capability import Operation


class Offer(NamedTuple):
    operation: Operation
    methods: tuple[str, ...]
    endpoint: Endpoint


_CORE = "http://hl7.org/fhir/OperationDefinition"
_READING = ("GET", "POST")
_INSTANCE, _TYPE = ("instance",), ("type",)
OPERATIONS: tuple[Offer, ...] = (
    Offer(Operation("everything", f"{_CORE}/Patient-everything", _INSTANCE, ("Patient",)), _READING, everything),
)
