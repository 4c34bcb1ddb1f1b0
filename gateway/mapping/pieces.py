"""A template in one file or in several: an item that is a file's name stands for the resources that file lists."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.mapping.expression import Scope
from gateway.mapping.source import Source, read
from gateway.mapping.strings import Closure
from gateway.mapping.template import compile_template
from gateway.mapping.values import flat

TEMPLATE = "template"
_NAME = re.compile(r"(?!mapping\.)([a-z][a-z0-9-]*)\.yaml")


def compile_pieces(source: Source, folder: Path, scope: Scope) -> tuple[Closure, tuple[bytes, ...]]:
    """The whole template, and the content of the files beside the mapping's own. Raises MappingFault."""
    pieces, contents = list[Closure](), list[bytes]()
    for number, item in enumerate(source.data[TEMPLATE]):
        if isinstance(item, str):
            piece = _beside(source, folder, number, item)
            place = (item.removesuffix(".yaml"),)
            contents.append((folder / item).read_bytes())
            pieces.append(compile_template(piece, place, piece.data[place[0]], scope, makes_resources=True))
        else:
            pieces.append(compile_template(source, (TEMPLATE, number), item, scope, makes_resources=True))
    return lambda root, variables: flat(piece(root, variables) for piece in pieces), tuple(contents)


def _beside(source: Source, folder: Path, number: int, name: str) -> Source:
    """The file's list under the file's name, so that its places are told from those of the others."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise source.fault(
            (TEMPLATE, number), "an item is a resource, or the name of a file beside this one: plan.yaml"
        )
    found = read(folder / name)
    if not isinstance(found.data, list) or any(isinstance(item, str) for item in found.data):
        raise found.fault((), "the file must be a list of resources")
    lines = {(match[1], *place): line for place, line in found.lines.items()}
    return Source(found.file, {match[1]: found.data}, lines)
