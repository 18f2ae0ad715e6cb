"""What the server says, as lines for people or as one JSON object a line, and never of whom or of which file."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType

from webapp.settings import Settings

logger = logging.getLogger(__name__)
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_TOKEN = re.compile(
    r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])"
)  # receipts and other links' ends (domain.new_token)
_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])"
)


class Scrubber:
    """Takes out what tells of a visitor, whoever wrote the message: receipts, network addresses, and names of uploaded files."""

    def __init__(self, settings: Settings) -> None:
        folders = "|".join(re.escape(str(folder)) for folder in (settings.cache, settings.media))
        self._upload = re.compile(rf"(?:{folders})/[^'\"\n]*")

    def __call__(self, text: str) -> str:
        text = self._upload.sub("<file>", text)
        return _ADDRESS.sub("<address>", _TOKEN.sub("<token>", text))


class TextLines(logging.Formatter):
    def __init__(self, scrub: Scrubber) -> None:
        super().__init__(_FORMAT)
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        return self._scrub(super().format(record))


class JsonLines(logging.Formatter):
    """`time`, `level`, `logger`, `message`; of an error also `error` (its kind and words) and `trace` (where it came by)."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._scrub(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = self._scrub(f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}")
            said["trace"] = " < ".join(_places(record.exc_info[2]))
        return json.dumps(said, ensure_ascii=False)


def configure(settings: Settings) -> None:
    """Send everything to standard error in the wanted form, other packages' words and warnings too."""
    handler = logging.StreamHandler(sys.stderr)
    scrub = Scrubber(settings)
    handler.setFormatter(JsonLines(scrub) if settings.log == "json" else TextLines(scrub))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # what an upgrade did is said by webapp.db.upgrade
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = _unraisable
    for chatty in ("httpx", "httpx2"):  # they say every address that is asked
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    logger.error("nobody caught an error", exc_info=(kind, error or kind(), trace))


def _unraisable(told: sys.UnraisableHookArgs) -> None:
    """What went wrong while something was thrown away; nothing hangs on it."""
    error = told.exc_value or told.exc_type()
    logger.warning("something could not be thrown away", exc_info=(told.exc_type, error, told.exc_traceback))


def _places(trace: TracebackType | None) -> list[str]:
    """Innermost first: `file:line function`."""
    frames = traceback.extract_tb(trace)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
