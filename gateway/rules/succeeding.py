"""A document's next version that puts right the former one: it says which version it replaces.

https://hl7.org/fhir/R4/documentreference.html (relatesTo)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def version_of(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}"


def succeeding(made: Json, former: Mapping[str, Any]) -> Json:
    """The DocumentReference; what the former says of its place among other documents stays."""
    own = f"DocumentReference/{made['id']}/_history/"
    others = [each for each in former.get("relatesTo", ()) if not each["target"].get("reference", "").startswith(own)]
    relation = {"code": "replaces", "target": {"reference": version_of(former)}}
    return made | {"status": former["status"], "relatesTo": [*others, relation]}
