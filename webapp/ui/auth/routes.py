"""What the doors do. They only translate: a form in, one call of a service, a page out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from webapp.domain.errors import Refused
from webapp.services.accounts import AccountService, SignInService
from webapp.ui.auth import cookies as cookie
from webapp.ui.auth import pages

PATHS = ("/sign-in", "/sign-out", "/link", "/second-factor")
_MOST_BYTES = 8192  # of a form
_AGAIN = ("wrong_code", "wrong_present_code", "too_many_tries")  # the form stays
_STATUSES = {"too_many_tries": 429, "not_signed_in": 401}
Form = dict[str, str]
OtherWay = Callable[[Request], str]


def build(
    accounts: AccountService, signing: SignInService, *, desk: str, other: OtherWay = lambda _: ""
) -> list[Route]:
    """Routes for PATHS; `desk` is where whoever signed in goes, `other` what the form's page shows of another way in, as markup."""

    async def sign_in(request: Request) -> Response:
        if request.method == "GET":
            return html(pages.sign_in(other=other(request)))
        form = await _form(request)
        name, password, code = form.get("name", ""), form.get("password", ""), form.get("code", "")
        address, previous = request.client.host if request.client else "", cookie.read(request.headers)
        try:
            token = await run_in_threadpool(signing.sign_in, name, password, code, address, previous=previous)
        except Refused as refusal:
            return _refused(refusal, pages.sign_in(refusal.message, name, other(request)))
        response = RedirectResponse(desk, status_code=303)
        cookie.give(response, token, secure=_secure(request))
        return response

    async def sign_out(request: Request) -> Response:
        await run_in_threadpool(signing.sign_out, cookie.read(request.headers))
        response = RedirectResponse("/sign-in", status_code=303)
        cookie.take(response, secure=_secure(request))
        return response

    async def link(request: Request) -> Response:
        if request.method == "GET":
            return html(pages.link())
        form = await _form(request)
        token = form.get("token", "")
        try:
            name = await run_in_threadpool(accounts.accept, token, form.get("password", ""))
        except Refused as refusal:
            return _refused(refusal, pages.link(refusal.message, token))
        return html(pages.done("Password set", f"You can sign in as {name} now.", "/sign-in", "Sign in"))

    async def second_factor(request: Request) -> Response:
        person = await run_in_threadpool(signing.person_of, cookie.read(request.headers))
        try:
            if request.method == "GET":
                return html(
                    pages.second_factor(await run_in_threadpool(accounts.offer_second_factor, person))
                )
            form = await _form(request)
            offer = accounts.pending_offer(person, form.get("offer", ""))
            await run_in_threadpool(
                accounts.confirm_second_factor,
                person,
                offer.token,
                form.get("code", ""),
                form.get("present", ""),
            )
        except Refused as refusal:
            if refusal.code in _AGAIN:
                return _refused(refusal, pages.second_factor(offer, refusal.message))
            if refusal.code == "offer_expired":
                return _refused(
                    refusal,
                    pages.refused(
                        "Second factor", refusal.message, refusal.code, "/second-factor", "To a new key"
                    ),
                )
            if refusal.code == "not_local":
                return _refused(
                    refusal,
                    pages.refused("Second factor", refusal.message, refusal.code, desk, "To the desk"),
                )
            return _refused(refusal, pages.sign_in(refusal.message, other=other(request)))
        return html(
            pages.done(
                "Second factor on", "From now on signing in needs a code of your app.", desk, "To the desk"
            )
        )

    handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/sign-in": sign_in,
        "/link": link,
        "/second-factor": second_factor,
    }
    routes = [Route(path, handler, methods=["GET", "POST"]) for path, handler in handlers.items()]
    return [*routes, Route("/sign-out", sign_out, methods=["POST"])]


async def _form(request: Request) -> Form:
    """A posted form's fields, the first of each name; nothing of one that is too large."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


def _secure(request: Request) -> bool:
    """Whether the browser came by HTTPS, here or to the proxy before us."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", "").split(",")[0].strip())


def _refused(refusal: Refused, page: str) -> Response:
    return html(page, _STATUSES.get(refusal.code, 422))


def html(page: str, status: int = 200) -> Response:
    return HTMLResponse(page, status, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
