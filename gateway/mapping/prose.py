"""Prose as scribes and diaries write it, in Markdown, in HTML or in neither, taken apart into plain text.

Only tags that HTML knows are markup: "score < 5 and > 2" stays what it says. Each pattern reads a text once, however
long. https://spec.commonmark.org/0.31.2/ (headings, lists, emphasis), https://html.spec.whatwg.org/#elements-3
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import zip_longest
from typing import Any

_HEADINGS = {f"h{level}": f"\n\n{'#' * level} " for level in range(1, 7)}
_PARAGRAPHS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "div", "dl", "footer", "form", "header", "html", "main"}
    | {"nav", "ol", "p", "pre", "section", "table", "ul"}
)
_LINES = {"br": "\n", "hr": "\n\n", "li": "\n- ", "tr": "\n", "dt": "\n", "dd": "\n", "td": " ", "th": " "}
_SILENT = frozenset({"script", "style", "head", "title"})
_INLINE = frozenset(
    {"a", "abbr", "b", "code", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "tt", "u"}
    | {"tbody", "tfoot", "thead"}
)
_STRUCTURE = frozenset({*_HEADINGS, *_PARAGRAPHS, "li"})

_NAMES = "|".join(sorted({*_STRUCTURE, *_LINES, *_SILENT, *_INLINE}, key=len, reverse=True))
_TAG = re.compile(rf"<(/?)({_NAMES})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad"))

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_BOLD_LINE = re.compile(r"\s*(?:\*\*|__)([^*_]+)(?:\*\*|__):?\s*")
_BOLD_LEVEL = 7  # below the six that have a mark of their own
_RULE = re.compile(r"\s*([-*_=])(?:[ \t]*\1){2,}\s*")
_BULLET = re.compile(r"\s*[-*+•‣◦–][ \t]+")
_NUMBER = re.compile(r"\s*\d{1,3}[.)][ \t]+")
_EMPHASIS = re.compile(
    r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*|(?<!\w)__(?=\S)([^_\n]+)(?<=\S)__(?!\w)"
    r"|(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)([^_\n]+)(?<=\S)_(?!\w)|`([^`\n]+)`"
)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>-])")


@dataclass(slots=True)
class Part:
    """What stands under one heading; before the first heading there is none, and a bold line is of the lowest level."""

    heading: str | None = None
    level: int = 0
    paragraphs: list[str] = field(default_factory=list)


def headed(focus: list[Any]) -> list[Any]:
    """The parts of each text, as objects of `heading`, `under` (the headings above it) and `paragraphs`.

    A line that is all bold is a heading too. One that has nothing but other headings below it is no part of its own.
    """
    return [part for text in _texts(focus) for part in _placed(_parts(text))]


def paragraphs(focus: list[Any]) -> list[Any]:
    """The paragraphs of each text, headings among them. Each item of a list is one: it can be judged by itself."""
    return [paragraph for text in _texts(focus) for part in _parts(text) for paragraph in _all(part)]


def plain(focus: list[Any]) -> list[Any]:
    """Each text without its markup, with an empty line between its paragraphs."""
    return ["\n\n".join(paragraph for part in _parts(text) for paragraph in _all(part)) for text in _texts(focus)]


def _texts(focus: list[Any]) -> Iterator[str]:
    return (item for item in focus if isinstance(item, str) and item.strip())


def _all(part: Part) -> list[str]:
    return [part.heading, *part.paragraphs] if part.heading else part.paragraphs


def _placed(parts: list[Part]) -> Iterator[dict[str, Any]]:
    above: list[Part] = []
    for part, following in zip_longest(parts, parts[1:]):
        above = [other for other in above if other.level < part.level]
        if part.paragraphs or following is None or following.level <= part.level:
            under = [other.heading for other in above if other.heading]
            heading = {"heading": part.heading} if part.heading else {}
            yield heading | ({"under": under} if under else {}) | {"paragraphs": part.paragraphs}
        above.append(part)


def _parts(text: str) -> list[Part]:
    parts, is_open = [Part()], False
    for line in _as_markdown(text).translate(_UNSEEN).replace("\u00a0", " ").splitlines():
        if heading := _heading(line):
            parts.append(heading)
            is_open = False
        elif not line.strip() or _RULE.fullmatch(line):
            is_open = False
        else:
            is_open = _add(parts[-1].paragraphs, line, is_open)
    return [part for part in parts if part.heading or part.paragraphs]


def _heading(line: str) -> Part | None:
    if found := _HEADING.fullmatch(line):
        return Part(_inline(found[2].rstrip("# \t")).rstrip(": "), len(found[1]))
    if found := _BOLD_LINE.fullmatch(line):
        return Part(_inline(found[1]).strip(": "), _BOLD_LEVEL)
    return None


def _add(paragraphs: list[str], line: str, is_open: bool) -> bool:
    """One more line of text. A list's bullets go, its numbers are its author's words."""
    bullet = _BULLET.match(line)
    words = _inline(line[bullet.end() if bullet else 0 :].strip())
    if is_open and not bullet and not _NUMBER.match(line):
        paragraphs[-1] = f"{paragraphs[-1]}\n{words}"
    elif words:
        paragraphs.append(words)
    return bool(paragraphs)


def _inline(text: str) -> str:
    for _ in range(2):  # bold within italics
        text = _EMPHASIS.sub(lambda found: next(filter(None, found.groups())), text)
    return _ENTITY.sub(lambda found: unescape(found[0]), _ESCAPED.sub(r"\1", text))


def _as_markdown(text: str) -> str:
    """HTML's headings, paragraphs, lists and line breaks as Markdown's; other known tags go."""
    tags = list(_TAG.finditer(text))
    is_page = any(tag[2].lower() in _STRUCTURE for tag in tags)
    closed = {tag[2].lower(): tag.start() for tag in tags if tag[1]}
    words: list[str] = []
    at, silent = 0, False
    for tag in tags:
        if not silent:
            words += [_spaced(text[at : tag.start()], is_page), _break(tag[2].lower(), closes=bool(tag[1]))]
        if tag[2].lower() in _SILENT:
            silent = not tag[1] and closed.get(tag[2].lower(), 0) >= at
        at = tag.end()
    return "".join([*words, _spaced(text[at:], is_page)])


def _spaced(words: str, is_page: bool) -> str:
    """In HTML a line break is a space."""
    return re.sub(r"\s+", " ", words) if is_page else words


def _break(tag: str, *, closes: bool) -> str:
    if tag in _HEADINGS:
        return "\n\n" if closes else _HEADINGS[tag]
    if tag in _PARAGRAPHS:
        return "\n\n"
    return "" if closes and tag != "br" else _LINES.get(tag, "")
