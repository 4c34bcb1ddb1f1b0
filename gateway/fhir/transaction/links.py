"""Links between the entries of a transaction, made to lead to what the entries became.

"Servers SHALL replace all matching links in the bundle": references, elements of type uri, url, oid and uuid, and the
links and images of narratives, but not canonicals. https://hl7.org/fhir/R4/http.html#trules
A resource is walked once, along the R4 tables, so that a text which only looks like a link is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, NamedTuple

from gateway.fhir.tables import Child, node, resource_types

_URIS = frozenset({"uri", "url", "oid", "uuid"})
_HISTORY = "/_history/"
_RELATIVE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}")
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]{1,63}\?.+", re.DOTALL)
# No `<` inside of a tag, as XML has it: a broken narrative costs no more than a sound one.
_TAG = re.compile(r"""<(?:a|img)\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""")
# Every attribute is read, so that one which only stands in the value of another is not taken for a link.
_ATTRIBUTE = re.compile(r"""(\s([^\s"'=<>]+)\s*=\s*)("[^"]*"|'[^']*')""")


class Link(NamedTuple):
    """A place that may link: `holder[key]` held `text`. `kind` is reference, uri or narrative."""

    holder: Any
    key: Any
    text: str
    kind: str
    path: str

    @property
    def is_conditional(self) -> bool:
        """Whether it names its target by criteria: `Patient?identifier=…`."""
        return self.kind == "reference" and _CONDITIONAL.fullmatch(self.text) is not None

    @property
    def is_placeholder(self) -> bool:
        return self.kind == "reference" and self.text.startswith(("urn:uuid:", "urn:oid:"))


@dataclass(frozen=True, slots=True)
class Names:
    """Where names of the Bundle lead: `entries` by fullUrl, `found` by the criteria of a conditional reference, to
    `Type/id`; `version` tells the version that a target has after the transaction, or None where nobody can say."""

    entries: Mapping[str, str]
    found: Mapping[str, str] = field(default_factory=dict)
    version: Callable[[str], str | None] = lambda _: None

    def target(self, text: str, root: str | None) -> str | None:
        """What takes the place of a link; None for one that leads elsewhere. A relative one is read under `root`, the
        server that the fullUrl of its entry names."""
        head, mark, _ = text.partition(_HISTORY)
        reached = self.entries.get(head)
        if reached is None and root and _RELATIVE.fullmatch(head):
            reached = self.entries.get(f"{root}/{head}")
        if reached is None or not mark:
            return reached
        version = self.version(reached)
        return None if version is None else f"{reached}{_HISTORY}{version}"

    def is_versioned(self, text: str) -> bool:
        """Whether it asks for a version of an entry."""
        head, mark, _ = text.partition(_HISTORY)
        return bool(mark) and head in self.entries


def links(resource: Mapping[str, Any]) -> list[Link]:
    """All places of a resource that may link, contained resources and extensions included."""
    return list(_resource(resource, str(resource.get("resourceType"))))


def rewrite(found: list[Link], names: Names, root: str | None) -> None:
    """Put what the names lead to in the places of the links. May be done again with other names: each place is written
    from what it held at first."""
    for link in found:
        if link.kind == "narrative":
            link.holder[link.key] = _narrative(link.text, names, root)
        else:
            conditional = names.found.get(link.text) if link.kind == "reference" else None
            link.holder[link.key] = conditional or names.target(link.text, root) or link.text


def root_of(full_url: str | None) -> str | None:
    """The server that a fullUrl of the form `[base]/Type/id` names."""
    return full_url.rsplit("/", 2)[0] if full_url and full_url.startswith("http") else None


def _resource(value: Mapping[str, Any], path: str) -> Iterator[Link]:
    kind = value.get("resourceType")
    if type(kind) is str and kind in resource_types():
        yield from _members(kind, value, path)


def _members(place: str, value: Mapping[str, Any], path: str) -> Iterator[Link]:
    children = node(place).children
    for key, item in value.items():
        child = children.get(key)
        if child is None:
            sibling = children.get(key[1:]) if key[:1] == "_" else None
            if sibling is not None:
                for each, step in _each(item):
                    if type(each) is dict:
                        yield from _members("Element", each, f"{path}.{sibling.name}{step}")
        elif child.test is None:
            for each, step in _each(item):
                if type(each) is dict:
                    yield from _complex(child, each, f"{path}.{child.name}{step}")
        elif child.type in _URIS:
            yield from _texts(value, key, item, "uri", f"{path}.{child.name}")
        elif child.type == "xhtml" and type(item) is str:
            yield Link(value, key, item, "narrative", f"{path}.{child.name}")


def _each(item: Any) -> Iterator[tuple[Any, str]]:
    if type(item) is list:
        for index, each in enumerate(item):
            yield each, f"[{index}]"
    else:
        yield item, ""


def _complex(child: Child, value: dict[str, Any], path: str) -> Iterator[Link]:
    if child.type == "Resource":
        yield from _resource(value, path)
        return
    if child.type == "Reference" and type(value.get("reference")) is str:
        yield Link(value, "reference", value["reference"], "reference", path)
    yield from _members(child.node or child.type, value, path)


def _texts(holder: Any, key: Any, item: Any, kind: str, path: str) -> Iterator[Link]:
    if type(item) is str:
        yield Link(holder, key, item, kind, path)
    elif type(item) is list:
        for index, each in enumerate(item):
            if type(each) is str:
                yield Link(item, index, each, kind, f"{path}[{index}]")


def _narrative(div: str, names: Names, root: str | None) -> str:
    def attribute(match: re.Match[str]) -> str:
        head, name, value = match.groups()
        reached = names.target(unescape(value[1:-1]), root) if name in ("href", "src") else None
        return match[0] if reached is None else f'{head}"{escape(reached)}"'

    return _TAG.sub(lambda tag: _ATTRIBUTE.sub(attribute, tag[0]), div)
