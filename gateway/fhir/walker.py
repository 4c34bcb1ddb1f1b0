"""The table-driven walk over one resource: every fault of shape, type, count, code and reference, each with its path.

Rules of the JSON form: https://hl7.org/fhir/R4/json.html. Nothing here raises on any input, however malformed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gateway.errors import Issue
from gateway.fhir import targets, xhtml
from gateway.fhir.tables import Child, Codes, Node, describe, node, resource_types

MAX_DEPTH = 64
MAX_ISSUES = 500
_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")
_ELEMENT = Child("", "Element", False, 1, None, "Element", None, None, (), False)

# Called with each element that has rules: the element, the names of its rules, its path and its type.
Visit = Callable[["Walk", Any, tuple[str, ...], str, str], None]


class Met(NamedTuple):
    """A resource or an extension on the way, with what surrounds it: profiles are asked about these afterwards."""

    value: dict[str, Any]
    kind: str
    path: str
    resource: Any
    root: Any
    scope: targets.Scope


class TooMany(Exception):
    """The walk has told enough faults."""


class Walk:
    """One walk. `issues` gathers the faults; `visit` is called for each element that has rules (invariants)."""

    def __init__(self, resource: Any, visit: Visit | None = None) -> None:
        self.resource = resource
        self.issues: list[Issue] = []
        self.met: list[Met] = []
        self.scope = targets.Scope()
        self.root: Any = resource
        self._visit = visit
        self._depth = 0

    def tell(self, text: str, path: str, code: str = "structure", severity: str = "error") -> None:
        """Note one fault. Raises TooMany at the bound."""
        self.issues.append(Issue(text, path, code, severity))
        if len(self.issues) >= MAX_ISSUES:
            raise TooMany

    def walk(self) -> list[Issue]:
        """All faults of the resource, at most MAX_ISSUES."""
        try:
            self._resource(self.resource, None)
        except TooMany:
            self.issues.append(Issue("has more faults than are told here", None, "too-long"))
        return self.issues

    # --- resources

    def _resource(self, value: Any, path: str | None) -> None:
        kind = value.get("resourceType") if type(value) is dict else None
        if kind is None or type(kind) is not str or kind not in resource_types():
            what = "resourceType must name an R4 resource type" if type(value) is dict else "must be a resource"
            self.tell(what, path or "Resource", "structure")
            return
        outer, outer_scope, outer_root = self.resource, self.scope, self.root
        self.resource = value
        if not (path and path.rpartition(".")[2].startswith("contained[")):
            self.scope, self.root = self.scope.inside(value), value
        if kind == "Bundle":
            self.scope = targets.scope_of(value)
        self._meet(value, kind, path or kind)
        self._object(node(kind), value, path or kind)
        self.resource, self.scope, self.root = outer, outer_scope, outer_root

    def _meet(self, value: dict[str, Any], kind: str, path: str) -> None:
        self.met.append(Met(value, kind, path, self.resource, self.root, self.scope))

    def _contained(self, value: Any, path: str) -> None:
        if type(value) is dict and "contained" in value:
            self.tell("must not contain a resource itself", path)
        elif type(value) is dict and "id" not in value:
            self.tell("must have an id when contained", path, "required")
        self._resource(value, path)

    # --- objects

    def _object(self, kind: Node, value: Any, path: str) -> None:
        if type(value) is not dict:
            self.tell(f"must be an object, not {describe(value)}", path)
            return
        if not value:
            self.tell("must not be empty", path)
            return
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.tell("is nested too deeply", path, "too-long")
        else:
            self._members(kind, value, path)
        self._depth -= 1

    def _members(self, kind: Node, value: dict[str, Any], path: str) -> None:
        choices: set[str] = set()
        for key, item in value.items():
            child = kind.children.get(key)
            if child is None:
                self._other(kind, key, item, value, path)
                continue
            if child.choice:
                if child.name in choices:
                    self.tell("must have one type only", f"{path}.{child.name}")
                choices.add(child.name)
            if child.many:
                self._array(child, item, value.get(f"_{key}"), f"{path}.{child.name}")
            else:
                self._value(child, item, f"{path}.{child.name}")
        for name, keys in kind.required:
            if not any(key in value or f"_{key}" in value for key in keys):
                self.tell("is required", f"{path}.{name}", "required")
        self._special(kind, value, path)

    def _special(self, kind: Node, value: dict[str, Any], path: str) -> None:
        if kind.path == "Extension":
            self._meet(value, kind.path, path)
            has_value = any(key.lstrip("_").startswith("value") for key in value)
            if has_value == ("extension" in value):
                self.tell("must have a value or extensions, not both", path, "invariant")
        if self._visit is not None and kind.rules:
            self._visit(self, value, kind.rules, path, kind.path)

    def _other(self, kind: Node, key: Any, item: Any, value: Mapping[str, Any], path: str) -> None:
        if key == "resourceType" and kind.is_resource:
            return
        named = type(key) is str and _NAME.fullmatch(key)
        child = kind.children.get(key[1:]) if named and key[0] == "_" else None
        if child is None or child.test is None:
            self.tell("is not an element here", f"{path}.{key}" if named else path, "structure")
            return
        place = f"{path}.{child.name}"
        if child.many:
            self._siblings(item, value.get(key[1:]), place)
        elif item is None:
            self.tell("must not be null", place)
        else:
            self._object(node("Element"), item, place)

    # --- arrays

    def _array(self, child: Child, items: Any, siblings: Any, path: str) -> None:
        if type(items) is not list:
            self.tell(f"must be an array, not {describe(items)}", path)
            return
        if not items:
            self.tell("must not be an empty array", path)
            return
        if child.most is not None and len(items) > child.most:
            self.tell(f"must not occur more than {child.most} times", path)
        for index, item in enumerate(items):
            if item is None and child.test and type(siblings) is list and _has(siblings, index):
                continue
            self._value(child, item, f"{path}[{index}]")

    def _siblings(self, items: Any, values: Any, path: str) -> None:
        """The `_name` array of a repeating primitive: as long as its values, null where it has nothing to add."""
        if type(items) is not list:
            self.tell(f"must be an array, not {describe(items)}", path)
            return
        if not any(item is not None for item in items):
            self.tell("must not be an array of nulls", path)
            return
        if values is not None and type(values) is list and len(values) != len(items):
            self.tell("must have as many extensions as values", path)
        for index, item in enumerate(items):
            if item is not None:
                self._object(node("Element"), item, f"{path}[{index}]")
            elif type(values) is not list or not _has(values, index):
                self.tell("must not be null", f"{path}[{index}]")

    # --- values

    def _value(self, child: Child, value: Any, path: str) -> None:
        if value is None:
            self.tell("must not be null", path)
            return
        if child.most == 0:
            self.tell("must not be used", path)
            return
        if child.test is not None:
            self._primitive(child, child.test, value, path)
        elif child.type == "Resource":
            contained = path.rpartition(".")[2].startswith("contained[")
            (self._contained if contained else self._resource)(value, path)
        else:
            self._object(node(child.node or child.type), value, path)
            if child.type == "Reference" and type(value) is dict:
                fault = targets.fault_of(value, child.targets, self.scope)
                if fault:
                    self.tell(fault, path, "value")
            if child.codes is not None and not has_code(value, child.codes):
                self.tell("must have a code of the required value set", path, "code-invalid")
        if child.rules and self._visit is not None:
            self._visit(self, value, child.rules, path, child.node or child.type)

    def _primitive(self, child: Child, test: Callable[[Any], str | None], value: Any, path: str) -> None:
        fault = test(value)
        if fault:
            self.tell(fault, path, "value")
            return
        if child.codes is not None and not any(value in codes for codes in child.codes.values()):
            self.tell("must be a code of the required value set", path, "code-invalid")
        elif child.type == "xhtml":
            for fault in xhtml.faults_of(value):
                self.tell(fault, path, "value")


def has_code(value: Any, codes: Codes) -> bool:
    """Whether a Coding, a CodeableConcept or a Quantity has one of `codes`; without any coding it must say why not."""
    if type(value) is not dict:
        return True
    codings = value.get("coding") if "coding" in value else [value]
    listed = [coding for coding in codings if type(coding) is dict] if type(codings) is list else []
    return any(_is_listed(coding.get("system"), coding.get("code"), codes) for coding in listed) or _is_absent(value)


def _is_listed(system: Any, code: Any, codes: Codes) -> bool:
    return isinstance(system, str) and isinstance(code, str) and code in codes.get(system, ())


def _is_absent(value: dict[str, Any]) -> bool:
    return "extension" in value and not ({"coding", "code"} & value.keys())


def _has(items: list[Any], index: int) -> bool:
    return index < len(items) and items[index] is not None
