"""What goes out of a resource where a consent opens the whole but for its more restricted parts, and asks for that.

The copy says what was done to it: REDACTED by law or consent, SUBSETTED so that nobody stores it as the whole. Its
version is that of the whole, its entity tag is not. Codes: HL7 v3-ObservationValue.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from gateway.fhir.inline import rest_of
from gateway.fhir.json import dump, parse
from gateway.fhir.labels import REDACTED, SUBSETTED, confidentiality_of, label


class Redacted(NamedTuple):
    """The text that goes out with its confidentiality, and the SHA-256 of the text that it was made of."""

    text: bytes
    confidentiality: str
    digest: str


class NothingLeft(Exception):
    """The parts cannot be taken out, so nothing may go."""


def redact(text: bytes) -> Redacted:
    """The stored text without its more restricted parts, relabelled. Raises NothingLeft."""
    rest = rest_of(parse(text))
    if rest is None:
        raise NothingLeft
    copy = {**rest, "meta": {**rest["meta"], "security": list(rest["meta"].get("security", ()))}}
    return Redacted(dump(label(copy, REDACTED, SUBSETTED)), confidentiality_of(rest), sha256(text).hexdigest())
