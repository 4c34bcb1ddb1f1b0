"""Three validators that others wrote: HL7's own, @medplum/core and fhir.js, each in a process that stays."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from gateway.fhir.json import dump
from tests.conformance import packages, tools
from tests.conformance.speaker import speaking

Json = dict[str, Any]
Validator = Callable[[Json], list[str]]
"""What is wrong with a resource; nothing when it is as it should be."""


class Npm(NamedTuple):
    """@medplum/core, fhir.js, and the profiles that the former cannot read."""

    medplum: Validator
    fhir_js: Validator
    unread: list[str]


# A profile that a resource claims and that was not found has not been checked, which is no pass.
_UNCHECKED = "VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY"
_FAULT = ("fatal", "error")


@contextmanager
def hl7(folder: Path, targets: list[Json], guides: Iterable[Path] = packages.GUIDES) -> Iterator[Validator]:
    """HL7's validator, without a terminology server. References are followed into `targets`."""
    known = folder / "targets.ndjson"
    known.write_bytes(b"\n".join(map(dump, targets)))
    definitions = [known, packages.R4, *guides]
    for number, definition in enumerate(packages.mended()):
        definitions.append(folder / f"{number}.json")
        definitions[-1].write_bytes(dump(definition))
    archives = os.pathsep.join(map(str, tools.jars()))
    command = ["java", "-Xmx3g", "-cp", archives, str(tools.HERE / "java" / "Validate.java"), *map(str, definitions)]
    with speaking(command, folder) as validator:
        yield lambda resource: _faults(validator.ask(resource))


@contextmanager
def npm(folder: Path) -> Iterator[Npm]:
    guides = folder / "guides.json"
    guides.write_bytes(dump(packages.structures()))
    with speaking(["node", str(tools.script("validators.mjs")), str(guides)], folder) as both:
        unread = json.loads(both.greeting)["unread"]
        yield Npm(
            lambda resource: _faults(both.ask(resource)["medplum"]),
            lambda resource: _faults(both.ask(resource)["fhir"]),
            unread,
        )


def _faults(issues: list[dict[str, str]]) -> list[str]:
    return [
        f"{one['place']}: {one['text']} ({one['rule']})"
        for one in issues
        if one["severity"] in _FAULT or one["rule"] == _UNCHECKED
    ]
