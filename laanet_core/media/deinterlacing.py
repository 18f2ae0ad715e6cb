"""Deinterlacing of video frames that are flagged as interlaced."""

from __future__ import annotations

from typing import Any

from av.filter import Graph

# FFmpeg's bwdif: one frame per frame, the field order of the frame, all frames that are pushed.
_FILTER, _OPTIONS = "bwdif", "mode=send_frame:parity=auto:deint=all"


def deinterlaced(frame: Any, before: Any | None, after: Any | None) -> Any:
    """Return a PyAV frame without the comb of its two fields; a progressive frame is returned as it is.

    The neighbouring frames tell what moves. They may be missing, or have another size or pixel format.
    Raises FFmpegError.
    """
    if not frame.interlaced_frame:
        return frame
    neighbours = [other for other in (before, frame, after) if other is not None and _same_kind(other, frame)]
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    graph.link_nodes(source, graph.add(_FILTER, _OPTIONS), graph.add("buffersink")).configure()
    for other in neighbours:
        graph.vpush(other)
    graph.vpush(None)
    position = neighbours.index(frame)
    for _ in range(position):
        graph.vpull()
    return graph.vpull()


def _same_kind(one: Any, other: Any) -> bool:
    return (one.width, one.height, one.format.name) == (other.width, other.height, other.format.name)
