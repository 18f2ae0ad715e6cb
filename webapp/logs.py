"""Server log as text or JSON lines, without data of visitors."""

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
# Receipts and tokens of links, see `security.tokens.new_token`.
_TOKEN = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])")
_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
    r"|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])"
)


class Scrubber:
    """Replaces receipts, network addresses and names of uploaded files in any message."""

    def __init__(self, settings: Settings) -> None:
        folders = "|".join(re.escape(str(folder)) for folder in (settings.cache, settings.media))
        self._upload = re.compile(rf"(?:{folders})/[^'\"\n]*")

    def __call__(self, text: str) -> str:
        text = self._upload.sub("<file>", text)
        return _ADDRESS.sub("<address>", _TOKEN.sub("<token>", text))


class TextLines(logging.Formatter):
    """Formatter of one line per record."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__(_FORMAT)
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        return self._scrub(super().format(record))


class JsonLines(logging.Formatter):
    """Formatter of JSON objects: `time`, `level`, `logger`, `message`.

    An error also has `error` (type and message) and `trace` (the stack).
    """

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._scrub(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = self._scrub(f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}")
            entry["trace"] = " < ".join(_places(record.exc_info[2]))
        return json.dumps(entry, ensure_ascii=False)


def configure(settings: Settings) -> None:
    """Send all log records and warnings, also of libraries, to standard error in the configured format."""
    handler = logging.StreamHandler(sys.stderr)
    scrub = Scrubber(settings)
    handler.setFormatter(JsonLines(scrub) if settings.log == "json" else TextLines(scrub))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # `webapp.db.migrate` logs migrations itself.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It logs several lines per request.
    logging.getLogger("mcp").setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = lambda hook: _uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = _unraisable
    # They log the address of every request.
    for verbose in ("httpx", "httpx2"):
        logging.getLogger(verbose).setLevel(logging.WARNING)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    logger.error("uncaught error", exc_info=(kind, error or kind(), trace))


def _unraisable(hook: sys.UnraisableHookArgs) -> None:
    """Log an error in a destructor, which affects nothing else."""
    error = hook.exc_value or hook.exc_type()
    logger.warning("error in a destructor", exc_info=(hook.exc_type, error, hook.exc_traceback))


def _places(trace: TracebackType | None) -> list[str]:
    """Return the stack of an error, innermost first: `file:line function`."""
    frames = traceback.extract_tb(trace)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
