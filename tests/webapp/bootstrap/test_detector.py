from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import httpx

from tests.conftest import served


def test_a_server_compiles_keeps_what_it_compiled_and_says_what_it_runs_on(
    tmp_path: Path, samples: Path
) -> None:
    with served(tmp_path, LENS_RUNTIME="auto") as server:
        runtime = {"name": "openvino", "precision": "float32", "device": "cpu"}
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=20) as answer:
            assert json.load(answer)["runtime"] == runtime
        picture = (samples / "astronaut.png").read_bytes()
        judged = httpx.post(
            f"{server.url}/api/v1/analyse", files={"file": ("a.png", picture)}, timeout=120
        ).json()
        assert judged["runtime"] == runtime
        assert {path.suffix for path in (server.database.parent / "compiled").iterdir()} == {".xml", ".bin"}
        assert "the network runs through openvino in float32" in server.log.read_text()
