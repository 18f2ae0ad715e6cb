"""Addresses below /.well-known/ (RFC 8615)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from webapp.domain.errors import Refused

REPORT_KEYS = "/.well-known/laanet-lens-keys.json"
# Seconds for which others may keep a copy. Afterwards they learn of a revoked key.
_MAX_AGE = 300


def report_keys_route(jwk_set: Callable[[], dict[str, Any]]) -> Route:
    """Return the route of the public keys that verify reports: a JWK set (RFC 7517) for any page."""

    def show_keys(_: Request) -> Response:
        try:
            keys = jwk_set()
        except Refused as refusal:
            return Response(json.dumps({"error": refusal.to_json()}), 503, media_type="application/json")
        headers = {"Cache-Control": f"public, max-age={_MAX_AGE}", "Access-Control-Allow-Origin": "*"}
        return Response(json.dumps(keys, indent=2), headers=headers, media_type="application/jwk-set+json")

    return Route(REPORT_KEYS, show_keys)
