"""Tests of the same-origin check."""

from __future__ import annotations

import pytest

from webapp.ui.auth.same_origin import is_cross_origin

HOST = {"host": "lens.example"}


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {}, False),
        ("POST", {}, False),
        ("POST", {"origin": "https://lens.example"}, False),
        ("POST", {"origin": "https://LENS.example"}, False),
        ("GET", {"origin": "https://evil.example"}, True),
        ("GET", {"origin": "null"}, True),
        ("GET", {"origin": ""}, True),
        ("POST", {"origin": "https://lens.example:8443"}, True),
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "cross-site"}, True),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
    ],
)
def test_origin_decides_and_sec_fetch_site_only_without_it(
    method: str, headers: dict[str, str], expected: bool
) -> None:
    assert is_cross_origin(method, {**HOST, **headers}) is expected
