"""The CHAI Applied Model Card, an XML document: read without any of XML's dangers.

No document type, so no entities, no files and no addresses; bounded in depth and in elements. https://mc.chai.org,
schemas v0.1 and v0.2 (coalition-for-health-ai/mc-schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

NAMESPACE = re.compile(r"https://mc\.chai\.org/v\d+\.\d+/schema\.xsd")
ROOT = "AppliedModelCard"
_DEEPEST, _MOST = 16, 2_000
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class ChaiFault(ValueError):
    """No CHAI model card; the message is the reason, and holds nothing of the document."""


@dataclass(slots=True)
class Element:
    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    @property
    def title(self) -> str:
        """`KnownRisksAndLimitations` as "Known risks and limitations"; what is in capitals stays so."""
        first, *rest = _WORDS.sub(" ", self.name).split()
        return " ".join([first, *(word if word.isupper() else word.lower() for word in rest)])

    def walk(self) -> Iterator[Element]:
        """The element and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse(xml: str) -> Element:
    """Raises ChaiFault."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")  # whatever it declares: it came as text
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(xml.encode(), True)
    except expat.ExpatError as error:
        raise ChaiFault(f"not well-formed XML at line {error.lineno}") from error
    if not any(element.text for element in reader.root.walk()):
        raise ChaiFault("the card says nothing")
    return reader.root


class _Reader:
    """Builds the tree; every element must be CHAI's."""

    def __init__(self) -> None:
        self.root, self.open, self.count = Element(ROOT), list[Element](), 0

    def refuse_doctype(self, *_: Any) -> None:
        raise ChaiFault("a document type is not allowed")

    def start(self, qualified: str, _: dict[str, str]) -> None:
        namespace, _space, name = qualified.rpartition(" ")
        self.count += 1
        if self.count > _MOST or len(self.open) >= _DEEPEST:
            raise ChaiFault("too many elements, or too deep")
        if not NAMESPACE.fullmatch(namespace) or (not self.open and name != ROOT):
            raise ChaiFault(f"not a {ROOT} of {NAMESPACE.pattern.replace(chr(92), '')}")
        element = Element(name) if self.open else self.root
        if self.open:
            self.open[-1].children.append(element)
        self.open.append(element)

    def end(self, _: str) -> None:
        element = self.open.pop()
        element.text = element.text.strip()

    def characters(self, data: str) -> None:
        self.open[-1].text += data
