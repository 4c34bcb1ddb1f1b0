"""Why a patch by FHIRPath cannot be carried out."""

from __future__ import annotations


class Fault(ValueError):
    """The words hold nothing of the resource or the patch; `place` is the part of the patch, where it is a part."""

    def __init__(self, words: str, place: str | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.place = place
