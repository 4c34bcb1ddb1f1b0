"""The label rules as an analyst keeps them: sound as they are, and every mistake told with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.mapping.catalogue import folders
from gateway.mapping.faults import MappingFault
from gateway.usecases.label_rules import check_folder, load
from tests.world import PROJECT

LABELS = PROJECT / "mappings" / "labels"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LABELS, tmp_path / "labels"))


def change(folder: Path, old: str, new: str, file: str = "labels.yaml") -> int:
    """Put `new` in the place of the first `old`; the line where it stands."""
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def test_the_rules_and_their_examples_are_sound() -> None:
    assert check_folder(LABELS) == []


def test_the_folder_is_no_producers_format() -> None:
    assert LABELS not in folders(PROJECT / "mappings")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("below: [F70-F79]", "below: [F79-F70]", "a range leads"),
        ("below: [F70-F79]", "below: [f70]", "a category looks like"),
        ("below: [D57]", "codes: []", "are missing"),
        ("system: rxnorm,", "system: rxnrm,", "one of those named above"),
        ("labels: [COGN]", "labels: [COGNN]", "no label that a rule can give"),
        ("labels: [COGN]", "labels: [PSYTHPN]", "no label that a rule can give"),
        ("confidentiality: R, labels: [DVD]", "confidentiality: X, labels: [DVD]", "a confidentiality is one of"),
        ("when: {codes: [hiv]}", "when: {codes: [hvi]}", "no value set of this name"),
        ("when: {codes: [hiv]}", "when: {codes: [hiv], types: [Conditon]}", "no such resource type"),
        ("when: {codes: [hiv]}", "when: {codes: [hiv], where: code.(}", "not a FHIRPath expression"),
        ("  - name: cognition", "  - name: hiv", "another rule has this name"),
        ('version: "1.0.0"', "version: one", "must look like"),
    ],
)
def test_a_mistake_is_told_with_its_line(folder: Path, old: str, new: str, reason: str) -> None:
    line = change(folder, old, new)
    with pytest.raises(MappingFault, match=reason) as fault:
        load(folder)
    assert fault.value.file == "labels/labels.yaml"
    assert abs(fault.value.line - line) <= 15 if "another rule" in reason else fault.value.line == line


def test_an_example_that_gets_other_labels_is_told_with_its_line(folder: Path) -> None:
    line = change(folder, "labels: [R, SCA]", "labels: [N, SCA]", "examples.yaml")
    (fault,) = check_folder(folder)
    assert (fault.file, fault.line) == ("labels/examples.yaml", line)
    assert fault.reason == "expected N, SCA; it is R, SCA"


def test_a_rule_without_an_example_is_told(folder: Path) -> None:
    change(folder, "code: D57.1", "code: J45", "examples.yaml")
    assert "no example meets the rule sickle-cell" in [fault.reason for fault in check_folder(folder)]
