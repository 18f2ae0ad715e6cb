"""The staged tree as a Space starts, stops and restarts it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.hub_server import HubServer
from tests.openid_provider import HOST, OpenIDProvider
from tests.spaces.space import STOPS_WITHIN, Space
from webapp.texts import LANGUAGES
from webapp.texts.addresses import address

TOKEN = "token-of-the-scraper"
PERSONAL = "Erika-Mustermann.jpg"


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    space = Space(tmp_path)
    yield space
    space.kill()


def test_a_space_without_its_weights_serves_stops_in_time_and_restores_its_backup(
    space: Space, samples: Path
) -> None:
    """One life of a Space: start, analyses, stop, loss of its disk, restart.

    The Hub lacks the weights, and the Space stops during the analysis of a clip. One test for all of it,
    because every start takes seconds.
    """
    before = space.fingerprint()
    with HubServer() as hub:
        environment = {
            "LENS_WEIGHTS": f"hf://someone/weights@{'c' * 40}",
            "HF_ENDPOINT": hub.address,
            "LENS_METRICS_TOKEN": TOKEN,
        }
        assert space.start(**environment) < 60
        assert hub.requests
    health = space.health()
    assert health["weights"]["used"] == "starter"
    assert health["weights"]["reason"] == "the Hub knows no repository someone/weights, or it is private"
    for texts in LANGUAGES.values():
        page = httpx.get(space.url + address(texts, ""), timeout=30).text
        words = texts.fallback_weights.format(name="laanet-lite", version=health["model"]["version"])
        assert words in page or json.dumps(words)[1:-1] in page
    # Sign-in is not configured.
    for closed in ("/login/huggingface", "/login/callback"):
        assert httpx.get(space.url + closed, timeout=30).status_code == 404

    receipt = space.analyse(samples / "two_people.jpg", name=PERSONAL).json()["receipt"]
    # Not a picture.
    space.analyse(Path(__file__), name=PERSONAL)
    vote = {
        "face": 0,
        "vote": "disagree",
        "note": "a note about a person",
        "idempotency_key": "key-of-the-vote",
    }
    assert (
        httpx.post(f"{space.url}/api/v1/results/{receipt}/feedback", json=vote, timeout=30).status_code == 200
    )
    _check_metrics(space, receipt)

    late = _stop_during_an_analysis(space)
    assert late.status_code == 200
    log = space.log.read_text(encoding="utf-8")
    for secret in (
        PERSONAL,
        "Mustermann",
        "a note about a person",
        receipt,
        late.json()["receipt"],
        TOKEN,
        "127.0.0.1:",
    ):
        assert secret not in log.replace(space.url, ""), secret
    assert all(line.startswith("{") for line in log.splitlines())
    assert any("falling back to the starter weights" in line["message"] for line in space.lines())
    assert space.lines()[-1]["message"] == "stopped"

    space.wipe()
    with OpenIDProvider() as provider:
        space.start(**provider.environment, LENS_HF_ORGANISATION="lens-moderators")
        _sign_in(space)
    assert space.health()["weights"] == {"wanted": "starter", "used": "starter", "reason": None}
    assert space.result(receipt).json()["feedback"][0]["note"] == "a note about a person"
    assert space.result(late.json()["receipt"]).status_code == 200
    assert space.fingerprint() == before


def _sign_in(space: Space) -> None:
    """Sign in as a member of the organisation, at the Space's own address."""
    with httpx.Client(
        base_url=space.url, headers={"Host": HOST, "X-Forwarded-Proto": "https"}, timeout=30
    ) as browser:
        start = browser.get("/sign-in/huggingface")
        back = httpx.get(start.headers["location"]).headers["location"].removeprefix(f"https://{HOST}")
        done = browser.get(back, headers={"Cookie": start.headers["set-cookie"].partition(";")[0]})
        session = done.headers.get_list("set-cookie")[0].partition(";")[0]
        assert browser.get("/moderate/desk/state").status_code == 401
        assert (
            browser.get("/moderate/desk/state", headers={"Cookie": session}).json()["person"]["name"]
            == "hf:ada-l"
        )


def _check_metrics(space: Space, receipt: str) -> None:
    address = f"{space.url}/metrics"
    assert httpx.get(address, timeout=30).status_code == 401
    assert httpx.get(address, headers={"Authorization": "Bearer wrong"}, timeout=30).status_code == 401
    figures = httpx.get(address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30).text
    assert 'lens_analyses_total{kind="image",outcome="verdict"} 1.0' in figures
    assert 'lens_decode_errors_total{code="unsupported_type"} 1.0' in figures
    assert 'lens_requests_total{method="POST",page="/api/v1/analyse",status="200"} 1.0' in figures
    assert 'lens_requests_total{method="POST",page="/api/v1/results",status="200"} 1.0' in figures
    assert 'lens_analysis_seconds_count{kind="image"} 2.0' in figures
    assert "lens_queue_length 0.0" in figures
    assert 'lens_model_info{name="laanet-lite"' in figures
    assert receipt not in figures


def _stop_during_an_analysis(space: Space) -> httpx.Response:
    answers: list[httpx.Response] = []
    clip = ROOT / "webapp" / "examples" / "clip.mp4"
    client = threading.Thread(target=lambda: answers.append(space.analyse(clip)))
    client.start()
    deadline = time.monotonic() + 30
    while space.health()["running"] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert space.stop() < STOPS_WITHIN
    assert space.process is not None
    assert space.process.returncode == 0
    client.join(timeout=30)
    return answers[0]


@pytest.mark.proof
def test_a_hub_that_hangs_delays_the_start_by_less_than_half_a_minute(space: Space) -> None:
    with HubServer() as hub, hub.failing(delay=300):
        seconds = space.start(LENS_WEIGHTS="hf://someone/weights@v1", HF_ENDPOINT=hub.address)
        assert seconds < 30
        assert "within 12 seconds" in space.health()["weights"]["reason"]


@pytest.mark.proof
def test_three_restarts_with_the_disk_wiped(space: Space, samples: Path) -> None:
    """Orderly restarts lose nothing.

    A crash loses nothing from before the time in `backed_up` of /healthz.
    """
    receipts: list[str] = []
    for life in range(3):
        space.start(LENS_BACKUP_HOURS="0.0005")
        assert all(space.result(receipt).status_code == 200 for receipt in receipts)
        receipts.append(space.analyse(samples / "two_people.jpg", consent="true").json()["receipt"])
        assert httpx.get(f"{space.url}/api/v1/results/{receipts[0]}/export", timeout=30).status_code == 200
        created = time.time()
        if life == 1:
            while (safe := space.health()["backed_up"]) is None or datetime.fromisoformat(
                safe
            ).timestamp() < created:
                time.sleep(0.2)
            space.kill()
        else:
            assert space.stop() < STOPS_WITHIN
        space.wipe()
    space.start()
    assert all(space.result(receipt).status_code == 200 for receipt in receipts)
