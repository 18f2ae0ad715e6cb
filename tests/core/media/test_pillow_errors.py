"""Errors of Pillow become one class; others pass."""

from __future__ import annotations

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.pillow_errors import DamagedPicture, pillow_errors


@pytest.mark.parametrize("error", [SyntaxError("bad"), KeyError(3), OSError("cut"), EOFError()])
def test_errors_of_the_library_become_one_class(error: Exception) -> None:
    with pytest.raises(DamagedPicture, match=type(error).__name__), pillow_errors():
        raise error


@pytest.mark.parametrize("error", [MemoryError(), UnreadableMedia("too_many_pixels", "Too large.")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, pillow_errors():
        raise error
    assert caught.value is error
