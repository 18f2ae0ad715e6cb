"""The way in by Hugging Face: off to the provider, and back with a code. Only imported where a Space offers it."""

from __future__ import annotations

import secrets

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from webapp.domain.errors import Refused
from webapp.services.accounts.federated_sign_in import FederatedSignInService
from webapp.services.accounts.openid_client import OpenIDClient
from webapp.services.accounts.sign_in_state import LASTS, SignInStateCipher, lost
from webapp.ui.auth import cookies as cookie
from webapp.ui.auth import pages
from webapp.ui.auth.routes import html

START, CALLBACK = "/sign-in/huggingface", "/login/callback"
PATHS = (START, CALLBACK)
_STATUSES = {"too_many_tries": 429, "provider_busy": 503, "provider_unavailable": 503}
_LONGEST_CODE = 2048


class MemberDoor:
    """`site` is the Space's direct address: only there the cookie that goes along comes back, whatever page the visitor came from."""

    paths = PATHS

    def __init__(self, provider: OpenIDClient, members: FederatedSignInService, site: str) -> None:
        self._provider = provider
        self._members = members
        self._site = site
        self._envelope = SignInStateCipher()

    def link(self, request: Request) -> str:
        """What the page of the sign-in form shows."""
        return pages.with_hugging_face(
            self._site, START, framed=request.headers.get("sec-fetch-dest") in ("iframe", "frame")
        )

    def routes(self, *, desk: str) -> list[Route]:
        """For PATHS; `desk` is where whoever signed in goes."""

        async def start(_: Request) -> Response:
            try:
                address, asked = await self._provider.address()
            except Refused as refusal:
                return self._refused(refusal)
            response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
            cookie.send_along(response, self._envelope.seal(asked), seconds=LASTS)
            return response

        async def back(request: Request) -> Response:
            try:
                token = await self._signed_in(request)
            except Refused as refusal:
                response = self._refused(refusal)
            else:
                response = html(pages.onwards(desk))
                cookie.give(response, token, secure=True)
            cookie.take_back(response)
            return response

        return [Route(START, start, methods=["GET"]), Route(CALLBACK, back, methods=["GET"])]

    async def _signed_in(self, request: Request) -> str:
        """A new session's token. Raises Refused: sign_in_lost, sign_in_cancelled, provider_refused, and as provider and service do."""
        asked, said = self._envelope.opened(cookie.read(request.headers, cookie.AWAY)), request.query_params
        if not secrets.compare_digest(
            said.get("state", "").encode(errors="surrogatepass"), asked.state.encode()
        ):
            raise lost()
        if said.get("error") == "access_denied":
            raise Refused("sign_in_cancelled", "You did not let this Space know who you are on Hugging Face.")
        code = said.get("code", "")
        if "error" in said or not 0 < len(code) <= _LONGEST_CODE:
            raise Refused(
                "provider_refused", "Hugging Face did not confirm this sign-in. Please start again."
            )
        identity = await self._provider.identify(code, asked)
        return await run_in_threadpool(self._members.sign_in, identity, previous=cookie.read(request.headers))

    def _refused(self, refusal: Refused) -> Response:
        page = pages.refused(
            "Not signed in", refusal.message, refusal.code, f"{self._site}/sign-in", "Back to signing in"
        )
        return html(page, _STATUSES.get(refusal.code, 422))
