"""Parts of a resource: `_elements` and `_summary`. https://hl7.org/fhir/R4/search.html#summary

Cut at the top level: an element stays or goes as a whole.
"""

from __future__ import annotations

from gateway.fhir.json import dump, parse
from gateway.fhir.labels import SUBSETTED
from gateway.fhir.search_controls import Controls
from gateway.fhir.search_table import TYPES, TypeTable

_ALWAYS = frozenset({"resourceType", "id", "meta"})
_SUBSETTED = dict(SUBSETTED)


def subset(text: bytes, controls: Controls) -> bytes:
    """The text as it is, or what the controls leave of it, tagged as a subset so that nobody stores it as the whole."""
    if controls.summary in (None, "false", "count") and not controls.elements:
        return text
    resource = parse(text)
    table = TYPES[resource["resourceType"]]
    kept = {name: value for name, value in resource.items() if _stays(table, controls, name)}
    meta = dict(kept.get("meta", {}))
    meta["tag"] = [*meta.get("tag", ()), _SUBSETTED]
    kept["meta"] = meta
    return dump(kept)


def _stays(table: TypeTable, controls: Controls, name: str) -> bool:
    plain = name.removeprefix("_")
    if plain in _ALWAYS:
        return True
    if controls.summary == "data":
        return plain != "text"
    if controls.summary == "true":
        return _is_among(plain, table.summary) or _is_among(plain, table.mandatory)
    wanted = ("text",) if controls.summary == "text" else controls.elements
    return _is_among(plain, wanted) or _is_among(plain, table.mandatory)


def _is_among(name: str, elements: tuple[str, ...]) -> bool:
    """`value[x]` stands for `valueString` and its like."""
    return name in elements or any(
        element.endswith("[x]") and name.startswith(element[:-3]) and name[len(element) - 3 :][:1].isupper()
        for element in elements
    )
