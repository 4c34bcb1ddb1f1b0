"""What the codes of a consent mean, in words that anybody reads: how they stand in a sentence about a record.

Of HL7's v3-ActReason (purposes), v3-ActCode (sensitivities and laws) and v3-Confidentiality (levels). Where no phrase
is given, the code stands for itself.
"""

from __future__ import annotations

from collections.abc import Mapping

# "… may see it for ___"
PURPOSES: Mapping[str, str] = {
    "TREAT": "treatment",
    "CLINTRL": "treatment within a clinical trial",
    "COC": "the coordination of care",
    "ETREAT": "treatment in an emergency",
    "BTG": "breaking the glass in an emergency",
    "ERTREAT": "treatment in an emergency room",
    "POPHLTH": "the health of a whole population",
    "TREATDS": "decisions on treatment that a program supports",
    "HPAYMT": "payment",
    "CLMATTCH": "what is attached to a claim",
    "COVAUTH": "the authorization of coverage",
    "COVERAGE": "coverage by an insurance",
    "ELIGDTRM": "finding out who is eligible",
    "ELIGVER": "checking who is eligible",
    "ENROLLM": "enrolment with an insurance",
    "MILCDM": "decisions on military command",
    "MILDCRG": "discharge from the military",
    "PMTDS": "decisions on payment that a program supports",
    "REMITADV": "notices of payment",
    "HOPERAT": "running a clinic",
    "CAREMGT": "the management of care",
    "DONAT": "donation",
    "FRAUD": "finding fraud",
    "GOV": "government",
    "HACCRED": "accreditation",
    "HCOMPL": "compliance",
    "HDECD": "notice of a death",
    "HDIRECT": "a directory of patients",
    "HDM": "decisions in the running of a clinic",
    "HLEGAL": "legal matters",
    "HOUTCOMS": "measuring outcomes",
    "HPRGRP": "reporting on programs",
    "HQUALIMP": "the improvement of quality",
    "HSYSADMIN": "the administration of systems",
    "LABELING": "the labelling of content",
    "METAMGT": "the management of metadata",
    "MEMADMIN": "the administration of members",
    "MLTRAINING": "training a model",
    "PATADMIN": "the administration of patients",
    "PATSFTY": "the safety of patients",
    "PERFMSR": "measuring performance",
    "RECORDMGT": "keeping records",
    "SYSDEV": "the development of systems",
    "HTEST": "testing systems",
    "TRAIN": "training staff",
    "HRESCH": "research",
    "BIORCH": "biomedical research",
    "CLINTRCH": "clinical trials",
    "CLINTRCHNPC": "clinical trials without care",
    "CLINTRCHPC": "clinical trials with care",
    "PRECLINTRCH": "research before clinical trials",
    "DSRCH": "research on a disease",
    "POARCH": "research on populations or ancestry",
    "TRANSRCH": "translational research",
    "PATRQT": "what the patient asks for",
    "FAMRQT": "what the family asks for",
    "PWATRNY": "what somebody with power of attorney asks for",
    "SUPNWK": "what the patient's friends ask for",
    "PUBHLTH": "public health",
    "DISASTER": "help in a disaster",
    "THREAT": "averting a serious threat",
    "HMARKT": "marketing",
}
# "… may see what is ___"
LEVELS: Mapping[str, str] = {
    "U": "unrestricted",
    "L": "at most of low confidentiality",
    "M": "at most moderately confidential",
    "N": "at most of normal confidentiality",
    "R": "at most restricted",
    "V": "even very restricted",
}
# "… may not see what is ___"
FLOORS: Mapping[str, str] = {
    "U": "unrestricted or higher",
    "L": "of low confidentiality or higher",
    "M": "moderately confidential or higher",
    "N": "of normal confidentiality or higher",
    "R": "restricted or higher",
    "V": "very restricted",
}
# "… what is about ___"
LABELS: Mapping[str, str] = {
    "SPI": "specially protected matters",
    "BH": "behavioural health",
    "COGN": "cognitive disability",
    "DVD": "developmental disability",
    "EMOTDIS": "emotional disturbance",
    "MH": "mental health",
    "PSY": "psychiatric care",
    "PSYTHPN": "psychotherapy notes",
    "SUD": "substance use",
    "ETHUD": "alcohol use",
    "OPIOIDUD": "opioid use",
    "ETH": "substance misuse",
    "GDIS": "genetic disease",
    "HIV": "HIV",
    "IDS": "infectious disease",
    "MST": "military sexual trauma",
    "PREGNANT": "pregnancy",
    "SCA": "sickle cell disease",
    "SICKLE": "sickle cell disease",
    "SDV": "sexual assault and domestic violence",
    "SEX": "sexuality and reproduction",
    "STD": "sexually transmitted disease",
    "TBOO": "taboo matters",
    "VIO": "violence",
    "ADOL": "adolescence",
    "CEL": "a person of note",
    "VIP": "a person of note",
    "DIA": "a diagnosis that is not yet told",
    "DRGIS": "medication",
    "EMP": "employees",
    "PDS": "what patients usually want protected",
    "PHY": "what a clinician wants protected",
    "PRS": "what the patient wants protected",
    "42CFRPart2": "treatment of substance use under 42 CFR Part 2",
    "HIPAAPsyNotes": "psychotherapy notes",
    "Title38Section7332": "what the law protects of veterans",
}


def listed(words: list[str], last: str = "or") -> str:
    """a, b or c; each once."""
    each = list(dict.fromkeys(words))
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} {last} {each[-1]}"
