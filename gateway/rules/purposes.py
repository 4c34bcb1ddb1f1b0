"""Purposes of use and which contains which: HL7 v3-ActReason, the PurposeOfUse branch, whole.

https://terminology.hl7.org/CodeSystem-v3-ActReason.html
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from gateway.rules.access import ANYBODY as ANY

__all__ = ["ANY", "NAMED_ONLY", "PURPOSES", "SYSTEM", "covered_by", "denied_under", "permitted_under"]

SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

_CHILDREN = {
    "TREAT": "CLINTRL COC ETREAT POPHLTH TREATDS",
    "ETREAT": "BTG ERTREAT",
    "HPAYMT": "CLMATTCH COVAUTH COVERAGE PMTDS REMITADV",
    "COVERAGE": "ELIGDTRM ELIGVER ENROLLM MILDCRG",
    "HOPERAT": "CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP HSYSADMIN"
    " MEMADMIN MILCDM MLTRAINING PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV TRAIN",
    "HSYSADMIN": "LABELING METAMGT",
    "SYSDEV": "HTEST",
    "HRESCH": "BIORCH CLINTRCH DSRCH POARCH TRANSRCH",
    "CLINTRCH": "CLINTRCHNPC CLINTRCHPC PRECLINTRCH",
    "PATRQT": "FAMRQT PWATRNY SUPNWK",
    "PUBHLTH": "DISASTER THREAT",
    "HMARKT": "",
}
_PARENT = {child: parent for parent, children in _CHILDREN.items() for child in children.split()}
PURPOSES = frozenset(_CHILDREN) | frozenset(_PARENT)
# Policy: nobody who permits care, or whatever one likes, means these with it. Whoever wants to permit them says so.
NAMED_ONLY = frozenset({"BTG", "MLTRAINING", "HMARKT", "HRESCH"})


@cache
def permitted_under(purpose: str) -> tuple[str, ...]:
    """As what a permit names it: itself, what contains it, ANY for none; but nothing above what must be named.
    A code that is no purpose of use is permitted under nothing."""
    return tuple(_upwards(purpose, NAMED_ONLY)) if purpose in PURPOSES else ()


@cache
def denied_under(purpose: str) -> tuple[str, ...]:
    """As what a deny names it: itself, everything that contains it, ANY for none."""
    return tuple(_upwards(purpose, frozenset())) if purpose in PURPOSES else (ANY,)


@cache
def covered_by(purpose: str) -> tuple[str, ...]:
    """The purpose itself and all that a permit for it covers. Raises ValueError for what is not a purpose of use."""
    if purpose not in PURPOSES:
        raise ValueError("not a purpose of use")
    return (purpose, *sorted(code for code in PURPOSES - {purpose} if purpose in permitted_under(code)))


def _upwards(purpose: str, cuts: frozenset[str]) -> Iterable[str]:
    here: str | None = purpose
    while here is not None:
        yield here
        if here in cuts:
            return
        here = _PARENT.get(here)
    yield ANY
