from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from sqlalchemy import create_engine, text

from laanet_core.cli import main
from tests.conftest import Server
from tests.core.clips import write_clip, write_sound
from tests.e2e.conftest import PHONE, Visit
from webapp.texts import ENGLISH
from webapp.texts.sentences import percent_text


def long_clip(samples: Path, path: Path, count: int = 30, side: int = 256) -> Path:
    with Image.open(samples / "astronaut.png") as image:
        small = image.convert("RGB").resize((side, side))
        return write_clip(path, [np.asarray(small.rotate(number / 2)) for number in range(count)])


def test_the_page_and_predict_agree_to_the_last_digit(
    visit: Visit, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, count in (("two_people.jpg", 2), ("astronaut.png", 1)):
        headline = visit.analyse(samples / name)
        main(["predict", "--json", "--device", "cpu", str(samples / name)])
        expected = json.loads(capsys.readouterr().out)
        assert percent_text(expected["fake_prob"], ENGLISH) in headline
        rows = visit.page.locator("#faces tbody tr")
        assert rows.count() == len(expected["faces"]) == count
        for row, face in zip(rows.all(), expected["faces"], strict=True):
            cells = row.locator("td").all_text_contents()
            assert cells[1:3] == [f"{face['fake_prob']:.4f}", f"{face['fake_logit']:.4f}"]
        assert visit.page.locator("#picture .lens-box").count() == count
    assert visit.foreign == []
    assert visit.complaints == []


def test_boxes_lie_on_the_faces_and_the_heat_can_be_turned_down(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "two_people.jpg")
    stage = visit.page.locator("#picture .lens-stage").bounding_box()
    assert stage is not None
    scale = stage["width"] / 1126
    for box, (x, y) in zip(
        visit.page.locator("#picture .lens-box").all(), ((865, 150), (310, 120)), strict=True
    ):  # noses, by eye
        place = box.bounding_box()
        assert place is not None
        assert place["x"] < stage["x"] + x * scale < place["x"] + place["width"]
        assert place["y"] < stage["y"] + y * scale < place["y"] + place["height"]
    heat = visit.page.locator("#picture .lens-heat")
    assert heat.evaluate("e => getComputedStyle(e).opacity") == "0.75"
    slider = visit.page.get_by_label("Heatmap strength")
    slider.focus()
    visit.page.keyboard.press("Home")
    assert heat.evaluate("e => getComputedStyle(e).opacity") == "0"


def test_a_vote_is_saved_once(visit: Visit, samples: Path, server: Server) -> None:
    visit.analyse(samples / "two_people.jpg")
    page = visit.page
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("Choose agree, disagree or not sure first")
    page.get_by_label("Not sure").check()
    page.get_by_label("Eyes", exact=True).check()
    page.locator("#note textarea").fill("seen in a browser <b>")
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("Saved")
    engine = create_engine(f"sqlite:///{server.database}")
    with engine.connect() as connection:
        votes = connection.execute(
            text("SELECT subject, vote FROM feedback WHERE note = 'seen in a browser <b>'")
        ).all()
    engine.dispose()
    assert votes == [(0, "not_sure")]
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("was already saved")
    page.get_by_label("Disagree").check()
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("Saved")
    # The vote and the note belong to the first file
    visit.analyse(samples / "astronaut.png")
    assert page.locator("#vote input:checked").count() == 0
    assert page.locator("#note textarea").input_value() == ""


def test_another_file_takes_the_old_answer_away(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "two_people.jpg")
    visit.choose(samples / "astronaut.png")
    expect(visit.page.locator("#headline")).to_contain_text("Sample result")
    expect(visit.page.locator("#feedback")).to_be_hidden()
    assert visit.page.locator("#faces tbody tr").count() == 0


def test_bad_files_are_answered_and_the_next_one_works(visit: Visit, samples: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes((samples / "two_people.jpg").read_bytes()[:50_000])
    words = tmp_path / "words.jpg"
    words.write_text("no picture")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    dot = tmp_path / "dot.png"
    Image.new("RGB", (1, 1)).save(dot)
    sound = write_sound(tmp_path / "sound.mp4")
    codes = {
        cut: "corrupt_image",
        words: "unsupported_type",
        empty: "empty_file",
        dot: "image_too_small",
        sound: "no_frames",
    }
    for path, code in codes.items():
        headline = visit.analyse(path)
        assert f"Code: {code}" in headline
        assert visit.page.locator("#feedback").is_hidden()
    grey = tmp_path / "grey.png"
    Image.new("RGB", (90, 90), "grey").save(grey)
    assert "No face found" in visit.analyse(grey)
    assert re.search(r"\d%", visit.analyse(samples / "astronaut.png"))
    assert visit.complaints == []


def test_without_a_file_the_page_asks_for_one(visit: Visit) -> None:
    visit.page.click("#analyse")
    expect(visit.page.locator("#headline")).to_contain_text("Choose a photo or a video first")


def test_clips_have_a_timeline_and_their_worst_moments(visit: Visit, samples: Path, tmp_path: Path) -> None:
    headline = visit.analyse(long_clip(samples, tmp_path / "clip.mp4"))
    assert re.search(r"\d%", headline)
    page = visit.page
    assert page.locator("#timeline svg[role=img] circle").count() >= 8
    assert 1 <= page.locator("#moments figure").count() <= 4
    assert page.locator("#faces tbody tr").count() == 1
    assert page.locator("#faces tbody th").text_content() == "1"
    assert page.locator("#clip video").count() == 0
    page.focus("#make-clip")
    page.keyboard.press("Enter")
    page.wait_for_selector("#clip video", timeout=60_000)
    expect(page.locator("#make-clip")).to_be_hidden()
    page.wait_for_function("document.querySelector('#clip').contains(document.activeElement)", timeout=5_000)
    page.wait_for_function("document.querySelector('#clip video').readyState >= 1", timeout=30_000)
    assert page.evaluate("document.querySelector('#clip video').duration") == pytest.approx(3.0, abs=0.3)
    now = "() => document.querySelector('#clip video').currentTime"
    tour = page.locator("#moments .lens-tour").last
    tour.click()
    assert page.evaluate(now) == pytest.approx(float(re.findall(r"[\d.]+", tour.inner_text())[0]), abs=0.05)
    plot = page.locator("#timeline svg[role=img]")
    plot.scroll_into_view_if_needed()
    # A band is as wide as the time axis.
    box = plot.locator(".lens-band").first.bounding_box()
    assert box is not None
    last = float(page.locator(".lens-timeline").get_attribute("data-last") or 0)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.evaluate(now) == pytest.approx(last / 2, abs=0.1)
    page.get_by_label("Position in the video").focus()
    page.keyboard.press("Home")
    assert page.evaluate(now) == 0


def test_the_progress_of_a_video_has_its_verdict_so_far(visit: Visit, samples: Path, tmp_path: Path) -> None:
    visit.page.evaluate(
        """() => {
            window.progress = [];
            const levels = () => document.querySelectorAll('.progress-level');
            const note = () => levels().forEach((level) => progress.push(level.textContent));
            const changes = {childList: true, subtree: true, characterData: true};
            new MutationObserver(note).observe(document.body, changes);
        }"""
    )
    visit.analyse(long_clip(samples, tmp_path / "large.mp4", count=16, side=1440))
    progress = visit.page.evaluate("[...new Set(progress)]")
    verdict = "looks manipulated|no sign of manipulation|inconclusive"
    expected = re.compile(rf"Judging faces.*\. So far: ({verdict}) \([<>]?\d+%\)")
    assert any(expected.search(line) for line in progress), progress[-20:]


def test_an_analysis_can_be_stopped(visit: Visit, samples: Path, tmp_path: Path) -> None:
    visit.choose(long_clip(samples, tmp_path / "long.mp4", count=120, side=720))
    visit.page.click("#analyse")
    visit.page.click("#stop:not([disabled])")
    expect(visit.page.locator("#headline")).to_contain_text("Stopped", timeout=30_000)
    expect(visit.page.locator("#analyse")).to_be_enabled()
    assert re.search(r"\d%", visit.analyse(samples / "astronaut.png"))


def test_files_that_were_analysed_before_a_stop_can_be_analysed_again(
    visit: Visit, samples: Path, tmp_path: Path
) -> None:
    visit.choose(samples / "astronaut.png", long_clip(samples, tmp_path / "long.mp4", count=120, side=720))
    visit.page.click("#analyse")
    second = ENGLISH.file_position.format(number=2, count=2).strip()
    visit.page.locator(".progress-level", has_text=second).first.wait_for(state="attached", timeout=60_000)
    visit.page.click("#stop:not([disabled])")
    expect(visit.page.locator("#headline")).to_contain_text("Stopped", timeout=30_000)
    assert "Code:" not in visit.press()
    assert visit.page.locator("#chooser input").count() == 2


@pytest.mark.parametrize("visit", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_all_of_it(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "two_people.jpg")
    widths = visit.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
    assert visit.page.locator("#faces .lens-table").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert visit.page.locator("#picture .lens-stage").bounding_box()["width"] <= 360  # type: ignore[index]


GROUND = """() => {
    let element = document.querySelector('#headline');
    const transparent = (one) => getComputedStyle(one).backgroundColor === 'rgba(0, 0, 0, 0)';
    while (element && transparent(element)) element = element.parentElement;
    return getComputedStyle(element).backgroundColor;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read_in_light_and_dark(
    browser: Browser, server: Server, samples: Path, theme: str
) -> None:
    context = browser.new_context()
    visit = Visit(context.new_page(), server).open(theme)
    visit.analyse(samples / "two_people.jpg")
    ground = luminance(visit.page.evaluate(GROUND))
    assert (ground < 0.1) == (theme == "dark")
    for words in ("#headline h2", "#headline p", ".lens-pill", ".lens-key", ".lens-title p", ".lens-help"):
        ink = luminance(visit.page.evaluate(f"getComputedStyle(document.querySelector('{words}')).color"))
        light, dark = max(ink, ground), min(ink, ground)
        # WCAG AA
        assert (light + 0.05) / (dark + 0.05) >= 4.5, words
    # The samples of the legend are black and white (WCAG 1.4.11).
    sample = luminance(
        visit.page.evaluate("getComputedStyle(document.querySelector('.lens-contour')).backgroundColor")
    )
    assert 1.05 / (sample + 0.05) >= 3
    line = luminance(
        visit.page.evaluate("getComputedStyle(document.querySelector('.lens-point')).borderColor")
    )
    assert (sample + 0.05) / (line + 0.05) >= 3
    context.close()


def luminance(colour: str) -> float:
    """Return the relative luminance of a CSS rgb() colour (WCAG)."""
    values = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
