"""References in the forms FHIR knows: relative, absolute, version-specific. https://hl7.org/fhir/R4/references.html"""

from __future__ import annotations

import re
from typing import NamedTuple

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_LOCAL = re.compile(
    r"(?P<type>[A-Z][A-Za-z]{1,63})/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?\Z"
)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*:\S+\Z")


class Reference(NamedTuple):
    """A literal reference. One that leaves this server has its whole URL as `id` and the empty string as `type`."""

    type: str
    id: str
    version: str | None = None

    @property
    def is_local(self) -> bool:
        return bool(self.type)


def literal(text: str, base: str = "") -> Reference | None:
    """The reference behind `text`; None for a fragment or what is no reference. A URL under `base` is local."""
    if base and text.startswith(f"{base}/"):
        text = text[len(base) + 1 :]
    if match := _LOCAL.match(text):
        return Reference(match["type"], match["id"], match["version"])
    return Reference("", text) if _ABSOLUTE.match(text) else None
