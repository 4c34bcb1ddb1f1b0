"""What is about several patients at once: a couple, a family, a group.

The note is one document about a Group of all of them, and each patient has an entry of it among the own documents. Each
names all the others, so that reading any of it takes the consent of every one. https://hl7.org/fhir/R4/group.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from gateway.rules.codes import reference

NAMESPACE = UUID("0b0e9a9c-6f0b-5a52-8d55-3c1f7a0a7f14")
CONTAINED = "patients"  # the id of the Group within the document


def key_of(custodian_id: str, patients: Iterable[str]) -> str:
    """What the same patients together are known by, in whichever order they are named."""
    named = json.dumps([custodian_id, *sorted(patients)])
    return str(uuid5(NAMESPACE, hashlib.sha256(named.encode()).hexdigest()))


def group_of(patients: Sequence[str]) -> dict[str, Any]:
    """The Group of the patients, to be contained in what is about them."""
    members = [{"entity": reference("Patient", patient)} for patient in patients]
    return {"resourceType": "Group", "id": CONTAINED, "type": "person", "actual": True, "member": members}


def named_by(resource: Mapping[str, Any]) -> list[str]:
    """References of those it is about: the members of the Group it contains, or its one subject."""
    groups = (each for each in resource.get("contained", ()) if each.get("id") == CONTAINED)
    members = [member["entity"]["reference"] for group in groups for member in group["member"]]
    return members or [resource["subject"]["reference"]]
