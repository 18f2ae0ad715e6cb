"""The pictures of a case: as they were kept, looked at in other ways, and, after the label, where the model saw something."""

from __future__ import annotations

import contextlib
import logging
import threading
import time as clock
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from laanet_core.errors import UnreadableMedia
from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.inference.overlay import heat_layer
from laanet_core.media.recompression import recompressed
from laanet_core.media.video import Frame
from laanet_core.results import FaceResult, Heatmap
from laanet_core.types import RGBImage
from webapp.domain.errors import Refused
from webapp.media.store import StoreFailed
from webapp.services.accounts import Person
from webapp.services.model_registry.serving import CurrentDetector
from webapp.services.moderation.case_views import CaseMedia, CaseViewService
from webapp.services.storage.kept_media import KeptFile, KeptMediaService

logger = logging.getLogger(__name__)
MOST_SIDE = 2048  # of a made picture
SMALL_SIDE = 160
RESAVED_AT = 90  # JPEG quality of the error-level view
_GAIN, _SIGMA, _CONTRAST = 15, 2.0, 6.0
_REMEMBERED_BYTES, _REMEMBERED_SECONDS = 64_000_000, 600.0
TYPES = {
    **{"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"},
    **{"mp4": "video/mp4", "matroska": "video/webm", "avi": "video/x-msvideo"},
}


@dataclass(frozen=True)
class MediaContent:
    """Bytes for a browser, and what they are."""

    content: bytes
    type: str


def error_level(rgb: RGBImage) -> RGBImage:
    """What changes when the picture (H, W, 3) uint8 is saved as JPEG once more, made brighter: parts with another past stand out."""
    return np.asarray(
        cv2.convertScaleAbs(cv2.absdiff(rgb, recompressed(rgb, RESAVED_AT)), alpha=_GAIN), np.uint8
    )


def high_pass(rgb: RGBImage) -> RGBImage:
    """The picture (H, W, 3) uint8 without its large shapes: grain, edges and seams around a middle grey."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = (grey - cv2.GaussianBlur(grey, (0, 0), _SIGMA)) * _CONTRAST + 128
    return np.asarray(
        cv2.cvtColor(np.clip(np.rint(fine), 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB), np.uint8
    )


VIEWS: dict[str, Callable[[RGBImage], RGBImage]] = {"error_level": error_level, "high_pass": high_pass}


class KeptReader(Protocol):
    """Decodes kept files, which strangers have made. Both methods raise UnreadableMedia."""

    def kept_picture(self, content: bytes) -> RGBImage:
        """As `images.read_image`."""
        ...

    def kept_frames(self, content: bytes, times: Sequence[float]) -> Generator[Frame]:
        """As `video.read_at`."""
        ...


class CaseImageService:
    """Every method raises Refused as `LookingService.kept` does, and not_kept, unavailable, invalid_view."""

    def __init__(
        self,
        case_views: CaseViewService,
        keeping: KeptMediaService,
        detector: CurrentDetector,
        reader: KeptReader,
    ) -> None:
        self._case_views = case_views
        self._keeping = keeping
        self._detector = detector
        self._reader = reader
        self._recent = _Recent()

    def file(self, person: Person | None, public_id: str) -> MediaContent:
        """The kept file, a picture's pixels as they were judged."""
        kept = self._kept(person, public_id)
        return MediaContent(self._read(kept), TYPES[kept.format])

    def view(
        self,
        person: Person | None,
        public_id: str,
        name: str = "plain",
        *,
        time: float | None = None,
        small: bool = False,
    ) -> MediaContent:
        """A picture, or the frame of a clip at one of its spots' times: plain, error_level or high_pass; `small` for choosing frames."""
        kept = self._kept(person, public_id)
        if name not in ("plain", *VIEWS) or (kept.kind == "video") != (time is not None):
            raise Refused("invalid_view", "There is no such view of this file.")
        if kept.kind == "video" and name == "plain":
            return self._frame(kept, _nearest(kept, time), small=small)

        def make() -> bytes:
            rgb = self._pixels(kept, time)
            changed = rgb if name == "plain" else VIEWS[name](rgb)
            return _jpeg(_within(changed, SMALL_SIDE if small else MOST_SIDE))

        return MediaContent(self._recent.get((kept.name, name, time, small), make), "image/jpeg")

    def heat(self, person: Person | None, public_id: str, *, time: float | None = None) -> MediaContent:
        """A transparent PNG to lay over the picture or frame. Raises Refused also with not_labelled."""
        self._case_views.model_answer(person, public_id)
        kept = self._kept(person, public_id)
        at = None if kept.kind == "image" else _nearest(kept, time)
        return MediaContent(
            self._recent.get((kept.name, "heat", at, kept.subject), lambda: self._heat(kept, at)), "image/png"
        )

    def _heat(self, kept: CaseMedia, at: float | None) -> bytes:
        """The stored boxes are judged again by the model that is in use."""
        rgb = self._pixels(kept, at)
        squares = [enlarge_to_square(spot.box) for spot in kept.spots if spot.time == at]
        scores = self._detector.score_crops(
            [crop_square(rgb, square, self._detector.config.input_size) for square in squares]
        )
        faces = [
            FaceResult(square, 1.0, None, None, None, heatmap=Heatmap(scores.heatmap[number], square))
            for number, square in enumerate(squares)
        ]
        scale = min(MOST_SIDE / max(rgb.shape[:2]), 1.0)
        shape = tuple(max(round(side * scale), 1) for side in rgb.shape[:2])
        layer = cv2.cvtColor(heat_layer(shape, faces, scale=scale), cv2.COLOR_RGBA2BGRA)
        return bytes(cv2.imencode(".png", layer)[1].tobytes())

    def _frame(self, kept: CaseMedia, time: float, *, small: bool) -> MediaContent:
        """All frames of a clip are made at once: to decode it to its end takes no longer than to its last one."""

        def all_frames() -> bytes:
            times = sorted({spot.time for spot in kept.spots if spot.time is not None})
            for frame in self._reader.kept_frames(self._read(kept), times):
                self._recent.put(
                    (kept.name, "frame", frame.time, False), _jpeg(_within(frame.rgb, MOST_SIDE), quality=95)
                )
                self._recent.put(
                    (kept.name, "frame", frame.time, True), _jpeg(_within(frame.rgb, SMALL_SIDE))
                )
            return b"done"

        with _readable():
            self._recent.get((kept.name, "frames", None, False), all_frames)
        key = (kept.name, "frame", time, small)
        side = SMALL_SIDE if small else MOST_SIDE
        return MediaContent(
            self._recent.get(key, lambda: _jpeg(_within(self._pixels(kept, time), side))), "image/jpeg"
        )

    def _pixels(self, kept: CaseMedia, time: float | None) -> RGBImage:
        content = self._read(kept)
        with _readable():
            if kept.kind == "image":
                return self._reader.kept_picture(content)
            with contextlib.closing(self._reader.kept_frames(content, [_nearest(kept, time)])) as frames:
                for frame in frames:
                    return frame.rgb
        raise Refused("unavailable", "The clip has no such frame any more.")

    def _kept(self, person: Person | None, public_id: str) -> CaseMedia:
        kept = self._case_views.media(person, public_id)
        if kept is None:
            raise Refused("not_kept", "The file of this case is not kept.")
        return kept

    def _read(self, kept: CaseMedia) -> bytes:
        try:
            return self._keeping.read(KeptFile(kept.name, kept.format, kept.orientation))
        except (FileNotFoundError, StoreFailed) as error:
            logger.exception("kept media could not be shown: %s", kept.name)
            raise Refused(
                "unavailable", "The file cannot be read just now. Skip the case and tell an admin."
            ) from error


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """What was judged once and cannot be decoded now is an error that the moderator is told."""
    try:
        yield
    except UnreadableMedia as error:
        raise Refused(
            "unavailable", "The file cannot be decoded. Skip the case and tell an admin."
        ) from error


class _Recent:
    """What was made lately, so that one moderator's pictures are not made twice. Nothing stays longer than _REMEMBERED_SECONDS."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[Any, ...], tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self._makers = threading.Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], bytes]) -> bytes:
        found = self._find(key)
        if found is not None:
            return found
        with self._makers:  # one at a time: decoding takes all the processor there is
            found = self._find(key)
            if found is None:
                found = make()
                self.put(key, found)
        return found

    def put(self, key: tuple[Any, ...], content: bytes) -> None:
        with self._lock:
            self._made[key] = (clock.monotonic(), content)
            self._made.move_to_end(key)
            self._drop()

    def _find(self, key: tuple[Any, ...]) -> bytes | None:
        with self._lock:
            self._drop()
            found = self._made.get(key)
            return None if found is None else found[1]

    def _drop(self) -> None:
        oldest = clock.monotonic() - _REMEMBERED_SECONDS
        size = sum(len(content) for _, content in self._made.values())
        while self._made and (size > _REMEMBERED_BYTES or next(iter(self._made.values()))[0] < oldest):
            size -= len(self._made.popitem(last=False)[1][1])


def _nearest(kept: CaseMedia, time: float | None) -> float:
    """The spot's time that is meant. Raises Refused: invalid_view."""
    times = [spot.time for spot in kept.spots if spot.time is not None]
    if not times or time is None:
        raise Refused("invalid_view", "There is no such frame.")
    return min(times, key=lambda known: abs(known - time))


def _within(rgb: RGBImage, side: int) -> RGBImage:
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(rgb: RGBImage, quality: int = 92) -> bytes:
    return bytes(
        cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[
            1
        ].tobytes()
    )
