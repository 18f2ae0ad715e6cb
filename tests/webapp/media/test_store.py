"""One store, three places: a folder, S3 (a real server on this machine), and fsspec's own memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import free_port
from webapp.domain.clock import now
from webapp.media.store import MediaStore, StoreFailed

SECRETS = {"key": "anything", "secret": "anything"}


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, object]]:
    """Options of an S3 server that holds an empty bucket `lens`."""
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    options: dict[str, object] = {
        **SECRETS,
        "client_kwargs": {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "eu-central-1"},
    }
    import s3fs

    s3fs.S3FileSystem(**options).mkdir("lens")
    yield options
    server.stop()


@pytest.fixture(params=["folder", "s3", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    if request.param == "s3":
        return MediaStore(f"s3://lens/{tmp_path.name}", request.getfixturevalue("bucket"))
    return MediaStore(
        str(tmp_path / "not" / "yet") if request.param == "folder" else f"memory://{tmp_path.name}"
    )


def test_files_come_back_under_names_that_say_nothing(store: MediaStore) -> None:
    assert store.listed() == {}
    contents = [b"one", b"", bytes(range(256)) * 4000, b"one"]
    names = [store.write(content) for content in contents]
    assert len(set(names)) == 4
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in names)
    assert [store.read(name) for name in names] == contents
    listed = store.listed()
    assert listed.keys() == set(names)
    assert all(abs(written - now()) < timedelta(minutes=1) for written in listed.values())
    assert store.has(names[0])
    for _ in range(2):  # removing what is not there is no failure
        store.remove(names[0])
    assert not store.has(names[0])
    with pytest.raises(FileNotFoundError):
        store.read(names[0])
    assert store.listed().keys() == set(names[1:])


def test_writers_at_once_do_not_hinder_each_other(store: MediaStore) -> None:
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: names.append(store.write(b"%d" % n * 1000))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.read(name) for name in names) == sorted(b"%d" % n * 1000 for n in range(8))


def test_files_are_the_owners_alone_and_whole_or_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    name = MediaStore(str(folder)).write(b"a face")
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_failure_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "media"
    store = MediaStore(str(folder))
    real = os.open

    def on_a_full_disk(path: object, flags: int, mode: int = 0o777) -> int:
        opened = real(path, flags, mode)  # type: ignore[arg-type]
        if str(path).endswith(".part"):
            full = real("/dev/full", os.O_WRONLY)
            os.dup2(full, opened)
            os.close(full)
        return opened

    monkeypatch.setattr(os, "open", on_a_full_disk)
    with pytest.raises(StoreFailed, match="No space left"):
        store.write(b"a face" * 100_000)
    monkeypatch.undo()
    assert list(folder.iterdir()) == []


def test_places_that_cannot_be_written_to_fail_by_name(tmp_path: Path, bucket: dict[str, object]) -> None:
    (tmp_path / "file").touch()
    unreachable = {
        **SECRETS,
        "client_kwargs": {"endpoint_url": f"http://127.0.0.1:{free_port()}"},
        "config_kwargs": {"retries": {"max_attempts": 1}},
    }
    for store in (
        MediaStore(str(tmp_path / "file")),
        MediaStore("s3://nowhere", bucket),
        MediaStore("s3://lens", unreachable),
    ):
        with pytest.raises(StoreFailed):
            store.write(b"a face")
