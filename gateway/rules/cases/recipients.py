"""Who a consent speaks to, for which purpose and which act, and when."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.rules.cases.case import Answer, Case, Group
from gateway.rules.cases.cast import (
    APP,
    APPS,
    GROUP,
    HART,
    HARTS_ROLE,
    HOSPITAL,
    INSURER,
    KIM,
    LUND,
    LUNDS_ROLE,
    SCRIBE,
    TEAM,
    by,
)
from gateway.rules.cases.held import score
from gateway.rules.cases.said import Json, consent, deny, permit

YES, NO = Answer.YES, Answer.NO


def _purpose(named: str, asked: str, answer: Answer, but: tuple[Json, ...] = ()) -> Case:
    """The hospital asks for one purpose under a permit that names another."""
    because, deciding = ("consent", "A") if answer is YES else ("silence", "")
    return Case(score(), by(HOSPITAL, asked), (consent(permit(HOSPITAL, named)),), answer, because, deciding)


def _denied(named: str, asked: str, answer: Answer) -> Case:
    """The same under a deny beside a permit for everything that is asked."""
    given = (consent(permit(HOSPITAL, asked)), consent(deny(HOSPITAL, named)))
    because, deciding = ("consent", "A") if answer is YES else ("deny", "B")
    return Case(score(), by(HOSPITAL, asked), given, answer, because, deciding)


def _when(start: str, end: str, at: datetime, answer: Answer) -> Case:
    because, deciding = ("consent", "A") if answer is YES else ("silence", "")
    given = (consent(permit(HOSPITAL, "TREAT", start=start, end=end)),)
    return Case(score(), by(HOSPITAL, at=at), given, answer, because, deciding)


def _at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type, misc]


RECIPIENTS = [
    Group(
        "Who is permitted",
        "An organization means everybody who calls for it; a person means that person wherever; a role means that"
        " person when calling for that organization; a team or group means its members while they belong to it; no"
        " actor means everybody. A patient who signs in meets the own record only, whatever others permit.",
        [
            Case(score(), by(HOSPITAL), (consent(permit(HOSPITAL)),), YES, "consent", "A"),
            Case(score(), by(HART), (consent(permit(HOSPITAL)),), YES, "consent", "A"),
            Case(score(), by(INSURER), (consent(permit(HOSPITAL)),), NO, "silence"),
            Case(score(), by(INSURER), (consent(permit(f"{HOSPITAL} {INSURER}")),), YES, "consent", "A"),
            Case(score(), by(INSURER), (consent(permit()),), YES, "consent", "A"),
            Case(score(), by(HART), (consent(permit(HART)),), YES, "consent", "A"),
            Case(score(), by(HART, of=INSURER), (consent(permit(HART)),), YES, "consent", "A"),
            Case(score(), by(LUND), (consent(permit(HART)),), NO, "silence"),
            Case(score(), by(HOSPITAL), (consent(permit(HART)),), NO, "silence"),
            Case(score(), by(HART), (consent(permit(HARTS_ROLE)),), YES, "consent", "A"),
            Case(score(), by(HART, of=INSURER), (consent(permit(HARTS_ROLE)),), NO, "silence"),
            Case(score(), by(LUND), (consent(permit(LUNDS_ROLE)),), NO, "silence"),
            Case(score(), by(LUND, at=_at(2026, 3, 31, 23)), (consent(permit(LUNDS_ROLE)),), YES, "consent", "A"),
            Case(score(), by(HART), (consent(permit(TEAM)),), YES, "consent", "A"),
            Case(score(), by(LUND), (consent(permit(TEAM)),), NO, "silence"),
            Case(score(), by(HART, at=_at(2026, 3, 31)), (consent(permit(TEAM)),), NO, "silence"),
            Case(score(), by(INSURER), (consent(permit(TEAM)),), YES, "consent", "A"),
            Case(score(), by(HOSPITAL), (consent(permit(TEAM)),), NO, "silence"),
            Case(score(), by(LUND), (consent(permit(GROUP)),), YES, "consent", "A"),
            Case(score(), by(HART), (consent(permit(GROUP)),), NO, "silence"),
            Case(score(), by(APP), (consent(permit(APP)),), YES, "consent", "A"),
            Case(score(), by(SCRIBE), (consent(permit(APP)),), NO, "silence"),
            Case(score(), by(APP, of=INSURER), (consent(permit(APPS)),), YES, "consent", "A"),
            Case(score(), by(KIM, "FAMRQT"), (consent(permit(KIM, "FAMRQT")),), NO, "silence"),
        ],
    ),
    Group(
        "For which purpose",
        "A permit for a purpose covers those below it in HL7's tree; one that names none covers all. But breaking the"
        " glass, model training, marketing and research must be named themselves. A deny covers everything below.",
        [
            _purpose("TREAT", "TREAT", YES),
            _purpose("TREAT", "COC", YES),
            _purpose("TREAT", "ETREAT", YES),
            _purpose("TREAT", "ERTREAT", YES),
            _purpose("COC", "TREAT", NO),
            _purpose("TREAT", "HPAYMT", NO),
            _purpose("HPAYMT TREAT", "HPAYMT", YES),
            _purpose("HPAYMT", "ELIGVER", YES),
            _purpose("HOPERAT", "LABELING", YES),
            _purpose("HOPERAT", "MLTRAINING", NO),
            _purpose("MLTRAINING", "MLTRAINING", YES),
            _purpose("TREAT", "BTG", NO),
            _purpose("ETREAT", "BTG", NO),
            _purpose("BTG", "BTG", YES),
            _purpose("BTG", "ETREAT", NO),
            _purpose("HRESCH", "HRESCH", YES),
            _purpose("HRESCH", "CLINTRCH", YES),
            _purpose("CLINTRCH", "HRESCH", NO),
            _purpose("HMARKT", "HMARKT", YES),
            _purpose("", "HPAYMT", YES),
            _purpose("", "PUBHLTH", YES),
            _purpose("", "BTG", NO),
            _purpose("", "HMARKT", NO),
            _purpose("", "HRESCH", NO),
            _purpose("", "BIORCH", NO),
            _purpose("", "MLTRAINING", NO),
            _denied("TREAT", "COC", NO),
            _denied("TREAT", "BTG", NO),
            _denied("HOPERAT", "MLTRAINING", NO),
            _denied("MLTRAINING", "HOPERAT", YES),
            _denied("COC", "TREAT", YES),
            _denied("", "MLTRAINING", NO),
        ],
    ),
    Group(
        "For which act",
        "Reading is access, use and disclose: a permit of one of them permits it, a deny of one of them denies it. What"
        " an AI may collect is a consent of its own kind and opens nothing.",
        [
            Case(score(), by(HOSPITAL), (consent(permit(HOSPITAL, action="access")),), YES, "consent", "A"),
            Case(score(), by(HOSPITAL), (consent(permit(HOSPITAL, action="use disclose")),), YES, "consent", "A"),
            Case(score(), by(HOSPITAL), (consent(permit(HOSPITAL, action="disclose")),), YES, "consent", "A"),
            Case(
                score(),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, but=[deny(action="disclose")])),),
                NO,
                "deny",
                "A.1",
            ),
            Case(
                score(),
                by(HOSPITAL),
                (consent(permit(HOSPITAL)), consent(deny(HOSPITAL, action="access"))),
                NO,
                "deny",
                "B",
            ),
        ],
    ),
    Group(
        "When",
        "A period includes its last day, in UTC. What has ended or not begun is silent, and an exception lasts no"
        " longer than what it is an exception of.",
        [
            _when("2026-06-15", "", _at(2026, 6, 14, 23, 59, 59), NO),
            _when("2026-06-15", "", _at(2026, 6, 15), YES),
            _when("", "2026-06-15", _at(2026, 6, 15, 23, 59, 59), YES),
            _when("", "2026-06-15", _at(2026, 6, 16), NO),
            _when("2026-01-01", "2026", _at(2026, 12, 31, 12), YES),
            _when("2025-01-01", "2025-12-31", _at(2026, 6, 15, 12), NO),
            _when("2027-01-01", "", _at(2026, 6, 15, 12), NO),
            _when("", "2026-06-15T14:00:00+02:00", _at(2026, 6, 15, 12, 0, 1), NO),
            Case(
                score(),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, end="2026-06-01", but=[permit(INSURER, end="2027-01-01")])),),
                NO,
                "silence",
            ),
            Case(
                score(),
                by(INSURER),
                (consent(permit(HOSPITAL, end="2026-06-01", but=[permit(INSURER, end="2027-01-01")])),),
                NO,
                "silence",
            ),
            Case(
                score(),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, but=[deny(end="2026-06-14")])),),
                YES,
                "consent",
                "A",
            ),
            Case(
                score(),
                by(HOSPITAL),
                (consent(permit(HOSPITAL, but=[deny(start="2026-06-15")])),),
                NO,
                "deny",
                "A.1",
            ),
            Case(
                score(),
                by(HOSPITAL),
                (consent(permit(HOSPITAL)), consent(deny(HOSPITAL, end="2026-05"))),
                YES,
                "consent",
                "A",
            ),
        ],
    ),
]
