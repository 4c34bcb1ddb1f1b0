"""Made-up therapy sessions in the form of AWS HealthScribe: as long as real ones, every one different."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from gateway.fhir.json import dump
from gateway.store.submissions import Part
from gateway.usecases.submit import Payload

MAPPING = "aws-healthscribe"
_SECTIONS = ("BEHAVIOR", "INTERVENTION", "RESPONSE", "PLAN")
_SENTENCES = 6  # in each section
_SEGMENTS = 160
_TEXT = """the week sleep morning walk friend work argued quiet plan breathing exercise felt noticed tried again
wrote diary evening calm tense shoulder bus garden music call brother agreed practise twice before supper together"""
_WORDS = _TEXT.split()


def sessions(patient: str, clinician: str, *, seed: str) -> Iterator[Payload]:
    """Sessions of one patient without end; the same seed gives the same ones."""
    chance = random.Random(seed)
    number = 0
    while True:
        number += 1
        yield _payload(chance, patient, clinician, f"{seed}-{number}")


def _payload(chance: random.Random, patient: str, clinician: str, session: str) -> Payload:
    values = {
        "context": _context(patient, clinician, session),
        "summary": {"ClinicalDocumentation": {"Sections": [_section(chance, name) for name in _SECTIONS]}},
        "transcript": _transcript(chance, session),
    }
    return Payload(MAPPING, tuple(Part(name, "application/json", dump(value)) for name, value in values.items()))


def _context(patient: str, clinician: str, session: str) -> dict[str, Any]:
    return {
        "patient": {"reference": f"Patient/{patient}"},
        "clinician": {"reference": f"Practitioner/{clinician}"},
        "session": {"id": session, "start": "2026-09-01T14:00:00Z", "end": "2026-09-01T14:50:00Z"},
        "model": {"name": "Scribe", "version": "2.3.1", "manufacturer": "Example Ltd"},
        "modelCard": {"markdown": "# Scribe 2.3.1", "title": "Card of Scribe 2.3.1"},
        "prompt": {"text": "Summarise the session.", "version": "14"},
    }


def _sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randint(8, 20))).capitalize() + "."


def _section(chance: random.Random, name: str) -> dict[str, Any]:
    return {"SectionName": name, "Summary": [_summarised(chance) for _ in range(_SENTENCES)]}


def _summarised(chance: random.Random) -> dict[str, Any]:
    links = [{"SegmentId": f"s{number}"} for number in sorted(chance.sample(range(_SEGMENTS), 2))]
    return {"SummarizedSegment": _sentence(chance), "EvidenceLinks": links}


def _transcript(chance: random.Random, session: str) -> dict[str, Any]:
    segments = [
        {
            "SegmentId": f"s{number}",
            "Content": _sentence(chance),
            "BeginAudioTime": number * 18,
            "EndAudioTime": number * 18 + 17,
            "ParticipantDetails": {"ParticipantRole": "CLINICIAN_0" if number % 2 else "PATIENT_0"},
        }
        for number in range(_SEGMENTS)
    ]
    about = {"ConversationId": session, "JobName": session, "JobType": "ASYNC", "LanguageCode": "en-US"}
    return {"Conversation": about | {"ClinicalInsights": [], "TranscriptItems": [], "TranscriptSegments": segments}}
