"""Errors of Pillow as one class: damaged files raise errors of many classes, which differ by version."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from laanet_core.errors import UnreadableMedia


class DamagedPicture(Exception):
    """A picture, or a part of one, that Pillow cannot read."""


@contextlib.contextmanager
def pillow_errors() -> Iterator[None]:
    """Turn the errors of the block into DamagedPicture, but for MemoryError and UnreadableMedia."""
    try:
        yield
    except (MemoryError, UnreadableMedia):
        raise
    except Exception as error:
        raise DamagedPicture(f"{type(error).__name__}: {error}") from error
