"""Route of the example clip, by its name: the page's player has no file of a visitor to play."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from webapp.examples import answers

EXAMPLE_PATH = "/examples"


def example_route() -> Route:
    """Return the route `/examples/{name}`, which answers 404 for any other name."""

    async def example(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in answers.NAMES:
            return Response(status_code=404)
        return FileResponse(answers.FOLDER / name)

    return Route(f"{EXAMPLE_PATH}/{{name}}", example)
