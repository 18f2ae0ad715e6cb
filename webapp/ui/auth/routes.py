"""Routes of signing in and out, of invitation links and of second factors.

A handler only translates: it reads a form, calls one service and returns a page.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from webapp.domain.errors import Refused
from webapp.services.accounts import AccountService, SignInService
from webapp.ui.auth import pages
from webapp.ui.auth.cookies import clear_session, read_cookie, set_session

SIGN_IN_PATHS = ("/sign-in", "/sign-out", "/link", "/second-factor")
# Bytes of a form: its longest field is a password of 200 characters.
_MAX_FORM_BYTES = 8192
# Fields of a form: the longest form has three.
_MAX_FORM_FIELDS = 20
# Refusals after which the form of the second factor is shown again.
_RETRY_CODES = ("wrong_code", "wrong_present_code", "too_many_tries")
_STATUSES = {"too_many_tries": 429, "not_signed_in": 401}
Form = dict[str, str]
HuggingFaceLinkOf = Callable[[Request], pages.HuggingFaceLink | None]


class SignInHandlers:
    """Handlers of SIGN_IN_PATHS. `desk` is the address to go to after signing in.

    `hugging_face_link` returns the link to sign in with Hugging Face, or None if the host does not offer it.
    """

    def __init__(
        self,
        accounts: AccountService,
        signing: SignInService,
        *,
        desk: str,
        hugging_face_link: HuggingFaceLinkOf = lambda _: None,
    ) -> None:
        self._accounts = accounts
        self._signing = signing
        self._desk = desk
        self._hugging_face_link = hugging_face_link

    async def sign_in(self, request: Request) -> Response:
        """Show the form, or start a session and redirect to the desk."""
        link = self._hugging_face_link(request)
        if request.method == "GET":
            return page_response(pages.sign_in(hugging_face=link))
        form = await _read_form(request)
        name = form.get("name", "")
        try:
            token = await run_in_threadpool(
                self._signing.sign_in,
                name=name,
                password=form.get("password", ""),
                code=form.get("code", ""),
                address=request.client.host if request.client else "",
                previous=read_cookie(request.headers),
            )
        except Refused as refusal:
            return _refused(refusal, pages.sign_in(error=refusal.message, name=name, hugging_face=link))
        response = RedirectResponse(self._desk, status_code=303)
        set_session(response, token, secure=_is_https(request))
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session and redirect to the sign-in form."""
        await run_in_threadpool(self._signing.sign_out, read_cookie(request.headers))
        response = RedirectResponse("/sign-in", status_code=303)
        clear_session(response, secure=_is_https(request))
        return response

    async def link(self, request: Request) -> Response:
        """Show the form of an invitation link, or set the password that was chosen in it."""
        if request.method == "GET":
            return page_response(pages.choose_password())
        form = await _read_form(request)
        token = form.get("token", "")
        try:
            name = await run_in_threadpool(self._accounts.accept, token, form.get("password", ""))
        except Refused as refusal:
            return _refused(refusal, pages.choose_password(refusal.message, token))
        page = pages.confirmation(
            title="Password set",
            message=f"You can sign in as {name} now.",
            address="/sign-in",
            link_text="Sign in",
        )
        return page_response(page)

    async def second_factor(self, request: Request) -> Response:
        """Show a new key for an authenticator app, or turn it on with its first code."""
        person = await run_in_threadpool(self._signing.person_of, read_cookie(request.headers))
        offer = None
        try:
            if request.method == "GET":
                offer = await run_in_threadpool(self._accounts.offer_second_factor, person)
                return page_response(pages.second_factor(offer))
            form = await _read_form(request)
            offer = self._accounts.pending_offer(person, form.get("offer", ""))
            await run_in_threadpool(
                self._accounts.confirm_second_factor,
                person,
                token=offer.token,
                code=form.get("code", ""),
                present_code=form.get("present", ""),
            )
        except Refused as refusal:
            if offer is not None and refusal.code in _RETRY_CODES:
                return _refused(refusal, pages.second_factor(offer, refusal.message))
            return _refused(refusal, self._second_factor_refusal(request, refusal))
        page = pages.confirmation(
            title="Second factor on",
            message="From now on, you need a code from your app to sign in.",
            address=self._desk,
            link_text="Go to the desk",
        )
        return page_response(page)

    def _second_factor_refusal(self, request: Request, refusal: Refused) -> str:
        """Return the page for a refusal after which the second factor's form is of no use."""
        if refusal.code == "offer_expired":
            address = "/second-factor"
            link_text = "Get a new key"
        elif refusal.code == "not_local":
            address = self._desk
            link_text = "Go to the desk"
        else:
            return pages.sign_in(refusal.message, hugging_face=self._hugging_face_link(request))
        return pages.refusal(
            title="Second factor",
            error=refusal.message,
            code=refusal.code,
            address=address,
            link_text=link_text,
        )


def build_routes(
    accounts: AccountService,
    signing: SignInService,
    *,
    desk: str,
    hugging_face_link: HuggingFaceLinkOf = lambda _: None,
) -> list[Route]:
    """Return the routes of SIGN_IN_PATHS."""
    handlers = SignInHandlers(accounts, signing, desk=desk, hugging_face_link=hugging_face_link)
    form_methods = ["GET", "POST"]
    return [
        Route("/sign-in", handlers.sign_in, methods=form_methods),
        Route("/link", handlers.link, methods=form_methods),
        Route("/second-factor", handlers.second_factor, methods=form_methods),
        Route("/sign-out", handlers.sign_out, methods=["POST"]),
    ]


def page_response(page: str, status: int = 200) -> Response:
    """Return an HTML page that browsers do not store and search engines do not index."""
    return HTMLResponse(page, status, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})


async def _read_form(request: Request) -> Form:
    """Return the fields of a form; of several with one name the first. Return {} if the form is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            return {}
    text = body.decode("utf-8", "replace")
    fields = parse_qs(text, keep_blank_values=True, max_num_fields=_MAX_FORM_FIELDS)
    return {name: values[0] for name, values in fields.items()}


def _is_https(request: Request) -> bool:
    """Return True if the browser uses HTTPS, either to this server or to the proxy before it."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip()
    return "https" in (request.url.scheme, forwarded)


def _refused(refusal: Refused, page: str) -> Response:
    return page_response(page, _STATUSES.get(refusal.code, 422))
