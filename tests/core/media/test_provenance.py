from __future__ import annotations

import html
import io
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from laanet_core.errors import UnreadableMedia
from laanet_core.media.credential_marks import has_marks
from laanet_core.media.images import read_image
from laanet_core.media.provenance import MAX_SOURCES, read_provenance
from laanet_core.media.source_types import SOURCE_TYPES
from laanet_core.results import MAX_STATEMENT, Provenance
from tests.conftest import ROOT
from tests.core.media.test_generator_text import EXAMPLES, GRAPH, HARMLESS, ONE_TEXT, WORKFLOW
from tests.core.media.test_metadata_blocks import exif
from tests.signed_files import (
    CLIPS,
    GENERATOR,
    IPTC,
    ORGANISATION,
    PICTURES,
    altered,
    clip,
    manifest,
    new_chain,
    picture,
    signed,
    source_file,
)

SAMPLES = ROOT / "tests/samples"
FORMATS = ("JPEG", "PNG", "WEBP", "mp4")


def read(content: bytes, *, trusted: bool = True) -> Provenance:
    return read_provenance(io.BytesIO(content), new_chain().authority.decode() if trusted else "")


@pytest.mark.parametrize("name", [*PICTURES, *CLIPS])
def test_file_that_says_it_was_made_by_ai(name: str) -> None:
    content, media_type = source_file(name)
    provenance = read(signed(content, media_type))
    assert provenance.status == "valid_trusted"
    assert (provenance.issuer, provenance.generator) == (ORGANISATION, f"{GENERATOR} 1.0")
    assert provenance.digital_source_type == "trainedAlgorithmicMedia"
    assert (provenance.ai_generated, provenance.captured_by_camera) == (True, False)
    assert not provenance.is_partly_ai
    assert read(signed(content, media_type), trusted=False).status == "valid_untrusted"


def test_file_of_a_camera() -> None:
    provenance = read(signed(picture(exif=exif()), "image/jpeg", manifest("digitalCapture")))
    assert (provenance.ai_generated, provenance.captured_by_camera) == (False, True)
    unsigned = read(picture(exif=exif()))
    assert (unsigned.status, unsigned.ai_generated, unsigned.captured_by_camera) == ("none", None, True)
    assert unsigned.generator == "Firmware 2"


def test_invalid_signature_warns_but_does_not_reassure() -> None:
    file = signed(picture(), "image/jpeg", manifest("digitalCapture"))
    provenance = read(altered(file, len(file) - 40))
    assert (provenance.status, provenance.problem) == ("invalid", "content_changed")
    assert (provenance.ai_generated, provenance.captured_by_camera) == (None, None)
    file = signed(picture(), "image/jpeg")
    assert read(altered(file, len(file) - 40)).ai_generated is True


@pytest.mark.parametrize(("tool", "texts"), EXAMPLES)
def test_settings_of_programs_for_ai_pictures(tool: str, texts: dict[str, str]) -> None:
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(key, value)
    provenance = read(picture("PNG", pnginfo=info))
    assert (provenance.status, provenance.generator) == ("none", tool)
    assert (provenance.ai_generated, provenance.captured_by_camera) == (True, False)
    assert "Jane Roe" not in str(provenance)


def with_text(place: str, text: str) -> bytes:
    """Return a picture with a text in one of the places that programs use."""
    tags = Image.Exif()
    if place.startswith("user comment"):
        codes = {"ascii": b"ASCII\x00\x00\x00", "utf-16-le": b"UNICODE\x00", "utf-16-be": b"UNICODE\x00"}
        encoding = place.rsplit(maxsplit=1)[-1]
        tags.get_ifd(34665)[37510] = codes[encoding] + text.encode(encoding)
        return picture("WEBP" if encoding == "utf-16-le" else "JPEG", exif=tags)
    if place.startswith("image description"):
        tags[270] = text
        return picture(place.rsplit(maxsplit=1)[-1], exif=tags)
    if place == "xmp description":
        escaped = html.escape(text)
        item = f'<rdf:li xml:lang="x-default">{escaped}</rdf:li>'
        xmp = f"<dc:description><rdf:Alt>{item}</rdf:Alt></dc:description>"
        return picture("JPEG", xmp=xmp.encode())
    if place == "png text":
        info = PngInfo()
        info.add_itxt("Comment", text, zip=True)
        return picture("PNG", pnginfo=info)
    return picture(place.rsplit(maxsplit=1)[-1], comment=text.encode())


@pytest.mark.parametrize(
    "place",
    [
        *(f"user comment {encoding}" for encoding in ("ascii", "utf-16-le", "utf-16-be")),
        *(f"image description {image_format}" for image_format in ("JPEG", "WEBP", "PNG", "TIFF", "AVIF")),
        "xmp description",
        "png text",
        "comment JPEG",
        "comment GIF",
    ],
)
def test_settings_are_recognised_in_every_place_and_captions_never(place: str) -> None:
    for tool, text in ONE_TEXT:
        provenance = read(with_text(place, text))
        assert (provenance.generator, provenance.ai_generated) == (tool, True), text
        assert "Jane" not in str(provenance)
    for text in HARMLESS:
        if text.isprintable() and len(text) < 1000:
            provenance = read(with_text(place, text))
            assert (provenance.generator, provenance.ai_generated) == (None, None), text


# All codes of IPTC and of the C2PA with what they say about AI and about a camera.
MEANINGS = {
    "trainedAlgorithmicMedia": (True, False),
    "compositeWithTrainedAlgorithmicMedia": (True, False),
    "compositeSynthetic": (True, False),
    "trainedAlgorithmicData": (True, False),
    "digitalCapture": (False, True),
    "computationalCapture": (False, True),
    "multiFrameComputationalCapture": (False, True),
    "compositeCapture": (False, None),
    "negativeFilm": (False, None),
    "positiveFilm": (False, None),
    "print": (False, None),
    "humanEdits": (False, None),
    "minorHumanEdits": (False, None),
    "digitalArt": (False, False),
    "digitalCreation": (False, False),
    "algorithmicMedia": (None, False),
    "dataDrivenMedia": (None, False),
    "virtualRecording": (None, False),
    "softwareImage": (None, False),
    "screenCapture": (None, False),
    "algorithmicallyEnhanced": (None, None),
    "composite": (None, None),
    "empty": (None, None),
}


@pytest.mark.parametrize("kind", SOURCE_TYPES)
def test_source_types_of_iptc(kind: str) -> None:
    xmp = f'<rdf:Description Iptc4xmpExt:DigitalSourceType="{IPTC}{kind}"/>'
    for image_format, encoding in (("JPEG", "utf-8"), ("WEBP", "utf-16"), ("AVIF", "utf-8")):
        provenance = read(picture(image_format, xmp=xmp.encode(encoding)))
        assert provenance.digital_source_type == kind
        assert (provenance.ai_generated, provenance.captured_by_camera) == MEANINGS[kind]
        assert provenance.sources[0].where == "iptc"


def test_strongest_of_several_source_types_counts() -> None:
    for kinds in (
        ("digitalCapture", "trainedAlgorithmicMedia"),
        ("trainedAlgorithmicMedia", "digitalCapture"),
    ):
        xmp = "".join(f"<a:DigitalSourceType>{IPTC}{kind}</a:DigitalSourceType>" for kind in kinds)
        provenance = read(picture(xmp=xmp.encode()))
        assert provenance.digital_source_type == "trainedAlgorithmicMedia"
        assert (provenance.ai_generated, provenance.captured_by_camera) == (True, False)
        assert {source.says for source in provenance.sources} == set(kinds)
    # Not even a signed statement hides a stronger one in the metadata.
    xmp = f"<a:DigitalSourceType>{IPTC}trainedAlgorithmicMedia</a:DigitalSourceType>"
    both = read(signed(picture(xmp=xmp.encode()), "image/jpeg", manifest("digitalCapture")))
    assert (both.digital_source_type, both.is_partly_ai) == ("trainedAlgorithmicMedia", False)


def photos() -> list[bytes]:
    """Return ten parts of the samples without metadata."""
    rgb = read_image(SAMPLES / "two_people.jpg")
    parts: list[bytes] = []
    for number in range(10):
        written = io.BytesIO()
        side = 200 + 8 * number
        Image.fromarray(np.ascontiguousarray(rgb[:side, -side:])).save(written, "JPEG", quality=70 + number)
        parts.append(written.getvalue())
    return parts


def test_photos_without_metadata_have_no_provenance() -> None:
    for content in photos():
        assert read(content) == Provenance()


def test_files_of_other_types_have_none(tmp_path: Path) -> None:
    assert read(b"") == read(b"<svg/>") == read(b"BM" + bytes(90)) == Provenance()
    with pytest.raises(UnreadableMedia):
        read_provenance(tmp_path / "missing.jpg")


def test_library_is_loaded_for_credentials_only() -> None:
    code = (
        "import io, sys; from laanet_core.media.provenance import read_provenance as read;"
        "read(io.BytesIO(sys.stdin.buffer.read())); sys.exit('c2pa' in sys.modules)"
    )
    for content, is_loaded in ((picture(), False), (signed(picture(), "image/jpeg"), True)):
        finished = subprocess.run([sys.executable, "-c", code], input=content, cwd=ROOT, check=False)
        assert finished.returncode == is_loaded


@pytest.mark.parametrize("name", FORMATS)
def test_remote_credentials_are_never_fetched(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        content, media_type = source_file(name)
        provenance = read(signed(content, media_type, remote=address))
        assert (provenance.status, provenance.problem) == ("unreadable", "remote_not_fetched")
        assert "127.0.0.1" not in str(provenance)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_claims_of_gigabytes_are_refused_without_the_library() -> None:
    content = b"\x89PNG\r\n\x1a\n" + (0xFFFFFFFF).to_bytes(4, "big") + b"caBX" + bytes(100)
    provenance = read(content)
    assert (provenance.status, provenance.problem) == ("unreadable", "too_large")


def test_statements_are_bounded() -> None:
    name = "\u202e\U0001f600" * 500
    definition = {**manifest(), "claim_generator_info": [{"name": name}]}
    parts = [
        ("componentOf", signed(picture(), "image/jpeg", manifest(kind))) for kind in ("print", "composite")
    ]
    provenance = read(signed(picture(), "image/jpeg", definition, ingredients=parts))
    assert len(provenance.sources) <= MAX_SOURCES
    assert all(len(source.says) <= MAX_STATEMENT for source in provenance.sources)
    assert "\u202e" not in str(provenance)


def mutations(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with some bytes changed, removed, repeated or cut off."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(0, len(changed)))
        match rng.integers(0, 5):
            case 0 | 1:
                changed[place] ^= 1 << int(rng.integers(0, 8))
            case 2:
                changed[place : place + int(rng.integers(1, 64))] = rng.bytes(int(rng.integers(1, 64)))
            case 3:
                del changed[place : place + int(rng.integers(1, 64))]
            case _:
                del changed[max(place, 16) :]
    return bytes(changed)


def check_mutations(count: int) -> None:
    """Read mutations of signed files; a valid one must differ outside of the hashed part only."""
    rng = np.random.default_rng(21)
    files = {name: signed(*source_file(name)) for name in FORMATS}
    plain = {name: source_file(name)[0] for name in FORMATS}
    statuses: set[str] = set()
    for number in range(count):
        name = FORMATS[number % len(FORMATS)]
        mutant = mutations(files[name], rng)
        provenance = read(mutant)
        statuses.add(provenance.status)
        json.dumps([source.says for source in provenance.sources])
        assert provenance.status != "none" or not has_marks(io.BytesIO(mutant)), number
        if provenance.is_valid:
            assert without_credentials(name, mutant) == without_credentials(name, files[name])
    assert {"none", "invalid", "unreadable"} <= statuses
    assert plain.keys() == files.keys()


@pytest.mark.parametrize("name", [*PICTURES, *CLIPS])
def test_file_that_evidently_carried_credentials_is_never_without(name: str) -> None:
    content, media_type = source_file(name)
    file = signed(content, media_type)
    start = file.index(b"jumb") - 4
    # Bytes are lost or added before, around and inside of the credentials, or the file's beginning is.
    places = sorted(
        {0, 3, 8, 11, 12, 20, 33, max(start - 9, 1), max(start - 1, 1), start + 1, start + 6, start + 40}
    )
    for place in places:
        for changed in (
            file[:place] + file[place + 1 :],
            file[:place] + b"?" + file[place:],
            file[:place] + bytes(7) + file[place:],
            file[:place] + file[place + 13 :],
            altered(file, place),
        ):
            provenance = read(changed)
            assert provenance.status != "none", (place, len(changed) - len(file))


def test_segment_of_another_standard_is_no_credentials() -> None:
    plain = picture()
    segment = b"\xff\xeb\x00\x1aJP" + b"\x00\x01\x00\x00\x00\x01\x00\x00\x00\x10jumb\x00\x00\x00\x08"
    assert read(plain[:2] + segment + plain[2:]).status == "none"


def without_credentials(name: str, content: bytes) -> bytes:
    """Return a file's bytes outside of its credentials."""
    start = content.index(b"jumb")
    end = start - 4 + int.from_bytes(content[start - 4 : start], "big")
    # The header of the segment, chunk or box around the credentials, and the checksum of a PNG's chunk.
    header, footer = {"JPEG": (12, 0), "PNG": (8, 4), "WEBP": (8, 0), "mp4": (37, 0)}[name]
    return content[: max(start - 4 - header, 0)] + content[end + footer :]


def test_mutations_of_signed_files_all_give_an_answer() -> None:
    check_mutations(120)


@pytest.mark.proof
def test_2000_mutations_of_signed_files_all_give_an_answer() -> None:
    check_mutations(2000)


def test_costs_of_a_photo() -> None:
    rgb = read_image(SAMPLES / "official_portrait_2012.jpg")
    written = io.BytesIO()
    Image.fromarray(rgb).save(written, "JPEG", quality=92, exif=exif())
    plain = written.getvalue()
    file = signed(plain, "image/jpeg")
    # The first use loads the library, which a server does when it starts.
    assert read(file).status == "valid_trusted"
    for content, limit in ((plain, 0.015), (file, 0.150)):
        seconds: list[float] = []
        for _ in range(9):
            began = time.perf_counter()
            read(content)
            seconds.append(time.perf_counter() - began)
        assert min(seconds) < limit


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
def test_clip_without_credentials(container: str) -> None:
    provenance = read(clip(container))
    assert (provenance.status, provenance.ai_generated) == ("none", None)
    (program,) = provenance.sources
    assert (program.where, program.what) == ("mp4_software", "software")
    assert program.says.startswith("Lavf")


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
@pytest.mark.parametrize("name", ["comment", "prompt", "workflow"])
def test_clip_with_settings_of_a_program_for_ai_pictures(container: str, name: str) -> None:
    # MP4 has an atom of its own for comments only.
    options = {} if container == "matroska" else {"movflags": "use_metadata_tags"}
    texts = {"workflow": WORKFLOW}
    provenance = read(clip(container, {name: texts.get(name, GRAPH), "artist": "Jane Roe"}, **options))
    assert (provenance.status, provenance.generator) == ("none", "ComfyUI")
    assert (provenance.ai_generated, provenance.captured_by_camera) == (True, False)
    assert "Jane Roe" not in str(provenance)


def test_altered_credentials_of_a_parent_never_change_what_a_valid_file_says() -> None:
    """Padding and identifiers are not signed. Statements are, also those of earlier states."""
    parent = signed(picture(), "image/jpeg", manifest("digitalCapture"))
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["part_0"]}}
    definition = manifest()
    definition["assertions"] = [{"label": "c2pa.actions", "data": {"actions": [opened]}}]
    file = signed(picture(), "image/jpeg", definition, ingredients=[("parentOf", parent)])
    untouched = read(file)
    assert (untouched.status, untouched.captured_by_camera) == ("valid_trusted", True)
    start = file.index(b"jumb") - 4
    end = start + int.from_bytes(file[start : start + 4], "big")
    statuses: set[str] = set()
    for place in range(start, end, 37):
        provenance = read(altered(file, place))
        statuses.add(provenance.status)
        assert provenance == untouched or not provenance.is_valid, place
    assert {"valid_trusted", "invalid", "unreadable"} <= statuses


@pytest.mark.parametrize(
    "text",
    [
        b" " * 4_000_000,
        b'{"b":[' + b'{"a":1},' * 400_000 + b"1]}",
        b'{"a":' * 800_000,
        b"\nSteps: 20, " * 300_000,
        b"a: b, " * 600_000,
    ],
)
def test_texts_of_a_file_cost_little_together(text: bytes) -> None:
    info = PngInfo()
    info.add_text("parameters", ONE_TEXT[0][1])
    for number in range(64):
        info.add_text(f"key {number}", text.decode(), zip=True)
    file = picture("PNG", pnginfo=info)
    began = time.process_time()
    provenance = read(file)
    assert time.process_time() - began < 1
    # The first texts count, and too long ones are no damage of the credentials.
    assert (provenance.status, provenance.generator) == ("none", ONE_TEXT[0][0])


@pytest.mark.parametrize(
    "text",
    [
        "prompt " * 570_000,
        "DigitalSourceType " * 220_000,
        "<a:prompt>" * 300_000,
        "<a/>" * 900_000,
        "<a:prompt>" + "<r:li>x" * 500_000,
        "<r:Description " + "".join(f" a{number}='x'" for number in range(300_000)),
        "<a:prompt>" + "&amp;" * 800_000,
        "<a:prompt>" + "\n" * 4_000_000,
        "<a:prompt>x</a:prompt>" * 200_000,
        "<a:prompt>" + '<li>{"a":1}</li>' * 200_000,
    ],
)
def test_xmp_costs_little(text: str) -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", text, zip=True)
    file = picture("PNG", pnginfo=info)
    began = time.process_time()
    provenance = read(file)
    assert time.process_time() - began < 1
    assert (provenance.status, provenance.ai_generated) == ("none", None)
