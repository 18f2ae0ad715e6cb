"""Files to import, of folders, buckets and lists."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port
from webapp.domain.errors import Unable
from webapp.services.imports.sources import ListedFile, UnimportableFile, copy_file, list_files

MAX_BYTES = 1000


def paths(files: list[ListedFile]) -> list[str]:
    return [file.path for file in files]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the URL of a folder in an S3 server on this machine, which the environment names."""
    import s3fs
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "anything")
    # Clients of other tests are connected to other servers.
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("photos")
    yield "s3://photos/2026"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_files_of_a_folder_come_in_order_with_one_statement(tmp_path: Path) -> None:
    write(tmp_path, "b/2.jpg", "b/10.jpg", "a.jpg", ".DS_Store", ".git/c.jpg")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    files = list_files(str(tmp_path), "Commons", "CC0")
    assert paths(files) == ["a.jpg", "b/10.jpg", "b/2.jpg"]
    assert {(file.source, file.rights) for file in files} == {("Commons", "CC0")}
    target = tmp_path / "copy"
    assert copy_file(files[0].address, target, MAX_BYTES) == hashlib.sha256(b"a.jpg").hexdigest()
    assert target.read_text() == "a.jpg"


def test_names_that_are_no_utf_8_are_escaped(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(b"content")
    (file,) = list_files(str(tmp_path), "", "")
    assert file.path == "\\xff.jpg"
    assert copy_file(file.address, tmp_path / "copy", MAX_BYTES) == hashlib.sha256(b"content").hexdigest()


def test_objects_of_a_bucket_are_listed_and_copied(bucket: str, tmp_path: Path) -> None:
    import s3fs

    store = s3fs.S3FileSystem()
    for name in ("b/2.jpg", "a.jpg", ".hidden", "list.csv"):
        content = b"path,rights\na.jpg,CC0\nb/2.jpg,\n" if name == "list.csv" else name.encode()
        store.pipe_file(f"{bucket}/{name}", content)
    files = list_files(bucket, "Commons", "CC BY 4.0")
    assert paths(files) == ["a.jpg", "b/2.jpg", "list.csv"]
    assert files[0].address == f"{bucket}/a.jpg"
    assert copy_file(files[0].address, tmp_path / "copy", MAX_BYTES) == hashlib.sha256(b"a.jpg").hexdigest()
    assert list_files(f"{bucket}/list.csv", "Commons", "CC BY 4.0") == [
        ListedFile("a.jpg", f"{bucket}/a.jpg", "Commons", "CC0"),
        ListedFile("b/2.jpg", f"{bucket}/b/2.jpg", "Commons", "CC BY 4.0"),
    ]
    assert paths(list_files(f"{bucket}/b/2.jpg", "", "")) == ["2.jpg"]
    with pytest.raises(Unable) as refusal:
        list_files("s3://photos/1999", "", "")
    assert refusal.value.code == "no_source"
    with pytest.raises(UnimportableFile) as failure:
        copy_file(f"{bucket}/none.jpg", tmp_path / "copy", MAX_BYTES)
    assert failure.value.code == "not_found"


def test_a_list_states_source_and_rights_of_each_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "b.jpg"
    rows = f'path,source,rights\na.jpg,"An archive, 1969",CC0\n\n{elsewhere},,\ns3://photos/c.jpg, ,\n'
    (tmp_path / "list.csv").write_text(rows, encoding="utf-8-sig")
    assert list_files(str(tmp_path / "list.csv"), "Commons", "CC BY 4.0") == [
        ListedFile("a.jpg", str(tmp_path / "a.jpg"), "An archive, 1969", "CC0"),
        ListedFile(str(elsewhere), str(elsewhere), "Commons", "CC BY 4.0"),
        ListedFile("s3://photos/c.jpg", "s3://photos/c.jpg", "Commons", "CC BY 4.0"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"file,source\na.jpg,x\n", "invalid_list"),
        (b"", "invalid_list"),
        (b"path\n\xff.jpg\n", "invalid_list"),
        (b'path\n"a.jpg\n', "invalid_list"),
        (None, "no_source"),
    ],
)
def test_invalid_lists_are_refused(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "list.CSV"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unable) as refusal:
        list_files(str(path), "", "")
    assert refusal.value.code == code


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unable) as refusal:
        list_files(str(tmp_path / "none"), "", "")
    assert refusal.value.code == "no_source"


def test_unreadable_files_have_codes(tmp_path: Path) -> None:
    write(tmp_path, "large/file")
    (tmp_path / "large" / "file").write_bytes(bytes(MAX_BYTES + 1))
    expected = {"large/file": "too_large", "none": "not_found", "large": "not_readable"}
    for name, code in expected.items():
        with pytest.raises(UnimportableFile) as failure:
            copy_file(str(tmp_path / name), tmp_path / "copy", MAX_BYTES)
        assert failure.value.code == code
