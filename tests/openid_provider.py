"""OpenID provider on the loopback, like Hugging Face's: strict about requests, with switchable faults."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry

CLIENT, SECRET = "client-of-the-space", "secret-of-the-space"
HOST = "owner-lens.hf.space"
CALLBACK = f"https://{HOST}/login/callback"
ORGANISATION = {
    "sub": "0123456789abcdef01234567",
    "preferred_username": "Lens-Moderators",
    "roleInOrg": "write",
}
SCOPES = "openid profile read-memberships"
Answer = tuple[int, dict[str, str], bytes]
Claims = dict[str, Any]


@dataclass(frozen=True)
class Grant:
    """Data that an authorization code stands for."""

    nonce: str
    challenge: str
    user: Claims


def user(subject: str = "u1", name: str = "Ada-L", **organisation: Any) -> Claims:
    """Return a member with the role write; `organisation` overrides fields of the membership."""
    return {
        "sub": subject,
        "preferred_username": name,
        "name": "Ada Lovelace",
        "orgs": [{**ORGANISATION, **organisation}],
    }


@dataclass
class Misbehaviour:
    """Faults of the provider.

    It hangs at the path `hangs`, sends byte by byte at `drips`, and sends `answers` at their paths.
    `id_token` and `userinfo` change the claims. `key` signs instead of the published one, under `header`.
    """

    hangs: str = ""
    drips: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    id_token: Callable[[Claims], Claims] = lambda claims: claims
    userinfo: Callable[[Claims], Any] = lambda claims: claims
    key: RSAKey | None = None
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    algorithm: str = "RS256"


class OpenIDProvider:
    """Provider with one `user`, who consents unless `denies`; with `asks` only after pressing a link."""

    def __init__(self) -> None:
        self.user, self.denies, self.asks, self.wrong = user(), False, False, Misbehaviour()
        self.requests: list[str] = []
        self.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that Hugging Face sets in a Space."""
        return {
            "SPACE_ID": "owner/lens",
            "SPACE_HOST": f"{HOST},lens.example",
            "OPENID_PROVIDER_URL": self.address,
            "OAUTH_CLIENT_ID": CLIENT,
            "OAUTH_CLIENT_SECRET": SECRET,
            "OAUTH_SCOPES": SCOPES,
        }

    @contextmanager
    def misbehaving(self, **how: Any) -> Iterator[None]:
        self.wrong = Misbehaviour(**how)
        yield
        self.wrong = Misbehaviour()

    def answer(self, method: str, path: str, given: dict[str, str], authorization: str) -> Answer:
        if self.wrong.hangs == path:
            self.released.wait(60)
        if path in self.wrong.answers:
            return self.wrong.answers[path]
        pages: dict[str, Callable[[], Answer]] = {
            "GET /.well-known/openid-configuration": lambda: _json(self._configuration()),
            "GET /oauth/jwks": lambda: _json(KeySet([self.key]).as_dict(private=False)),
            "GET /oauth/authorize": lambda: self._authorize(given),
            "POST /oauth/token": lambda: self._token(given, authorization),
            "GET /oauth/userinfo": lambda: self._userinfo(authorization),
        }
        return pages.get(f"{method} {path}", lambda: _json({}, 404))()

    def _configuration(self) -> Claims:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/oauth/authorize",
            "token_endpoint": f"{self.address}/oauth/token",
            "userinfo_endpoint": f"{self.address}/oauth/userinfo",
            "jwks_uri": f"{self.address}/oauth/jwks",
        }

    def _authorize(self, given: dict[str, str]) -> Answer:
        wanted = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "scope": SCOPES,
            "code_challenge_method": "S256",
        }
        if any(given.get(name) != value for name, value in wanted.items()) or not given.get("nonce"):
            return _json({"error": "invalid_request"}, 400)
        if self.denies:
            said = {"error": "access_denied", "error_description": "<script>"}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = Grant(given["nonce"], given["code_challenge"], self.user)
            said = {"code": code}
        back = f"{CALLBACK}?{urlencode({**said, 'state': given['state']})}"
        if self.asks:
            return (
                200,
                {"Content-Type": "text/html", "X-Frame-Options": "DENY"},
                f"<a href='{escape(back)}'>Authorize</a>".encode(),
            )
        return 302, {"Location": back}, b""

    def _token(self, given: dict[str, str], authorization: str) -> Answer:
        if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return _json({"error": "invalid_client"}, 401)
        # Each counts once.
        grant = self._codes.pop(given.get("code", ""), None)
        proof = (
            base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
            .rstrip(b"=")
            .decode()
        )
        if (
            grant is None
            or proof != grant.challenge
            or (given.get("grant_type"), given.get("redirect_uri")) != ("authorization_code", CALLBACK)
        ):
            return _json({"error": "invalid_grant"}, 400)
        token = secrets.token_urlsafe(16)
        self._tokens[token] = grant
        claims = {"iss": self.address, "aud": CLIENT, "sub": grant.user["sub"], "nonce": grant.nonce}
        claims |= {"iat": int(time.time()), "exp": int(time.time()) + 600}
        said = {"access_token": token, "token_type": "bearer", "expires_in": 600, "scope": SCOPES}
        return _json({**said, "id_token": self._signed(self.wrong.id_token(claims))})

    def _userinfo(self, authorization: str) -> Answer:
        grant = self._tokens.get(authorization.removeprefix("Bearer "))
        return (
            _json({"error": "invalid_token"}, 401)
            if grant is None
            else _json(self.wrong.userinfo(grant.user))
        )

    def _signed(self, claims: Claims) -> str:
        if self.wrong.algorithm == "none":
            parts = ({"alg": "none"}, claims)
            return (
                ".".join(
                    base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                    for part in parts
                )
                + "."
            )
        registry = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
        return jwt.encode(self.wrong.header, claims, self.wrong.key or self.key, registry=registry)


def _json(content: Any, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


def _handler(provider: OpenIDProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            provider.requests.append(f"{self.command} {parts.path}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            given = {
                name: values[0]
                for name, values in parse_qs(parts.query if self.command == "GET" else body).items()
            }
            status, headers, content = provider.answer(
                self.command, parts.path, given, self.headers.get("Authorization", "")
            )
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if provider.wrong.drips != parts.path:
                self.wfile.write(content)
                return
            for byte in content:
                self.wfile.write(bytes([byte]))
                if provider.released.wait(0.1):
                    break

        do_GET = do_POST = handle_any  # noqa: N815 - the base class wants these names

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            # The client has given up.
            with contextlib.suppress(OSError):
                super().handle()

    return Handler
