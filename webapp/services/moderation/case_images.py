"""Images of a case: its kept file, forensic views of it, and the model's heatmap.

A moderator gets the heatmap only after their blind label.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from laanet_core.errors import UnreadableMedia
from laanet_core.faces.face_scaling import faces_on
from laanet_core.inference.overlay import heat_layer
from laanet_core.media.recompression import recompressed
from laanet_core.media.video import Frame
from laanet_core.results import FaceResult
from laanet_core.types import RGBImage
from webapp.domain.errors import Refused
from webapp.media.store import StoreFailed
from webapp.services.accounts import Person
from webapp.services.model_registry.serving import CurrentDetector
from webapp.services.moderation.case_views import CaseMedia, CaseViewService
from webapp.services.moderation.image_cache import ImageCache
from webapp.services.storage.kept_media import CONTENT_TYPES, KeptFile, KeptMediaService, MediaContent

logger = logging.getLogger(__name__)
# Longer side of a view in pixels.
MAX_SIDE = 2048
# Longer side in pixels of the thumbnails from which a moderator chooses a frame.
THUMBNAIL_SIDE = 160
# JPEG quality at which the error-level view saves the picture again.
RESAVED_QUALITY = 90
# Factor by which the error-level view amplifies differences, which are a few grey levels at most.
_ERROR_GAIN = 15
# Sigma in pixels of the blurred picture that the high-pass view subtracts.
_HIGH_PASS_SIGMA = 2.0
# Factor by which the high-pass view amplifies what remains.
_HIGH_PASS_CONTRAST = 6.0
# Grey level without detail in the high-pass view.
_MIDDLE_GREY = 128
# JPEG quality of views and thumbnails.
_JPEG_QUALITY = 92
# JPEG quality of whole frames: moderators look for traces in them, which stronger compression would hide.
_FRAME_QUALITY = 95
# Cached under a clip's own key once all of its frames are in the cache.
_FRAMES_CACHED = b"frames cached"


@dataclass(frozen=True)
class _ImageKey:
    """Key of a cached image.

    `media`: name of the kept file. `view`: name of the view, or frame, frames or heatmap. `time`: of the
    frame in seconds, None for pictures. `subject` is set for heatmaps, which belong to one subject of the
    file.
    """

    media: str
    view: str
    time: float | None = None
    is_thumbnail: bool = False
    subject: int | None = None


def error_level(rgb: RGBImage) -> RGBImage:
    """Return the amplified difference between an RGB picture (H, W, 3) uint8 and a JPEG copy of it.

    Parts with another compression history stand out.
    """
    difference = cv2.absdiff(rgb, recompressed(rgb, RESAVED_QUALITY))
    return np.asarray(cv2.convertScaleAbs(difference, alpha=_ERROR_GAIN), np.uint8)


def high_pass(rgb: RGBImage) -> RGBImage:
    """Return grain, edges and seams of an RGB picture (H, W, 3) uint8 around a middle grey."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), _HIGH_PASS_SIGMA)
    detail = (grey - smooth) * _HIGH_PASS_CONTRAST + _MIDDLE_GREY
    levels = np.clip(np.rint(detail), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(levels, cv2.COLOR_GRAY2RGB), np.uint8)


VIEWS: dict[str, Callable[[RGBImage], RGBImage]] = {"error_level": error_level, "high_pass": high_pass}


class KeptReader(Protocol):
    """Decoder of kept files, which come from strangers. Both methods raise UnreadableMedia."""

    def image_from_bytes(self, content: bytes) -> RGBImage:
        """Return the upright RGB picture (H, W, 3) uint8, as `images.read_image` does."""
        ...

    def frames_from_bytes(self, content: bytes, times: Sequence[float]) -> Generator[Frame]:
        """Yield the frames at these times in seconds, as `video.read_at` does."""
        ...


class CaseImageService:
    """Reads, converts and caches the images of cases.

    Every method raises Refused as `CaseViewService.media` does, and with not_kept, unavailable or
    invalid_view.
    """

    def __init__(
        self,
        case_views: CaseViewService,
        kept_media: KeptMediaService,
        detector: CurrentDetector,
        reader: KeptReader,
    ) -> None:
        self._case_views = case_views
        self._kept_media = kept_media
        self._detector = detector
        self._reader = reader
        self._cache = ImageCache()

    def file(self, person: Person | None, public_id: str) -> MediaContent:
        """Return the kept file, with the pixels that the model judged."""
        media = self._require_media(person, public_id)
        return MediaContent(self._read(media), CONTENT_TYPES[media.format])

    def view(
        self,
        person: Person | None,
        public_id: str,
        name: str = "plain",
        *,
        time: float | None = None,
        is_thumbnail: bool = False,
    ) -> MediaContent:
        """Return a JPEG of a picture, or of the clip's judged frame nearest to `time` in seconds.

        `name`: plain, error_level or high_pass.
        """
        media = self._require_media(person, public_id)
        is_known_view = name == "plain" or name in VIEWS
        is_video = media.kind == "video"
        # The time of a frame is required for a clip, and makes no sense for a picture.
        has_time = time is not None
        if not is_known_view or is_video != has_time:
            raise Refused("invalid_view", "There is no such view of this file.")
        if is_video and name == "plain":
            return self._frame(media, _nearest_time(media, time), is_thumbnail=is_thumbnail)

        def render() -> bytes:
            rgb = self._pixels(media, time)
            converted = rgb if name == "plain" else VIEWS[name](rgb)
            return _jpeg(_shrink(converted, _longer_side(is_thumbnail)))

        key = _ImageKey(media.name, view=name, time=time, is_thumbnail=is_thumbnail)
        return MediaContent(self._cache.get(key, render), "image/jpeg")

    def heatmap(self, person: Person | None, public_id: str, *, time: float | None = None) -> MediaContent:
        """Return the heatmaps as a transparent PNG that covers the picture or frame.

        Raises Refused also with not_labelled.
        """
        self._case_views.model_answer(person, public_id)
        media = self._require_media(person, public_id)
        frame_time = None if media.kind == "image" else _nearest_time(media, time)
        key = _ImageKey(media.name, view="heatmap", time=frame_time, subject=media.subject)
        content = self._cache.get(key, lambda: self._render_heatmaps(media, frame_time))
        return MediaContent(content, "image/png")

    def _render_heatmaps(self, media: CaseMedia, frame_time: float | None) -> bytes:
        """Return the PNG of the heatmaps. The current model scores the judged faces again in their crops."""
        rgb = self._pixels(media, frame_time)
        stored_faces: list[FaceResult] = []
        for judged in media.judged_faces:
            if judged.time == frame_time:
                # Only the heatmap is drawn, so the face needs neither its old score nor its probability.
                face = FaceResult(judged.box, 1.0, None, None, None, judged.time, quality=judged.quality)
                stored_faces.append(face)
        faces = self._detector.rescore(rgb, faces_on(rgb, stored_faces, media.size))
        height, width = rgb.shape[:2]
        scale = min(MAX_SIDE / max(height, width), 1.0)
        layer_shape = (max(round(height * scale), 1), max(round(width * scale), 1))
        layer = heat_layer(layer_shape, faces, scale=scale)
        _, encoded = cv2.imencode(".png", cv2.cvtColor(layer, cv2.COLOR_RGBA2BGRA))
        return bytes(encoded.tobytes())

    def _frame(self, media: CaseMedia, time: float, *, is_thumbnail: bool) -> MediaContent:
        """Return the JPEG of the frame at `time` in seconds.

        The first request caches all judged frames: to reach the last one, the decoder passes all others.
        Only a frame that the cache has evicted since is decoded again.
        """

        def cache_all_frames() -> bytes:
            times = sorted({spot.time for spot in media.spots if spot.time is not None})
            for frame in self._reader.frames_from_bytes(self._read(media), times):
                full_key = _ImageKey(media.name, view="frame", time=frame.time)
                full = _jpeg(_shrink(frame.rgb, MAX_SIDE), quality=_FRAME_QUALITY)
                self._cache.put(full_key, full)
                thumbnail_key = _ImageKey(media.name, view="frame", time=frame.time, is_thumbnail=True)
                thumbnail = _jpeg(_shrink(frame.rgb, THUMBNAIL_SIDE))
                self._cache.put(thumbnail_key, thumbnail)
            return _FRAMES_CACHED

        def render() -> bytes:
            return _jpeg(_shrink(self._pixels(media, time), _longer_side(is_thumbnail)))

        with _refuse_unreadable():
            self._cache.get(_ImageKey(media.name, view="frames"), cache_all_frames)
        key = _ImageKey(media.name, view="frame", time=time, is_thumbnail=is_thumbnail)
        return MediaContent(self._cache.get(key, render), "image/jpeg")

    def _pixels(self, media: CaseMedia, time: float | None) -> RGBImage:
        """Return the upright RGB picture, or the frame nearest to `time`, (H, W, 3) uint8."""
        content = self._read(media)
        with _refuse_unreadable():
            if media.kind == "image":
                return self._reader.image_from_bytes(content)
            frames = self._reader.frames_from_bytes(content, [_nearest_time(media, time)])
            with contextlib.closing(frames):
                frame = next(frames, None)
        if frame is None:
            raise Refused("unavailable", "The clip has no such frame any more.")
        return frame.rgb

    def _require_media(self, person: Person | None, public_id: str) -> CaseMedia:
        media = self._case_views.media(person, public_id)
        if media is None:
            raise Refused("not_kept", "The file of this case is not kept.")
        return media

    def _read(self, media: CaseMedia) -> bytes:
        try:
            return self._kept_media.read(KeptFile(media.name, media.format, media.orientation))
        except (FileNotFoundError, StoreFailed) as error:
            logger.exception("kept media could not be shown: %s", media.name)
            raise Refused(
                "unavailable", "The file cannot be read just now. Skip the case and tell an admin."
            ) from error


@contextlib.contextmanager
def _refuse_unreadable() -> Iterator[None]:
    """Raise Refused if a file that was judged before cannot be decoded any more."""
    try:
        yield
    except UnreadableMedia as error:
        raise Refused(
            "unavailable", "The file cannot be decoded. Skip the case and tell an admin."
        ) from error


def _nearest_time(media: CaseMedia, time: float | None) -> float:
    """Return the time of the face location nearest to `time`. Raises Refused with invalid_view."""
    times = [spot.time for spot in media.spots if spot.time is not None]
    if not times or time is None:
        raise Refused("invalid_view", "There is no such frame.")
    return min(times, key=lambda candidate: abs(candidate - time))


def _longer_side(is_thumbnail: bool) -> int:
    """Return the largest side of an image in pixels."""
    return THUMBNAIL_SIDE if is_thumbnail else MAX_SIDE


def _shrink(rgb: RGBImage, side: int) -> RGBImage:
    """Return the picture (H, W, 3) with its longer side at most `side` pixels."""
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(rgb: RGBImage, quality: int = _JPEG_QUALITY) -> bytes:
    """Encode an RGB picture (H, W, 3) uint8 as JPEG."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(encoded.tobytes())
