"""Browser tests of the focus after a button is pressed that is disabled or disappears."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Visit
from tests.e2e.test_analyse_page import long_clip

# The next press follows the arrival of the result at once.
_DRAW_CLIP_AT_ARRIVAL = """() => {
    const arrive = window.lensArrive;
    window.lensArrive = () => {
        arrive();
        setTimeout(() => {
            const button = document.querySelector("#make-clip");
            button.focus();
            button.click();
        });
    };
}"""
_CLIP_HAS_FOCUS = "document.querySelector('#clip').contains(document.activeElement)"
# Milliseconds after which the page would have moved the focus.
_MOVE_DELAY = 1000


def test_the_buttons_of_an_analysis_pass_the_focus_on(visit: Visit, samples: Path) -> None:
    visit.choose(samples / "astronaut.png")
    visit.page.click("#analyse")
    visit.page.wait_for_selector("#headline .lens-head .lens-prob", timeout=60_000)
    visit.page.wait_for_function("document.activeElement.id === 'analyse'", timeout=5_000)


def test_a_press_right_after_an_analysis_keeps_its_own_successor(
    visit: Visit, samples: Path, tmp_path: Path
) -> None:
    page = visit.page
    visit.choose(long_clip(samples, tmp_path / "clip.mp4"))
    page.evaluate(_DRAW_CLIP_AT_ARRIVAL)
    page.click("#analyse")
    page.wait_for_function("document.activeElement.id === 'stop'")
    page.wait_for_selector("#clip video", timeout=60_000)
    page.wait_for_function(_CLIP_HAS_FOCUS, timeout=5_000)
    # The visitor's own move ends it.
    page.focus("#note textarea")
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(_MOVE_DELAY)
    assert page.evaluate("document.activeElement === document.body")
    assert visit.complaints == []
