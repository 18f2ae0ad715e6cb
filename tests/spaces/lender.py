"""Local stand-in for ZeroGPU's scheduler, which lends GPUs until the quota is exhausted."""

from __future__ import annotations

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit


class Lender:
    """Server on the loopback interface that a Space's process finds through `environment`.

    `requested_seconds` holds the duration of each request. `exhausted` refuses all further requests. `kills`
    kills every process that receives a GPU.
    """

    def __init__(self, folder: Path) -> None:
        self.requested_seconds: list[int] = []
        self.calls: list[str] = []
        self.exhausted = self.kills = False
        lender = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, answer = lender.answer(self.path)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        groups = folder / "cgroup"
        groups.write_text("12:devices:/kubepods/x\n0::/kubepods/x\n")
        self.environment = {
            "SPACES_ZERO_GPU": "true",
            "SPACES_ZERO_DEVICE_API_URL": f"http://127.0.0.1:{self._server.server_port}",
            "ZEROGPU_PROC_SELF_CGROUP_PATH": str(groups),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, dict[str, object]]:
        parts = urlsplit(path)
        self.calls.append(parts.path)
        if parts.path == "/allow" and self.kills:
            os.kill(int(parse_qs(parts.query)["pid"][0]), signal.SIGKILL)
        if parts.path != "/schedule":
            return 200, {}
        self.requested_seconds.append(int(parse_qs(parts.query)["durationSeconds"][0]))
        if self.exhausted:
            return 429, {"left": 0, "wait": 3600, "creditsEnabled": False}
        return 200, {
            "idle": len(self.requested_seconds) > 1,
            "nvidiaIndex": 0,
            "nvidiaUUID": "GPU-x",
            "allowToken": "token",
        }
