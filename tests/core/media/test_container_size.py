"""Declared sizes of containers, on hand-made bytes."""

from __future__ import annotations

import io

import pytest

from laanet_core.media.container_size import ContainerSize, container_size

FTYP = b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"


def box(kind: bytes, content: bytes, declared: int | None = None) -> bytes:
    return (declared or 8 + len(content)).to_bytes(4, "big") + kind + content


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (FTYP + box(b"mdat", b"12345678"), ContainerSize(32, 32)),
        (FTYP + box(b"mdat", b"12345678", declared=100), ContainerSize(32, 116)),
        (FTYP + box(b"moof", b"12345678") + b"garbage", ContainerSize(39, 32, fragmented=True)),
        (b"RIFF" + (20).to_bytes(4, "little") + b"AVI " + bytes(4), ContainerSize(16, 28)),
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\x85abc", ContainerSize(15, 17)),
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\xffabc", ContainerSize(15, 0)),
        (b"\x1a\x45\xdf\xa3", ContainerSize(4, 0)),
    ],
    ids=[
        "mp4",
        "truncated-mp4",
        "fragments",
        "avi",
        "truncated-matroska",
        "unknown-matroska",
        "empty-matroska",
    ],
)
def test_declared_size_is_read_from_the_outermost_boxes(content: bytes, size: ContainerSize) -> None:
    assert container_size(io.BytesIO(content)) == size


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x00\x00", b"\x1a\x45\xdf\xa3\xff" * 3, b"RIFF", bytes(64)],
)
def test_container_without_a_length_is_not_reported(content: bytes) -> None:
    size = container_size(io.BytesIO(content))
    assert size.actual == len(content)
    assert size.declared in (0, 8)


def test_endless_boxes_are_abandoned_early() -> None:
    assert container_size(io.BytesIO(b"\0\0\0\x08free" * 200_000)).declared == 0
    assert (
        container_size(
            io.BytesIO(b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0")
        ).declared
        == 16 + 2**32
    )
