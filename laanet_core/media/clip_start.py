"""Start of a clip in the timestamps of its pictures: players may show the first one only later."""

from __future__ import annotations

from typing import Any

import av

# Seconds between the start of a clip and its first picture that count. A shorter delay comes from encoders.
_MIN_DELAY, _MAX_DELAY = 0.1, 30.0


def clip_start(container: Any, stream: Any, first_time: float) -> float:
    """Return the timestamp in seconds at which a clip of an open PyAV container starts.

    It is that of its first picture, `first_time`, unless an empty edit, or sound that begins earlier, comes
    before that picture. MP4 and MOV files start at 0, except those in fragments.
    """
    is_mp4 = "mp4" in container.format.name.split(",") and stream.frames > 0
    start = 0.0 if is_mp4 else (container.start_time or 0) / av.time_base
    if not is_mp4 and container.start_time is None:
        return first_time
    return start if _MIN_DELAY <= first_time - start <= _MAX_DELAY else first_time
