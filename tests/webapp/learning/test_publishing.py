"""What is published, to a Hub on the loopback."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from laanet_core.modeling.hub import download
from laanet_core.modeling.loading import load_weights
from tests.hub_server import HubServer
from tests.webapp.learning.conftest import Crowd
from tests.webapp.learning.test_snapshots import code
from tests.webapp.learning.test_switching import challenger, weights, with_admin
from webapp.db.session import Sessions
from webapp.domain.consent import CONSENT_VERSION
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import VersionService
from webapp.services.training import publishing
from webapp.services.training.model_cards import model_card
from webapp.services.training.publishing import PublishingService
from webapp.services.training.snapshots import SnapshotService

pytestmark = pytest.mark.filterwarnings(
    "ignore:Use 'content=:DeprecationWarning"
)  # of the Hub's client, when it uploads


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setattr(
        "huggingface_hub.constants.HF_HUB_DISABLE_XET", True
    )  # the server speaks the older way of large files
    with HubServer() as running:
        yield running


@pytest.fixture
def versions(sessions: Sessions, audit: AuditService, tmp_path: Path) -> VersionService:
    with_admin(sessions)
    return VersionService(sessions, audit, tmp_path / "models", str(weights(tmp_path, "old", 2)))


@pytest.fixture
def service(
    versions: VersionService, snapshots: SnapshotService, audit: AuditService, hub: HubServer
) -> PublishingService:
    return PublishingService(versions, snapshots, audit, endpoint=hub.address)


def test_a_promoted_version_can_be_loaded_from_the_hub_by_its_tag(
    service: PublishingService, versions: VersionService, hub: HubServer, tmp_path: Path
) -> None:
    made = challenger(versions, tmp_path, "new", 3)
    check = {"name": "auc gold", "candidate": 0.9, "champion": 0.8, "low": 0.05, "high": 0.15}
    report = {
        "passed": True,
        "snapshot": "s" * 32,
        "checks": [check],
        "champion": {"sha256": versions.base().sha256, "version": "old"},
    }
    versions.note("new", {**report, "candidate": {"sha256": made.sha256}})
    assert code(service.push_model, "new", "me/lens") == "not_promoted"
    versions.promote("new", "ada")
    published = service.push_model("new", "me/lens")
    assert published.name == "hf://me/lens@new"
    assert hub.repositories["model", "me/lens"].private
    loaded = load_weights(download(published.name, endpoint=hub.address, cache=tmp_path / "cache"))
    assert (loaded.info.sha256, loaded.info.version, loaded.decision.temperature) == (made.sha256, "new", 3.0)
    card = hub.repositories["model", "me/lens"].files["README.md"].decode()
    assert "new < old" in card
    assert f'Detector.from_weights("{published.name}")' in card
    assert "| auc gold | 0.9000 | 0.8000 | +0.0500 to +0.1500 |" in card
    assert made.sha256 in card
    challenger(versions, tmp_path, "newer", 4)
    versions.promote("newer", "ada")
    service.push_model("newer", "me/lens")
    again = load_weights(download(published.name, endpoint=hub.address, cache=tmp_path / "another"))
    assert again.info.sha256 == made.sha256  # the tag stands where it stood
    assert code(service.push_model, "new", "me/lens") == "tag_exists"
    with hub.failing(status=500), pytest.raises(Unable, match=r"500 .*/api/repos/create") as failed:
        service.push_model("newer", "me/other")
    assert failed.value.code == "hub_failed"
    assert service.push_model("old", "me/lens").name == "hf://me/lens@old"  # the first champion answered too


@pytest.mark.parametrize(
    "said",
    [
        "401 for https://h/me?X-Amz-Signature=5ecret&b=1 'x'",
        "https://me:5ecret@h/x refused",
        "token hf_5ecret is invalid",
        "Authorization: Bearer 5ecret",
    ],
)
def test_a_reason_opens_no_doors(said: str) -> None:
    found = publishing._reason(OSError(said))
    assert "5ecret" not in found
    assert len(found) > len("it gave no reason")
    assert publishing._reason(OSError("Connection refused")) == "Connection refused"
    assert publishing._reason(ValueError()) == "it gave no reason"


def test_a_card_says_no_more_of_older_weights_than_they_know(tiny_weights: Path) -> None:
    """The whole snapshot was counted then, gold and all."""
    config = json.loads((tiny_weights / "config.json").read_text())
    older = {**config, "snapshot": {"id": "s" * 32, "sha256": "0" * 64, "real": 23, "fake": 28}}
    assert "Learned from the train part of 23 real and 28 fake faces; the gold part" in model_card(
        older, ["ft-1"], None, "me/lens"
    )


def test_pictures_are_published_only_where_everybody_agreed_to_that(
    service: PublishingService,
    snapshots: SnapshotService,
    crowd: Crowd,
    hub: HubServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd.script.play(crowd.arrivals(3, 2))
    snapshot = snapshots.freeze().public_id
    assert code(service.push_dataset, snapshot, "me/faces") == "consent_forbids"
    assert not hub.repositories
    monkeypatch.setattr(
        publishing, "PUBLISHABLE_CONSENTS", frozenset({CONSENT_VERSION})
    )  # a later text may say so
    published = service.push_dataset(snapshot, "me/faces")
    assert published.name == f"hf://datasets/me/faces@{snapshot}"
    files = hub.repositories["dataset", "me/faces"].files
    table = pd.read_parquet(io.BytesIO(files["metadata.parquet"]))
    assert set(table["file_name"]) == {name for name in files if name.startswith("faces/")}
    assert "3 real" in files["README.md"].decode()
    assert "snapshot.json" not in files
