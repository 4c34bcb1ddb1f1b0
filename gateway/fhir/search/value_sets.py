"""The value sets that a search may name (`:in`, `:not-in`): https://hl7.org/fhir/R4/search.html#modifiers

Only those of AI Transparency on FHIR, whose readers are told to ask `Provenance?reason:in=`; its ProvenanceVS has one
code. Source: package hl7.fhir.uv.aitransparency.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.fhir.labels import AIAST, Coding

PROVENANCE = "http://hl7.org/fhir/uv/aitransparency/ValueSet/ProvenanceVS"
KNOWN: Mapping[str, tuple[Coding, ...]] = {PROVENANCE: (AIAST,)}


def members(canonical: str) -> tuple[Coding, ...]:
    """The codes of a value set, by its canonical URL, versioned or not. Raises ValueError for an unknown one."""
    found = KNOWN.get(canonical.partition("|")[0])
    if found is None:
        raise ValueError(f"the value sets that can be searched by are {', '.join(KNOWN)}")
    return found
