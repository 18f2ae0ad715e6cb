from __future__ import annotations

from laanet_core.media.exif_tags import DESCRIPTION, SOFTWARE, USER_COMMENT
from laanet_core.media.file_texts import texts_of
from laanet_core.media.metadata_blocks import MetadataBlocks


def test_texts_by_part_and_key() -> None:
    blocks = MetadataBlocks(
        exif={DESCRIPTION: b"a lake", USER_COMMENT: b"ASCII\x00\x00\x00a day", SOFTWARE: b"Paint\x00"},
        xmp=b'<r:Description xmp:CreatorTool="Paint"><dc:description>a hill</dc:description></r:Description>',
        comments=["one", "two"],
        texts=[("Title", "first"), ("title", "second")],
        software=[("software", "Lavf")],
    )
    assert dict(texts_of(blocks)) == {
        "exif": {"description": "a lake", "comment": "a day", "software": "Paint"},
        "xmp": {"description": "a hill", "software": "Paint"},
        "comment": {"comment": "one", "comment 1": "two", "comment 2": "onetwo"},
        "png_text": {"title": "first", "title 1": "second"},
        "mp4_software": {"software": "Lavf"},
    }
    assert all(not texts for _, texts in texts_of(MetadataBlocks()))
