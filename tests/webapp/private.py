"""Pictures and clips full of private metadata."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

SECRETS = (
    b"Secretown",
    b"Leica of Jane Doe",
    b"jane@secret.example",
    b"48,51.5N",
    b"thumbnail of Jane",
    b"2026:11:25 07:08:09",
)
# The last one is degrees, minutes and seconds as EXIF writes them.
SECRETS_AND_PLACE = (*SECRETS, struct.pack("<6I", 48, 1, 51, 1, 30, 1))
_XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:Description Iptc4xmp:City='Secretown' exif:GPSLatitude='48,51.5N'/>"
    b"</x:xmpmeta>"
)


def exif(orientation: int = 1) -> bytes:
    """Return EXIF data with a place, a time, the camera's owner and an orientation."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "Leica of Jane Doe"
    data[0x0132] = "2026:11:25 07:08:09"
    data.get_ifd(0x8769).update({0x9286: b"ASCII\x00\x00\x00jane@secret.example"})
    degrees = (IFDRational(48, 1), IFDRational(51, 1), IFDRational(30, 1))
    data.get_ifd(0x8825).update({1: "N", 2: degrees, 3: "E", 4: degrees, 0x1C: b"ASCII\x00\x00\x00Secretown"})
    return data.tobytes()


def picture(rgb: np.ndarray, form: str, *, orientation: int = 1, **options: object) -> bytes:
    """Return a file of Pillow's format `form` with all metadata that the format supports.

    `rgb` is (H, W, 3) uint8 RGB; `options` go to Pillow's writer.
    """
    written = io.BytesIO()
    image = Image.fromarray(rgb)
    extra: dict[str, object] = dict(options)
    if form in ("JPEG", "WEBP", "AVIF", "PNG", "HEIF", "TIFF"):
        extra["exif"] = exif(orientation)
    if form in ("JPEG", "WEBP", "AVIF", "HEIF"):
        extra["xmp"] = _XMP
    if form == "JPEG":
        extra["comment"] = b"jane@secret.example"
    if form == "PNG":
        text = PngInfo()
        text.add_text("Author", "jane@secret.example")
        text.add_itxt("XML:com.adobe.xmp", _XMP.decode())
        extra["pnginfo"] = text
    if form == "GIF":
        extra["comment"] = b"jane@secret.example"
    image.save(written, form, **extra)  # type: ignore[arg-type]
    content = written.getvalue()
    if form == "JPEG":
        # Cameras and phones write these segments before the picture, and bytes behind it.
        jfxx = b"JFXX\x00\x10thumbnail of Jane"
        iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0e\x1c\x02\x5a\x00\x09Secretown"
        parts = b"".join(
            b"\xff" + kind + (len(body) + 2).to_bytes(2, "big") + body
            for kind, body in ((b"\xe0", jfxx), (b"\xed", iptc))
        )
        content = content[:2] + parts + content[2:] + b"\x00\x00ftypmp42 a motion photo of Secretown"
    if form in ("PNG", "WEBP"):
        content += b"Secretown"
    return content


def clip(path: Path, frames: list[np.ndarray], codec: str = "libx264") -> Path:
    """Write a clip with sound, whose file and streams have a place, a time and a title.

    `frames` are (H, W, 3) uint8 RGB.
    """
    metadata = {
        "title": "Secretown",
        "location": "+48.8580+002.2900/",
        "creation_time": "2026-11-25T07:08:09.000000Z",
        "comment": "jane@secret.example",
        "com.apple.quicktime.make": "Leica of Jane Doe",
    }
    with av.open(
        str(path), "w", options={"movflags": "use_metadata_tags"} if path.suffix in (".mp4", ".mov") else {}
    ) as container:
        container.metadata.update(metadata)
        stream = container.add_stream(codec, rate=10)
        stream.metadata.update({"handler_name": "Leica of Jane Doe", "title": "Secretown"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        sound = container.add_stream("aac" if path.suffix in (".mp4", ".mov", ".mkv") else "mp3", rate=44_100)
        for pixels in frames:
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24"))
            )
        container.mux(stream.encode())
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44_100
        container.mux(sound.encode(silence))
        container.mux(sound.encode())
    return path
