"""Bounds of the image cache."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webapp.services.moderation.image_cache import ImageCache


def never() -> bytes:
    pytest.fail("a cached image was computed again")


def returning(content: bytes) -> Callable[[], bytes]:
    return lambda: content


def test_an_image_is_computed_once() -> None:
    cache = ImageCache()
    assert cache.get("frame", returning(b"pixels")) == b"pixels"
    assert cache.get("frame", never) == b"pixels"


def test_the_oldest_images_leave_when_all_together_are_too_large() -> None:
    cache = ImageCache(max_bytes=10)
    for name in ("first", "second", "third"):
        cache.put(name, b"12345")
    assert cache.get("second", never) == b"12345"
    assert cache.get("first", returning(b"again")) == b"again"


def test_images_expire() -> None:
    moment = 0.0
    cache = ImageCache(max_age=60, clock=lambda: moment)
    cache.put("frame", b"old")
    moment = 61.0
    assert cache.get("frame", returning(b"new")) == b"new"


def test_a_failed_computation_is_not_cached() -> None:
    cache = ImageCache()

    def fail() -> bytes:
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        cache.get("frame", fail)
    assert cache.get("frame", returning(b"pixels")) == b"pixels"
