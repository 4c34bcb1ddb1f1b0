"""Which content a consent is about by its labels: confidentiality, sensitivity, laws, parts."""

from __future__ import annotations

from gateway.rules.cases.case import Answer, Case, Group
from gateway.rules.cases.cast import HART, HOSPITAL, by
from gateway.rules.cases.held import inline, score
from gateway.rules.cases.said import consent, deny, permit
from gateway.rules.consent_codes import Concern

YES, PART, NO = Answer.YES, Answer.PART, Answer.NO


def _permitted(content: str, labels: str, answer: Answer, purpose: str = "TREAT") -> Case:
    """The hospital asks for a score so labelled, under a permit of these labels."""
    because, deciding = ("consent", "A") if answer is YES else ("silence", "")
    given = (consent(permit(HOSPITAL, purpose, labels=labels)),)
    return Case(score(content), by(HOSPITAL, purpose), given, answer, because, deciding)


def _law(content: str, labels: str, purpose: str = "TREAT") -> Case:
    """The same, and a law is why not."""
    given = (consent(permit(HOSPITAL, purpose, labels=labels)),)
    return Case(score(content), by(HOSPITAL, purpose), given, NO, "law")


def _denied(content: str, labels: str, answer: Answer) -> Case:
    """A permit of everything up to V, and a deny of these labels."""
    because, deciding = ("consent", "A") if answer is YES else ("deny", "B")
    given = (consent(permit(HOSPITAL, labels="V")), consent(deny(HOSPITAL, labels=labels)))
    return Case(score(content), by(HOSPITAL), given, answer, because, deciding)


_REDISCLOSE = consent(permit(HOSPITAL, "TREAT"), concern=Concern.REDISCLOSURE)
_AI = consent(permit(HOSPITAL, "TREAT"), concern=Concern.AI_PROCESSING)
_NO_AI = consent(deny(), concern=Concern.AI_PROCESSING)

LABELS = [
    Group(
        "Confidentiality",
        "U < L < M < N < R < V. A permit that names none reaches up to R, one that names R everything up to R; a deny"
        " of R reaches from R up. Unlabelled content counts as V, and as carrying every label that is denied.",
        [
            _permitted("U", "", YES),
            _permitted("M", "", YES),
            _permitted("R", "", YES),
            _permitted("V", "", NO),
            _permitted("V", "V", YES),
            _permitted("R", "N", NO),
            _permitted("M", "N", YES),
            _permitted("L", "N", YES),
            _permitted("N", "M", NO),
            _permitted("R", "N R", YES),
            _permitted("", "", NO),
            _permitted("", "R", NO),
            _permitted("", "V", YES),
            _denied("N", "R", YES),
            _denied("R", "R", NO),
            _denied("V", "R", NO),
            _denied("N", "R N", NO),
            _denied("M", "N", YES),
            _denied("", "V", NO),
            _denied("", "PSY", NO),
        ],
    ),
    Group(
        "Sensitivity",
        "A sensitivity covers those below it in HL7's tree; MH, PSY and PSYTHPN stand beside BH, not below it. A permit"
        " needs both confidentiality and sensitivity to hold; for a deny one of them suffices.",
        [
            _permitted("R PSY", "PSY", YES),
            _permitted("R PSY", "", YES),
            _permitted("N", "PSY", NO),
            _permitted("V PSY", "PSY", NO),
            _permitted("V PSY", "V PSY", YES),
            _permitted("R PSY", "N PSY", NO),
            _permitted("N PSY", "N PSY", YES),
            _permitted("R DVD", "BH", YES),
            _permitted("R BH", "DVD", NO),
            _permitted("R OPIOIDUD", "SUD", YES),
            _permitted("R OPIOIDUD", "SPI", YES),
            _permitted("R MH", "BH", NO),
            _permitted("R PSY", "BH", NO),
            _permitted("R PSY", "MH", NO),
            _permitted("R PSY", "MH PSY", YES),
            _permitted("R PSY SDV", "PSY", YES),
            _denied("R PSY", "PSY", NO),
            _denied("R SDV", "PSY", YES),
            _denied("R PSY SDV", "PSY", NO),
            _denied("R DVD", "BH", NO),
            _denied("R MH", "BH", YES),
            _denied("R BH", "DVD", YES),
            _denied("R SDV", "R PSY", NO),
            _denied("N PSY", "R PSY", NO),
            _denied("N SDV", "R PSY", YES),
            _denied("R HIV", "SPI", YES),
        ],
    ),
    Group(
        "Law before consent: 42 CFR Part 2",
        "Part 2 content is opened only by a permit that names 42CFRPart2.",
        [
            _law("R SUD 42CFRPart2", ""),
            _law("R SUD 42CFRPart2", "R"),
            _law("R SUD 42CFRPart2", "SUD"),
            _law("N 42CFRPart2", "N"),
            _permitted("R SUD 42CFRPart2", "42CFRPart2", YES),
            _permitted("R SUD 42CFRPart2 NORDSCLCD", "42CFRPart2", YES),
            _law("V SUD 42CFRPart2", "42CFRPart2"),
            _permitted("R SUD", "42CFRPart2", NO),
            _denied("R SUD 42CFRPart2", "42CFRPart2", NO),
            Case(
                score("R SUD 42CFRPart2"),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, "TREAT", but=[permit(labels="42CFRPart2")])),),
                YES,
                "consent",
                "A.1",
            ),
        ],
    ),
    Group(
        "Law before consent: psychotherapy notes",
        "Content labelled PSYTHPN or HIPAAPsyNotes is opened only by a permit that names one of them, and never by"
        " breaking the glass.",
        [
            _law("R PSYTHPN", ""),
            _law("R PSYTHPN HIPAAPsyNotes", "PSY MH BH"),
            _law("R PSYTHPN", "SPI"),
            _permitted("R PSYTHPN", "PSYTHPN", YES),
            _permitted("R PSYTHPN HIPAAPsyNotes", "HIPAAPsyNotes", YES),
            _law("R PSYTHPN", "", "BTG"),
            Case(
                score("R HIPAAPsyNotes"),
                by(HART, "BTG"),
                (consent(permit(HOSPITAL, labels="HIPAAPsyNotes")), consent(permit("", "BTG"))),
                NO,
                "law",
            ),
        ],
    ),
    Group(
        "Redisclosure, and what an AI may process",
        "What came here under a ban on redisclosure (NORDSCLCD) goes out under a redisclosure consent only, which opens"
        " nothing else. Consents to AI processing open nothing and close nothing that is kept.",
        [
            _law("R NORDSCLCD", ""),
            Case(score("R NORDSCLCD"), by(HOSPITAL), (_REDISCLOSE,), YES, "consent", "A"),
            Case(score("R"), by(HOSPITAL), (_REDISCLOSE,), NO, "silence"),
            Case(
                score("R NORDSCLCD"),
                by(HOSPITAL),
                (_REDISCLOSE, consent(deny(HOSPITAL))),
                NO,
                "deny",
                "B",
            ),
            Case(
                score("R"),
                by(HOSPITAL),
                (consent(permit(HOSPITAL)), consent(deny(HOSPITAL), concern=Concern.REDISCLOSURE)),
                NO,
                "deny",
                "B",
            ),
            Case(score(), by(HOSPITAL), (_AI,), NO, "silence"),
            Case(score(), by(HOSPITAL), (consent(permit(HOSPITAL)), _NO_AI), YES, "consent", "A"),
        ],
    ),
    Group(
        "Redaction",
        "Where a permit asks for it (REDACT) and only parts with labels of their own stand against it, the rest goes"
        " out, marked REDACTED and SUBSETTED.",
        [
            Case(inline("N", "R PSY"), by(HOSPITAL), (consent(permit(HOSPITAL, labels="N")),), NO, "silence"),
            Case(
                inline("N", "R PSY"),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, labels="N REDACT")),),
                PART,
                "consent",
                "A",
            ),
            Case(
                inline("N", "R PSY"), by(HOSPITAL), (consent(permit(HOSPITAL, labels="R REDACT")),), YES, "consent", "A"
            ),
            Case(inline("R", "V"), by(HOSPITAL), (consent(permit(HOSPITAL, labels="N REDACT")),), NO, "silence"),
            Case(
                inline("N", "42CFRPart2"),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, labels="REDACT")),),
                PART,
                "consent",
                "A",
            ),
            Case(inline("N", "42CFRPart2"), by(HOSPITAL), (consent(permit(HOSPITAL)),), NO, "law"),
            Case(
                inline("N", "R PSY"),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, labels="N REDACT")), consent(permit(HOSPITAL, labels="R"))),
                YES,
                "consent",
                "B",
            ),
            Case(
                inline("N", "R PSY"),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, labels="N REDACT")), consent(deny(HOSPITAL, labels="PSY"))),
                NO,
                "deny",
                "B",
            ),
        ],
    ),
]
