"""Errors a caller can handle, each with a stable code and a sentence for people."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class LaanetError(Exception):
    """Base of laanet_core's errors. A published `code` never changes; `message` is one plain sentence."""

    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidConfig(LaanetError):
    """A configuration that no network or decision could have."""

    code = "invalid_config"


class InvalidWeights(LaanetError):
    """Weights that are missing, tampered with, misshapen or of another architecture."""

    code = "invalid_weights"


class InvalidDataset(LaanetError):
    """A manifest, image or landmark file of a training or test set that cannot be used."""

    code = "invalid_dataset"


class InvalidCheckpoint(LaanetError):
    """A training run's checkpoint that is broken or of another form."""

    code = "invalid_checkpoint"


class UnreadableMedia(LaanetError):
    """An upload or file that cannot be analysed; `code` states the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Cancelled(LaanetError):
    """The caller asked for the work to stop."""

    code = "cancelled"


class CapturedError:
    """Context manager that keeps any error of its block in `error`, to raise it in another thread."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.error = error
        return True
