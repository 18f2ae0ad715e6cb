"""Publication to a Hub on the loopback."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from laanet_core.modeling.hub import download
from laanet_core.modeling.loading import load_weights
from tests.hub_server import HubServer
from tests.model_versions import add_accounts, gate_report, register_candidate, write_weights
from tests.synthetic_uploads import SyntheticUploads, error_code
from webapp.db.session import Sessions
from webapp.domain.consent import CONSENT_VERSION
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.gate_report import GateCheck
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.publishing import PublishingService, without_secrets
from webapp.services.training.snapshots import SnapshotService

# The Hub's client raises this when it uploads.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    # The server of the tests knows the older protocol for large files only.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with HubServer() as running:
        yield running


@pytest.fixture
def versions(sessions: Sessions, audit: AuditService, tmp_path: Path) -> VersionService:
    add_accounts(sessions)
    return VersionService(sessions, audit, tmp_path / "models", str(write_weights(tmp_path, "old", 2)))


@pytest.fixture
def service(
    versions: VersionService, snapshots: SnapshotService, audit: AuditService, hub: HubServer
) -> PublishingService:
    return PublishingService(versions, snapshots, audit, endpoint=hub.address)


def test_a_champion_can_be_loaded_from_the_hub_by_its_tag(
    service: PublishingService, versions: VersionService, hub: HubServer, tmp_path: Path
) -> None:
    candidate = register_candidate(versions, tmp_path, "new", 3)
    report = gate_report(candidate, versions.ensure_champion(), snapshot="s" * 32)
    check = GateCheck(name="auc gold", passed=True, candidate=0.9, champion=0.8, low=0.05, high=0.15)
    versions.store_report("new", report.model_copy(update={"checks": (check,)}))
    assert error_code(service.push_model, "new", "me/lens") == "not_promoted"
    versions.promote("new", "ada")
    revision = service.push_model("new", "me/lens")
    assert revision.name == "hf://me/lens@new"
    assert hub.repositories["model", "me/lens"].private
    loaded = load_weights(download(revision.name, endpoint=hub.address, cache=tmp_path / "cache"))
    assert (loaded.info.sha256, loaded.info.version) == (candidate.sha256, "new")
    assert loaded.decision.temperature == 3.0
    card = hub.repositories["model", "me/lens"].files["README.md"].decode()
    assert "new < old" in card
    assert f'Detector.from_weights("{revision.name}")' in card
    assert "| auc gold | 0.9000 | 0.8000 | +0.0500 to +0.1500 |" in card
    assert candidate.sha256 in card


def test_a_tag_is_never_moved(
    service: PublishingService, versions: VersionService, hub: HubServer, tmp_path: Path
) -> None:
    first = register_candidate(versions, tmp_path, "new", 3)
    versions.promote("new", "ada")
    revision = service.push_model("new", "me/lens")
    register_candidate(versions, tmp_path, "newer", 4)
    versions.promote("newer", "ada")
    service.push_model("newer", "me/lens")
    again = load_weights(download(revision.name, endpoint=hub.address, cache=tmp_path / "cache"))
    assert again.info.sha256 == first.sha256
    assert error_code(service.push_model, "new", "me/lens") == "tag_exists"
    # The first champion was never a candidate, and can be published too.
    assert service.push_model("old", "me/lens").name == "hf://me/lens@old"


def test_an_error_of_the_hub_is_reported(
    service: PublishingService, versions: VersionService, hub: HubServer
) -> None:
    versions.ensure_champion()
    with hub.failing(status=500), pytest.raises(Unable, match=r"500 .*/api/repos/create") as failure:
        service.push_model("old", "me/other")
    assert failure.value.code == "hub_failed"


@pytest.mark.parametrize(
    "message",
    [
        "401 for https://h/me?X-Amz-Signature=5ecret&b=1 'x'",
        "https://me:5ecret@h/x refused",
        "token hf_5ecret is invalid",
        "Authorization: Bearer 5ecret",
    ],
)
def test_secrets_are_removed_from_error_messages(message: str) -> None:
    shown = without_secrets(OSError(message))
    assert "5ecret" not in shown
    assert len(shown) > 15


def test_an_error_message_without_secrets_stays(tmp_path: Path) -> None:
    assert without_secrets(OSError("Connection refused")) == "Connection refused"
    assert without_secrets(ValueError()) == "no reason given"


def test_a_snapshot_is_published_only_with_every_visitors_consent(
    service: PublishingService,
    versions: VersionService,
    snapshots: SnapshotService,
    audit: AuditService,
    uploads: SyntheticUploads,
    hub: HubServer,
) -> None:
    uploads.users.upload_and_decide(uploads.faces(3, 2))
    snapshot = snapshots.freeze().public_id
    assert error_code(service.push_dataset, snapshot, "me/faces") == "consent_forbids"
    assert not hub.repositories
    permitted = PublishingService(
        versions,
        snapshots,
        audit,
        endpoint=hub.address,
        publishable_consents=frozenset({CONSENT_VERSION}),
    )
    revision = permitted.push_dataset(snapshot, "me/faces")
    assert revision.name == f"hf://datasets/me/faces@{snapshot}"
    files = hub.repositories["dataset", "me/faces"].files
    table = pd.read_parquet(io.BytesIO(files["metadata.parquet"]))
    assert set(table["file_name"]) == {name for name in files if name.startswith("faces/")}
    assert "3 real" in files["README.md"].decode()
    assert "snapshot.json" not in files
