"""The chart under way: dice, the calendar, and who can be referred to so far."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Resource = dict[str, Any]
_NAMESPACE = uuid.UUID("6f2c1c1e-3f0f-5d0a-9a52-0c6f0f6d8a11")
_FIRST = datetime(2016, 1, 4, 9, tzinfo=UTC)


@dataclass
class Chart:
    """`address` makes a reference of a type and an id; `fixed` holds references given from outside, by builder."""

    seed: int
    address: Callable[[str, str], str]
    fixed: dict[str, str] = field(default_factory=dict)
    visit: int = 0
    resources: list[Resource] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.began = _FIRST + timedelta(days=self.dice.randrange(1000))
        self._known = dict(self.fixed)
        self._made = 0

    def add(self, build: Builder) -> None:
        """Build one more resource; those that come later refer to the latest of each kind."""
        name, resource = build.__name__, build(self)
        if name in self.fixed:
            return
        id = str(uuid.uuid5(_NAMESPACE, f"{self.seed}/{self._made}"))
        self._made += 1
        self.resources.append({"resourceType": resource["resourceType"], "id": id, **resource})
        self._known[name] = self.address(resource["resourceType"], id)

    def to(self, name: str, **more: Any) -> Resource:
        """A Reference to the latest that the builder of this name made."""
        return {"reference": self._known[name], **more}

    def day(self, offset: int = 0) -> str:
        return self.moment(24 * offset)[:10]

    def moment(self, hours: float = 0) -> str:
        """The time of this visit, or so many hours from it."""
        at = self.began + timedelta(days=7 * self.visit, hours=hours)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def pick(self, choices: Any) -> Any:
        return self.dice.choice(choices)

    def number(self, system: str) -> list[Resource]:
        """An identifier that no other resource of this or another seed has."""
        return [{"system": f"urn:example:{system}", "value": f"{self.seed}-{self._made}"}]


Builder = Callable[[Chart], Resource]


def text_of(text: str, kind: str = "text/plain; charset=utf-8") -> Resource:
    """An Attachment that holds the text itself."""
    return {"contentType": kind, "data": base64.b64encode(text.encode()).decode()}
