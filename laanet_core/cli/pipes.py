"""Named pipes and process substitutions as input files: copied to a temporary file, since they read once."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Bytes that are copied at most; what follows counts as cut off.
_MAX_BYTES = 2_000_000_000

# Bytes copied at a time.
_CHUNK = 1 << 20


def is_pipe(path: Path) -> bool:
    """Return whether a path names a pipe, such as `/dev/fd/63` of the shell's `<(command)`."""
    try:
        return path.is_fifo()
    except OSError:
        return False


@contextlib.contextmanager
def seekable(path: Path) -> Iterator[Path]:
    """Yield a file with a path's content: the path itself, or a temporary copy of what a pipe delivers."""
    if not is_pipe(path):
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="laanet-pipe-") as copy:
        with path.open("rb") as pipe:
            remaining = _MAX_BYTES
            while remaining > 0 and (chunk := pipe.read(min(_CHUNK, remaining))):
                copy.write(chunk)
                remaining -= len(chunk)
        copy.flush()
        yield Path(copy.name)
