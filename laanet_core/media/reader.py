"""Interface of media readers, and the reader that decodes in this process."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from laanet_core.media.images import Picture, read_picture
from laanet_core.media.provenance import read_provenance
from laanet_core.media.video import Frame, read_at, read_film, read_frames, read_length
from laanet_core.results import Provenance, Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage


class Reader(Protocol):
    """Decoder of files. Methods raise UnreadableMedia; generators must be closed if not exhausted."""

    def picture(self, path: Path, *, warn: Warn = ignore_caution) -> Picture:
        """Return the upright picture with the size of its original; see `images.read_picture`."""
        ...

    def image(self, path: Path, *, warn: Warn = ignore_caution) -> RGBImage:
        """Return the pixels (H, W, 3) uint8 RGB of `picture`."""
        ...

    def provenance(self, path: Path) -> Provenance:
        """Return the statements of a file about its origin; see `provenance.read_provenance`."""
        ...

    def frames(self, path: Path, count: int, *, warn: Warn = ignore_caution) -> Generator[Frame]:
        """Yield the frames to judge (H, W, 3) uint8 RGB; see `video.read_frames`.

        Up to `count` are evenly spaced; others show new shots and slides.
        """
        ...

    def frames_at(self, path: Path, times: Sequence[float]) -> Generator[Frame]:
        """Yield the frames (H, W, 3) uint8 RGB shown at `times`, ascending; see `video.read_at`."""
        ...

    def length(self, path: Path) -> float:
        """Return a clip's length in seconds; see `video.read_length`."""
        ...

    def film(self, path: Path, *, size: tuple[int, int], seconds: float) -> Generator[Frame]:
        """Yield the frames of a clip's first seconds in a given size; see `video.read_film`."""
        ...


class InProcessReader:
    """Reader that decodes in this process. Use it for trusted files only.

    `trust_anchors` is a PEM text with the certificates of authorities whose signers are trusted.
    """

    def __init__(self, trust_anchors: str = "") -> None:
        self._trust_anchors = trust_anchors

    def picture(self, path: Path, *, warn: Warn = ignore_caution) -> Picture:
        """Return the upright picture with the size of its original."""
        return read_picture(path, warn=warn)

    def image(self, path: Path, *, warn: Warn = ignore_caution) -> RGBImage:
        """Return the pixels (H, W, 3) uint8 RGB of `picture`."""
        return self.picture(path, warn=warn).rgb

    def provenance(self, path: Path) -> Provenance:
        """Return the statements of a file about its origin."""
        return read_provenance(path, self._trust_anchors)

    def frames(self, path: Path, count: int, *, warn: Warn = ignore_caution) -> Generator[Frame]:
        """Yield the frames to judge (H, W, 3) uint8 RGB, up to `count` of them evenly spaced."""
        return read_frames(path, count, warn=warn)

    def frames_at(self, path: Path, times: Sequence[float]) -> Generator[Frame]:
        """Yield the frames (H, W, 3) uint8 RGB shown at `times` in seconds, ascending."""
        return read_at(path, times)

    def length(self, path: Path) -> float:
        """Return a clip's length in seconds."""
        return read_length(path)

    def film(self, path: Path, *, size: tuple[int, int], seconds: float) -> Generator[Frame]:
        """Yield the frames of a clip's first seconds in a given size."""
        return read_film(path, size=size, seconds=seconds)


IN_PROCESS = InProcessReader()
