"""Plain text to Narrative and back: every value is escaped, markup never comes from content."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Any

from gateway.fhir.xhtml import XHTML, shown

_BLOCKS = frozenset({"p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table", "blockquote"})


def div(*blocks: str) -> str:
    """A Narrative's div around blocks that are XHTML already."""
    return f'<div xmlns="{XHTML}">{"".join(blocks)}</div>'


def element(name: str, text: str) -> str:
    """One XHTML element around plain text; line breaks stay line breaks."""
    lines = (escape(line, quote=False) for line in shown(text).split("\n"))
    return f"<{name}>{'<br/>'.join(lines)}</{name}>"


def written(text: str) -> dict[str, Any]:
    """The Narrative of a sentence a person wrote: it says more than any structured data beside it."""
    return {"status": "additional", "div": div(element("p", text))}


def text_of(markup: str) -> str:
    """The words of a Narrative's div: blocks and line breaks become lines."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = (re.sub(r"[ \t\r\f]+", " ", line).strip() for line in "".join(reader.words).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "br":
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        self.words.append(data.replace("\n", " "))
