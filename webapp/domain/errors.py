"""Errors that a visitor, a moderator or a host can answer."""

from __future__ import annotations


class UnusableDatabase(Exception):
    """A database that this version cannot work with; the message says why."""


class Unable(Exception):
    """Something a host asked for that cannot be done. `code` is stable, `message` a sentence that says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BrokenAudit(Unable):
    """An audit log that is not what was written."""


class Refused(Exception):
    """A request that cannot be met. `code` is stable, `message` a sentence for the visitor."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}


def unknown_receipt() -> Refused:
    """The one answer to every receipt that is not known, whatever it looks like."""
    return Refused("unknown_receipt", "There is no result under this receipt.")
