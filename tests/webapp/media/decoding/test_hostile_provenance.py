"""Provenance in confined workers: the same as in place, without network, and an answer to hostile files."""

from __future__ import annotations

import functools
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.provenance import read_provenance
from tests.core.media.test_metadata_blocks import exif
from tests.core.media.test_provenance import FORMATS, mutations
from tests.signed_files import CLIPS, PICTURES, altered, manifest, new_chain, picture, signed, source_file
from webapp.media.decoding.process_pool import DecoderPool
from webapp.media.decoding.worker_process import WorkerProcess

AUTHORITY = new_chain().authority.decode()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    start = functools.partial(WorkerProcess.start, trust_anchors=AUTHORITY)
    with DecoderPool(most=1, megabytes=512, seconds=20, start=start) as made:
        made.wait_until_ready()
        yield made


@pytest.mark.parametrize("name", [*PICTURES, *CLIPS])
def test_confined_worker_reads_what_is_read_in_place(pool: DecoderPool, file: Path, name: str) -> None:
    content, media_type = source_file(name)
    whole = signed(content, media_type)
    pid = pool.stats().idle
    remote = signed(content, media_type, remote="http://127.0.0.1:9/manifest")
    for variant in (whole, content, remote, altered(whole, len(content) - 40), whole[: len(whole) // 2]):
        file.write_bytes(variant)
        assert pool.provenance(file) == read_provenance(file, AUTHORITY)
    assert pool.stats().idle == pid, "no file ended the worker"


def test_worker_without_a_trust_list_trusts_no_signer(file: Path) -> None:
    file.write_bytes(signed(picture(), "image/jpeg"))
    with DecoderPool(most=1, megabytes=512, seconds=20) as untrusting:
        assert untrusting.provenance(file).status == "valid_untrusted"


def test_listening_address_is_never_contacted(pool: DecoderPool, file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        for name in FORMATS:
            content, media_type = source_file(name)
            file.write_bytes(signed(content, media_type, remote=address))
            assert pool.provenance(file).problem == "remote_not_fetched"
        with pytest.raises(BlockingIOError):
            server.accept()


def test_mutations_are_all_answered(pool: DecoderPool, file: Path) -> None:
    rng = np.random.default_rng(22)
    for number in range(60):
        name = FORMATS[number % len(FORMATS)]
        file.write_bytes(mutations(signed(*source_file(name)), rng))
        assert pool.provenance(file).status in (
            "none",
            "valid_trusted",
            "invalid",
            "unreadable",
        )


def test_credentials_that_exceed_the_memory_end_with_a_code(file: Path) -> None:
    """A hundred ingredients with thumbnails in a worker with little memory: an answer or a stable code."""
    part = signed(picture(), "image/jpeg", manifest(), has_thumbnail=True)
    file.write_bytes(signed(picture(), "image/jpeg", ingredients=[("componentOf", part)] * 20))
    with DecoderPool(most=1, megabytes=160, seconds=20) as small:
        try:
            status: str = small.provenance(file).status
        except UnreadableMedia as error:
            status = error.code
    assert status in ("valid_untrusted", "decoding_too_large", "decoder_died")


def test_personal_data_stays_in_the_worker(pool: DecoderPool, file: Path) -> None:
    tags = exif()
    tags[315] = "Jane Roe"
    tags.get_ifd(34665)[42033] = "SN-12345"
    file.write_bytes(signed(picture(exif=tags), "image/jpeg"))
    shown = str(pool.provenance(file))
    assert "Maker Model 1" in shown
    assert not re.search("Jane|SN-12345|private", shown)


def test_one_worker_reads_many_files(pool: DecoderPool, file: Path) -> None:
    """Callbacks of the library take memory that a confined worker can only use again."""
    contents = [signed(*source_file("JPEG")), signed(*source_file("PNG"))[:1000], picture()]
    pids = {pool.stats().idle}
    for number in range(90):
        file.write_bytes(contents[number % len(contents)])
        pool.provenance(file)
        pids.add(pool.stats().idle)
    # The pool may replace a worker between two files, but no file may end one.
    assert len(pids) <= 3
