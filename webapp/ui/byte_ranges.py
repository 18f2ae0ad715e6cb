"""Responses with a file or a part of it (HTTP range requests), so that a video player can seek."""

from __future__ import annotations

import re

from starlette.responses import Response

from webapp.services.storage.kept_media import MediaContent

# Range header with one interval whose first byte is known.
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
# A visitor sent the file: the browser must neither run nor store it, and no search engine may list it.
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Accept-Ranges": "bytes",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def media_response(media: MediaContent, range_header: str | None) -> Response:
    """Return the whole file with 200, or the requested bytes with 206."""
    length = len(media.content)
    first, last = requested_bytes(range_header, length)
    if (first, last) == (0, length - 1):
        return Response(media.content, media_type=media.type, headers=_HEADERS)
    headers = {**_HEADERS, "Content-Range": f"bytes {first}-{last}/{length}"}
    return Response(media.content[first : last + 1], 206, headers, media.type)


def requested_bytes(range_header: str | None, length: int) -> tuple[int, int]:
    """Return the first and last byte of `bytes=first-last` or `bytes=first-`, else of the whole file."""
    whole = (0, length - 1)
    matched = _RANGE.fullmatch(range_header or "")
    if matched is None:
        return whole
    first, last = matched.groups()
    start = int(first)
    end = length - 1
    if last:
        end = min(int(last), end)
    if start > end:
        return whole
    return start, end
