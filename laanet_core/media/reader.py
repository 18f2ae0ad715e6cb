"""Who turns files into pixels: this process, or whoever keeps strangers' files away from it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from laanet_core.media.images import read_image
from laanet_core.media.video import Frame, read_film, read_frames, read_length
from laanet_core.results import Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage


class Reader(Protocol):
    """Decodes files. All of its methods raise UnreadableMedia; close a generator that is not read to its end."""

    def image(self, path: Path, *, warn: Warn = ignore_caution) -> RGBImage:
        """As `images.read_image`."""
        ...

    def frames(self, path: Path, count: int, *, warn: Warn = ignore_caution) -> Generator[Frame]:
        """As `video.read_frames`."""
        ...

    def length(self, path: Path) -> float:
        """As `video.read_length`."""
        ...

    def film(self, path: Path, *, size: tuple[int, int], seconds: float) -> Generator[Frame]:
        """As `video.read_film`."""
        ...


class InPlace:
    """Decodes in this process, for files that are one's own."""

    def image(self, path: Path, *, warn: Warn = ignore_caution) -> RGBImage:
        return read_image(path, warn=warn)

    def frames(self, path: Path, count: int, *, warn: Warn = ignore_caution) -> Generator[Frame]:
        return read_frames(path, count, warn=warn)

    def length(self, path: Path) -> float:
        return read_length(path)

    def film(self, path: Path, *, size: tuple[int, int], seconds: float) -> Generator[Frame]:
        return read_film(path, size=size, seconds=seconds)


IN_PLACE = InPlace()
