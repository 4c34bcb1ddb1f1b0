"""A document that is nothing but a text, put right: the whole text stands for its one sentence.

So an EHR's note, or a text that was approved here beside a note. What a patient wrote is the patient's.
https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.errors import Issue
from gateway.fhir.labels import AIAST, CLINAST, PATAST, label, security_of
from gateway.rules.codes import URI, instant
from gateway.rules.entry_leaves import leaves
from gateway.rules.evidence import LONGEST_STATEMENT, Origin, Statement, Wanted, check_amendment
from gateway.rules.narrative import div, element
from gateway.rules.succeeding import succeeding
from gateway.rules.upholding import Rewritten

Json = dict[str, Any]
TEXT = "text"
_PLAIN = frozenset({"text/plain", "text/plain;charset=utf-8"})


def statement_of(document: Mapping[str, Any]) -> Statement | None:
    """Its text as a statement; None where it holds anything else, or a patient's own words."""
    contents = document.get("content", ())
    if document["resourceType"] != "DocumentReference" or len(contents) != 1:
        return None
    labels = security_of(document)
    is_machines = (AIAST["system"], AIAST["code"]) in labels
    if (PATAST["system"], PATAST["code"]) in labels and not is_machines:
        return None
    text = _text(contents[0].get("attachment", {}))
    is_short = text is not None and 0 < len(text.strip()) <= LONGEST_STATEMENT
    return Statement(TEXT, "", str(text), Origin.MACHINE if is_machines else Origin.HUMAN) if is_short else None


def faults(statement: Statement, sentences: Sequence[Rewritten]) -> Iterator[Issue]:
    """Each by its place in the decision."""
    for number, each in enumerate(sentences):
        if each.id != TEXT:
            yield Issue("The document has one text only.", f"statements[{number}].id", "not-found")
        elif number:
            yield Issue("The statement is given twice.", f"statements[{number}].id", "duplicate")
        elif each.text is None:
            yield Issue("A document keeps a text: say that all of it was an error.", "statements")
        elif each.text.strip() == statement.text.strip():
            yield Issue("The document reads so already.", "statements", "business-rule")
        else:
            yield from check_amendment([statement], [""], [Wanted(each.text, "", TEXT)])


def reworded(document: Mapping[str, Any], text: str, by: str, at: datetime) -> Json:
    """The next version, with the text as it should read. Whoever wrote it stays its author, as do a machine's labels;
    who corrects it joins them."""
    made = copy.deepcopy(dict(document))
    data = text.strip().encode()
    attachment = made["content"][0]["attachment"]
    attachment |= {"data": base64.b64encode(data).decode(), "creation": instant(at)}
    if "size" in attachment:
        attachment["size"] = len(data)
    if "hash" in attachment:
        attachment["hash"] = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    if "masterIdentifier" in made:  # names one version of a document
        made["masterIdentifier"] = {"system": URI, "value": f"urn:uuid:{uuid.uuid4()}"}
    author = {"reference": by}
    made["author"] = [*(each for each in made.get("author", ()) if each != author), author]
    made["docStatus"] = "amended"
    said = [element("p", leaf.text) for leaf in leaves(made)]
    made["text"] = {"status": "generated", "div": div(*said)}
    return label(succeeding(made, document), CLINAST)


def _text(attachment: Mapping[str, Any]) -> str | None:
    if str(attachment.get("contentType", "")).replace(" ", "").lower() not in _PLAIN or "data" not in attachment:
        return None
    try:
        return base64.b64decode(attachment["data"]).decode()
    except (binascii.Error, ValueError):
        return None
