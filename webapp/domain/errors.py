"""Errors that a visitor, a moderator or a host can act on."""

from __future__ import annotations


class UnusableDatabase(Exception):
    """A database that this version cannot use. The message gives the reason."""


class Unable(Exception):
    """Failed operation of the host. `code` is stable; `message` is a sentence that gives the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BrokenAudit(Unable):
    """An audit log that differs from what was written."""


class Refused(Exception):
    """A refused request. `code` is stable; `message` is a sentence for the person who sent it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def to_json(self) -> dict[str, str]:
        """Return code and message as a JSON object."""
        return {"code": self.code, "message": self.message}


def unknown_receipt() -> Refused:
    """Return the error for any unknown receipt. It is the same for every shape, so it reveals nothing."""
    return Refused("unknown_receipt", "There is no result under this receipt.")
