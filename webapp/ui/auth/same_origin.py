"""Same-origin check of requests (protection against cross-site request forgery)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

_SAFE_METHODS = ("GET", "HEAD")
# Values of Sec-Fetch-Site. `none`: a person typed the address or opened a bookmark.
_OWN_SITES = ("same-origin", "none")


def is_cross_origin(method: str, headers: Mapping[str, str]) -> bool:
    """Return True if a request names another origin, or changes something and comes from another site.

    The keys of `headers` are lower-case names. A client that sends neither Origin nor Sec-Fetch-Site is not
    a browser. It has no session cookie unless a person gave it one on purpose, so it passes.
    """
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    if method in _SAFE_METHODS:
        return False
    return headers.get("sec-fetch-site", "none") not in _OWN_SITES
