"""Server that a test ends and starts again at the same address, with the same data."""

from __future__ import annotations

from pathlib import Path

from tests.application_processes import RunningProcess
from tests.conftest import Server, fork_server, free_port, wait_until_served


class RestartableServer:
    """A running server: `stop` kills it, `start` brings it back. Ends with the `with` block."""

    def __init__(self, folder: Path, **settings: str) -> None:
        port = free_port()
        self._folder = folder
        self._settings = {"LENS_PORT": str(port), **settings}
        self._process: RunningProcess | None = None
        url = f"http://127.0.0.1:{port}"
        self.server = Server(url, folder / "data" / "lens.sqlite3", folder / "cache", folder / "log")

    def __enter__(self) -> RestartableServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._process = fork_server(self._folder, **self._settings)
        wait_until_served(self.server.url, self._process, self.server.log, seconds=300)

    def stop(self, *, gently: bool = False) -> None:
        """End the process: by SIGTERM if `gently`, else by SIGKILL."""
        if self._process is not None:
            if gently:
                self._process.terminate()
            else:
                self._process.kill()
            self._process.wait(timeout=30)
            self._process = None
