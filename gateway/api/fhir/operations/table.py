"""The operations: their names, definitions and levels, the methods they take, their endpoints. Routes and
CapabilityStatement are made of this one table.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.api.fhir.address import Endpoint
from gateway.api.fhir.operations.correction_request import correction_request
from gateway.api.fhir.operations.docref import docref
from gateway.api.fhir.operations.everything import everything
from gateway.api.fhir.operations.match import match
from gateway.api.fhir.operations.meta import meta
from gateway.api.fhir.operations.summary import summary
from gateway.api.fhir.operations.validate import validate
from gateway.fhir.search.table import TYPES
from gateway.rules import correction
from gateway.usecases.capability import Operation


class Offer(NamedTuple):
    operation: Operation
    methods: tuple[str, ...]
    endpoint: Endpoint


_CORE = "http://hl7.org/fhir/OperationDefinition"
_IPS = "http://hl7.org/fhir/uv/ips/OperationDefinition"
_IPA = "http://hl7.org/fhir/uv/ipa/OperationDefinition"
_READING = ("GET", "POST")
_INSTANCE, _TYPE = ("instance",), ("type",)
_READ = tuple(name for name, table in TYPES.items() if "read" in table.interactions)
_WRITTEN = tuple(name for name, table in TYPES.items() if "create" in table.interactions)
OPERATIONS: tuple[Offer, ...] = (
    Offer(Operation("everything", f"{_CORE}/Patient-everything", _INSTANCE, ("Patient",)), _READING, everything),
    Offer(Operation("summary", f"{_IPS}/summary", _TYPE + _INSTANCE, ("Patient",)), _READING, summary),
    Offer(Operation("docref", f"{_IPA}/docref", _TYPE, ("DocumentReference",)), _READING, docref),
    Offer(Operation("match", f"{_CORE}/Patient-match", _TYPE, ("Patient",)), ("POST",), match),
    Offer(Operation("validate", f"{_CORE}/Resource-validate", _TYPE + _INSTANCE, _WRITTEN), _READING, validate),
    Offer(
        Operation("correction-request", correction.OPERATION, _TYPE, ("Communication",)), ("POST",), correction_request
    ),
    Offer(Operation("meta", f"{_CORE}/Resource-meta", _INSTANCE, _READ), _READING, meta),
)
