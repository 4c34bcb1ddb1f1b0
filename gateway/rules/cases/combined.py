"""How provisions of one consent, and consents of one patient, come together; and what is special."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.rules.cases.case import Answer, Case, Group
from gateway.rules.cases.cast import AMES, CLINIC, HART, HOSPITAL, INSURER, KIM, LUND, SAM, by
from gateway.rules.cases.held import Json, condition, score
from gateway.rules.cases.said import consent, deny, permit

YES, NO = Answer.YES, Answer.NO

# Everything but psychiatric content, and that to Dr Hart alone, and to her no conditions, but the ones of this year.
_DEEP = consent(
    permit(
        HOSPITAL,
        "TREAT",
        but=[
            deny(
                labels="PSY",
                but=[
                    permit(HART, but=[deny(types="Condition", but=[permit(labels="N PSY", but=[deny("", "ETREAT")])])])
                ],
            )
        ],
    )
)
_PCF = consent(permit("", "TREAT", labels="N", but=[permit(HART, labels="PSY")]))
_UP_TO_N = consent(permit(HOSPITAL, labels="N", but=[deny(types="Observation")]))
_CLOSED = consent(deny(but=[permit(HOSPITAL, "TREAT"), permit(INSURER, "HPAYMT", types="Encounter")]))


def _deep(content: Json, who: str, answer: Answer, by_: str, purpose: str = "TREAT") -> Case:
    return Case(content, by(who, purpose), (_DEEP,), answer, "consent" if answer is YES else "deny", by_)


def _given(first: Json, *others: Json, answer: Answer, by_: str) -> Case:
    """The hospital asks under several consents."""
    because = "consent" if answer is YES else "deny" if by_ else "silence"
    return Case(score(), by(HOSPITAL), (first, *others), answer, because, by_)


_PERMIT, _DENY = permit(HOSPITAL, "TREAT"), deny(HOSPITAL, "TREAT")
_MAY = datetime(2026, 5, 15, tzinfo=UTC)

COMBINED = [
    Group(
        "Exceptions, and exceptions to them",
        "Inside one consent the deepest provision that fits decides. An exception inherits what it does not say, and"
        " replaces what it says.",
        [
            _deep(score(), HOSPITAL, YES, "A"),
            _deep(score("R PSY"), HOSPITAL, NO, "A.1"),
            _deep(score("R PSY"), LUND, NO, "A.1"),
            _deep(score("R PSY"), HART, YES, "A.1.1"),
            _deep(condition("R PSY"), HART, NO, "A.1.1.1"),
            _deep(condition("N PSY"), HART, YES, "A.1.1.1.1"),
            _deep(condition("N PSY"), HART, NO, "A.1.1.1.1.1", "ETREAT"),
            _deep(condition(), HART, YES, "A"),
            Case(score(), by(HART, of=INSURER), (_DEEP,), NO, "silence"),
            Case(score("N"), by(INSURER), (_PCF,), YES, "consent", "A"),
            Case(score("R PSY"), by(INSURER), (_PCF,), NO, "silence"),
            Case(score("R PSY"), by(HART), (_PCF,), YES, "consent", "A.1"),
            Case(score("R SDV"), by(HART), (_PCF,), NO, "silence"),
            Case(score("N"), by(HART, "HPAYMT"), (_PCF,), NO, "silence"),
            Case(score("L"), by(HOSPITAL), (_UP_TO_N,), NO, "deny", "A.1"),
            Case(condition("L"), by(HOSPITAL), (_UP_TO_N,), YES, "consent", "A"),
            Case(score(), by(HOSPITAL), (_CLOSED,), YES, "consent", "A.1"),
            Case(score(), by(INSURER), (_CLOSED,), NO, "deny", "A"),
            Case(score(), by(INSURER, "HPAYMT"), (_CLOSED,), NO, "deny", "A"),
        ],
    ),
    Group(
        "A tie inside one consent",
        "Of provisions equally deep that fit, a deny wins.",
        [
            Case(
                score("R PSY"),
                by(HART),
                (consent(permit(HOSPITAL, but=[permit(HART), deny(labels="PSY")])),),
                NO,
                "deny",
                "A.2",
            ),
            Case(
                score("N"),
                by(HART),
                (consent(permit(HOSPITAL, but=[permit(HART), deny(labels="PSY")])),),
                YES,
                "consent",
                "A.1",
            ),
            Case(
                score("R PSY SDV"),
                by(HOSPITAL),
                (consent(deny(HOSPITAL, but=[permit(labels="PSY"), permit(labels="SDV")])),),
                YES,
                "consent",
                "A.1, A.2",
            ),
            Case(
                score("R PSY SDV"),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, but=[permit(labels="PSY"), deny(labels="SDV")])),),
                NO,
                "deny",
                "A.2",
            ),
        ],
    ),
    Group(
        "Several consents",
        "A deny of one consent in force wins over every permit of others, however deep; a permit needs one consent.",
        [
            _given(consent(_PERMIT), consent(_DENY), answer=NO, by_="B"),
            _given(consent(_DENY), consent(_PERMIT), answer=NO, by_="A"),
            _given(consent(_PERMIT), consent(deny(INSURER)), answer=YES, by_="A"),
            _given(consent(_PERMIT), consent(permit(HOSPITAL)), answer=YES, by_="A, B"),
            _given(consent(deny(but=[permit(HOSPITAL)])), consent(_DENY), answer=NO, by_="B"),
            _given(consent(_PERMIT), consent(deny(but=[permit(HOSPITAL)])), answer=YES, by_="A, B.1"),
            _given(consent(permit(INSURER)), consent(permit("", "HPAYMT")), answer=NO, by_=""),
        ],
    ),
    Group(
        "A newer consent takes the place of an older one",
        "The same number, or the same recipients, purposes and content at the root, given later: the older one ends"
        " where the newer begins. On the same day both stand, and revoking the newer one does not bring the older one"
        " back.",
        [
            _given(consent(_PERMIT), consent(_DENY, given="2026-02-02"), answer=NO, by_="B"),
            _given(consent(_DENY), consent(_PERMIT, given="2026-02-02"), answer=YES, by_="B"),
            _given(consent(_DENY, given="2026-02-02"), consent(_PERMIT), answer=NO, by_="A"),
            _given(
                consent(deny(HOSPITAL, "TREAT", types="Observation")),
                consent(_PERMIT, given="2026-02-02"),
                answer=NO,
                by_="A",
            ),
            _given(consent(_DENY), consent(permit(HOSPITAL), given="2026-02-02"), answer=NO, by_="A"),
            _given(
                consent(_DENY, number="7"),
                consent(permit(HOSPITAL), given="2026-02-02", number="7"),
                answer=YES,
                by_="B",
            ),
            _given(consent(_PERMIT), consent(_DENY, given="2026-02-02", status="inactive"), answer=NO, by_=""),
            _given(
                consent(_PERMIT), consent(_DENY, given="2026-02-02", status="entered-in-error"), answer=YES, by_="A"
            ),
            _given(
                consent(_PERMIT),
                consent(deny(HOSPITAL, "TREAT", start="2026-06-01"), given="2026-02-02"),
                answer=NO,
                by_="B",
            ),
            Case(
                score(),
                by(HOSPITAL, at=_MAY),
                (consent(_PERMIT), consent(deny(HOSPITAL, "TREAT", start="2026-06-01"), given="2026-02-02")),
                YES,
                "consent",
                "A",
            ),
            _given(
                consent(_PERMIT),
                consent(permit(HOSPITAL, "TREAT", end="2026-05"), given="2026-02-02"),
                answer=NO,
                by_="",
            ),
        ],
    ),
    Group(
        "Status",
        "Only an active consent speaks. Revoking one and marking one as an error end it at once.",
        [
            _given(consent(_PERMIT, status="inactive"), answer=NO, by_=""),
            _given(consent(_PERMIT, status="entered-in-error"), answer=NO, by_=""),
            _given(consent(_PERMIT), consent(_DENY, status="inactive"), answer=YES, by_="A"),
            _given(consent(_PERMIT), consent(_DENY, status="entered-in-error"), answer=YES, by_="A"),
        ],
    ),
    Group(
        "Breaking the glass",
        "A clinician, never a machine, gets one hour for one patient, and everybody concerned is told. It opens what a"
        " consent permits for BTG and nothing more; a deny stands.",
        [
            Case(score(), by(HART, "BTG"), (consent(permit("", "BTG")),), YES, "consent", "A"),
            Case(score("R PSY"), by(HART, "BTG"), (consent(permit(HOSPITAL, "TREAT BTG")),), YES, "consent", "A"),
            Case(score("V"), by(HART, "BTG"), (consent(permit("", "BTG")),), NO, "silence"),
            Case(score("V"), by(HART, "BTG"), (consent(permit("", "BTG", labels="V")),), YES, "consent", "A"),
            Case(score("R SUD 42CFRPart2"), by(HART, "BTG"), (consent(permit("", "BTG")),), NO, "law"),
            Case(
                score("R SUD 42CFRPart2"),
                by(HART, "BTG"),
                (consent(permit("", "BTG", labels="42CFRPart2")),),
                YES,
                "consent",
                "A",
            ),
            Case(score(), by(HART, "BTG"), (consent(permit(HOSPITAL, "TREAT")),), NO, "silence"),
            Case(score(), by(HART, "BTG"), (consent(permit("", "BTG")), consent(deny(HART))), NO, "deny", "B"),
            Case(score(), by(AMES, "BTG", of=CLINIC), (), NO, "silence"),
            Case(score(), by(HART, "BTG", about=SAM), (consent(permit("", "BTG")),), YES, "consent", "A"),
            Case(score(of=KIM), by(HART, "BTG", about=SAM), (consent(permit("", "BTG"), of=KIM),), NO, "silence"),
        ],
    ),
    Group(
        "A Consent itself",
        "Whom else a patient trusts is nobody's business: a Consent is opened by its own permit only, and denied by any"
        " deny. The custodian and the patient see them all.",
        [
            Case("A", by(HOSPITAL), (consent(_PERMIT),), YES, "consent", "A"),
            Case("A", by(HOSPITAL), (consent(permit(INSURER)), consent(_PERMIT)), NO, "silence"),
            Case("B", by(HOSPITAL), (consent(permit(INSURER)), consent(_PERMIT)), YES, "consent", "B"),
            Case("A", by(HOSPITAL), (consent(_PERMIT, status="inactive"), consent(permit(HOSPITAL))), NO, "silence"),
            Case("A", by(HOSPITAL), (consent(_PERMIT), consent(deny(HOSPITAL, types="Consent"))), NO, "deny", "B"),
            Case("A", by(HOSPITAL), (consent(permit(HOSPITAL, types="Observation")),), NO, "silence"),
            Case("A", by(CLINIC), (consent(permit(INSURER)),), YES, "own-use"),
        ],
    ),
]
