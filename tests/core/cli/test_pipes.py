from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from laanet_core.cli.pipes import is_pipe, seekable


def test_content_of_a_named_pipe_is_copied(tmp_path: Path) -> None:
    pipe = tmp_path / "photo.jpg"
    os.mkfifo(pipe)
    content = os.urandom(3_000_000)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    assert is_pipe(pipe)
    with seekable(pipe) as copy:
        assert copy.read_bytes() == content
        assert copy.read_bytes() == content
    writer.join()
    assert not copy.exists()


def test_files_are_used_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    for path in (file, tmp_path):
        with seekable(path) as same:
            assert same == path
    file.touch()
    assert not is_pipe(file)


def test_predict_reads_a_process_substitution(samples: Path) -> None:
    photo = samples / "official_portrait_2012.jpg"
    command = f'"{sys.executable}" -m laanet_core predict <(cat "{photo}") "{photo}" --device cpu'
    finished = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    piped, plain = (line for line in finished.stdout.splitlines() if "fake probability" in line)
    assert piped.startswith("/dev/fd/")
    assert piped.split(": ", 1)[1] == plain.split(": ", 1)[1]
