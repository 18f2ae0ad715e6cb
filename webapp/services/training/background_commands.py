"""Background commands of the desk: `snapshot` and `gate`, one at a time, which outlive the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from webapp.domain.clock import now
from webapp.domain.errors import Unable
from webapp.services.training.file_locks import is_locked, try_lock
from webapp.services.training.subprocesses import start_detached

# "Errand" is the earlier name of a background command. The file names keep it, so that existing folders
# still work.
LOCK_FILE = "errand.lock"
OUTPUT_FILE = "errand.log"
REQUEST_FILE = "errand.json"
# Error of a command whose process was killed.
INTERRUPTED = "it was interrupted; start it again"


class CommandRequest(BaseModel):
    """A background command.

    `what` is its name, `subject` the version that it concerns or "", and `begun_at` the ISO 8601 time of its
    start.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    subject: str
    begun_at: str


class CommandStatus(CommandRequest):
    """State of the last background command.

    `error`: why it failed; None while it runs and after it succeeded.
    """

    running: bool
    error: str | None


class BackgroundCommands:
    """Starts background commands and reads how the last one ended.

    The lock, request and output are files in `folder`, which all servers on this machine share.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, command: str, subject: str, arguments: Sequence[str], record: Callable[[], None]) -> None:
        """Call `record`, then start `python -m webapp ARGUMENTS --json` in the background.

        Raises Unable with errand_busy if another command runs.
        """
        with try_lock(self._folder / LOCK_FILE) as lock:
            if lock is None:
                raise Unable(
                    "errand_busy", "a snapshot is being made or a candidate measured; wait until it ends"
                )
            record()
            (self._folder / OUTPUT_FILE).unlink(missing_ok=True)
            request = CommandRequest(what=command, subject=subject, begun_at=now().isoformat())
            (self._folder / REQUEST_FILE).write_text(request.model_dump_json(), encoding="utf-8")
            start_detached([*arguments, "--json"], self._folder / OUTPUT_FILE, locks=[lock])

    def last(self) -> CommandStatus | None:
        """Return the state of the last command; None if none was ever started."""
        # Check the lock first: if the command ends after the check, its output is complete when it is read.
        is_running = is_locked(self._folder / LOCK_FILE)
        try:
            content = (self._folder / REQUEST_FILE).read_text(encoding="utf-8")
            request = CommandRequest.model_validate_json(content)
        except (FileNotFoundError, ValueError):
            return None
        error = None if is_running else self._error()
        return CommandStatus(**request.model_dump(), running=is_running, error=error)

    def _error(self) -> str | None:
        """Return the reason for which the last command failed, None if it succeeded.

        A command that succeeds prints its result as a JSON object. One that fails prints `error:` and the
        reason. One that prints neither was interrupted.
        """
        try:
            output = (self._folder / OUTPUT_FILE).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return INTERRUPTED
        # A progress bar returns to the start of its line by "\r".
        lines = output.replace("\r", "\n").splitlines()
        objects = [line for line in lines if line.startswith("{")]
        if objects and _is_json(objects[-1]):
            return None
        errors = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
        return errors[-1] if errors else INTERRUPTED


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
