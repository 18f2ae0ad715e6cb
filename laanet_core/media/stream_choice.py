"""Choice of the video stream of a clip: the one that a player shows."""

from __future__ import annotations

from typing import Any

from av.stream import Disposition

# Pictures beside the clip: a cover, or thumbnails for seeking.
_NOT_SHOWN = Disposition.attached_pic | Disposition.timed_thumbnails


def shown_stream(container: Any) -> Any | None:
    """Return a PyAV container's video stream that players show; None if it has none.

    Of several streams with a decoder the default one counts, then one with more than a single frame, then the
    one with most pixels, then the first.
    """
    streams = [stream for stream in container.streams.video if not stream.disposition & _NOT_SHOWN]
    return max(streams, key=_rank, default=None)


def _rank(stream: Any) -> tuple[bool, bool, bool, int, int]:
    context = stream.codec_context
    pixels = 0 if context is None else context.width * context.height
    is_default = bool(stream.disposition & Disposition.default)
    # An AVIF sequence has its first picture also as a stream of its own.
    return context is not None, is_default, stream.frames != 1, pixels, -stream.index
