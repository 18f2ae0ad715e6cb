from __future__ import annotations

import os
import time
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Server
from webapp.services.storage.uploads import Uploads, visits_folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def upload(cache: Path, name: str = "hash/picture.jpg") -> Path:
    path = cache / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a face")
    return path


def test_an_upload_is_taken_to_a_folder_of_its_own_and_dropped(cache: Path) -> None:
    uploads = Uploads(cache)
    arrived = upload(cache)
    taken = uploads.take(arrived)
    assert taken.read_bytes() == b"a face"
    assert visits_folder(cache) in taken.parents
    assert "picture" not in str(taken.relative_to(cache))
    assert not arrived.parent.exists()
    assert uploads.take(taken) == taken
    uploads.drop(taken, arrived)
    assert list(cache.rglob("*")) == [visits_folder(cache)]


def test_a_restarted_server_finds_an_upload_that_was_taken_before(cache: Path) -> None:
    arrived = upload(cache)
    taken = Uploads(cache).take(arrived)
    restarted = Uploads(cache)
    assert restarted.take(arrived) == taken
    restarted.drop(taken)
    assert restarted.take(arrived) == arrived


def test_what_belongs_to_a_receipt_goes_with_it(cache: Path) -> None:
    uploads = Uploads(cache)
    mine, made, other = (
        uploads.take(upload(cache)),
        upload(cache, "made/report.pdf"),
        upload(cache, "other/report.pdf"),
    )
    uploads.attach("mine", mine, made)
    shared = uploads.take(upload(cache, "shared/picture.jpg"))  # analysed twice
    uploads.attach("mine", shared)
    uploads.attach("another", other, shared)
    uploads.attach(None, other)
    uploads.release("mine")
    uploads.release("mine")
    assert {path for path in cache.rglob("*") if path.is_file()} == {other, shared}
    uploads.release("another")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_detached_files_outlive_the_result(cache: Path) -> None:
    uploads = Uploads(cache)
    mine = uploads.take(upload(cache))
    uploads.attach("mine", mine)
    uploads.detach("mine")
    uploads.detach("unknown")
    uploads.release("mine")
    assert mine.is_file()


def test_files_that_are_no_uploads_are_left_alone(cache: Path, tmp_path: Path) -> None:
    uploads, ours = Uploads(cache), tmp_path / "example.jpg"
    ours.write_bytes(b"ours")
    assert uploads.take(ours) == ours
    uploads.drop(ours)
    assert ours.exists()
    assert uploads.take(cache / "gone" / "x.jpg") == cache / "gone" / "x.jpg"


def test_the_sweep_takes_what_is_old_wherever_it_lies(cache: Path) -> None:
    """Sweep files and folders by the time of their last change, which no upload can set back."""
    uploads = Uploads(cache)
    taken = uploads.take(upload(cache))
    upload(cache, "aborted/part.mp4")
    upload(cache, "api/upload-x/file")
    (cache / "tmpempty").touch()
    (cache / "empty").mkdir()
    uploads.sweep(60)
    assert taken.exists()
    assert (cache / "aborted" / "part.mp4").exists()
    time.sleep(0.05)
    fresh = upload(cache, "fresh/new.jpg")
    os.utime(fresh, (0, 0))  # its time of writing is as old as can be, its arrival is not
    uploads.sweep(0.04 + time.time() - fresh.lstat().st_ctime)
    assert sorted(str(path.relative_to(cache)) for path in cache.rglob("*")) == [
        "api",
        "fresh",
        "fresh/new.jpg",
        "visits",
    ]


def test_the_same_picture_uploaded_twice_is_two_files_and_a_judged_one_is_out_of_reach(
    server: Server, samples: Path
) -> None:
    content = (samples / "astronaut.png").read_bytes()
    with httpx.Client(base_url=f"{server.url}/gradio_api", timeout=60) as http:
        first, second = (
            http.post("/upload", files={"files": ("face.png", content)}).json()[0] for _ in range(2)
        )
        assert first != second
        assert Path(first).parent != Path(second).parent
        data = {"data": [{"path": first, "meta": {"_type": "gradio.FileData"}}]}
        event = http.post("/call/analyse_image", json=data).json()["event_id"]
        assert "fake_prob" in http.get(f"/call/analyse_image/{event}").text
        assert not Path(first).exists()
        assert Path(second).exists()
        Path(second).unlink()


def test_what_visits_hold_is_given_to_nobody(server: Server) -> None:
    held = visits_folder(server.cache) / "somebodys" / "upload"
    held.parent.mkdir(parents=True)
    held.write_bytes(b"a face")
    with httpx.Client(base_url=f"{server.url}/gradio_api", timeout=60) as http:
        assert http.get(f"/file={held}").status_code == 403
        event = http.post(
            "/call/analyse_image", json={"data": [{"path": str(held), "meta": {"_type": "gradio.FileData"}}]}
        ).json()["event_id"]
        assert "fake_prob" not in http.get(f"/call/analyse_image/{event}").text
    assert held.exists()
    held.unlink()
    held.parent.rmdir()


def test_the_cache_holds_nothing_at_the_start(server: Server) -> None:
    """Examples are part of the page: a copy would be swept while the page still shows it."""
    page = httpx.get(server.url).text
    # No address reveals where the server's files lie
    assert str(ROOT) not in page
    assert not list(server.cache.rglob("*.jpg"))
