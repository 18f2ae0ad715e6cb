"""Work that a server does for a crowd, beside it, and after its client has left (`make proof`)."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from laanet_core.faces.detector import FaceDetector
from laanet_core.media.images import read_image
from tests.conftest import free_port, start_server, wait_until_served
from tests.core.clips import Pixels, drifting, write_clip
from tests.e2e.conftest import FLAGS, ROOMY
from tests.process_usage import cpu_seconds
from tests.waiting import wait_for
from webapp.ui.gradio_patches.connections import TimedConnection

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
# Faces per row and column of the mosaic, and their sizes in pixels: 625 faces in 2500 x 2650 pixels.
ROWS, FACE_WIDTH, FACE_HEIGHT = 25, 100, 106
# Seconds for an answer about the crowd, about a photo beside it, and for the work after a client has left.
CROWD_SECONDS, PHOTO_SECONDS, LEAVE_SECONDS = 10.0, 3.0, 1.0
# Seconds within which bytes that are no file or no request are refused.
REFUSAL_SECONDS = 5.0
# Seconds in which the server's CPU time is measured, and the CPU time that an idle server may use in them.
WATCHED_SECONDS, IDLE_CPU = 2.0, 0.3


def face_tiles(samples: Path) -> list[Pixels]:
    """Return the faces of the sample photographs (FACE_HEIGHT, FACE_WIDTH, 3) uint8."""
    detector = FaceDetector()
    tiles: list[Pixels] = []
    for path in sorted(samples.glob("*.*g")):
        rgb = read_image(path)
        for face in detector.detect(rgb)[:2]:
            x1, y1, x2, y2 = face.box
            reach = 0.8 * max(x2 - x1, y2 - y1)
            left, top = max(round((x1 + x2) / 2 - reach), 0), max(round((y1 + y2) / 2 - reach), 0)
            part = rgb[top : top + round(2 * reach), left : left + round(2 * reach)]
            tile = cv2.resize(part, (FACE_WIDTH, FACE_HEIGHT), interpolation=cv2.INTER_AREA)
            tiles.append(np.asarray(tile, np.uint8))
    return tiles


def mosaic(samples: Path) -> bytes:
    """Return a JPEG of ROWS x ROWS faces, each a little brighter or darker."""
    tiles = face_tiles(samples)
    rng = np.random.default_rng(0)
    picture = np.empty((ROWS * FACE_HEIGHT, ROWS * FACE_WIDTH, 3), np.uint8)
    for row in range(ROWS):
        for column in range(ROWS):
            tile = tiles[int(rng.integers(len(tiles)))].astype(np.int16) + int(rng.integers(-12, 13))
            top, left = row * FACE_HEIGHT, column * FACE_WIDTH
            picture[top : top + FACE_HEIGHT, left : left + FACE_WIDTH] = np.clip(tile, 0, 255)
    return jpeg(picture)


def jpeg(picture: Pixels) -> bytes:
    """Return a picture (H, W, 3) uint8 RGB as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def crowd(samples: Path) -> bytes:
    return mosaic(samples)


@pytest.fixture(scope="module")
def clip(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a clip of half a minute with a moving face."""
    face = read_image(samples / "astronaut.png")
    frames = [drifting(face, number / 10, 640) for number in range(300)]
    return write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", frames, codec="libx264").read_bytes()


@pytest.fixture(scope="module", params=["default", "1"])
def running(
    request: pytest.FixtureRequest, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    """Yield address and process id of a server with the default runtime, with many turns and with one."""
    folder = tmp_path_factory.mktemp("server")
    port = free_port()
    turns = {} if request.param == "default" else {"LENS_AT_ONCE": request.param}
    process = start_server(folder, LENS_PORT=str(port), LENS_RUNTIME="auto", LENS_FRAMES="32", **turns)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(url, process, folder / "log", seconds=600)
        # The first analysis loads libraries.
        answer(url, (samples / "astronaut.png").read_bytes())
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def answer(url: str, content: bytes) -> tuple[dict[str, object], float]:
    """Return the answer for a file, and its time in seconds."""
    began = time.monotonic()
    response = httpx.post(f"{url}/api/v1/analyse", files={"file": ("upload", content)}, timeout=120)
    assert response.status_code == 200, response.text
    return response.json(), time.monotonic() - began


def send_without_reading(url: str, content: bytes) -> socket.socket:
    """Send a file over a connection of its own, and return the connection without reading the answer."""
    address = urlsplit(url)
    connection = socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30)
    head = f"POST /api/v1/analyse HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
    connection.sendall(head.encode() + content)
    return connection


def analyses_running(url: str) -> int:
    return int(json.loads(httpx.get(f"{url}/healthz", timeout=30).content)["running"])


def assert_ends(pid: int, leave: Callable[[], object]) -> None:
    """Let the client leave. The server must stop using the processor within LEAVE_SECONDS."""
    leave()
    time.sleep(LEAVE_SECONDS)
    before = cpu_seconds(pid)
    time.sleep(WATCHED_SECONDS)
    used = cpu_seconds(pid) - before
    print(f"{used:.2f} s of CPU time within {WATCHED_SECONDS:g} s, {LEAVE_SECONDS:g} s after the client left")
    assert used <= IDLE_CPU


def test_crowd_is_answered_in_time_and_says_that_faces_were_left_out(
    running: tuple[str, int], crowd: bytes
) -> None:
    result, seconds = answer(running[0], crowd)
    print(f"{len(crowd)} bytes, {len(result['faces'])} faces in {seconds:.1f} s")  # type: ignore[arg-type]
    assert "not_all_faces" in result["cautions"]  # type: ignore[operator]
    assert seconds < CROWD_SECONDS


@pytest.mark.parametrize("kind", ["crowd", "clip"])
def test_photo_beside_long_work_is_answered_soon(
    running: tuple[str, int], samples: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    url = running[0]
    content: bytes = request.getfixturevalue(kind)
    long_work = threading.Thread(target=answer, args=(url, content))
    long_work.start()
    wait_for(lambda: analyses_running(url) > 0)
    times: list[float] = []
    while long_work.is_alive() and len(times) < 8:
        time.sleep(0.5)
        times.append(answer(url, (samples / "astronaut.png").read_bytes())[1])
    long_work.join()
    print(f"photos beside a {kind}:", [round(seconds, 2) for seconds in times])
    assert max(times) < PHOTO_SECONDS


@pytest.mark.parametrize("kind", ["crowd", "clip"])
@pytest.mark.parametrize("delay", [0.3, 1.0, 2.0])
def test_work_ends_within_a_second_after_the_client_has_left(
    running: tuple[str, int], request: pytest.FixtureRequest, kind: str, delay: float
) -> None:
    url, pid = running
    connection = send_without_reading(url, request.getfixturevalue(kind))
    wait_for(lambda: analyses_running(url) > 0)
    time.sleep(delay)
    assert_ends(pid, connection.close)
    assert analyses_running(url) == 0


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_large_file_of_fillers_is_refused_in_time(running: tuple[str, int], filler: bytes) -> None:
    content = b"\xff\xd8\xff" + filler * 99_000_000
    began = time.monotonic()
    response = httpx.post(f"{running[0]}/api/v1/analyse", content=content, timeout=120)
    seconds = time.monotonic() - began
    print(f"100 MB of {filler!r} behind a JPEG's first bytes: {seconds:.1f} s")
    assert response.json()["error"]["code"] == "corrupt_image"
    assert seconds < REFUSAL_SECONDS


@pytest.mark.parametrize(
    "head", [b"Content-Length: 9999\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n%x\r\nabc" % 2**72]
)
def test_unfinished_upload_is_answered_with_408(running: tuple[str, int], head: bytes) -> None:
    address = urlsplit(running[0])
    began = time.monotonic()
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=120) as connection:
        connection.sendall(b"POST /api/v1/analyse HTTP/1.1\r\nHost: x\r\n" + head)
        received = connection.recv(1000)
    seconds = time.monotonic() - began
    print(f"an unfinished upload was answered after {seconds:.0f} s")
    assert received.startswith(b"HTTP/1.1 408")
    assert TimedConnection.body_seconds <= seconds + 1 < TimedConnection.body_seconds + 15


@pytest.mark.parametrize(
    "content", [b"\x16\x03\x01\x02\x00\x01\xfc\r\n\r\n", b"\0" * 100_000, b"a" * 100_000]
)
def test_random_bytes_close_the_connection(running: tuple[str, int], content: bytes) -> None:
    address = urlsplit(running[0])
    began = time.monotonic()
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=60) as connection:
        received = b""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(content)
            while chunk := connection.recv(1000):
                received += chunk
    assert not received or received.startswith(b"HTTP/1.1 400")
    assert time.monotonic() - began < REFUSAL_SECONDS


_PROGRAM = """
import sys
from gradio_client import Client, handle_file
Client(sys.argv[1], verbose=False).predict(handle_file(sys.argv[2]), api_name="/analyse_image")
"""


def test_work_ends_after_a_program_of_the_gradio_interface_was_killed(
    running: tuple[str, int], crowd: bytes, tmp_path: Path
) -> None:
    url, pid = running
    (tmp_path / "crowd.jpg").write_bytes(crowd)
    program = subprocess.Popen([sys.executable, "-c", _PROGRAM, url, str(tmp_path / "crowd.jpg")])
    try:
        wait_for(lambda: analyses_running(url) > 0)
        assert_ends(pid, program.kill)
    finally:
        program.kill()
        program.wait()


@pytest.mark.parametrize("way", ["close", "stop"])
def test_work_ends_after_a_visitor_has_left_or_stopped(
    running: tuple[str, int], crowd: bytes, tmp_path: Path, way: str
) -> None:
    url, pid = running
    (tmp_path / "crowd.jpg").write_bytes(crowd)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(viewport=ROOMY).new_page()
        page.goto(url)
        page.wait_for_selector("#analyse")
        page.set_input_files("#file input[type=file]", str(tmp_path / "crowd.jpg"))
        page.wait_for_selector("#file .file-preview")
        page.click("#analyse")
        wait_for(lambda: analyses_running(url) > 0)
        time.sleep(0.5)
        assert_ends(pid, page.close if way == "close" else lambda: page.click("#stop"))
        browser.close()
