"""Tests of range requests."""

from __future__ import annotations

import pytest

from webapp.services.storage.kept_media import MediaContent
from webapp.ui.byte_ranges import media_response, requested_bytes

MEDIA = MediaContent(b"0123456789", "video/mp4")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, (0, 9)),
        ("bytes=0-", (0, 9)),
        ("bytes=2-5", (2, 5)),
        ("bytes=2-", (2, 9)),
        ("bytes=9-9", (9, 9)),
        ("bytes=2-500", (2, 9)),
        ("bytes=10-", (0, 9)),
        ("bytes=5-2", (0, 9)),
        ("bytes=-3", (0, 9)),
        ("bytes=1-2,4-5", (0, 9)),
        ("items=1-2", (0, 9)),
        ("bytes", (0, 9)),
    ],
)
def test_a_plain_range_is_served_and_any_other_header_means_the_whole_file(
    header: str | None, expected: tuple[int, int]
) -> None:
    assert requested_bytes(header, 10) == expected


def test_a_part_is_answered_with_206() -> None:
    part = media_response(MEDIA, "bytes=2-5")
    assert (part.status_code, part.body) == (206, b"2345")
    assert part.headers["content-range"] == "bytes 2-5/10"
    whole = media_response(MEDIA, None)
    assert (whole.status_code, whole.body) == (200, b"0123456789")
    assert "content-range" not in whole.headers


def test_browsers_neither_store_nor_run_a_file() -> None:
    headers = media_response(MEDIA, "bytes=0-1").headers
    assert headers["cache-control"] == "no-store"
    assert "sandbox" in headers["content-security-policy"]
