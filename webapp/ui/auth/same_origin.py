"""Whether a request was made by a page of ours."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

_SAFE = ("GET", "HEAD")
_OURS = ("same-origin", "none")  # of Sec-Fetch-Site; none: typed into the address bar


def foreign(method: str, headers: Mapping[str, str]) -> bool:
    """True for any request that names another origin, and for one that changes something and comes from another site.

    `headers` by lower-case name. A program that sends neither Origin nor Sec-Fetch-Site is no browser, and carries only a cookie that it
    was given on purpose.
    """
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    return method not in _SAFE and headers.get("sec-fetch-site", "none") not in _OURS
