"""Request handlers of a worker, in the process of the test."""

from __future__ import annotations

import mmap
import socket
import threading

import numpy as np
import pytest

from webapp.media.decoding import protocol
from webapp.media.decoding.shared_memory import SharedBuffer
from webapp.media.decoding.worker import HANDLERS, ImportBlocker, Responder


def test_import_blocker_records_missing_modules() -> None:
    blocker = ImportBlocker()
    for name in ("xml.dom", "webapp.never"):
        with pytest.raises(ModuleNotFoundError, match="not preloaded"):
            blocker.find_spec(name)
    assert blocker.missing_modules == ["xml.dom"]


def test_responder_waits_until_an_image_was_read() -> None:
    image = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    ours, theirs = socket.socketpair()
    with ours, theirs, SharedBuffer(100) as buffer, mmap.mmap(buffer.file, buffer.size) as mapped:
        responder = Responder(theirs, protocol.Receiver(theirs), mapped)
        thread = threading.Thread(target=responder.image, args=(image,), kwargs={"time": 0.5})
        thread.start()
        assert protocol.Receiver(ours).receive() == {"shape": [3, 3, 3], "time": 0.5}
        assert np.array_equal(buffer.read((3, 3, 3)), image)
        assert thread.is_alive()
        protocol.send(ours, {"proceed": True})
        thread.join(timeout=5)
        assert not thread.is_alive()
        del responder, thread


def test_every_request_of_the_pool_has_a_handler() -> None:
    assert set(HANDLERS) == {"image", "frames", "frames_at", "length", "film", "bare"}
    assert all(callable(handler) for handler in HANDLERS.values())
