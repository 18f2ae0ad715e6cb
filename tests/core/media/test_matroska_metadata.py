from __future__ import annotations

import io
import time

import pytest

from laanet_core.media.matroska_metadata import read_matroska
from laanet_core.media.metadata_blocks import MAX_TEXTS, MetadataBlocks
from tests.core.media.test_generator_text import GRAPH
from tests.signed_files import clip

EBML = bytes.fromhex("1a45dfa3")
SEGMENT, INFO, TAGS, TAG, SIMPLE_TAG = (
    bytes.fromhex(kind) for kind in ("18538067", "1549a966", "1254c367", "7373", "67c8")
)
WRITING_APP, TAG_NAME, TAG_STRING = bytes.fromhex("5741"), bytes.fromhex("45a3"), bytes.fromhex("4487")
UNKNOWN_SIZE = b"\x01" + b"\xff" * 7


def element(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return kind + (len(content) | 1 << 56).to_bytes(8, "big") + content


def tag(name: bytes, text: bytes) -> bytes:
    return element(TAG, element(SIMPLE_TAG, element(TAG_NAME, name), element(TAG_STRING, text)))


def software_of(content: bytes) -> list[tuple[str, str]]:
    blocks = MetadataBlocks()
    read_matroska(io.BytesIO(content), blocks)
    assert blocks.credential_bytes == 0
    return blocks.software


def test_program_and_texts_of_clips() -> None:
    content = clip("matroska", tags={"comment": GRAPH, "artist": "Jane Roe"})
    ((_, program), *texts) = software_of(content)
    assert program.startswith("Lavf")
    assert texts == [("comment", GRAPH)]


def test_only_named_tags_are_read() -> None:
    tags = element(TAGS, tag(b"ARTIST", b"Jane Roe"), tag(b"PROMPT", b"{}\x00"), tag(b"LOCATION", b"+46"))
    parts = element(INFO, element(WRITING_APP, b"Program")) + tags
    for segment in (element(SEGMENT, parts), SEGMENT + UNKNOWN_SIZE + parts):
        assert software_of(element(EBML) + segment) == [("software", "Program"), ("prompt", "{}")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        EBML,
        EBML + b"\x00" * 100,
        SEGMENT + UNKNOWN_SIZE + (TAGS + UNKNOWN_SIZE) * 50_000,
        element(SEGMENT, element(TAGS, b"\xec\x80" * 3_000_000)),
        element(SEGMENT, element(TAGS, *[element(SIMPLE_TAG, b"\xec\x80" * 1000)] * 1000)),
        SEGMENT + (1 << 56 | 1 << 55).to_bytes(8, "big") + TAGS,
        element(SEGMENT, element(INFO, WRITING_APP + b"\xff" + bytes(5_000_000))),
    ],
    ids=["empty", "cut", "zeros", "nested", "voids", "tags", "petabytes", "long text"],
)
def test_hostile_files_end_fast(content: bytes) -> None:
    begun = time.process_time()
    assert sum(len(text) for _, text in software_of(content)) <= MAX_TEXTS
    assert time.process_time() - begun < 2
