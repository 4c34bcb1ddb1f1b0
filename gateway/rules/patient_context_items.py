"""One resource as an item of a patient's context: what it is, whose words, since when, where it stands."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.labels import AIAST, CLINAST, PATAST, security_of
from gateway.rules.composition import walk
from gateway.rules.narrative import text_of
from gateway.rules.summary_text import line, words

Resource = Mapping[str, Any]
Item = dict[str, Any]
_LONGEST = 8_000  # characters of one text: a context is to be brief
_SESSION = {"Composition": "event", "DocumentReference": "context"}  # where the time of the session stands
_DATED: tuple[str, ...] = (
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "period",
    "authoredOn",
    "authored",
    "sent",
)
_DATED += ("created", "startDate", "statusDate", "date", "issued")
_ASSERTED = {
    (label["system"], label["code"]): who
    for label, who in ((AIAST, "machine"), (PATAST, "patient"), (CLINAST, "clinician"))
}


def item_of(kind: str, resource: Resource) -> Item:
    """The item of its kind, without what is not known. `kind` is one of KINDS."""
    head = {"kind": kind, "resource": version_of(resource), "by": by(resource)}
    found = {"date": moment_of(resource), "status": resource.get("status"), **_ITEMS[kind](resource)}
    return head | {name: value for name, value in found.items() if value not in ("", None, [])}


def version_of(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}"


def moment_of(resource: Resource) -> str:
    """When it was, or began, as it is written; empty where nobody knows."""
    session = resource.get(_SESSION.get(resource["resourceType"], ""), ())
    periods = (each.get("period") for each in (session if isinstance(session, list) else [session] if session else ()))
    for value in (*periods, *map(resource.get, _DATED)):
        start = value.get("start") if isinstance(value, Mapping) else value
        if isinstance(start, str):
            return start
    return ""


def by(resource: Resource) -> list[str]:
    """Whose words it holds, as its labels say; nobody's where they do not."""
    labels = security_of(resource)
    return [who for label, who in _ASSERTED.items() if label in labels]


def brief(text: str) -> str:
    """The text, cut where it is too long, with a mark that it was."""
    text = text.strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} […]"


def _lines(*texts: str | None) -> str:
    return brief("\n".join(text for text in texts if text))


def _references(values: Iterable[Mapping[str, Any]]) -> list[str]:
    return [value["reference"] for value in values if "reference" in value]


def _notes(resource: Resource) -> list[str]:
    return [note["text"] for note in resource.get("note", ()) if "text" in note]


def _flag(resource: Resource) -> Item:
    return {"text": words(resource.get("code"))}


def _dispute(resource: Resource) -> Item:
    """What was said, or how the request stands that it belongs to."""
    if resource["resourceType"] == "Task":
        about = [resource["focus"]] if "focus" in resource else []
        name, progress = words(resource.get("code")), words(resource.get("businessStatus"))
        return {"name": name, "progress": progress, "links": _references(about)}
    named = [*resource.get("about", ()), *(each.get("contentReference", {}) for each in resource.get("payload", ()))]
    return _communication(resource) | {"links": list(dict.fromkeys(_references(named)))}


def _plan(resource: Resource) -> Item:
    links = [*resource.get("goal", ()), *(each.get("reference", {}) for each in resource.get("activity", ()))]
    return {
        "name": resource.get("title"),
        "text": _lines(resource.get("description"), *_notes(resource)),
        "until": resource.get("period", {}).get("end"),
        "links": _references(links),
    }


def _goal(resource: Resource) -> Item:
    due = [target["dueDate"] for target in resource.get("target", ()) if "dueDate" in target]
    return {
        "text": _lines(words(resource["description"]), *_notes(resource)),
        "status": resource["lifecycleStatus"],
        "progress": words(resource.get("achievementStatus")),
        "until": max(due, default=""),
    }


def _homework(resource: Resource) -> Item:
    results = (output.get("valueReference", {}) for output in resource.get("output", ()))
    due = resource.get("restriction", {}).get("period", {}).get("end") or resource.get("executionPeriod", {}).get("end")
    return {
        "name": words(resource.get("code")),
        "text": _lines(resource.get("description"), *_notes(resource)),
        "progress": words(resource.get("businessStatus")),
        "until": due,
        "links": _references(results),
    }


def _observation(resource: Resource) -> Item:
    return {"name": words(resource["code"]), "text": _lines(line(resource, {}), *_notes(resource))}


def _answers(resource: Resource) -> Item:
    said = (f"{question}: {answer}" for question, answer in _answered(resource))
    return {"name": resource.get("questionnaire"), "text": _lines(*said)}


def _answered(holder: Resource) -> Iterator[tuple[str, str]]:
    for each in holder.get("item", ()):
        for answer in each.get("answer", ()):
            yield each.get("text") or each["linkId"], _answer(answer)
            yield from _answered(answer)
        yield from _answered(each)


def _answer(answer: Resource) -> str:
    value = next((value for name, value in answer.items() if name.startswith("value")), "")
    if isinstance(value, Mapping):
        return str(value.get("display") or value.get("value") or value.get("code") or value.get("reference") or "")
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _communication(resource: Resource) -> Item:
    said = (payload.get("contentString") for payload in resource.get("payload", ()))
    return {"name": words(next(iter(resource.get("category", ())), None)), "text": _lines(*said)}


def _note(resource: Resource) -> Item:
    """Its sections; a sentence that stands in a section of its own belongs to the one above that has a title."""
    sections: list[dict[str, str]] = []
    for _, node in walk(resource):
        if node.get("title") or not sections:
            sections.append({"title": node.get("title", ""), "text": ""})
        sections[-1]["text"] = _lines(sections[-1]["text"], text_of(node.get("text", {}).get("div", "")))
    return {
        "name": resource["title"],
        "sections": [section for section in sections if section["text"]],
    }


def _document(resource: Resource) -> Item:
    return {
        "name": resource.get("description") or words(resource.get("type")),
        "text": _lines(*(_read(content["attachment"]) for content in resource.get("content", ()))),
    }


def _read(attachment: Mapping[str, Any]) -> str:
    """The words of an attachment that is text and lies within; of any other nothing."""
    media = attachment.get("contentType", "").partition(";")[0].strip().lower()
    if not media.startswith("text/") or "data" not in attachment:
        return ""
    text = b64decode(attachment["data"]).decode("utf-8", "replace")
    return text_of(text) if media == "text/html" else text


_ITEMS: dict[str, Callable[[Resource], Item]] = {
    "flag": _flag,
    "dispute": _dispute,
    "plan": _plan,
    "goal": _goal,
    "homework": _homework,
    "observation": _observation,
    "answers": _answers,
    "message": _communication,
    "note": _note,
    "document": _document,
}
