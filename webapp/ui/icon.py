"""Icon of the site, for browsers' tabs and for links that others share."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

_FILE = Path(__file__).with_name("icon.png")
# Seconds for which browsers keep it.
_MAX_AGE = 86_400


def icon_route() -> Route:
    """Return the route of the icon: a PNG of 512 × 512 pixels."""

    def show_icon(_: Request) -> FileResponse:
        headers = {"Cache-Control": f"public, max-age={_MAX_AGE}"}
        return FileResponse(_FILE, media_type="image/png", headers=headers)

    return Route("/icon.png", show_icon, name="icon")
