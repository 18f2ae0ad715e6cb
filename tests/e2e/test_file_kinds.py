"""The same answer to a file whichever way it travels: command line, HTTP, Gradio client and page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import expect

from tests.conftest import ROOT, Server
from tests.e2e.conftest import Visit
from tests.file_kinds import FileKind, write_kinds
from webapp.texts import LANGUAGES

Answer = dict[str, Any]

# Largest difference of two fake probabilities of one file.
_TOLERANCE = 0.005

# Files that are also uploaded in the browser.
_ON_THE_PAGE = ("lab.tif", "cut.png", "pixelated.png", "animated.webp", "mirrored.mp4", "photo.nef")


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> list[FileKind]:
    return write_kinds(tmp_path_factory.mktemp("kinds"), samples)


@pytest.fixture(scope="module")
def predicted(kinds: list[FileKind]) -> dict[str, Answer]:
    """Return what the command answers, in one process, by the name of the file."""
    options = ["--json", "--device", "cpu", "--runtime", "eager", "--frames", "8"]
    command = [sys.executable, "-m", "laanet_core", "predict", *options, *[str(kind.path) for kind in kinds]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {kind.path.name: answer for kind, answer in zip(kinds, answers, strict=True)}


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    client = Client(server.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
    yield client
    client.close()


def outcome_of(answer: Answer) -> str:
    """Return the verdict, the error code, or the reasons for which no face is judged."""
    if answer["verdict"] is not None:
        return str(answer["verdict"])
    if answer["error"] is not None:
        return str(answer["error"]["code"])
    if answer["outcome"] != "face_too_small":
        return str(answer["outcome"])
    return ", ".join(sorted({str(face["not_judged"]) for face in answer["faces"]}))


def assert_agree(name: str, answer: Answer, expected: Answer) -> None:
    """Fail if two answers to a file differ in more than the last digits of a score."""
    for key in ("kind", "outcome", "verdict", "error", "cautions"):
        assert answer[key] == expected[key], (name, key)
    for key in ("verdict", "not_judged", "track"):
        assert [face[key] for face in answer["faces"]] == [face[key] for face in expected["faces"]], name
    assert answer["fake_prob"] == pytest.approx(expected["fake_prob"], abs=_TOLERANCE), name


def test_every_kind_of_file_has_its_answer(kinds: list[FileKind], predicted: dict[str, Answer]) -> None:
    for kind in kinds:
        answer = predicted[kind.path.name]
        found = (outcome_of(answer), tuple(answer["cautions"]), answer["kind"] == "video")
        if kind.answer in ("unsupported_type", "empty_file"):
            # A file of no supported kind is no clip.
            assert found == (kind.answer, (), False), kind
        else:
            assert found == (kind.answer, kind.cautions, kind.is_clip), kind


def test_http_agrees_with_the_command(
    server: Server, kinds: list[FileKind], predicted: dict[str, Answer]
) -> None:
    with httpx.Client(base_url=server.url, timeout=120) as http:
        for kind in kinds:
            answer = http.post("/api/v1/analyse", content=kind.path.read_bytes())
            name = kind.path.name
            assert answer.status_code == (422 if predicted[name]["outcome"] == "rejected" else 200), name
            assert_agree(name, answer.json(), predicted[name])


def test_gradio_client_agrees_with_the_command(
    client: Client, kinds: list[FileKind], predicted: dict[str, Answer]
) -> None:
    for kind in kinds:
        file = handle_file(str(kind.path))
        if kind.is_clip:
            answer, _ = client.predict(file, api_name="/analyse_video")
        else:
            _, answer = client.predict(file, api_name="/analyse_image")
        assert_agree(kind.path.name, answer, predicted[kind.path.name])


def test_page_agrees_with_the_command(
    visit: Visit, kinds: list[FileKind], predicted: dict[str, Answer]
) -> None:
    english = LANGUAGES["en"]
    paths = {kind.path.name: kind.path for kind in kinds}
    for name in _ON_THE_PAGE:
        expected = predicted[name]
        headline = visit.analyse(paths[name])
        receipt = visit.page.locator("#link input, #link textarea").first.input_value().rpartition("#")[2]
        stored = httpx.get(f"{visit.server.url}/api/v1/results/{receipt}", timeout=60).json()
        assert_agree(name, stored, expected)
        if expected["error"] is not None:
            assert f"{english.error_code}: {expected['error']['code']}" in headline
        for caution in expected["cautions"]:
            assert english.cautions[caution] in headline
        for face in expected["faces"]:
            if face["not_judged"] is not None:
                expect(visit.page.locator("#faces")).to_contain_text(english.not_judged[face["not_judged"]])
    assert visit.complaints == []
