"""What a model's maker says of it, as one Markdown text and, where it came as one, the CHAI document itself.

A card comes as Markdown, as an address, as the source attributes of 45 CFR 170.315(b)(11), or as a CHAI Applied Model
Card.
http://hl7.org/fhir/uv/aitransparency (AI-ModelCard): Markdown and CHAI are its two formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Issue
from gateway.rules.chai import ChaiFault, Element, parse
from gateway.rules.source_attributes import ATTRIBUTES, PREDICTIVE

MARKDOWN, XML = "text/markdown", "application/xml"
FORMATS: Mapping[str, tuple[str, str]] = {
    MARKDOWN: ("AIModelCardMarkdownFormat", "Markdown Format"),
    XML: ("AImodelCardCHAIformat", "CHAI Format"),
}
_MARKUP = re.compile(r"^([^\S\n]*\d*)([#>=|]|[+*.)-](?=\s|$|-|\*))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """`texts` are the card in each of its media types; none where it only has an address."""

    title: str
    texts: Mapping[str, str]
    url: str | None = None


def card_of(given: Mapping[str, Any]) -> Card:
    """The card of a submission's context. Raises ChaiFault."""
    title = given.get("title")
    if "chai" in given:
        root = parse(given["chai"])
        return Card(title or _named(root), {MARKDOWN: _chai(root), XML: given["chai"]})
    if "dsi" in given:
        return Card(title or "Source attributes of the model", {MARKDOWN: _attributes(given["dsi"])})
    if "markdown" in given:
        return Card(title or "Model card", {MARKDOWN: given["markdown"]})
    return Card(title or "Model card", {}, given["url"])


def card_faults(given: Mapping[str, Any], place: str) -> list[Issue]:
    """What a schema cannot find in a card."""
    try:
        if "chai" in given:
            parse(given["chai"])
    except ChaiFault as fault:
        return [Issue(f"The CHAI model card cannot be read: {fault}.", f"{place}.chai", "structure")]
    return []


def missing(attributes: Mapping[str, str]) -> list[str]:
    """The ids of source attributes that are not told."""
    return [id for id in ATTRIBUTES if id not in attributes]


def _attributes(given: Mapping[str, str]) -> str:
    """Every attribute in the regulation's order; what is not told is shown to be missing."""
    lines = ["# Source attributes of a predictive decision support intervention", "", "45 CFR 170.315(b)(11)(iv)(B)"]
    for group, attributes in PREDICTIVE.items():
        lines += ["", f"## {group}"]
        for id, title in attributes.items():
            lines += ["", f"### {title}", "", _said(given[id]) if id in given else "*Not told.*"]
    return "\n".join(lines) + "\n"


def _chai(root: Element) -> str:
    return "\n".join([f"# {_said(_named(root))}", *_sections(root.children, 2)]) + "\n"


def _sections(elements: list[Element], level: int) -> Iterator[str]:
    """Headings for what holds others, list items for what is repeated, a line of its own for every text."""
    names = [element.name for element in elements]
    for element in elements:
        if element.children:
            yield from ("", f"{'#' * min(level, 6)} {element.title}")
            yield from ("", _said(element.text)) if element.text else ()
            yield from _sections(element.children, level + 1)
        elif element.text:
            is_item = names.count(element.name) > 1
            yield from (f"- {_said(element.text)}",) if is_item else ("", f"**{element.title}:** {_said(element.text)}")


def _named(root: Element) -> str:
    names = (" ".join(element.text.split()) for element in root.walk() if element.name == "ModelName")
    return next((name[:255] for name in names if name), "Model card")


def _said(text: str) -> str:
    """A maker's text as plain text in Markdown: its paragraphs stay, and nothing in it is markup."""
    lines = text.strip().replace("\r\n", "\n").replace("\r", "\n")
    escaped = lines.replace("\\", "\\\\").replace("`", "\\`").replace("[", "\\[").replace("<", "&lt;")
    return _MARKUP.sub(r"\1\\\2", escaped).replace("\n", "  \n")
