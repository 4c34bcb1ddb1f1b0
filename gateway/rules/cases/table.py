"""The truth table as Markdown, and where it stands in a text that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.rules.cases import telling
from gateway.rules.cases.case import Case, Group, expected, outcome

BEGIN, END = "<!-- truth table, written by `make policy` -->", "<!-- end of the truth table -->"
_HEAD = "| # | content | who asks, for what | consents | answer | because |"
_RULE = "|---|---|---|---|---|---|"


def markdown(groups: Sequence[Group]) -> str:
    """Every group with its rule and its cases, numbered through."""
    return "\n".join(_lines(groups))


def put_into(text: str, groups: Sequence[Group]) -> str:
    """The text with the table of today between its marks. Raises ValueError where the marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the marks of the truth table are missing")
    return f"{before}{BEGIN}\n\n{markdown(groups)}\n{END}{after}"


def wrong(groups: Sequence[Group]) -> list[str]:
    """Every case to which the rule says something else than the table."""
    return [
        f"{number} ({group.title}): the table says {expected(case)}, the rule {found}"
        for number, group, case in numbered(groups)
        if (found := outcome(case)) != expected(case)
    ]


def numbered(groups: Sequence[Group]) -> Iterator[tuple[int, Group, Case]]:
    pairs = ((group, case) for group in groups for case in group.cases)
    for number, (group, case) in enumerate(pairs, 1):
        yield number, group, case


def _lines(groups: Sequence[Group]) -> Iterator[str]:
    numbers = {id(case): number for number, _, case in numbered(groups)}
    for group in groups:
        yield from (f"### {group.title}", "", group.rule, "", _HEAD, _RULE)
        yield from (_row(numbers[id(case)], case) for case in group.cases)
        yield ""


def _row(number: int, case: Case) -> str:
    cells = (
        str(number),
        telling.content(case),
        telling.asking(case.asking),
        telling.consents(case),
        f"**{case.answer}**",
        telling.because(case),
    )
    return f"| {' | '.join(cells)} |"
