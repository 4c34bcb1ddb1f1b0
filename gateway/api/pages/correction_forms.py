"""What a clinician writes on the page of a correction: its fields, what is missing in it, and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gateway.api.pages.entry_words import name_of
from gateway.api.pages.session import Fields
from gateway.api.pages.value_fields import Field, advice, field_of, is_same, read
from gateway.errors import Issue, Unprocessable
from gateway.rules.correction import Step
from gateway.rules.evidence import Origin, Statement
from gateway.rules.text_documents import TEXT
from gateway.rules.upholding import Remedy, Rewritten, settable
from gateway.usecases.correction_views import Followed

LONGEST = 5000
_WORDLESS = "Write a few words: the patient reads them."
_THEIRS = "These are the patient’s own words: leave them as they are, or empty the field to take them out."
_VOICES = {
    Origin.MACHINE: "AI-written",
    Origin.REVISION: "AI-written, edited",
    Origin.HUMAN: "Clinician-written",
    Origin.PATIENT: "From the patient",
}


def values(found: Followed, sent: Fields, faults: Mapping[str, str]) -> list[Field]:
    """A field for each word, number and date that can be put right."""
    item = found.correction.item
    named = ((f"set-{leaf.path}", leaf) for leaf in (settable(item) if item else ()))
    kind = str(item["resourceType"]) if item else ""
    return [field_of(name, name_of(kind, leaf), leaf, sent.get(name), faults.get(name, "")) for name, leaf in named]


def sentences(found: Followed, sent: Fields, faults: Mapping[str, str]) -> list[Field]:
    """A field for each sentence of a note."""
    return [
        _sentence(
            f"Sentence {number}" if each.id != TEXT else "The text",
            each,
            sent.get(f"sentence-{each.id}", each.text),
            faults.get(f"sentence-{each.id}", ""),
        )
        for number, each in enumerate(found.statements, 1)
    ]


def _sentence(name: str, each: Statement, text: str, fault: str) -> Field:
    label = ", ".join(filter(None, (name, each.section, _VOICES[each.origin])))
    return Field(f"sentence-{each.id}", label, "text", text, max(2, len(text) // 48 + 1), fault)


def remedy(found: Followed, step: Step, sent: Fields) -> Remedy:
    """What the form says is put right: what she changed, the whole, or an addendum."""
    item = found.correction.item
    if step is Step.DENY or item is None:
        return Remedy()
    if "error" in sent:
        return Remedy(is_error=True)
    typed = ((leaf, sent.get(f"set-{leaf.path}")) for leaf in settable(item))
    changed = {leaf.path: read(leaf, text) for leaf, text in typed if text is not None and not is_same(leaf, text)}
    return Remedy(changed, addendum=sent.get("addendum", "").strip() or None, sentences=_rewritten(found, sent))


def _rewritten(found: Followed, sent: Fields) -> tuple[Rewritten, ...]:
    """The sentences that read otherwise; an empty field takes its sentence out."""
    typed = ((each, sent.get(f"sentence-{each.id}")) for each in found.statements)
    plain = ((each, text.replace("\r\n", "\n").strip()) for each, text in typed if text is not None)
    return tuple(Rewritten(each.id, text or None) for each, text in plain if text != each.text.strip())


def missing(found: Followed, step: Step | None, sent: Fields) -> dict[str, str]:
    """What is missing in a decision, by its field."""
    faults = {} if step else {"decision": "Choose one."}
    wanted = remedy(found, step, sent) if step else Remedy()
    if step in (Step.ACCEPT, Step.PARTIAL) and found.correction.item and wanted.is_empty:
        faults["remedy"] = "Change what is wrong, or say that all of it was entered in error."
    if wanted.sentences and wanted.addendum:
        faults["remedy"] = "Put the sentences right, or add an addendum: not both at once."
    return faults | wordless(sent)


def wordless(sent: Fields, name: str = "reason") -> dict[str, str]:
    text = sent.get(name, "").strip()
    if len(text) > LONGEST:
        return {name: f"Write at most {LONGEST} characters."}
    return {} if text else {name: _WORDLESS}


def refused(found: Followed, wanted: Remedy, refusal: Unprocessable) -> dict[str, str]:
    """What cannot be put right so, by its field."""
    item = found.correction.item
    there = {leaf.path: leaf for leaf in settable(item)} if item else {}
    places = {f"set[{number}]": path for number, path in enumerate(wanted.values)}
    paths = [places[each.expression] for each in refusal.issues if each.expression in places]
    if "enteredInError" in [each.expression for each in refusal.issues]:
        return {"remedy": "This cannot be marked as entered in error: put its values right."}
    faults = {f"set-{path}": advice(there[path]) for path in paths} | _of_sentences(wanted, refusal.issues)
    return faults or {"remedy": "It cannot be put right in this way."}


def _of_sentences(wanted: Remedy, issues: Sequence[Issue]) -> dict[str, str]:
    faults: dict[str, str] = {}
    for issue in issues:
        place = (issue.expression or "").partition(".")[0]
        names = {f"statements[{number}]": each.id for number, each in enumerate(wanted.sentences)}
        if place in names:
            text = _THEIRS if issue.code == "business-rule" else issue.text
            faults[f"sentence-{names[place]}"] = text
        elif place == "statements":
            faults["remedy"] = issue.text
    return faults


def apart(sent: Fields, wanted: Remedy) -> tuple[Fields, list[str]]:
    """The form without what she wrote in the place of what reads otherwise now, and that."""
    left = {name: text for name, text in sent.items() if not name.startswith(("set-", "sentence-"))}
    return left, [*map(str, wanted.values.values()), *(each.text for each in wanted.sentences if each.text)]


def words_in(sent: Fields) -> list[str]:
    """What she wrote to be read."""
    return [sent[name] for name in ("reason", "addendum", "longer") if sent.get(name, "").strip()]


def day_in(sent: Fields) -> date | None:
    """The day that was chosen; None for what is none."""
    try:
        return date.fromisoformat(sent.get("until", ""))
    except ValueError:
        return None
