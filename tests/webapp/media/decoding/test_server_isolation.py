"""The running application under hostile files, and that it decodes none of them itself."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from laanet_core.media.images import read_image
from tests.conftest import ROOT, Server
from tests.core.clips import write_clip
from tests.webapp import private
from tests.webapp.media.decoding import bombs
from tests.webapp.media.decoding.test_hostile_files import CODECS, FORMS, damaged

DECODES = {  # files that may: what workers run, what checks masks of 64 kB, what reads pictures of our own
    *("media/stripping.py", "media/decoding/worker.py", "media/decoding/preloading.py"),
    *(
        "media/masks.py",
        "examples/answers.py",
        "examples/make.py",
        "services/drills/synthetic_detector.py",
        "services/drills/poisoning.py",
        "cli/benchmark.py",
    ),
}
DECODERS = {
    "read_image",
    "read_frames",
    "read_length",
    "read_film",
    "read_at",
    "imread",
    "imdecode",
    "VideoCapture",
    "imdecodemulti",
}
OPENERS = {("Image", "open"), ("av", "open"), ("plt", "imread"), ("iio", "imread")}


def test_nothing_in_the_server_calls_a_decoder() -> None:
    """Search the source: only the files above call `Image.open` and the like."""
    for file in (ROOT / "webapp").rglob("*.py"):
        if str(file.relative_to(ROOT / "webapp")) in DECODES:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = (
                node.id
                if isinstance(node, ast.Name)
                else node.attr
                if isinstance(node, ast.Attribute)
                else ""
            )
            assert name not in DECODERS, f"{file}:{node.lineno}"  # type: ignore[attr-defined]
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in OPENERS, f"{file}:{node.lineno}"


def test_a_visit_decodes_nothing_in_the_server(tmp_path: Path) -> None:
    """Run in a process of its own, because building the pages leaves event loops behind."""
    command = [sys.executable, "-m", "tests.webapp.media.decoding.trapped", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("all done\n")


def post(server: Server, content: bytes) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        f"{server.url}/api/v1/analyse", content, {"Content-Type": "application/octet-stream"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def corpus(samples: Path, folder: Path, count: int) -> Iterator[bytes]:
    """Every bomb, and `count` damaged files of each kind."""
    yield from (make() for make in bombs.PICTURES.values())
    yield from (make(folder) for make in bombs.CLIPS.values())
    rgb = np.ascontiguousarray(read_image(samples / "astronaut.png")[:120, 160:300])
    chance = random.Random(5)
    whole = [private.picture(rgb, form) for form in FORMS]
    frames = [np.roll(rgb, 9 * n, axis=1) for n in range(8)]
    whole += [
        write_clip(folder / f"whole.{ending}", frames, codec=codec).read_bytes()
        for ending, codec in CODECS.items()
    ]
    for _ in range(count):
        yield from (damaged(content, chance) for content in whole)


@pytest.mark.parametrize("count", [1, pytest.param(40, marks=pytest.mark.proof)])
def test_a_hostile_corpus_over_http_leaves_the_server_well(
    server: Server, samples: Path, tmp_path: Path, count: int
) -> None:
    written = len(server.log.read_text())  # others use this server too
    found, late, done = Counter[tuple[int, str]](), list[float](), threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            began = time.monotonic()
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=10) as answer:
                assert answer.status == 200
            late.append(time.monotonic() - began)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for content in corpus(samples, tmp_path, count):
            began = time.monotonic()
            status, answer = post(server, content)
            assert time.monotonic() - began < 60
            assert status in (200, 422), answer
            found[status, (answer.get("error") or {}).get("code", answer.get("outcome"))] += 1
    finally:
        done.set()
        watcher.join()
    print(
        f"{sum(found.values())} files: {dict(found)}; {len(late)} times /healthz, at most {max(late):.2f} s"
    )
    assert len(late) > 3
    status, answer = post(server, (samples / "astronaut.png").read_bytes())
    assert (status, answer["outcome"]) == (200, "verdict")
    assert "Traceback" not in server.log.read_text()[written:]
