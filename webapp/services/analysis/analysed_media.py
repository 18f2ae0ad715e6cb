"""Decoded pixels of analysed files, kept in memory for the length of a visit."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from laanet_core.errors import Cancelled
from laanet_core.faces.face_scaling import faces_on
from laanet_core.inference.key_frames import Moment, worst_times
from laanet_core.media.reader import Reader
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from webapp.security.tokens import receipt_hash

# Most suspicious frames of a clip that the page and the reports show.
SHOWN_FRAMES = 4
# Bytes for one file: more than the largest photo, and than four frames of the largest clip
# and those still to judge.
FILE_BYTES = 256_000_000
# Bytes for all files together.
TOTAL_BYTES = 512_000_000
# Pixels that no page has used for this long are released, even if the page is still open.
UNUSED_SECONDS = 1800.0
# A photo has one picture; it counts as shown at this time.
_PHOTO_TIME = 0.0


@dataclass(frozen=True)
class PixelUse:
    """Memory in use: number of files with pixels, and bytes of all pixels together."""

    files: int
    bytes: int


@dataclass
class _Entry:
    """Pictures (H, W, 3) uint8 RGB of one file, by their time in the clip in seconds."""

    used_at: float
    pictures: dict[float, RGBImage] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(rgb.nbytes for rgb in self.pictures.values())


class PixelCache:
    """Decoded pictures of all visits within a budget in bytes. Thread-safe.

    If the pictures of all files exceed `total_bytes`, the least recently used file loses its pictures.
    `AnalysedMedia` then decodes that file again, and only if its pixels are needed again.
    """

    def __init__(
        self,
        *,
        total_bytes: int = TOTAL_BYTES,
        file_bytes: int = FILE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total_bytes = total_bytes
        self._file_bytes = file_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[AnalysedMedia, _Entry] = OrderedDict()

    def stats(self) -> PixelUse:
        """Return the memory in use."""
        with self._lock:
            return PixelUse(len(self._entries), sum(entry.bytes for entry in self._entries.values()))

    def pictures(self, media: AnalysedMedia) -> Mapping[float, RGBImage]:
        """Return the pictures (H, W, 3) uint8 RGB of a file by time.

        Empty if they were never added, were evicted or removed.
        """
        with self._lock:
            entry = self._entries.get(media)
            if entry is None:
                return {}
            self._mark_used(media, entry)
            return dict(entry.pictures)

    def add(self, media: AnalysedMedia, frame: Frame, *, protected: Collection[float] = ()) -> None:
        """Add a picture of a file.

        If the file exceeds its own budget, its earliest pictures go first, except those at `protected` times.
        """
        with self._lock:
            entry = self._entries.setdefault(media, _Entry(self._clock()))
            entry.pictures[frame.time] = frame.rgb
            dispensable = [shown_at for shown_at in entry.pictures if shown_at not in protected]
            while entry.bytes > self._file_bytes and dispensable:
                del entry.pictures[dispensable.pop(0)]
            self._mark_used(media, entry)
            self._evict(media)

    def retain(self, media: AnalysedMedia, is_wanted: Callable[[float], bool]) -> None:
        """Remove the pictures of a file at times that are not wanted."""
        with self._lock:
            entry = self._entries.get(media)
            if entry is not None:
                entry.pictures = {at: rgb for at, rgb in entry.pictures.items() if is_wanted(at)}
                if not entry.pictures:
                    del self._entries[media]

    def remove(self, media: AnalysedMedia) -> None:
        """Remove all pictures of a file."""
        with self._lock:
            self._entries.pop(media, None)

    def release_receipt(self, receipt: str) -> None:
        """Release the file whose result was deleted."""
        hashed = receipt_hash(receipt)
        with self._lock:
            deleted = [media for media in self._entries if media.receipt_hash == hashed]
        for media in deleted:
            media.release()

    def sweep(self, seconds: float) -> None:
        """Release files that no visitor has used for `seconds`."""
        before = self._clock() - seconds
        with self._lock:
            unused = [media for media, entry in self._entries.items() if entry.used_at < before]
        for media in unused:
            media.release()

    def _mark_used(self, media: AnalysedMedia, entry: _Entry) -> None:
        entry.used_at = self._clock()
        self._entries.move_to_end(media)

    def _evict(self, newest: AnalysedMedia) -> None:
        total = sum(entry.bytes for entry in self._entries.values())
        while total > self._total_bytes and (oldest := next(iter(self._entries))) is not newest:
            total -= self._entries.pop(oldest).bytes


class AnalysedMedia:
    """Pixels of one file, decoded once: a photo's upright picture, or a clip's most suspicious frames.

    While the detector judges the file, it passes every decoded picture to `add`. Afterwards `picture` and
    `moments` serve the page, the stability check and the reports from memory. They decode the file again
    only if the cache evicted its pixels, or after `release`. Thread-safe.
    """

    def __init__(self, path: Path, reader: Reader, cache: PixelCache) -> None:
        self._path = path
        self._reader = reader
        self._cache = cache
        # Two threads that need the same evicted pixels decode them once.
        self._decoding = threading.Lock()
        self._released = False
        self._releases = 0
        self._worst: tuple[float, ...] = ()
        self.receipt_hash: str | None = None

    def add(self, frame: Frame) -> None:
        """Keep a picture (H, W, 3) uint8 RGB that the detector is about to judge."""
        if not self._released:
            self._cache.add(self, frame, protected=self._worst)

    def prune(self, result: AnalysisResult) -> None:
        """Drop the frames of a clip that can no longer be among its most suspicious ones.

        `result` is the answer over the frames judged so far.
        """
        self._worst = tuple(worst_times(result, limit=SHOWN_FRAMES))
        judged = max((face.time for face in result.faces if face.time is not None), default=-1.0)
        self._cache.retain(self, lambda shown_at: shown_at in self._worst or shown_at > judged)

    def finish(self, result: AnalysisResult, receipt: str | None) -> None:
        """Keep only what the page and the reports show of the judged file."""
        self.receipt_hash = None if receipt is None else receipt_hash(receipt)
        if result.kind == "image" and result.outcome != "rejected":
            return
        self._worst = tuple(worst_times(result, limit=SHOWN_FRAMES))
        self._cache.retain(self, lambda shown_at: shown_at in self._worst)

    def picture(self) -> RGBImage:
        """Return a photo's upright picture (H, W, 3) uint8 RGB. Raises UnreadableMedia.

        It is smaller than the original if that is very large.
        """
        with self._decoding:
            rgb = self._cache.pictures(self).get(_PHOTO_TIME)
            if rgb is None:
                rgb = self._reader.image(self._path)
                self.add(Frame(rgb, _PHOTO_TIME))
            return rgb

    def photo(self, result: AnalysisResult) -> Moment:
        """Return a photo's upright picture with the faces of `result`, their places in its pixels.

        Raises UnreadableMedia.
        """
        rgb = self.picture()
        return Moment(rgb, _PHOTO_TIME, faces_on(rgb, result.faces, result.size))

    def moments(self, result: AnalysisResult, *, limit: int = SHOWN_FRAMES) -> list[Moment]:
        """Return up to `limit` most suspicious frames of a clip in order of time, with the faces of `result`.

        Raises UnreadableMedia, and ValueError if `limit` exceeds SHOWN_FRAMES.
        """
        if limit > SHOWN_FRAMES:
            raise ValueError(f"at most {SHOWN_FRAMES} frames are kept of a clip, not {limit}")
        times = sorted(worst_times(result, limit=limit))
        with self._decoding:
            pictures = self._cache.pictures(self)
            if not pictures.keys() >= set(times):
                pictures = self._decode(set(worst_times(result, limit=SHOWN_FRAMES)))
        moments: list[Moment] = []
        for shown_at in times:
            if shown_at in pictures:
                faces = [face for face in result.faces if face.time == shown_at]
                rgb = pictures[shown_at]
                moments.append(Moment(rgb, shown_at, faces_on(rgb, faces, result.size)))
        return moments

    def until_release(self) -> Callable[[], None]:
        """Return a check that raises Cancelled after the next `release`, to end work on the file."""
        releases = self._releases

        def check() -> None:
            if self._releases != releases:
                raise Cancelled("The visit has ended.")

        return check

    def release(self) -> None:
        """Free the memory; a later use decodes again and keeps nothing."""
        self._released = True
        self._releases += 1
        self._cache.remove(self)

    def _decode(self, times: set[float]) -> Mapping[float, RGBImage]:
        """Decode the clip's frames at `times` and keep them."""
        pictures: dict[float, RGBImage] = {}
        with contextlib.closing(self._reader.frames_at(self._path, sorted(times))) as frames:
            for frame in frames:
                pictures[frame.time] = frame.rgb
                self.add(frame)
        return pictures
