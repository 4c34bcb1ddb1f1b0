"""Purposes of use and which contains which: HL7 v3-ActReason, the PurposeOfUse branch.

https://terminology.hl7.org/CodeSystem-v3-ActReason.html
"""

from __future__ import annotations

SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

_CHILDREN: dict[str, tuple[str, ...]] = {
    "TREAT": ("CLINTRL", "COC", "ETREAT", "POPHLTH", "TREATDS"),
    "ETREAT": ("BTG", "ERTREAT"),
    "HPAYMT": (),
    "HOPERAT": ("CAREMGT", "PATSFTY", "HQUALIMP", "HLEGAL", "RECORDMGT", "TRAIN", "MLTRAINING", "HSYSADMIN", "SYSDEV"),
    "HSYSADMIN": ("LABELING", "METAMGT"),
    "SYSDEV": ("HTEST",),
    "HRESCH": (),
    "PATRQT": ("FAMRQT", "PWATRNY", "SUPNWK"),
    "PUBHLTH": ("DISASTER", "THREAT"),
    "HMARKT": (),
}
# Policy: nobody who permits care means these with it. Whoever wants to permit them says so.
NAMED_ONLY = frozenset({"BTG", "MLTRAINING"})
PURPOSES = frozenset(_CHILDREN) | frozenset(code for children in _CHILDREN.values() for code in children)


def covered_by(purpose: str) -> tuple[str, ...]:
    """The purpose itself and everything below it but what must be named itself.

    Raises ValueError for a code that is not a purpose of use."""
    if purpose not in PURPOSES:
        raise ValueError("not a purpose of use")
    below = [code for child in _CHILDREN.get(purpose, ()) if child not in NAMED_ONLY for code in covered_by(child)]
    return (purpose, *below)
