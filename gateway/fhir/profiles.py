"""Profiles out of the FHIR packages of a configured folder, and the check of a resource against those it claims."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from gateway.errors import Issue
from gateway.fhir import tables
from gateway.fhir.definitions.codes import CannotList, codes_of
from gateway.fhir.profile_check import Known, ProfileCheck
from gateway.fhir.profile_items import Item
from gateway.fhir.profile_packages import Definition, Package, PackageFault, packages_in
from gateway.fhir.profile_specs import Spec, tree
from gateway.fhir.tables import Codes
from gateway.fhir.walker import Met, Walk

__all__ = ["PackageFault", "Profiles", "load"]

BASE = "http://hl7.org/fhir/StructureDefinition/"


def load(folder: Path) -> Profiles:
    """The profiles of all packages in `folder`; none where there is no such folder. Raises PackageFault, which names
    the file, for one that is no FHIR package."""
    return Profiles(packages_in(folder) if folder.is_dir() else [])


class Profiles:
    """All definitions by url. Compiled on first use and kept: safe to share between threads, as any winner is right."""

    def __init__(self, packages: list[Package]) -> None:
        self.packages = packages
        self._definitions: dict[str, list[Definition]] = {}
        for package in packages:
            for definition in package.definitions:
                self._definitions.setdefault(definition.url, []).append(definition)
        self._views: dict[str, _View] = {}

    @cached_property
    def urls(self) -> frozenset[str]:
        """The canonical urls of the profiles and extensions that are known."""
        return frozenset(
            url for url, found in self._definitions.items() if any(each.kind == "StructureDefinition" for each in found)
        )

    def find(self, canonical: str, package: str = "") -> Definition | None:
        """The definition of `url` or `url|version`: the one of `package` first, else the newest."""
        url, _, version = canonical.partition("|")
        found = [each for each in self._definitions.get(url, ()) if not version or each.version == version]
        return next((each for each in found if each.package == package), found[0] if found else None)

    def check(self, walk: Walk) -> list[Issue]:
        """The faults of every resource the walk met against each known profile it claims, and of known extensions."""
        issues: list[Issue] = []
        entries, known = _entries(walk.resource), Known()
        for met in walk.met:
            for profile in _claimed(met):
                definition = self.find(profile)
                is_known = definition is not None and definition.kind == "StructureDefinition"
                # What slicing found not to conform was only sorted by it: its faults are still to be told.
                if definition is not None and is_known and known.get((id(met.value), profile)) is not True:
                    checker = ProfileCheck(self._view(definition.package), met, entries, known)
                    faults = checker.faults_of(Item(met.value, None, met.kind, met.path), profile)
                    issues += [fault for fault in faults if fault not in issues]
        return issues

    def _view(self, package: str) -> _View:
        return self._views.setdefault(package, _View(self, package))


class _View:
    """The definitions as one package sees them: its own before those of others."""

    def __init__(self, profiles: Profiles, package: str) -> None:
        self._profiles = profiles
        self._package = package
        self._specs: dict[str, Spec | None] = {}
        self._codes: dict[str, Codes | None] = {}

    def spec(self, profile: str) -> Spec | None:
        """The tree of a profile; None for one that is not known or has no snapshot."""
        if profile not in self._specs:
            found = self._profiles.find(profile, self._package)
            is_profile = found is not None and found.kind == "StructureDefinition"
            self._specs[profile] = tree(found.body) if found is not None and is_profile else None
        return self._specs[profile]

    def type_of(self, profile: str) -> str | None:
        """The type a profile is on; None for one that is not known."""
        found = self._profiles.find(profile, self._package)
        if found is not None and found.kind == "StructureDefinition":
            return str(found.body.get("type", "")) or None
        name = profile.split("|")[0].removeprefix(BASE)
        return name if tables.is_complex(name) else None

    def codes(self, value_set: str) -> Codes | None:
        """The codes of a value set; None where they cannot be listed from the packages and R4."""
        if value_set not in self._codes:
            self._codes[value_set] = self._listed(value_set)
        return self._codes[value_set]

    def _listed(self, value_set: str) -> Codes | None:
        known = tables.codes(value_set.split("|")[0])
        if known is not None:
            return known
        try:
            listed = codes_of(value_set, self._body)
        except CannotList:
            return None
        return {system: frozenset(codes) for system, codes in listed.items()}

    def _body(self, url: str) -> Mapping[str, Any] | None:
        found = self._profiles.find(url, self._package)
        return None if found is None else found.body


def _claimed(met: Met) -> list[str]:
    """An extension claims the definition it names by its url."""
    meta = met.value.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    claimed = [met.value.get("url")] if met.kind == "Extension" else profiles
    return [each for each in claimed if isinstance(each, str)] if isinstance(claimed, list) else []


def _entries(resource: Any) -> dict[str, Any]:
    listed = resource.get("entry") if isinstance(resource, dict) else None
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {entry["fullUrl"]: entry.get("resource") for entry in entries if isinstance(entry.get("fullUrl"), str)}
