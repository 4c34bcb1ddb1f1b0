"""What the policy decides without asking who is permitted what, and where a consent binds even there."""

from __future__ import annotations

from gateway.rules.cases.case import Answer, Case, Group
from gateway.rules.cases.cast import AMES, APP, CLINIC, GROUP, HART, HOSPITAL, INSURER, KIM, LUND, SAM, SCRIBE, by
from gateway.rules.cases.held import ESTIMATE, condition, device, estimate, inline, pair, provenance, score
from gateway.rules.cases.said import consent, deny, permit

_MACHINES = estimate("R AIAST")
YES, PART, NO = Answer.YES, Answer.PART, Answer.NO
OPEN = consent(permit(HOSPITAL, "TREAT"))

POLICY = [
    Group(
        "About no patient",
        "Models, cards and organizations belong to nobody's record: open to every caller up to N, above it or"
        " unlabelled to their custodian.",
        [
            Case(device("U"), by(HOSPITAL), (), YES, "open"),
            Case(device("L"), by(INSURER, "HPAYMT"), (), YES, "open"),
            Case(device("N"), by(SAM, "PATRQT"), (), YES, "open"),
            Case(device("M"), by(HOSPITAL), (), NO, "silence"),
            Case(device("R"), by(HOSPITAL), (), NO, "silence"),
            Case(device("V"), by(HOSPITAL), (OPEN,), NO, "silence"),
            Case(device(""), by(HOSPITAL), (), NO, "silence"),
            Case(device("R"), by(CLINIC), (), YES, "own-use"),
            Case(device(""), by(CLINIC, "HRESCH"), (), YES, "own-use"),
        ],
    ),
    Group(
        "No consent at all",
        "Silence means no: to everybody but the custodian and the patient.",
        [
            Case(score(), by(HOSPITAL), (), NO, "silence"),
            Case(score("U"), by(HOSPITAL), (), NO, "silence"),
            Case(score(), by(HART), (), NO, "silence"),
            Case(score(), by(HOSPITAL, "ETREAT"), (), NO, "silence"),
            Case(score(), by(HART, "BTG"), (), NO, "silence"),
            Case(score(), by(INSURER, "HPAYMT"), (), NO, "silence"),
            Case(score(), by(APP, of=HOSPITAL), (), NO, "silence"),
            Case(score(), by(KIM, "PATRQT"), (), NO, "silence"),
        ],
    ),
    Group(
        "The custodian's own use",
        "The clinic uses its own record for TREAT, COC and HOPERAT, whatever its labels. Denies of organizations or of"
        " nobody in particular are about giving out: they do not bind it.",
        [
            Case(score(), by(CLINIC), (), YES, "own-use"),
            Case(score("V"), by(AMES, of=CLINIC), (), YES, "own-use"),
            Case(score(""), by(CLINIC, "COC"), (), YES, "own-use"),
            Case(score("R SUD 42CFRPart2"), by(CLINIC, "HOPERAT"), (), YES, "own-use"),
            Case(score(), by(CLINIC, "HRESCH"), (), NO, "silence"),
            Case(score(), by(CLINIC, "MLTRAINING"), (), NO, "silence"),
            Case(score(), by(CLINIC, "HPAYMT"), (), NO, "silence"),
            Case(score(), by(CLINIC, "HPAYMT"), (consent(permit(CLINIC, "HPAYMT")),), YES, "consent", "A"),
            Case(score(), by(CLINIC), (consent(deny()),), YES, "own-use"),
            Case(score(), by(CLINIC), (consent(deny(CLINIC)),), YES, "own-use"),
            Case(score(), by(HART, of=CLINIC), (consent(deny(HOSPITAL)),), YES, "own-use"),
        ],
    ),
    Group(
        "A deny that names the person",
        "A patient may keep a record from one person or device, even where that one works for the custodian.",
        [
            Case(score(), by(AMES, of=CLINIC), (consent(deny(AMES)),), NO, "deny", "A"),
            Case(score(), by(LUND, of=CLINIC), (consent(deny(AMES)),), YES, "own-use"),
            Case(score(), by(CLINIC), (consent(deny(AMES)),), YES, "own-use"),
            Case(score(), by(LUND, of=CLINIC), (consent(deny(GROUP)),), NO, "deny", "A"),
            Case(score(), by(SCRIBE, of=CLINIC), (consent(deny(SCRIBE)),), NO, "deny", "A"),
            Case(score("R PSY"), by(AMES, of=CLINIC), (consent(deny(AMES, labels="PSY")),), NO, "deny", "A"),
            Case(score("R SDV"), by(AMES, of=CLINIC), (consent(deny(AMES, labels="PSY")),), YES, "own-use"),
            Case(score(), by(AMES, of=CLINIC), (consent(deny(AMES, "HOPERAT")),), YES, "own-use"),
            Case(score(), by(AMES, of=CLINIC), (consent(deny(AMES, end="2026-06-14")),), YES, "own-use"),
            Case(score(), by(HART), (consent(permit(HOSPITAL)), consent(deny(HART))), NO, "deny", "B"),
            Case(score(), by(LUND), (consent(permit(HOSPITAL)), consent(deny(HART))), YES, "consent", "A"),
        ],
    ),
    Group(
        "The patient's own access",
        "Signed in, for PATRQT: all of the own record but psychotherapy notes and what a clinician withholds (NOPAT)."
        " No consent is needed, and no deny takes it away.",
        [
            Case(score(), by(SAM, "PATRQT"), (), YES, "own-access"),
            Case(score("V"), by(SAM, "PATRQT"), (), YES, "own-access"),
            Case(score(""), by(SAM, "PATRQT"), (), YES, "own-access"),
            Case(score("R SUD 42CFRPart2 NORDSCLCD"), by(SAM, "PATRQT"), (), YES, "own-access"),
            Case(score(), by(SAM, "PATRQT"), (consent(deny()),), YES, "own-access"),
            Case(score("R NOPAT"), by(SAM, "PATRQT"), (), NO, "silence"),
            Case(score("R PSYTHPN"), by(SAM, "PATRQT"), (), NO, "law"),
            Case(score("R HIPAAPsyNotes"), by(SAM, "PATRQT"), (), NO, "law"),
            Case(score(of=KIM), by(SAM, "PATRQT"), (), NO, "silence"),
            Case(score(), by(SAM, "TREAT"), (), NO, "silence"),
            Case(inline("N", "NOPAT"), by(SAM, "PATRQT"), (), PART, "own-access"),
            Case("A", by(SAM, "PATRQT"), (OPEN,), YES, "own-access"),
        ],
    ),
    Group(
        "About several patients",
        "What is about a couple or a family goes out where each of them lets it; whoever asks for the own record lets"
        " oneself. The custodian uses it as any other, unless one of them denies it to the person who asks.",
        [
            Case(pair(), by(CLINIC), (), YES, "own-use"),
            Case(pair(), by(AMES, of=CLINIC), (consent(deny(AMES), of=KIM),), NO, "deny", "A"),
            Case(pair(), by(HOSPITAL), (), NO, "several"),
            Case(pair(), by(HOSPITAL), (OPEN,), NO, "several"),
            Case(pair(), by(HOSPITAL), (OPEN, consent(permit(HOSPITAL), of=KIM)), YES, "several", "A, B"),
            Case(pair(), by(HOSPITAL), (OPEN, consent(deny(HOSPITAL), of=KIM)), NO, "deny", "B"),
            Case(pair("R PSY"), by(HOSPITAL), (OPEN, consent(permit(HOSPITAL, labels="N"), of=KIM)), NO, "several"),
            Case(pair(), by(SAM, "PATRQT"), (), NO, "several"),
            Case(pair(), by(SAM, "PATRQT"), (consent(permit(SAM, "PATRQT"), of=KIM),), YES, "several", "A"),
            Case(condition(), by(HOSPITAL), (consent(permit(HOSPITAL), of=KIM),), NO, "silence"),
        ],
    ),
    Group(
        "A machine's estimate of risk",
        "A RiskAssessment labelled AIAST, approved or not, is for the custodian and the patient: no consent opens it,"
        " nor the Provenance that tells of it. What a clinician makes of it (a Flag) goes out as anything else does.",
        [
            Case(_MACHINES, by(CLINIC), (), YES, "own-use"),
            Case(_MACHINES, by(SAM, "PATRQT"), (), YES, "own-access"),
            Case(_MACHINES, by(HOSPITAL), (OPEN,), NO, "silence"),
            Case(_MACHINES, by(HOSPITAL), (consent(permit(HOSPITAL, labels="V")),), NO, "silence"),
            Case(_MACHINES, by(HART, "BTG"), (consent(permit(HOSPITAL, "BTG")),), NO, "silence"),
            Case(_MACHINES, by(HOSPITAL), (OPEN, consent(deny(HOSPITAL))), NO, "deny", "B"),
            Case(provenance(ESTIMATE), by(HOSPITAL), (OPEN,), NO, "silence", beside=(_MACHINES,)),
            Case(estimate(), by(HOSPITAL), (OPEN,), YES, "consent", "A"),
            Case(score("R AIAST"), by(HOSPITAL), (OPEN,), YES, "consent", "A"),
        ],
    ),
]
