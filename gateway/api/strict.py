"""JSON bodies of the typed endpoints are read as strictly as FHIR: two readers may not read them differently."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from gateway.errors import BadRequest
from gateway.fhir.json import JsonFault, parse


class _StrictRequest(Request):
    async def json(self) -> Any:
        try:
            return parse(await self.body())
        except JsonFault as fault:
            raise BadRequest(f"The body is not strict JSON: {fault}.") from None


class StrictRoute(APIRoute):
    """For `APIRouter(route_class=…)`. A body that is not strict JSON is refused with BadRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            try:
                return await handle(_StrictRequest(request.scope, request.receive))
            except HTTPException as error:  # what FastAPI makes of anything that is raised while it reads a body
                if isinstance(error.__cause__, BadRequest):
                    raise error.__cause__ from None
                raise

        return strict
