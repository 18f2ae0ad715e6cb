"""Browser tests of everything after a result: reports, receipt page, deletion, regions, languages."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import httpx
import numpy as np
import numpy.typing as npt
import pypdf
import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import create_engine, text

from tests.conftest import Server
from tests.e2e.conftest import Visit
from webapp.domain.clock import now
from webapp.media.masks import painted_pixels
from webapp.texts import LANGUAGES
from webapp.texts.addresses import address
from webapp.texts.formats import date_text
from webapp.texts.sentences import percent_text
from webapp.ui.pages.analyse.layout import EXAMPLES


def test_every_photo_has_its_own_result(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "two_people.jpg", samples / "astronaut.png")
    page = visit.page
    assert page.locator("#chooser label").count() >= 2
    assert page.locator("#faces tbody tr").count() == 2
    page.get_by_label(re.compile(r"2\. .+: astronaut\.png$")).check()
    expect(page.locator("#faces tbody tr")).to_have_count(1)
    expect(page.locator("#faces .lens-strip")).to_have_count(1, timeout=60_000)


def test_stability_strip_and_reports_have_the_digits_of_the_headline(visit: Visit) -> None:
    headline = visit.analyse(EXAMPLES / "astronaut-self-blended.jpg")
    page = visit.page
    number = re.findall(r"\d+%", headline)[0]
    page.wait_for_selector("#faces .lens-strip", timeout=60_000)
    strip = page.locator("#faces .lens-strip li strong").all_text_contents()
    assert strip[0] == number
    assert len(strip) == 6
    with page.expect_download() as pdf:
        page.click("#report-pdf")
    words = " ".join(
        part.extract_text() for part in pypdf.PdfReader(io.BytesIO(Path(pdf.value.path()).read_bytes())).pages
    )
    exact = page.locator("#faces tbody td").nth(1).text_content() or ""
    assert percent_text(float(exact), LANGUAGES["en"]) == number
    assert exact in words
    with page.expect_download() as data:
        page.click("#report-json")
    assert f"{json.loads(Path(data.value.path()).read_text())['fake_prob']:.4f}" == exact


def test_consistency_maps_load_when_their_panel_opens(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "astronaut.png")
    assert visit.page.locator("#consistency img").count() == 0
    visit.page.get_by_role("button", name="Consistency maps").click()
    visit.page.wait_for_selector("#consistency img", timeout=30_000)


def test_points_boxes_and_comparison_work_by_keyboard(visit: Visit) -> None:
    visit.analyse(EXAMPLES / "astronaut-self-blended.jpg")
    page = visit.page
    assert page.locator("#picture .lens-point").count() > 0
    assert not page.locator("#picture .lens-point").first.is_visible()
    page.get_by_label("Most suspicious spots").focus()
    page.keyboard.press("Space")
    assert page.locator("#picture .lens-point").first.is_visible()
    page.get_by_label("Boxes").focus()
    page.keyboard.press("Space")
    assert not page.locator("#picture .lens-box").first.is_visible()
    page.get_by_label("Original and heatmap").focus()
    page.keyboard.press("End")
    assert (
        page.locator("#picture .lens-heat").evaluate("e => getComputedStyle(e).clipPath")
        == "inset(0px 0px 0px 100%)"
    )


def test_the_link_shows_the_result_and_its_votes_until_it_is_deleted(
    visit: Visit, samples: Path, server: Server
) -> None:
    note = "wildebeest <script>alert('x')</script> \u202e\U0001f600 '; DROP TABLE analysis; --"
    headline = visit.analyse(samples / "two_people.jpg")
    page = visit.page
    page.get_by_label("Disagree").check()
    page.locator("#note textarea").fill(note)
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("Saved")
    link = page.locator("#link input, #link textarea").first.input_value()
    page.goto(link)
    page.wait_for_selector("#stored-head .lens-head", timeout=30_000)
    assert re.findall(r"\d+%", headline)[0] in page.inner_text("#stored-result")
    assert page.locator("#stored-result .lens-note").evaluate("e => e.textContent") == note
    # The file is not kept, so moderators will not decide
    expect(page.locator("#notice")).to_be_hidden()
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#stored-result")).to_contain_text("Nothing of this result is left")
    page.reload()
    expect(page.locator("#stored-result")).to_contain_text(
        "There is no result under this link", timeout=30_000
    )
    engine = create_engine(f"sqlite:///{server.database}")
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM feedback WHERE note LIKE '%wildebeest%'")).scalar()
            == 0
        )
    engine.dispose()
    assert visit.complaints == []
    assert visit.foreign == []


def test_deletion_removes_the_result_from_the_page(visit: Visit, samples: Path) -> None:
    visit.analyse(samples / "astronaut.png")
    visit.page.click("#delete")
    visit.page.click("#delete-sure")
    expect(visit.page.locator("#deleted")).to_contain_text("Deleted")
    expect(visit.page.locator("#feedback")).to_be_hidden()


def test_a_result_that_was_deleted_elsewhere_leaves_the_page(
    visit: Visit, samples: Path, server: Server
) -> None:
    visit.analyse(samples / "astronaut.png")
    page = visit.page
    receipt = page.locator("#link input, #link textarea").first.input_value().partition("#")[2]
    assert httpx.delete(f"{server.url}/api/v1/results/{receipt}").status_code == 200
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#deleted")).to_contain_text("Deleted")
    expect(page.locator("#feedback")).to_be_hidden()


def test_another_link_in_the_same_tab_shows_another_result(
    visit: Visit, samples: Path, server: Server
) -> None:
    """Deletion affects the shown result alone. Both languages show the same result."""
    receipts = []
    for path in (samples / "astronaut.png", EXAMPLES / "astronaut-self-blended.jpg"):
        answer = httpx.post(
            f"{server.url}/api/v1/analyse", files={"file": ("x", path.read_bytes())}, timeout=60
        )
        receipts.append(answer.json()["receipt"])
    page, shown = visit.page, visit.page.locator("#stored-result h2")
    page.goto(f"{server.url}/receipt#{receipts[0]}")
    expect(shown).to_contain_text("No sign of manipulation", timeout=30_000)
    page.goto(f"{server.url}/receipt#{receipts[1]}")
    expect(shown).to_contain_text("Looks manipulated", timeout=30_000)
    page.click("a[hreflang=zh]")
    expect(shown).to_contain_text(LANGUAGES["zh"].outcomes["fake"][0], timeout=30_000)
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#stored-result")).to_contain_text(LANGUAGES["zh"].deleted)
    assert [httpx.get(f"{server.url}/api/v1/results/{receipt}").status_code for receipt in receipts] == [
        200,
        404,
    ]


def test_a_link_pasted_during_page_load_stays(visit: Visit, samples: Path, server: Server) -> None:
    """A visitor on a slow line may paste a link before the page has looked up the one in its address."""
    answer = httpx.post(
        f"{server.url}/api/v1/analyse",
        files={"file": ("x", (samples / "astronaut.png").read_bytes())},
        timeout=60,
    )
    page, delayed = visit.page, list[Route]()
    page.route(
        "**/gradio_api/queue/join*", lambda route: route.continue_() if delayed else delayed.append(route)
    )
    page.goto(f"{server.url}/receipt")
    field = page.locator("#receipt textarea, #receipt input").first
    # The first request is the page's own; later ones pass
    while not delayed:
        page.wait_for_timeout(20)
    field.fill(answer.json()["receipt"])
    field.press("Enter")
    expect(page.locator("#stored-result h2")).to_contain_text("No sign of manipulation", timeout=30_000)
    with page.expect_response("**/gradio_api/queue/data*"):
        delayed[0].continue_()
    page.wait_for_timeout(1000)
    expect(field).to_have_value(answer.json()["receipt"])
    expect(page.locator("#stored-result h2")).to_contain_text("No sign of manipulation")


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_page_report_and_receipt_have_the_language_of_the_address(
    visit: Visit, samples: Path, code: str
) -> None:
    texts, page = LANGUAGES[code], visit.page
    visit.open(place=address(texts, ""))
    assert str(page.evaluate("document.documentElement.lang")).startswith(code)
    visit.analyse(samples / "astronaut.png")
    shown = page.inner_text("#result")
    assert texts.fake_probability in shown
    assert not re.search(r"\b(Verdict|manipulated|Send|Report)\b", shown)
    with page.expect_download() as pdf:
        page.click("#report-pdf")
    report = pypdf.PdfReader(pdf.value.path()).pages[0].extract_text()
    assert texts.report.titles["image"] in report
    link = page.input_value("#link textarea, #link input")
    assert f"{address(texts, 'receipt')}#" in link
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator("#stored-result")).to_contain_text(texts.decision, timeout=30_000)
    expect(page.locator("#stored-result")).to_contain_text(date_text(now(), texts))


def test_a_picture_can_be_pasted(visit: Visit, samples: Path) -> None:
    """A paste event with a file, like the one for Ctrl+V."""
    data = list((samples / "astronaut.png").read_bytes())
    visit.page.evaluate(
        """bytes => {
            const carrier = new DataTransfer();
            carrier.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
            document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carrier, bubbles: true}));
        }""",
        data,
    )
    visit.page.wait_for_selector("#file .file-preview")
    assert "pasted" in visit.page.inner_text("#file")


def test_a_painted_region_is_stored_with_the_vote(visit: Visit, samples: Path, server: Server) -> None:
    visit.analyse(samples / "astronaut.png")
    page = visit.page
    page.get_by_label("Disagree").check()
    page.locator("#note textarea").fill("painted here")
    page.get_by_role("button", name="Mark the region").click()
    canvas = page.locator("#region canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 30, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=8)
    page.mouse.up()
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("Saved")
    painted = painted_region(server, "painted here")
    assert max(painted.shape) == 512
    rows, columns = np.nonzero(painted)
    assert 0.003 < painted.mean() < 0.1
    assert abs(columns.mean() / painted.shape[1] - 0.5) < 0.1
    assert abs(rows.mean() / painted.shape[0] - 0.5) < 0.1


def test_a_region_is_marked_by_keyboard_and_belongs_to_one_result(
    visit: Visit, samples: Path, server: Server
) -> None:
    visit.analyse(samples / "two_people.jpg")
    page, words = visit.page, visit.page.locator("#region [role=status]")
    page.get_by_role("button", name="Mark the region").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Box a face").focus()
    page.keyboard.press("Enter")
    expect(words).to_contain_text("A region is marked")
    for key in ("ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.get_by_label("Disagree").check()
    page.locator("#note textarea").fill("boxed here")
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("Saved")
    painted = painted_region(server, "boxed here")
    rows, columns = np.nonzero(painted)
    scale = painted.shape[1] / 1126
    # The box of the first face in the photo
    left, top, right, bottom = (side * scale for side in (788, 46, 942, 255))
    step = (right - left) / 12
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.subtract(found, (left - step, top, right - step, bottom + step))).max() < 2
    visit.analyse(samples / "astronaut.png")
    page.get_by_role("button", name="Mark the region").click()
    expect(words).to_contain_text("Nothing is marked yet")
    page.get_by_label("Disagree").check()
    page.locator("#note textarea").fill("nothing boxed")
    page.click("#send")
    expect(page.locator("#thanks")).to_contain_text("Saved")
    with pytest.raises(LookupError):
        painted_region(server, "nothing boxed")


def painted_region(server: Server, note: str) -> npt.NDArray[np.bool_]:
    """Return the region (H, W) of the vote with this note. Raises LookupError without one."""
    engine = create_engine(f"sqlite:///{server.database}")
    with engine.connect() as connection:
        stored = text(
            "SELECT png FROM region JOIN feedback ON feedback.id = region.feedback_id WHERE note = :note"
        )
        region = connection.execute(stored, {"note": note}).scalar()
    engine.dispose()
    if region is None:
        raise LookupError(note)
    return painted_pixels(region)
