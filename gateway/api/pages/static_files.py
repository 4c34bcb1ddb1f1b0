"""Style sheet and icon, served from the package; the address holds a hash of the content, so it may be kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Response

_MEDIA = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    media: str
    digest: str


def _load(folder: Path) -> dict[str, StaticFile]:
    return {path.name: _file(path) for path in folder.iterdir() if path.suffix in _MEDIA}


def _file(path: Path) -> StaticFile:
    content = path.read_bytes()
    return StaticFile(content, _MEDIA[path.suffix], hashlib.sha256(content).hexdigest()[:16])


_FILES = _load(Path(__file__).parent / "static")


def address(name: str) -> str:
    """Where a page finds the file `name`; KeyError when the package has no such file."""
    return f"/pages/static/{_FILES[name].digest}/{name}"


router = APIRouter()


@router.get("/pages/static/{digest}/{name}")
async def serve(digest: str, name: str) -> Response:
    """The file; an old page asking under an old hash gets today's file, but may not keep it."""
    file = _FILES.get(name)
    if file is None:
        return Response(status_code=404)
    kept = "public, max-age=31536000, immutable" if digest == file.digest else "no-cache"
    return Response(file.content, media_type=file.media, headers={"Cache-Control": kept})
