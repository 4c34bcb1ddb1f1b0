"""What goes along with content: the high-water mark of a Bundle, and with records of 42 CFR Part 2 that leave their
custodian the statement of §2.32 and the consents whose scope they leave under.

The mark is the confidentiality alone: what the content tells of is not said of a whole page.
https://hl7.org/fhir/uv/security-label-ds4p/spec.html, 42 CFR 2.32
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.fhir.json import parse
from gateway.fhir.labels import CONFIDENTIALITY, highest
from gateway.fhir.marks import display
from gateway.rules.labelling_written import PART_2_STATEMENT, is_part_2
from gateway.rules.sensitivity import PART_2
from gateway.store.resources import Stored

CONSENT = "urn:care-continuity-gateway:consent"  # the relation of a disclosed record to the Consent it leaves under
_MARK = PART_2.encode()


def meta_of(rows: Iterable[Stored], base: str) -> dict[str, Any] | None:
    """The `meta` of a Bundle with these rows; None where nothing is in it."""
    held = [row for row in rows if not row.is_deleted]
    if not held:
        return None
    security = [CONFIDENTIALITY[highest(row.confidentiality for row in held)]]
    addresses = list(dict.fromkeys(address for row in held for address in _scope(row, base)))
    if not addresses:
        return {"security": security}
    text = f"{PART_2_STATEMENT} Disclosed in the scope of: {', '.join(addresses)}"
    return {"extension": [display(text)], "security": security}


def links_of(row: Stored, base: str) -> dict[str, str]:
    """The header of a single record that leaves under consents, where 42 CFR Part 2 asks for their scope.
    https://www.rfc-editor.org/rfc/rfc8288"""
    addresses = _scope(row, base)
    return {"Link": ", ".join(f'<{each}>; rel="{CONSENT}"' for each in addresses)} if addresses else {}


def _scope(row: Stored, base: str) -> list[str]:
    """The addresses of the Consent versions a record of 42 CFR Part 2 leaves under; own use needs none."""
    if not row.consents or _MARK not in row.text or not is_part_2(parse(row.text)):
        return []
    return list(dict.fromkeys(f"{base}/{consent.partition('#')[0]}" for consent in row.consents))
