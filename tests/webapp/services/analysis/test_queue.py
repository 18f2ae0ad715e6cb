"""Queue of analyses."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from laanet_core.errors import Cancelled
from webapp.services.analysis.queue import AnalysisQueue, Busy, Ticket


def test_tickets_are_admitted_in_order_and_the_queue_has_a_limit() -> None:
    queue = AnalysisQueue(at_once=2, max_waiting=2)
    first, second, third, fourth = (queue.join() for _ in range(4))
    assert [ticket.admission.done() for ticket in (first, second, third, fourth)] == [
        True,
        True,
        False,
        False,
    ]
    assert (queue.running, queue.waiting) == (2, 2)
    for call in (queue.join, queue.check):
        with pytest.raises(Busy) as busy:
            call()
        assert busy.value.seconds >= 1
    queue.leave(second)
    queue.leave(second)
    assert [ticket.admission.done() for ticket in (third, fourth)] == [True, False]
    # before its admission
    queue.leave(fourth)
    queue.check()
    for ticket in (first, third):
        queue.leave(ticket)
    assert (queue.running, queue.waiting) == (0, 0)


def test_a_cancelled_ticket_is_skipped() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=5)
    first, left, third = (queue.join() for _ in range(3))
    assert left.admission.cancel()
    queue.leave(first)
    assert third.admission.done()
    queue.leave(left)
    assert (queue.running, queue.waiting) == (1, 0)


def test_threads_never_exceed_the_limit() -> None:
    queue, lock, running = AnalysisQueue(at_once=3, max_waiting=1), threading.Lock(), list[int]()

    def work(_: int) -> None:
        with queue.place(lambda _: None):
            with lock:
                running.append(queue.running)
            time.sleep(0.01)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(40)))
    assert max(running) == 3
    assert (queue.running, queue.waiting) == (0, 0)


def test_a_waiting_thread_can_leave() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=1)
    admitted = queue.join()

    def leave(_: int) -> None:
        raise KeyError

    with pytest.raises(KeyError), queue.place(leave):
        pass
    assert (queue.running, queue.waiting) == (1, 0)
    queue.leave(admitted)


def test_a_waiting_thread_learns_how_many_come_first() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=5)
    admitted, counts = queue.join(), list[int]()
    clip, photo = queue.join(is_clip=True), queue.join()

    def count(ahead: int) -> None:
        counts.append(ahead)
        raise KeyError

    for is_clip in (False, True):
        with pytest.raises(KeyError), queue.place(count, is_clip=is_clip):
            pass
    # a photo waits for the other photo only, a clip for both
    assert counts == [1, 2]
    for ticket in (admitted, clip, photo):
        queue.leave(ticket)
    # without waiting `count` is not called
    with queue.place(count):
        pass


def test_clips_leave_room_for_photos() -> None:
    queue = AnalysisQueue(at_once=3, max_waiting=10)
    first, second, third = (queue.join(is_clip=True) for _ in range(3))
    assert [ticket.admission.done() for ticket in (first, second, third)] == [True, True, False]
    photo = queue.join()
    assert photo.admission.done()
    queue.leave(photo)
    assert not third.admission.done()
    queue.leave(first)
    assert third.admission.done()
    alone = AnalysisQueue(at_once=1, max_waiting=1)
    assert alone.join(is_clip=True).admission.done()


def test_clips_leave_a_decoder_for_photos() -> None:
    queue = AnalysisQueue(at_once=9, max_waiting=10, decoders=3)
    clips = [queue.join(is_clip=True) for _ in range(3)]
    assert [clip.admission.done() for clip in clips] == [True, True, False]
    assert queue.join().admission.done()
    queue.leave(clips[0])
    assert clips[2].admission.done()


def test_photos_overtake_clips_up_to_a_limit() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=50)
    ticket = queue.join()
    clip, photos = queue.join(is_clip=True), [queue.join() for _ in range(20)]
    order = []
    for _ in range(21):
        queue.leave(ticket)
        (ticket,) = (
            waiting for waiting in (clip, *photos) if waiting.admission.done() and waiting not in order
        )
        order.append(ticket)
    assert order.index(clip) == 8
    assert [ticket for ticket in order if ticket is not clip] == photos


def long_running(queue: AnalysisQueue, *, is_clip: bool = False) -> Ticket:
    """Return the ticket of an admitted file that has run for two seconds."""
    ticket = queue.join(is_clip=is_clip)
    ticket.turn_started_at -= 2
    return ticket


@pytest.mark.parametrize("is_clip", [False, True])
def test_a_long_analysis_pauses_for_one_waiting_photo(is_clip: bool) -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=5)
    crowd, photo, later = long_running(queue, is_clip=is_clip), queue.join(), queue.join()
    with ThreadPoolExecutor(1) as pool:
        pause = pool.submit(queue.yield_turn, crowd, lambda: None)
        photo.admission.result(timeout=5)
        assert not pause.done()
        assert queue.running == 2
        queue.leave(photo)
        pause.result(timeout=5)
    assert not later.admission.done()
    # Its next turn has just begun.
    queue.yield_turn(crowd, lambda: None)
    queue.leave(crowd)
    assert later.admission.done()


def test_a_long_analysis_does_not_pause_without_a_waiting_photo() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=5)
    crowd, clip = long_running(queue), queue.join(is_clip=True)
    queue.yield_turn(crowd, lambda: None)
    assert not clip.admission.done()


def test_a_pause_does_not_wait_for_a_photo_whose_client_has_left() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=5)
    crowd, photo = long_running(queue), queue.join()
    photo.admission.cancel()
    queue.yield_turn(crowd, lambda: None)
    assert (queue.running, queue.waiting) == (1, 0)


def test_a_paused_analysis_can_be_ended() -> None:
    queue = AnalysisQueue(at_once=1, max_waiting=5)
    crowd, photo = long_running(queue), queue.join()

    def end() -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        queue.yield_turn(crowd, end)
    queue.leave(crowd)
    assert (photo.admission.done(), queue.running) == (True, 1)
    queue.leave(photo)
    assert queue.running == 0
