"""The narrative allow-list: what may stand in `Narrative.div`, and nothing that runs, loads or frames.

Elements and attributes are those of R4's rule txt-1 (https://hl7.org/fhir/R4/narrative.html), without `charset`,
`coords`, `shape` and `type`, which only mean something on elements that are not allowed. No DTD is read, so no entity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.entities import html5
from xml.parsers.expat import ExpatError, ParserCreate

XHTML = "http://www.w3.org/1999/xhtml"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _words("""
    a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img
    li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var
""")
ATTRIBUTES = _words("""
    abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff cite class
    colspan compact dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rules
    scope span src start style summary tabindex title valign value vspace width
""")
LINKS = frozenset({"href", "cite", "longdesc", "src"})
XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
_MARKUP = re.compile(r"<[?]|<!(?!--)")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_IMAGE = re.compile(r"data:image/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z")
_OWN_IMAGE = re.compile(
    r"url\((['\"]?)(data:image/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=]*|[A-Za-z0-9_-]{1,64}\.(png|jpe?g|gif))\1\)"
)
_STYLE = re.compile(r"url\s*\(|expression|javascript|import|behaviou?r|binding|\\|/\*|<|@", re.IGNORECASE)
_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def shown(text: str) -> str:
    """The text as FHIR strings and XHTML can carry it: control characters are shown as the replacement character, not
    silently dropped."""
    return _UNSHOWN.sub("\ufffd", text) if _UNSHOWN.search(text) else text


def faults_of(div: str) -> list[str]:
    """What is wrong with a narrative, each fault once; empty when nothing is. Names elements, never their text."""
    if _MARKUP.search(div):
        return ["must not contain a document type, a processing instruction or CDATA"]
    reader = _Reader()
    try:
        reader.read(_ENTITY.sub(_character, div))
    except (ExpatError, ValueError, UnicodeError):
        return ["must be well-formed XHTML"]
    return list(dict.fromkeys(reader.faults)) or ([] if reader.has_content else ["must have text or an image"])


def _character(match: re.Match[str]) -> str:
    """HTML's named characters (&nbsp;) as themselves: XML knows only five of them."""
    return match[0] if match[1] in _XML else html5.get(f"{match[1]};", match[0])


class _Reader:
    def __init__(self) -> None:
        self.faults: list[str] = []
        self.has_content = False
        self._is_first = True

    def read(self, div: str) -> None:
        parser = ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._text
        parser.Parse(div, True)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if self._is_first and (name != "div" or space != XHTML):
            self.faults.append("must be one div in the XHTML namespace")
        self._is_first = False
        if space != XHTML or name not in ELEMENTS:
            self.faults.append(f"must not contain {_told('the element', name)}")
        for attribute, value in attributes.items():
            self.faults.extend(_attribute_faults(name, attribute, value))
        self.has_content |= name == "img" and "src" in attributes

    def _text(self, text: str) -> None:
        self.has_content |= not text.isspace()


def _attribute_faults(element: str, name: str, value: str) -> list[str]:
    if name == XML_LANG:
        return []
    if name not in ATTRIBUTES:
        return [f"must not contain {_told('the attribute', name.rpartition(' ')[2])}"]
    if name == "style" and _STYLE.search(_OWN_IMAGE.sub("", value)):
        return ["must not contain a style that loads or runs something"]
    if name in LINKS and not _LINKS.get((element, name), _is_plain_link)(value):
        return [f"must not contain this link in {element}.{name}"]
    return []


def _told(what: str, name: str) -> str:
    return f"{what} {name}" if re.fullmatch(r"[A-Za-z0-9-]{1,32}", name) else f"such {what.removeprefix('the ')}s"


def _is_plain_link(value: str) -> bool:
    """Relative, or to the web, a mail box or a telephone. Browsers look through invisible characters: so do we."""
    link = re.sub(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\ufeff]", "", value)
    scheme = _SCHEME.match(link)
    return scheme[1].lower() in {"http", "https", "mailto", "tel", "urn"} if scheme else not link.startswith("//")


def _is_image(value: str) -> bool:
    return bool(_IMAGE.match(value)) or (_is_plain_link(value) and not value.lower().startswith(("mailto", "tel")))


_LINKS: Mapping[tuple[str, str], Callable[[str], bool]] = {("img", "src"): _is_image}
