from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.services.analysis.queue import Busy, Turns


def test_turns_are_given_in_order_and_the_line_has_an_end() -> None:
    turns = Turns(at_once=2, max_waiting=2)
    first, second, third, fourth = (turns.ask() for _ in range(4))
    assert [turn.granted.done() for turn in (first, second, third, fourth)] == [True, True, False, False]
    assert (turns.running, turns.waiting) == (2, 2)
    for ask in (turns.ask, turns.check):
        with pytest.raises(Busy) as busy:
            ask()
        assert busy.value.seconds >= 1
    turns.give_back(second)
    turns.give_back(second)
    assert [turn.granted.done() for turn in (third, fourth)] == [True, False]
    turns.give_back(fourth)  # left before it was let in
    turns.check()
    for turn in (first, third):
        turns.give_back(turn)
    assert (turns.running, turns.waiting) == (0, 0)


def test_a_turn_that_nobody_awaits_any_more_is_passed_on() -> None:
    turns = Turns(at_once=1, max_waiting=5)
    first, left, third = (turns.ask() for _ in range(3))
    assert left.granted.cancel()
    turns.give_back(first)
    assert third.granted.done()
    turns.give_back(left)
    assert (turns.running, turns.waiting) == (1, 0)


def test_threads_never_use_more_turns_than_there_are() -> None:
    turns, lock, seen = Turns(at_once=3, max_waiting=1), threading.Lock(), []

    def work(_: int) -> None:
        with turns.taken(lambda _: None):
            with lock:
                seen.append(turns.running)
            time.sleep(0.01)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(40)))
    assert max(seen) == 3
    assert (turns.running, turns.waiting) == (0, 0)


def test_who_waits_can_leave() -> None:
    turns = Turns(at_once=1, max_waiting=1)
    held = turns.ask()

    def leave(_: int) -> None:
        raise KeyError

    with pytest.raises(KeyError), turns.taken(leave):
        pass
    assert (turns.running, turns.waiting) == (1, 0)
    turns.give_back(held)


def test_who_waits_is_told_how_many_come_first() -> None:
    turns = Turns(at_once=1, max_waiting=5)
    held, told = turns.ask(), list[int]()
    clip, picture = turns.ask(clip=True), turns.ask()

    def tell(before: int) -> None:
        told.append(before)
        raise KeyError

    for is_clip in (False, True):
        with pytest.raises(KeyError), turns.taken(tell, clip=is_clip):
            pass
    assert told == [1, 2]  # a picture waits for the other one only, a clip for both
    for turn in (held, clip, picture):
        turns.give_back(turn)
    with turns.taken(tell):  # nobody waits, nobody is told
        pass


def test_clips_leave_room_for_pictures() -> None:
    turns = Turns(at_once=3, max_waiting=10)
    first, second, third = (turns.ask(clip=True) for _ in range(3))
    assert [turn.granted.done() for turn in (first, second, third)] == [True, True, False]
    picture = turns.ask()
    assert picture.granted.done()
    turns.give_back(picture)
    assert not third.granted.done()
    turns.give_back(first)
    assert third.granted.done()
    alone = Turns(at_once=1, max_waiting=1)
    assert alone.ask(clip=True).granted.done()


def test_pictures_go_before_clips_but_no_clip_waits_for_ever() -> None:
    turns = Turns(at_once=1, max_waiting=50)
    turn = turns.ask()
    clip, pictures = turns.ask(clip=True), [turns.ask() for _ in range(20)]
    order = []
    for _ in range(21):
        turns.give_back(turn)
        (turn,) = (
            waiting for waiting in (clip, *pictures) if waiting.granted.done() and waiting not in order
        )
        order.append(turn)
    assert order.index(clip) == 8
    assert [turn for turn in order if turn is not clip] == pictures
