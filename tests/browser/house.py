"""The house the browser visits: what is known in it, and what comes into it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.rules.consent_form import permit
from gateway.settings import PROJECT
from gateway.store.submissions import Part
from gateway.usecases import consent, register
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services
from gateway.usecases.submit import Payload, submit

SCRIBE = PROJECT / "mappings" / "aws-healthscribe" / "examples" / "full"
PRODUCT = PROJECT / "mappings" / "gateway" / "examples" / "full"
UNPROVEN = "The patient writes down what happens."


@dataclass(frozen=True)
class Said:
    text: str
    speaker: str
    time: str


EXAMPLE_LINE = Said("Four nights out of seven. On the other three I was up past two, scrolling.", "Patient", "00:05")


@dataclass(frozen=True)
class House:
    """The running gateway and what is known in it."""

    services: Services
    address: str
    asked: Asked
    patient_id: str

    def patient(self, family: str, *given: str) -> str:
        """Another patient of the clinic. Her id."""
        clinic = self.asked.caller.organization_id
        mrn = ("urn:example:mrn", str(uuid.uuid4()))
        return register.patient(self.services, self.asked, clinic, family, list(given), "female", None, [mrn]).id

    def consenting(self, recipient: str) -> str:
        """A patient who lets an organization of this name have her record for treatment. Her id."""
        patient = self.patient("Hale", "Juno")
        other = register.organization(self.services, self.asked, recipient).id
        consent.grant(self.services, self.asked, permit(patient, other, "TREAT", "2026-01-01"))
        return patient

    def draft(self, *patients: str) -> str:
        """A fresh draft of the example session; one of its sentences comes without evidence. Its id."""
        summary = json.loads((SCRIBE / "summary.json").read_text())
        for section in summary["ClinicalDocumentation"]["Sections"]:
            for sentence in section["Summary"]:
                if sentence["SummarizedSegment"] == UNPROVEN:
                    sentence["EvidenceLinks"] = []
        transcript = json.loads((SCRIBE / "transcript.json").read_text())
        return self._handed_in("aws-healthscribe", patients, summary=summary, transcript=transcript)

    def products(self, *patients: str, **other: Any) -> str:
        """A fresh draft of all that AI products make, from the full example of the gateway's format; members of it
        may be given in another way, or left out as None. Its id."""
        whole = json.loads((PRODUCT / "products.json").read_text()) | other
        transcript = json.loads((PRODUCT / "transcript.json").read_text())
        kept = {name: value for name, value in whole.items() if value is not None}
        return self._handed_in("gateway", patients, products=kept, transcript=transcript)

    def _handed_in(self, mapping: str, patients: tuple[str, ...], **parts: Mapping[str, Any]) -> str:
        whom = [{"reference": f"Patient/{id}"} for id in patients or (self.patient_id,)]
        context = {
            **({"patient": whom[0]} if len(whom) == 1 else {"patients": whom}),
            "session": {"id": str(uuid.uuid4()), "start": "2026-03-14T09:00:00Z"},
            "model": {"name": "HealthScribe", "version": "2026-02", "manufacturer": "Amazon Web Services"},
            "modelCard": {"markdown": "Summarises spoken sessions. Not evaluated on group therapy."},
            "prompt": {"text": "Summarise the session.\nUse plain words.", "version": "3"},
        }
        given = {"context": context, **parts}
        sent = tuple(Part(name, "application/json", json.dumps(value).encode()) for name, value in given.items())
        return str(json.loads(submit(self.services, self.asked, Payload(mapping, sent)).answer)["draft"])
