"""The drafts a reviewer is shown: those of the organization, but none that one of its patients keeps from this person.

What is kept from somebody looks absent: in lists, in answers, in what an approval made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.errors import NotFound
from gateway.rules.consent import Rule
from gateway.rules.review import State, sight_of
from gateway.rules.withholding import is_withheld, naming
from gateway.store import drafts, resources
from gateway.store.database import Reader
from gateway.store.deciding import rules_of_all
from gateway.store.drafts import Draft
from gateway.usecases.asked import Asked

Kept = TypeVar("Kept")


def waiting(db: Reader, asked: Asked, state: State, count: int) -> list[Draft]:
    """As many in a state as are asked for, if there are: what is withheld takes no place."""

    def first(most: int) -> list[Draft]:
        return drafts.inbox(db, sight_of(asked.caller), state, count=most)

    return enough(count, first, lambda found: _shown(db, asked, found))


def enough(count: int, first: Callable[[int], list[Kept]], shown: Callable[[Sequence[Kept]], list[Kept]]) -> list[Kept]:
    """So many of those that are `shown`, if there are: `first` gives as many as it is asked for, the others too."""
    most = count
    while True:
        found = first(most)
        seen = shown(found)
        if len(seen) >= count or len(found) < most:
            return seen[:count]
        most *= 4


def reviewable(db: Reader, asked: Asked, draft_id: str) -> Draft:
    """Raises NotFound for a draft that is not there, of another organization, or withheld."""
    found = drafts.read(db, sight_of(asked.caller), draft_id)
    if found is None or not _shown(db, asked, [found]):
        raise NotFound
    return found


def _shown(db: Reader, asked: Asked, found: Sequence[Draft]) -> list[Draft]:
    """Without those withheld. Content is looked at only where a patient has refused this person something."""
    visibility = asked.visibility
    everybody = dict.fromkeys(patient for each in found for patient in each.patients)
    patients = list(everybody) if visibility.person_keys else []
    rules = {whose: naming(visibility, all) for whose, all in rules_of_all(db, visibility, patients).items()}
    return [
        each
        for each in found
        if not any(_is_withheld(db, asked, each, patient, rules.get(patient, ())) for patient in each.patients)
    ]


def _is_withheld(db: Reader, asked: Asked, draft: Draft, patient_id: str, rules: Sequence[Rule]) -> bool:
    """As it stands, or as it was published; `rules` are those of the patient that name who looks, and refuse
    something."""
    if not rules:
        return False
    sight, visibility = sight_of(asked.caller), asked.visibility
    current = drafts.history(db, sight, draft.id)[1][-1][1].resources
    if is_withheld(current, patient_id, draft.custodian_id, visibility, rules):
        return True
    published = [each.split("/") for each in drafts.published(db, sight, draft.id)]
    return visibility.own_use and any(resources.read(db, visibility, type, id) is None for type, id in published)
