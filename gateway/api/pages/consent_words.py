"""What a patient can decide on her pages, in her words, and which codes stand behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.rules.sensitivity import PART_2


@dataclass(frozen=True, slots=True)
class Kind:
    """One form: what it is called, and which questions it asks."""

    key: str
    title: str
    lead: str
    asks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose; `codes` are HL7's."""

    key: str
    name: str
    hint: str = ""
    codes: tuple[str, ...] = ()


TRAINING = "MLTRAINING"
EVERYBODY = "*"
ONLY_NORMAL, EVEN_VERY_RESTRICTED = "N", "V"

KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "sharing",
            "Let somebody see my record",
            "Another clinic, an insurer, or one person: you say what for, how much, and how long.",
            frozenset({"who", "purposes", "limits", "open"}),
        ),
        Kind(
            "refusal",
            "Keep my record from somebody",
            "A refusal is stronger than every consent: whoever it names does not see what it names.",
            frozenset({"who", "everybody", "purposes", "about"}),
        ),
        Kind(
            "ai",
            "Decide about AI",
            "Whether an AI may write down and sum up what is said in your sessions.",
            frozenset({"answer"}),
        ),
        Kind(
            "training",
            "Let my record train an AI model",
            "Nobody trains a model with your record unless you say so here.",
            frozenset({"who", "limits"}),
        ),
    )
}
PURPOSES = (
    Option("TREAT", "Treating me", "With all that belongs to it: coordinating my care, emergencies."),
    Option("COC", "Coordinating my care"),
    Option("ETREAT", "Treating me in an emergency"),
    Option("BTG", "Breaking the glass", "A clinician opens my record in an emergency; my clinic is told at once."),
    Option("HPAYMT", "Paying for my care", "Claims and coverage."),
    Option("HOPERAT", "Running a clinic", "Quality, staff, administration."),
    Option("PUBHLTH", "Public health"),
    Option("HRESCH", "Research"),
    Option("HMARKT", "Marketing"),
)
REFUSABLE = (*PURPOSES, Option(TRAINING, "Training an AI model"))
LEVELS = (
    Option("", "Everything but what is very restricted", "What most consents mean."),
    Option(ONLY_NORMAL, "Only what is not sensitive", "Nothing that is marked as restricted."),
    Option(EVEN_VERY_RESTRICTED, "Everything, even what is very restricted"),
)
TOPICS = (
    Option("mind", "Mental health", codes=("BH", "MH", "PSY", "PSYTHPN")),
    Option("substances", "Alcohol, drugs and other substances", codes=("SUD", "ETH")),
    Option("violence", "Violence and abuse", codes=("SDV", "MST", "VIO")),
    Option("sexuality", "Sexuality and reproduction", codes=("SEX", "PREGNANT")),
    Option("infections", "HIV and sexually transmitted infections", codes=("HIV", "STD")),
    Option("genes", "Inherited diseases", codes=("GDIS", "SCA", "SICKLE")),
)
# What the law opens only where it is named; `key` is the topic it is a part of.
LAWS = (
    Option(
        "substances",
        "Records of a program that treats substance use",
        "In the United States a law protects them: 42 CFR Part 2.",
        (PART_2,),
    ),
    Option("mind", "Psychotherapy notes", "What a therapist writes down apart from the record.", ("PSYTHPN",)),
)
ANSWERS = (
    Option("yes", "Yes, an AI may process what is said and written"),
    Option("no", "No, no AI may process it", "What comes in from an AI is turned away and not kept."),
)
