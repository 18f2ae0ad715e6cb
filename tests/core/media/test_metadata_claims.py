from __future__ import annotations

import io
import json
import struct
import time

import pytest

from laanet_core.media.exif_tags import (
    DESCRIPTION,
    DOCUMENT_NAME,
    MAKE,
    MODEL,
    SOFTWARE,
    USER_COMMENT,
    WINDOWS_COMMENT,
)
from laanet_core.media.metadata_blocks import MAX_BLOCK, MetadataBlocks
from laanet_core.media.metadata_claims import has_remote_credentials, metadata_claims, read_tiff
from tests.core.media.test_generator_text import AUTOMATIC, GRAPH
from tests.signed_files import IPTC, picture


def statements(blocks: MetadataBlocks) -> list[tuple[str, str, str]]:
    return [(source.where, source.what, source.says) for source in metadata_claims(blocks)]


@pytest.mark.parametrize(
    "xmp",
    [
        f'<rdf:Description Iptc4xmpExt:DigitalSourceType="{IPTC}trainedAlgorithmicMedia"/>',
        f"<Iptc4xmpExt:DigitalSourceType>{IPTC}trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>",
        f"<ns1:DigitalSourceType rdf:resource='{IPTC}trainedAlgorithmicMedia'/>",
        f"<a:DigitalSourceType>\n <rdf:Bag>\n <rdf:li>{IPTC}trainedAlgorithmicMedia</rdf:li></rdf:Bag>",
        "<a:DigitalSourceType>trainedAlgorithmicMedia</a:DigitalSourceType>",
        "<a:DigitalSourceType>digsrctype:trainedAlgorithmicMedia</a:DigitalSourceType>",
    ],
)
def test_source_type_in_xmp(xmp: str) -> None:
    assert statements(MetadataBlocks(xmp=xmp.encode())) == [
        ("iptc", "digital_source_type", "trainedAlgorithmicMedia")
    ]


@pytest.mark.parametrize(
    "xmp",
    [
        '<dc:description>Write DigitalSourceType="trainedAlgorithmicMedia" into it.</dc:description>',
        "<!-- <a:DigitalSourceType>trainedAlgorithmicMedia</a:DigitalSourceType> -->",
        "<dc:description><![CDATA[<a:DigitalSourceType>trainedAlgorithmicMedia</a:DigitalSourceType>]]>"
        "</dc:description>",
        '<xmpMM:Ingredients><rdf:Bag><rdf:li a:DigitalSourceType="trainedAlgorithmicMedia"/></rdf:Bag>'
        "</xmpMM:Ingredients>",
    ],
)
def test_quoted_source_types_and_those_of_ingredients_are_no_statement(xmp: str) -> None:
    assert statements(MetadataBlocks(xmp=xmp.encode())) == []


LIST = "<a:DigitalSourceType><rdf:Bag>{}</rdf:Bag></a:DigitalSourceType><b:Other>print</b:Other>"


@pytest.mark.parametrize(
    "xmp",
    [
        f'<rdf:Description p:DigitalSourceType="{IPTC}digitalCapture" '
        f'q:DigitalSourceType="{IPTC}trainedAlgorithmicMedia"/>',
        f"<rdf:Description p:DigitalSourceType='{IPTC}trainedAlgorithmicMedia' "
        f"q:DigitalSourceType='{IPTC}digitalCapture'/>",
        LIST.format(f"<rdf:li>{IPTC}digitalCapture</rdf:li><rdf:li>{IPTC}trainedAlgorithmicMedia</rdf:li>"),
        LIST.format(
            f"<rdf:li rdf:resource='{IPTC}digitalCapture'/> "
            f"<rdf:li rdf:resource='{IPTC}trainedAlgorithmicMedia'/>"
        ),
        f"<a:DigitalSourceType>{IPTC}digitalCapture</a:DigitalSourceType>"
        f"<b:DigitalSourceType>{IPTC}trainedAlgorithmicMedia</b:DigitalSourceType>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_of_two_source_types_the_strongest_comes_first(xmp: str, encoding: str) -> None:
    blocks = MetadataBlocks()
    blocks.add_xmp(xmp.encode(encoding))
    assert statements(blocks) == [
        ("iptc", "digital_source_type", "trainedAlgorithmicMedia"),
        ("iptc", "digital_source_type", "digitalCapture"),
    ]


def test_program_in_xmp() -> None:
    xmp = b'<rdf:Description xmp:CreatorTool="Paint &amp; Co 3"/>'
    assert statements(MetadataBlocks(xmp=xmp)) == [("xmp", "software", "Paint & Co 3")]
    xmp = b'<rdf:Description xmp:CreatorTool="Draw Things"/>'
    assert ("xmp", "generator_text", "Draw Things") in statements(MetadataBlocks(xmp=xmp))


def test_statements_of_iptc_iim() -> None:
    def record(number: int, text: str) -> bytes:
        return struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text.encode()

    iim = record(80, "Jane Roe") + record(65, "Editor") + record(115, IPTC + "digitalCapture")
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(iim)) + iim
    expected = [("iptc", "digital_source_type", "digitalCapture"), ("iptc", "software", "Editor")]
    assert statements(MetadataBlocks(photoshop=resource)) == expected
    assert statements(MetadataBlocks(iptc=iim)) == expected


def test_camera_needs_maker_and_model() -> None:
    tags = {MAKE: b"Maker\x00", MODEL: b"Maker X1\x00", SOFTWARE: b"Firmware\x00"}
    assert statements(MetadataBlocks(exif=tags)) == [
        ("exif", "software", "Firmware"),
        ("exif", "camera", "Maker X1"),
    ]
    assert statements(MetadataBlocks(exif={MODEL: b"X1"})) == []


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\x00" + AUTOMATIC.encode("utf-16-le"),
        b"UNICODE\x00" + AUTOMATIC.encode("utf-16-be"),
        b"UNICODE\x00" + AUTOMATIC.encode("utf-16"),
        # A first letter without a zero does not show the order.
        b"UNICODE\x00" + ("\u4e2d" + AUTOMATIC).encode("utf-16-le"),
        b"UNICODE\x00" + ("\u4e2d" + AUTOMATIC).encode("utf-16-be"),
        b"UNICODE\x00" + AUTOMATIC.encode(),
        b"ASCII\x00\x00\x00" + AUTOMATIC.encode(),
        b"JIS\x00\x00\x00\x00\x00" + AUTOMATIC.encode(),
        bytes(8) + AUTOMATIC.encode(),
        AUTOMATIC.encode(),
    ],
)
def test_settings_in_exif(comment: bytes) -> None:
    for tag in (USER_COMMENT, DESCRIPTION, DOCUMENT_NAME):
        assert statements(MetadataBlocks(exif={tag: comment})) == [
            ("exif", "generator_text", "AUTOMATIC1111")
        ]


def test_settings_in_tags_of_the_camera_are_no_camera() -> None:
    tags = {MAKE: f"Workflow:{GRAPH}".encode(), MODEL: f"Prompt:{GRAPH}".encode()}
    assert statements(MetadataBlocks(exif=tags)) == [("exif", "generator_text", "ComfyUI")]


def test_settings_in_a_tag_for_windows_and_in_a_tag_for_the_program() -> None:
    tags = {WINDOWS_COMMENT: AUTOMATIC.encode("utf-16-le") + b"\x00\x00"}
    assert statements(MetadataBlocks(exif=tags)) == [("exif", "generator_text", "AUTOMATIC1111")]
    tags = {SOFTWARE: AUTOMATIC.encode()}
    assert statements(MetadataBlocks(exif=tags)) == [("exif", "generator_text", "AUTOMATIC1111")]


def test_long_comment_in_several_segments() -> None:
    long = json.dumps({"3": {"class_type": "KSampler", "inputs": {"text": "Jane Roe " * 9000}}})
    blocks = MetadataBlocks(comments=[long[:65_000], long[65_000:]])
    assert statements(blocks) == [("comment", "generator_text", "ComfyUI")]


def test_texts_and_atoms() -> None:
    blocks = MetadataBlocks(texts=[("Software", "Paint"), ("parameters", AUTOMATIC)])
    assert statements(blocks) == [
        ("png_text", "generator_text", "AUTOMATIC1111"),
        ("png_text", "software", "Paint"),
    ]
    blocks = MetadataBlocks(software=[("make", "Apple"), ("model", "Phone"), ("software", "17.1")])
    assert statements(blocks) == [
        ("mp4_software", "software", "17.1"),
        ("mp4_software", "camera", "Apple Phone"),
    ]


def test_tags_of_a_tiff_file() -> None:
    blocks = MetadataBlocks()
    read_tiff(io.BytesIO(picture("TIFF", tiffinfo={SOFTWARE: "Scanner"})), blocks)
    assert statements(blocks) == [("exif", "software", "Scanner")]


def test_reference_to_credentials_elsewhere() -> None:
    assert has_remote_credentials(
        MetadataBlocks(xmp=b'<rdf:Description dcterms:provenance="https://example.org/x"/>')
    )
    for xmp in (
        b"<dcterms:provenance>https://example.org/m.c2pa</dcterms:provenance>",
        b'<dcterms:provenance rdf:resource="https://example.org/m.c2pa"/>',
    ):
        assert has_remote_credentials(MetadataBlocks(xmp=xmp))
    for xmp in (
        b'<rdf:Description b:note="provenance unknown"/>',
        b"<dc:provenance>https://museum.example/object/7</dc:provenance>",
        b'<dcterms:provenance rdf:resource="https://museum.example/object/7"/>',
        b'<rdf:Description dcterms:provenance="The collection of J. Doe, https://museum.example"/>',
    ):
        assert not has_remote_credentials(MetadataBlocks(xmp=xmp))


@pytest.mark.parametrize(
    "text",
    ["Jane Roe's Paint", "Paint / owner Jane Roe", "Paint 47.3769N 8.5417E", "Paint SN 0324000", "a@b"],
)
def test_texts_that_may_name_persons_places_and_serials_are_dropped(text: str) -> None:
    assert statements(MetadataBlocks(exif={SOFTWARE: text.encode()})) == []
    tags = {MAKE: b"Canon", MODEL: f"Canon {text}".encode()}
    assert statements(MetadataBlocks(exif=tags)) == [("exif", "camera", "Canon")]


@pytest.mark.parametrize(
    "text", ["Adobe Photoshop 25.0 (Windows)", "HDR+ 1.0.6", "Windows Photo Editor 10.0.10011.16384", "17.4"]
)
def test_names_with_versions_are_kept(text: str) -> None:
    assert statements(MetadataBlocks(exif={SOFTWARE: text.encode()})) == [("exif", "software", text)]


@pytest.mark.parametrize(
    "part",
    [
        b"a",
        b"UserComment ",
        b"UserComment a",
        b"DigitalSourceType>",
        b"DigitalSourceType='",
        b"<b:description><rdf:li>",
        b"</b:description>",
        b":provenance ",
        b"CreatorTool=",
        b"a\x00",
    ],
)
def test_hostile_xmp_ends_soon(part: bytes) -> None:
    began = time.process_time()
    blocks = MetadataBlocks()
    blocks.add_xmp(part * (MAX_BLOCK // len(part)))
    assert metadata_claims(blocks) == []
    assert not has_remote_credentials(blocks)
    assert time.process_time() - began < 1
