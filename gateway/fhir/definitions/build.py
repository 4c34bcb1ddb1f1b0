"""Makes `r4.json.gz`: the facts of FHIR R4 the door check needs, out of an HL7 definitions package.

    python -m gateway.fhir.definitions.build PACKAGE.tgz

Per element: how many, which types, reference targets, the value set of a required binding, and the keys of its rules.
Per rule (invariant): severity, words, expression. Per value set of R4: its codes by system; a required one that cannot
be listed (a filter, a system that is not in the package) is named under `open`. HL7 publishes them under CC0.
"""

from __future__ import annotations

import gzip
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gateway.fhir.definitions.codes import CannotList, codes_of

TARGET = Path(__file__).with_name("r4.json.gz")
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
PREFIX = "http://hl7.org/fhir/StructureDefinition/"
VALUE_SETS = "http://hl7.org/fhir/ValueSet/"
MAX_CODES = 1000
# Rules of every element, checked by the walker itself on the shape of the JSON.
EVERYWHERE = {"ele-1", "ext-1"}
Json = dict[str, Any]


def build(package: Path) -> Json:
    """The tables as one JSON object. Raises KeyError when the package lacks a definition the tables need."""
    files = list(_resources(package))
    definitions = [
        file
        for file in files
        if file.get("resourceType") == "StructureDefinition"
        and file.get("derivation") != "constraint"
        and file.get("kind") in {"resource", "complex-type"}
    ]
    terminology = {
        file["url"]: file for file in files if file.get("resourceType") in {"ValueSet", "CodeSystem"} and "url" in file
    }
    roots = {file["type"]: {rule["key"] for rule in _rules(file["snapshot"]["element"][0])} for file in definitions}
    tables: Json = {"version": "4.0.1", "types": {}, "nodes": {}, "rules": {}, "codes": {}, "open": []}
    for file in sorted(definitions, key=lambda file: str(file["type"])):
        tables["types"][file["type"]] = {
            "kind": file["kind"],
            "abstract": file.get("abstract", False),
            "base": (file.get("baseDefinition") or "").removeprefix(PREFIX) or None,
        }
        _add_nodes(tables, file, roots)
    _add_codes(tables, terminology)
    return tables


def _resources(package: Path) -> Iterator[Json]:
    with tarfile.open(package) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".json") else None
            if stream is not None:
                yield msgspec.json.decode(stream.read())


def _rules(element: Json) -> list[Json]:
    return [rule for rule in element.get("constraint", ()) if rule["key"] not in EVERYWHERE]


def _add_nodes(tables: Json, definition: Json, roots: Mapping[str, set[str]]) -> None:
    """One node per type and per nested element: its own rules and its children."""
    for element in definition["snapshot"]["element"]:
        path = element["path"]
        kinds = {kind["code"] for kind in element.get("type", ())}
        inherited = set().union(*(roots.get(kind, set()) for kind in kinds)) if "." in path else set()
        keys = [rule["key"] for rule in _rules(element) if rule["key"] not in inherited]
        fact = _fact(definition, element)
        if keys:
            fact["rules"] = [_add_rule(tables, path, rule) for rule in _rules(element) if rule["key"] in keys]
        if "." in path:
            parent, name = path.rsplit(".", 1)
            tables["nodes"].setdefault(parent, {"children": {}})["children"][name] = fact
        else:
            tables["nodes"][path] = {"rules": fact.get("rules", []), "children": {}}


def _add_rule(tables: Json, path: str, rule: Json) -> str:
    """Its name in the table: its key, with the path in front where R4 uses one key for several rules (inv-1)."""
    told = [rule["severity"], rule["human"], rule["expression"]]
    key: str = rule["key"]
    name = key if tables["rules"].get(key, told) == told else f"{path}:{key}"
    tables["rules"][name] = told
    return name


def _fact(definition: Json, element: Json) -> Json:
    fact: Json = {"types": [_type(definition, element, kind) for kind in element.get("type", ())]}
    if "contentReference" in element:
        fact["types"] = [element["contentReference"]]
    if element["min"]:
        fact["min"] = element["min"]
    if element["max"] != "1":
        fact["max"] = element["max"]
    binding = element.get("binding", {})
    if binding.get("strength") == "required" and "valueSet" in binding:
        fact["codes"] = binding["valueSet"].split("|")[0]
    return fact


def _type(definition: Json, element: Json, kind: Json) -> str:
    """`Reference(Patient|Group)`, `string`, or `@` for an element whose children stand in this definition."""
    code: str = kind["code"]
    if code in {"BackboneElement", "Element"} and "." in element["path"]:
        return "@"
    if code.startswith("http://hl7.org/fhirpath/"):
        if element["path"] == f"{definition['type']}.id" and definition["kind"] == "resource":
            return "id"
        return next((each["valueUrl"] for each in kind.get("extension", ()) if each["url"] == FHIR_TYPE), "string")
    targets = [target.removeprefix(PREFIX) for target in kind.get("targetProfile", ())]
    return f"{code}({'|'.join(targets)})" if code == "Reference" and targets else code


def _add_codes(tables: Json, terminology: Mapping[str, Json]) -> None:
    """The value sets R4 requires, and the others of R4 itself that are short enough for a profile to require."""
    facts = (fact for node in tables["nodes"].values() for fact in node["children"].values())
    required = {fact["codes"] for fact in facts if "codes" in fact}
    own = {
        url for url, each in terminology.items() if url.startswith(VALUE_SETS) and each["resourceType"] == "ValueSet"
    }
    for url in sorted(required | own):
        try:
            listed = codes_of(url, terminology.get)
        except CannotList:
            tables["open"] += [url] if url in required else []
            continue
        if url in required or sum(map(len, listed.values())) <= MAX_CODES:
            tables["codes"][url] = {system: sorted(codes) for system, codes in listed.items()}


def main() -> None:
    content = msgspec.json.encode(build(Path(sys.argv[1])))
    TARGET.write_bytes(gzip.compress(content, mtime=0))


if __name__ == "__main__":
    main()
