"""Sign-in with Hugging Face (OpenID Connect): redirect to the provider, and callback with its code.

Only imported on a Space whose host named an organisation.
"""

from __future__ import annotations

import secrets

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from webapp.domain.errors import Refused
from webapp.services.accounts.federated_sign_in import FederatedSignInService
from webapp.services.accounts.openid_client import OpenIDClient
from webapp.services.accounts.sign_in_state import LASTS, SignInStateCipher, sign_in_lost
from webapp.ui.auth import pages
from webapp.ui.auth.cookies import (
    SIGN_IN_STATE,
    clear_sign_in_state,
    read_cookie,
    set_session,
    set_sign_in_state,
)
from webapp.ui.auth.routes import page_response

START = "/sign-in/huggingface"
CALLBACK = "/login/callback"
_STATUSES = {"too_many_tries": 429, "provider_busy": 503, "provider_unavailable": 503}
# Characters of an authorization code; Hugging Face's codes are far shorter.
_MAX_CODE_LENGTH = 2048


class HuggingFaceSignIn:
    """Routes that sign members of an organisation in.

    `site` is the Space's direct address. Browsers return the state cookie only to that address, so every
    sign-in starts there, whatever page the visitor came from.
    """

    paths = (START, CALLBACK)

    def __init__(self, provider: OpenIDClient, members: FederatedSignInService, site: str) -> None:
        self._provider = provider
        self._members = members
        self._site = site
        self._cipher = SignInStateCipher()

    def link(self, request: Request) -> pages.HuggingFaceLink:
        """Return the link that the sign-in form shows."""
        is_framed = request.headers.get("sec-fetch-dest") in ("iframe", "frame")
        return pages.HuggingFaceLink(self._site, START, is_framed=is_framed)

    def routes(self, *, desk: str) -> list[Route]:
        """Return the routes of `paths`; `desk` is the address to go to after signing in."""

        async def start(_: Request) -> Response:
            try:
                address, authorization = await self._provider.authorization_url()
            except Refused as refusal:
                return self._refused(refusal)
            response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
            set_sign_in_state(response, self._cipher.seal(authorization), seconds=LASTS)
            return response

        async def callback(request: Request) -> Response:
            try:
                token = await self._sign_in(request)
            except Refused as refusal:
                response = self._refused(refusal)
            else:
                response = page_response(pages.signed_in(desk))
                set_session(response, token, secure=True)
            clear_sign_in_state(response)
            return response

        return [Route(START, start, methods=["GET"]), Route(CALLBACK, callback, methods=["GET"])]

    async def _sign_in(self, request: Request) -> str:
        """Return a new session's token.

        Raises Refused: sign_in_lost, sign_in_cancelled, provider_refused, and the codes of the OpenID client
        and of the sign-in service.
        """
        authorization = self._cipher.unseal(read_cookie(request.headers, SIGN_IN_STATE))
        query = request.query_params
        state = query.get("state", "").encode(errors="surrogatepass")
        if not secrets.compare_digest(state, authorization.state.encode()):
            raise sign_in_lost()
        if query.get("error") == "access_denied":
            raise Refused("sign_in_cancelled", "You did not let this Space know who you are on Hugging Face.")
        code = query.get("code", "")
        is_plausible = 0 < len(code) <= _MAX_CODE_LENGTH
        if "error" in query or not is_plausible:
            raise Refused(
                "provider_refused", "Hugging Face did not confirm this sign-in. Please start again."
            )
        identity = await self._provider.identify(code, authorization)
        previous = read_cookie(request.headers)
        return await run_in_threadpool(self._members.sign_in, identity, previous=previous)

    def _refused(self, refusal: Refused) -> Response:
        page = pages.refusal(
            title="Not signed in",
            error=refusal.message,
            code=refusal.code,
            address=f"{self._site}/sign-in",
            link_text="Back to sign-in",
        )
        return page_response(page, _STATUSES.get(refusal.code, 422))
