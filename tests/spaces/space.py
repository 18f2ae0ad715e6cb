"""Local stand-in for a Space: the staged tree, a Space's environment, a disk and a volume."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import ROOT, free_port, wait_until_served

# Seconds that a Space has to stop.
STOPS_WITHIN = 20.0


class Space:
    """The staged application as a process.

    `wipe` empties `disk`, `volume` stays, and the `app` folder is read-only.
    """

    def __init__(self, folder: Path, *, hardware: str = "cpu") -> None:
        self.app, self.disk, self.volume, self.log = (
            folder / "app",
            folder / "disk",
            folder / "volume",
            folder / "log",
        )
        stage = [
            sys.executable,
            str(ROOT / "spaces" / "deploy.py"),
            "owner/lens",
            "--hardware",
            hardware,
            "--to",
            str(self.app),
        ]
        subprocess.run(stage, check=True, capture_output=True, timeout=60)
        for path in self.app.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        self.app.chmod(0o555)
        self.disk.mkdir()
        self.volume.mkdir()
        self.port = free_port()
        self.command = [sys.executable, "app.py"]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, settings: dict[str, str]) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            # Not even root can create or write it.
            "HOME": "/proc/nowhere",
            "TMPDIR": str(self.disk),
            "SYSTEM": "spaces",
            "SPACE_ID": "owner/lens",
            "SPACE_HOST": "owner-lens.hf.space",
            "SPACE_AUTHOR_NAME": "owner",
            "GRADIO_SERVER_PORT": str(self.port),
            # Tests listen on the loopback interface only.
            "LENS_HOST": "127.0.0.1",
            "LENS_BACKUPS": str(self.volume),
            "LENS_STORE": str(self.volume / "media"),
            "LENS_FRAMES": "8",
            **settings,
        }

    def start(self, *, seconds: float = 120, **settings: str) -> float:
        """Start the process and return the seconds until it served requests."""
        started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.app,
                env=self.environment(settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until_served(self.url, self.process, self.log, seconds=seconds)
        return time.monotonic() - started

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Stop the process by a signal and return the seconds it took."""
        assert self.process is not None
        started = time.monotonic()
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=STOPS_WITHIN + 10)
        finally:
            self.process.kill()
        return time.monotonic() - started

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                # Includes forked processes.
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)

    def wipe(self) -> None:
        """Empty the disk, as a restart of a Space does."""
        shutil.rmtree(self.disk)
        self.disk.mkdir()

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/healthz", timeout=30).json()
        return answer

    def analyse(self, picture: Path, *, name: str = "photo.jpg", **form: str) -> httpx.Response:
        with picture.open("rb") as file:
            return httpx.post(
                f"{self.url}/api/v1/analyse", files={"file": (name, file)}, data=form, timeout=120
            )

    def result(self, receipt: str) -> httpx.Response:
        return httpx.get(f"{self.url}/api/v1/results/{receipt}", timeout=30)

    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON lines of the log."""
        return [
            json.loads(line)
            for line in self.log.read_text(encoding="utf-8").splitlines()
            if line.startswith("{")
        ]

    def fingerprint(self) -> str:
        """Return a hash of all files in the app's folder, without compiled Python."""
        digest = hashlib.sha256()
        for path in sorted(self.app.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(
                    f"{path.relative_to(self.app)} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode()
                )
        return digest.hexdigest()
