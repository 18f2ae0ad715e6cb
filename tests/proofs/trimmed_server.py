"""Server that returns its freed memory on SIGUSR1, as it does by itself each minute.

`python -m tests.proofs.trimmed_server FILE` appends a byte to FILE after each time. Python's garbage is
collected first: what is left is memory that the server's objects hold.
"""

from __future__ import annotations

import gc
import runpy
import signal
import sys
from pathlib import Path

from webapp.services.operations.allocator import return_freed_memory


def main(done: Path) -> None:
    """Run `app.py`; append a byte to `done` each time that the freed memory was returned."""

    def trim(*_: object) -> None:
        gc.collect()
        return_freed_memory()
        with done.open("ab") as file:
            file.write(b".")

    signal.signal(signal.SIGUSR1, trim)
    sys.argv = ["app.py"]
    runpy.run_path("app.py", run_name="__main__")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
