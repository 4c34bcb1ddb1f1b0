"""How large a document may be. Each statement is told of many times over (Provenance, narrative, the document in its
entry), so a payload that is small to send could be costly to keep; a session's summary has a few dozen sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.errors import Issue
from gateway.fhir.json import dump

MOST_STATEMENTS = 1_000
MOST_EVIDENCE = 5_000  # segments, named by all statements together
MOST_BYTES = 1024 * 1024


def check_size(resources: Sequence[dict[str, Any]], evidence: Sequence[Sequence[str]]) -> list[Issue]:
    """What is too much of it; `evidence` are the segment ids of each statement."""
    measured = (
        (len(evidence), MOST_STATEMENTS, "statements"),
        (sum(map(len, evidence)), MOST_EVIDENCE, "references to segments"),
        (len(dump(resources)), MOST_BYTES, "bytes"),
    )
    return [
        Issue(f"A document has at most {most} {what}.", code="too-costly")
        for size, most, what in measured
        if size > most
    ]
