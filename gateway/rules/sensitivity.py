"""Sensitivities and which contains which, and the few other labels a decision asks for: HL7 v3-ActCode.

https://terminology.hl7.org/CodeSystem-v3-ActCode.html (InformationSensitivityPolicy, ActUSPrivacyLaw). MH, PSY and
PSYTHPN stand beside BH there, not below it: who speaks of BH alone does not speak of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

# Laws that ask for a consent which names them.
PART_2 = "42CFRPart2"
PSYCHOTHERAPY = frozenset({"PSYTHPN", "HIPAAPsyNotes"})
# No further disclosure without a consent to it; not to the patient.
NO_REDISCLOSURE, NOT_TO_PATIENT = "NORDSCLCD", "NOPAT"
# An obligation a permit may name: send what is left when the labelled parts are cut.
REDACT = "REDACT"
# Of the labels of who asserted it one decides: a machine's estimate of risk never leaves its custodian.
MACHINE_ESTIMATE = "AIAST"
# As a label of content: says nothing of its confidentiality, so it may be of every sensitivity.
EVERY = "*"

_CHILDREN = {
    "SPI": "BH MH PSY PSYTHPN SUD",
    "BH": "COGN DVD EMOTDIS",
    "SUD": "ETHUD OPIOIDUD",
}
_PARENT = {child: parent for parent, children in _CHILDREN.items() for child in children.split()}
_ALONE = (
    "ADOL CEL DIA DRGIS EMP PDS PHY PRS VIP ETH GDIS HIV IDS MST PREGNANT SCA SDV SEX SICKLE STD TBOO VIO"
    " DEMO DOB GENDER LIVARG MARST PATLOC RACE REL B EMPL LOCIS SSP"
)
_LAWS = f"{PART_2} CommonRule HIPAAAuth HIPAAConsent HIPAANOPP HIPAAPsyNotes HIPAAROA HIPAASelfPay Title38Section7332"
SENSITIVITIES = frozenset({"SPI", *_PARENT, *_ALONE.split()})
LAWS = frozenset(_LAWS.split())
# What a provision may name beside a confidentiality.
NAMEABLE = SENSITIVITIES | LAWS
# What is remembered of the labels of a resource; other labels decide nothing.
DECISIVE = NAMEABLE | {NO_REDISCLOSURE, NOT_TO_PATIENT}


@cache
def named_by(codes: frozenset[str]) -> frozenset[str]:
    """What a provision may say to mean one of these labels of a resource: themselves, and all that contains them."""
    return frozenset(above for code in codes for above in _upwards(code))


def _upwards(code: str) -> Iterable[str]:
    here: str | None = code
    while here is not None:
        yield here
        here = _PARENT.get(here)
