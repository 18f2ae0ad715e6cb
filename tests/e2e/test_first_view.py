"""Browser tests of the page before the first analysis: weight, examples by one click, phones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Response, expect

from tests.conftest import Server
from tests.e2e.conftest import PHONE, ROOMY, Visit
from tests.e2e.test_analyse_page import long_clip
from webapp.examples.answers import FOLDER as EXAMPLES
from webapp.examples.answers import NAMES
from webapp.texts import LANGUAGES, Texts
from webapp.texts.addresses import address
from webapp.ui.render.cards import CROWD_CARDS

ENGLISH = LANGUAGES["en"]
# Bytes before the first analysis, apart from Gradio's own files
WEIGHT = 600_000
# Places of Gradio's own files
GRADIO = ("/assets/", "/static/", "/theme.css", "/svelte/")
# Seconds from the click on an example to its headline, without the time that Chromium itself takes
ANSWER = 0.3
TRIES = 5
SINCE_CLICK = """() => new Promise((resolve) => {
    const old = document.querySelector('#headline .lens-notice');
    const began = performance.now();
    new MutationObserver((_, observer) => {
        const note = document.querySelector('#headline .lens-notice');
        if (!note || note.textContent === window.oldNote) return;
        observer.disconnect();
        resolve((performance.now() - began) / 1000);
    }).observe(document.querySelector('#headline'), {childList: true, subtree: true, characterData: true});
    window.oldNote = old ? old.textContent : '';
    document.querySelector(window.nextExample).click();
})"""


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Page]:
    size = {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True)
    yield Visit(context.new_page(), server).open().page
    context.close()


def test_the_first_view_is_light(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport=ROOMY)
    visit = Visit(context.new_page(), server)
    sizes: dict[str, int] = {}

    def note(response: Response) -> None:
        if response.url.startswith(server.url) and not any(part in response.url for part in GRADIO):
            sizes[response.url.removeprefix(server.url)] = len(response.body())

    visit.page.on("response", note)
    visit.open()
    visit.page.wait_for_selector("#headline .lens-sample img")
    # Gradio keeps a connection open, so the network is never idle
    visit.page.wait_for_timeout(1000)
    print("\n", sizes)
    assert sum(sizes.values()) < WEIGHT
    assert visit.foreign == []
    context.close()


def test_the_scope_is_said_before_the_drop_zone_and_the_limits_are_folded(visit: Visit) -> None:
    page = visit.page
    scope = page.get_by_text(ENGLISH.scope).bounding_box()
    zone = page.locator("#file").bounding_box()
    assert scope is not None
    assert zone is not None
    assert scope["y"] + scope["height"] <= zone["y"]
    assert zone["height"] >= 220
    expect(page.get_by_text("52 million pixels")).to_be_hidden()
    page.get_by_text(ENGLISH.formats_title).click()
    expect(page.get_by_text("52 million pixels")).to_be_visible()
    expect(page.locator("#headline .lens-sample")).to_contain_text(ENGLISH.sample)
    expect(page.locator("#headline .lens-sample .lens-gauge")).to_be_visible()


def test_one_click_shows_each_example_at_once(visit: Visit, server: Server) -> None:
    page = visit.page
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(TRIES):
        for number, name in enumerate(NAMES, start=1):
            page.evaluate(f"window.nextExample = '#example-{number}'")
            times[name].append(page.evaluate(SINCE_CLICK))
            expect(page.locator("#headline .lens-notice")).to_contain_text(ENGLISH.example_captions[name])
    print("\n", {name: [round(one, 2) for one in tries] for name, tries in times.items()})
    assert all(min(tries) < ANSWER for tries in times.values()), times
    # The last one has no verdict, and nothing is offered that needs a stored result
    expect(page.locator("#next")).to_be_hidden()
    expect(page.locator("#feedback")).to_be_hidden()
    # No file was chosen and nothing was sent to the queue of analyses
    assert page.locator("#file .file-preview").count() == 0
    page.click("#example-4")
    page.wait_for_function("document.querySelector('.lens-player video')?.readyState >= 1", timeout=30_000)
    assert page.locator("#faces .lens-strip").count() == 1
    assert visit.foreign == []
    assert visit.complaints == []


def test_no_example_can_be_chosen_during_an_analysis(visit: Visit, samples: Path, tmp_path: Path) -> None:
    page = visit.page
    example, answer = page.locator("#example-1"), page.locator("#headline .lens-notice")
    visit.choose(long_clip(samples, tmp_path / "long.mp4", count=120, side=720))
    expect(example).not_to_have_attribute("aria-disabled", "true")
    page.click("#analyse")
    expect(page.locator("#examples [aria-disabled=true]")).to_have_count(len(NAMES))
    # The button is found by the Tab key and keeps the focus, so a screen reader says that it is unavailable.
    for key in ("Enter", "Space"):
        example.press(key)
    page.locator("#example-2").click(force=True)
    page.wait_for_timeout(1000)
    expect(answer).to_have_count(0)
    example.focus()
    expect(example).to_be_focused()
    page.click("#stop:not([disabled])")
    expect(page.locator("#headline")).to_contain_text(ENGLISH.stopped, timeout=60_000)
    expect(page.locator("#examples [aria-disabled]")).to_have_count(0)
    example.press("Enter")
    expect(answer).to_contain_text(ENGLISH.example_captions[NAMES[0]])
    assert visit.complaints == []


def test_a_phone_offers_its_camera_first_and_says_nothing_of_keys_or_dropping(phone: Page) -> None:
    take = phone.locator(".lens-take-photo")
    expect(take).to_be_visible()
    assert take.locator("input").get_attribute("capture") == "environment"
    camera, zone = take.bounding_box(), phone.locator("#file").bounding_box()
    assert camera is not None
    assert zone is not None
    assert camera["y"] < zone["y"] < 844
    expect(phone.get_by_text("Ctrl+V")).to_be_hidden()
    words = phone.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=upload-text]'), '::after').content"
    )
    assert words == f'"{ENGLISH.tap_words}"'


def test_a_photo_that_was_just_taken_replaces_the_one_before(
    phone: Page, server: Server, samples: object
) -> None:
    for place in ("/", "/zh"):
        phone.goto(f"{server.url}{place}?lang={place.strip('/') or 'en'}")
        for name in ("astronaut.png", "two_people.jpg"):
            phone.set_input_files(".lens-take-photo input", f"{samples}/{name}")
            expect(phone.locator("#file .file-preview")).to_contain_text(name.split(".")[0], timeout=15_000)
        expect(phone.locator("#file .file-preview tr")).to_have_count(1)


def test_drop_zones_are_named_by_their_own_words_in_every_language(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    for texts in LANGUAGES.values():
        page.goto(f"{server.url}/?lang={texts.code}")
        page.wait_for_selector("#file [data-testid=upload-text]")
        expect(page.get_by_role("button", name=texts.drop_words)).to_be_visible()
        expect_verify_zones(page, server, texts, texts.verification.drop_words)
    context.close()
    # Fingers do not drop
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    for texts in LANGUAGES.values():
        expect_verify_zones(context.new_page(), server, texts, texts.verification.tap_words)
    context.close()


def expect_verify_zones(page: Page, server: Server, texts: Texts, words: str) -> None:
    """Open the page that checks reports, and check the words and the names of its drop zones."""
    page.goto(f"{server.url}{address(texts, 'verify')}")
    for zone, label in (("report", texts.verification.report), ("media", texts.verification.media)):
        place = page.locator(f"#verify-{zone} [data-testid=upload-text]")
        place.wait_for()
        assert place.evaluate("e => getComputedStyle(e, '::after').content") == f'"{words}"'
        expect(page.get_by_role("button", name=f"{label}: {words}", exact=True)).to_be_visible()


def test_the_result_of_a_crowd_takes_at_most_three_screens_of_a_phone(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    with Image.open(EXAMPLES / "crowd.jpg") as image:
        width, height = image.size
        crowd = Image.new("RGB", (2 * width, 2 * height))
        for number in range(4):
            crowd.paste(image, (number % 2 * width, number // 2 * height))
    crowd.save(tmp_path / "crowd.jpg", quality=92)
    size = {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True)
    visit = Visit(context.new_page(), server).open()
    visit.analyse(tmp_path / "crowd.jpg")
    page = visit.page
    page.wait_for_selector("#faces .lens-strip", state="attached", timeout=120_000)
    top = page.locator("#headline").bounding_box()
    last = page.locator("#picture .lens-zoom").bounding_box()
    assert top is not None
    assert last is not None
    assert last["y"] + last["height"] - top["y"] <= 3 * size["height"]
    assert page.locator("#faces .lens-face:visible").count() == CROWD_CARDS
    page.locator("#faces .lens-more > summary").tap()
    assert page.locator("#faces .lens-face:visible").count() == 16
    # A box of a folded card unfolds it again
    page.locator("#faces .lens-more > summary").tap()
    number = page.locator("#faces .lens-more .lens-face").last.get_attribute("id")
    page.evaluate(f"document.querySelector('.lens-box[data-face=\"{(number or '')[5:]}\"]').click()")
    expect(page.locator(f"#{number}")).to_be_visible()
    context.close()
