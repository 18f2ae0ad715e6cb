"""Error codes, which other programs rely on."""

from __future__ import annotations

import pytest

from laanet_core import errors
from laanet_core.errors import CapturedError, LaanetError, UnreadableMedia


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("LaanetError", "internal_error"),
        ("InvalidConfig", "invalid_config"),
        ("InvalidWeights", "invalid_weights"),
        ("InvalidDataset", "invalid_dataset"),
        ("InvalidCheckpoint", "invalid_checkpoint"),
        ("Cancelled", "cancelled"),
    ],
)
def test_published_codes_stay(name: str, code: str) -> None:
    error = getattr(errors, name)("One sentence.")
    assert isinstance(error, LaanetError)
    assert (error.code, error.message, str(error)) == (code, "One sentence.", "One sentence.")


def test_unreadable_media_states_its_reason_as_code() -> None:
    error = UnreadableMedia("empty_file", "The file is empty.")
    assert (error.code, error.message) == ("empty_file", "The file is empty.")


@pytest.mark.parametrize("error", [KeyError("a"), KeyboardInterrupt(), MemoryError()])
def test_captured_error_is_kept(error: BaseException) -> None:
    with CapturedError() as captured:
        raise error
    assert captured.error is error
    with captured:
        pass
    assert captured.error is None
