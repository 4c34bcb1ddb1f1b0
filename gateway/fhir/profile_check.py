"""Holds one resource against one profile: counts, types, fixed values, patterns, codes, slices, rules, extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gateway.errors import Issue
from gateway.fhir import targets
from gateway.fhir.profile_items import Item, items_of
from gateway.fhir.profile_slices import Answer, Slicing, has_listed_code
from gateway.fhir.profile_specs import Group, Spec, TypeSpec, agrees
from gateway.fhir.tables import Codes, is_a
from gateway.fhir.walker import Met

# Whether a value (by its identity) conforms to a profile.
Known = dict[tuple[int, str], Answer]
_SYSTEM = "http://hl7.org/fhirpath/"


class Library(Protocol):
    """What the check asks of the packages, seen from one of them."""

    def spec(self, profile: str) -> Spec | None: ...
    def type_of(self, profile: str) -> str | None: ...
    def codes(self, value_set: str) -> Codes | None: ...


class ProfileCheck:
    """What the walk met against profiles of one library. `entries` are a Bundle's resources by fullUrl; `known` keeps
    what was asked already."""

    def __init__(self, library: Library, met: Met, entries: Mapping[str, Any], known: Known) -> None:
        self._library = library
        self._met = met
        self._entries = entries
        self._known = known
        self._slicing = Slicing(self._url_of, library.codes, self._reached, self._conforms)

    def faults_of(self, item: Item, profile: str) -> list[Issue]:
        """What keeps `item` from conforming to `profile`; nothing when the profile is not known."""
        spec, kind = self._library.spec(profile), self._library.type_of(profile)
        if spec is None:
            return []
        if kind and item.type and not is_a(item.type, kind):
            return [Issue(f"claims a profile on {kind}", item.path, "structure")]
        issues: list[Issue] = []
        self._known[id(item.value), profile] = None  # asked for again from inside itself: nobody can tell
        self._content(item, spec, issues)
        self._known[id(item.value), profile] = not issues
        return issues

    # --- one value

    def _value(self, item: Item, spec: Spec, issues: list[Issue]) -> None:
        if spec.max == 0:
            return
        allowed = [kind for kind in spec.types if item.type is None or _allows(kind, item.type)]
        if spec.types and not allowed:
            kinds = " or ".join(sorted(kind.code for kind in spec.types))
            issues.append(Issue(f"must be {kinds} in this profile", item.path, "structure"))
            return
        for kind in allowed[:1] if item.type is None else allowed:
            self._target(item, kind, issues)
            self._profiled(item, kind, issues)
        self._content(item, spec, issues)

    def _content(self, item: Item, spec: Spec, issues: list[Issue]) -> None:
        if item.value is not None:
            if spec.fixed is not None and item.value != spec.fixed:
                issues.append(Issue("must be exactly the value this profile fixes", item.path, "value"))
            if spec.pattern is not None and not agrees(item.value, spec.pattern):
                issues.append(Issue("must have the value this profile asks for", item.path, "value"))
            codes = self._library.codes(spec.value_set) if spec.value_set else None
            if codes is not None and not has_listed_code(item.value, codes):
                issues.append(Issue("must have a code of the profile's value set", item.path, "code-invalid"))
        kind = item.type or (spec.types[0].code if len(spec.types) == 1 else spec.path)
        for rule in spec.rules:
            if item.value is not None and not rule.holds(item.value, self._met.resource, self._met.root, kind):
                issues.append(Issue(f"breaks the rule {rule.key}: {rule.words}", item.path, "invariant"))
        for group in spec.groups.values():
            self._group(item, group, issues)

    def _target(self, item: Item, kind: TypeSpec, issues: list[Issue]) -> None:
        """A reference must point to the type of one of the profiles; the profile itself is not fetched."""
        if not kind.targets or not isinstance(item.value, dict):
            return
        types = [self._library.type_of(profile) for profile in kind.targets]
        if None not in types and "Resource" not in types:
            fault = targets.fault_of(item.value, frozenset(str(each) for each in types), self._met.scope)
            if fault:
                issues.append(Issue(fault, item.path, "value"))

    def _profiled(self, item: Item, kind: TypeSpec, issues: list[Issue]) -> None:
        """A value whose type is profiled conforms to one of the profiles that are known."""
        if not kind.profiles or not isinstance(item.value, dict) or kind.code in {"", "Reference"}:
            return
        if not all(self._library.spec(profile) for profile in kind.profiles):
            return
        told = [self.faults_of(item, profile) for profile in kind.profiles]
        if all(told):
            issues += sorted(told, key=len)[0]

    # --- all values of an element

    def _group(self, parent: Item, group: Group, issues: list[Issue]) -> None:
        items = items_of(parent.members, group.spec.name, parent.path, is_choice=group.spec.is_choice)
        path = f"{parent.path}.{group.spec.name}"
        _count(len(items), group.spec, path, "", issues)
        for item in items:
            self._value(item, group.spec, issues)
        if group.slices:
            self._sliced(items, group, path, issues)

    def _sliced(self, items: list[Item], group: Group, path: str, issues: list[Issue]) -> None:
        unsure = 0
        members: dict[int, list[Item]] = {number: [] for number in range(len(group.slices))}
        for item in items:
            answers = [self._slicing.belongs(item, group.spec, piece) for piece in group.slices]
            if True in answers:
                members[answers.index(True)].append(item)
            elif None in answers:
                unsure += 1
            elif group.spec.is_closed:
                issues.append(Issue("must be one of the slices of this profile", item.path, "structure"))
        for number, piece in enumerate(group.slices):
            _count(len(members[number]), piece, path, f" ({piece.slice})", issues, unsure)
            for item in members[number]:
                self._value(item, piece, issues)

    # --- what slicing asks

    def _url_of(self, profile: str) -> str:
        spec = self._library.spec(profile)
        url = spec.groups["url"].spec.fixed if spec is not None and "url" in spec.groups else None
        return url if isinstance(url, str) else profile.split("|")[0]

    def _reached(self, item: Item) -> Item | None:
        """What a reference points to: the resource where it is at hand, else only its type."""
        text = item.members.get("reference")
        if not isinstance(text, str):
            return None
        found = self._entries.get(text)
        if text.startswith("#"):
            listed = self._met.root.get("contained") if isinstance(self._met.root, dict) else None
            contained = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
            found = next((each for each in contained if each.get("id") == text[1:]), None)
        return Item(found, None, targets.type_of(text, self._met.scope), item.path)

    def _conforms(self, item: Item, profile: str) -> Answer:
        kind = self._library.type_of(profile)
        if kind and item.type and not is_a(item.type, kind):
            return False
        if not isinstance(item.value, dict) or self._library.spec(profile) is None or "reference" in item.value:
            return None
        key = (id(item.value), profile)
        if key not in self._known:
            self.faults_of(item, profile)
        return self._known[key]


def _allows(kind: TypeSpec, actual: str) -> bool:
    return kind.code.startswith(_SYSTEM) or kind.code in {"", "Resource"} or is_a(actual, kind.code)


def _count(count: int, spec: Spec, path: str, what: str, issues: list[Issue], unsure: int = 0) -> None:
    if count + unsure < spec.min:
        times = f"at least {spec.min} times " if spec.min > 1 else ""
        issues.append(Issue(f"is required {times}in this profile{what}", path, "required"))
    if spec.max is not None and count > spec.max:
        words = "must not be used" if spec.max == 0 else f"must not occur more than {spec.max} times"
        issues.append(Issue(f"{words} in this profile{what}", path, "structure"))
