"""What takes minutes and is asked for on the desk: a command of its own, one at a time, that does not end with the server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from webapp.domain.clock import now
from webapp.domain.errors import Unable
from webapp.services.training import subprocesses as process

LOCK, OUTPUT, ASKED = "errand.lock", "errand.log", "errand.json"
CUT_OFF = "it was cut off; ask for it again"


@dataclass(frozen=True)
class Errand:
    """What was asked for last: `what` of which `subject`. `error`: why it came to nothing; None while it runs, and once it is done."""

    what: str
    subject: str
    begun_at: str
    running: bool
    error: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Errands:
    """Its traces lie in `folder`, where every server on this machine finds them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, what: str, subject: str, arguments: Sequence[str], told: Callable[[], None]) -> None:
        """Begin `python -m webapp ARGUMENTS --json`, once `told` has said so. Raises Unable: errand_busy."""
        with process.held(self._folder / LOCK) as lock:
            if lock is None:
                raise Unable(
                    "errand_busy", "a snapshot is being made or a candidate measured; wait for its end"
                )
            told()
            (self._folder / OUTPUT).unlink(missing_ok=True)
            asked = {"what": what, "subject": subject, "begun_at": now().isoformat()}
            (self._folder / ASKED).write_text(json.dumps(asked), encoding="utf-8")
            process.detach([*arguments, "--json"], self._folder / OUTPUT, locks=[lock])

    def last(self) -> Errand | None:
        """None where nothing was ever asked for."""
        running = process.is_held(
            self._folder / LOCK
        )  # first: what ends meanwhile has written its outcome by then
        try:
            asked = json.loads((self._folder / ASKED).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return Errand(**asked, running=running, error=None if running else self._error())

    def _error(self) -> str | None:
        """A command that came to its end printed an object last, or why it could not."""
        try:
            output = (self._folder / OUTPUT).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return CUT_OFF
        lines = output.replace("\r", "\n").splitlines()
        with contextlib.suppress(ValueError, IndexError):
            if isinstance(json.loads([line for line in lines if line.startswith("{")][-1]), dict):
                return None
        said = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
        return said[-1] if said else CUT_OFF
