"""Publication on the Hugging Face Hub: model versions, and snapshots if the visitors consented to it."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError

from webapp.db.audit_chain import Event
from webapp.domain.consent import PUBLISHABLE_CONSENTS
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.version_files import CONFIG, TENSORS
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.model_cards import dataset_card, model_card
from webapp.services.training.snapshot_index import PACK, read_index
from webapp.services.training.snapshots import SnapshotService

# Hub tokens, bearer tokens, user names in URLs, and query strings (which may be signed)
_SECRET = re.compile(r"hf_\w+|(?i:(?<=bearer )\S+)|(?<=://)[^/\s@]+@|\?[^\s\"')]+")
# Longest error message that is shown, in characters
_MAX_REASON = 300
# Length of the database column of audit subjects, in characters
_SUBJECT_LENGTH = 64
_HUB_ERRORS = (HfHubHTTPError, HTTPError, HFValidationError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class PublishedRevision:
    """A revision on the Hub.

    `name` is the address: for weights a value of LENS_WEIGHTS. `commit` is the id of the tagged commit.
    """

    name: str
    tag: str
    commit: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


class PublishingService:
    """Uploads to the Hub, with the account that huggingface_hub is signed in to.

    Raises Unable: hub_failed, tag_exists, and the codes that each method names.
    """

    def __init__(
        self,
        versions: VersionService,
        snapshots: SnapshotService,
        audit: AuditService,
        *,
        endpoint: str | None = None,
        publishable_consents: frozenset[str] = PUBLISHABLE_CONSENTS,
    ) -> None:
        """Set the versions of the consent text that allow publication (`publishable_consents`)."""
        self._versions = versions
        self._snapshots = snapshots
        self._audit = audit
        self._publishable_consents = publishable_consents
        self._api = HfApi(endpoint=endpoint)

    def push_model(self, version: str, repository: str, *, public: bool = False) -> PublishedRevision:
        """Upload weights, `config.json` and card of a present or former champion. Tag them with the version.

        Raises Unable also with unknown_version, model_changed, not_promoted, stale_snapshot.
        """
        registered = self._versions.verify(version)
        if not self._versions.summary(version).answered:
            message = f"{version} was never the champion; only champions are published"
            raise Unable("not_promoted", message)
        self._versions.require_fresh(version)
        config = json.loads((registered.folder / CONFIG).read_text(encoding="utf-8"))
        card = model_card(
            config,
            lineage=self._versions.lineage(version),
            report=self._versions.report(version),
            repository=repository,
        )
        with tempfile.TemporaryDirectory() as folder:
            for name in (TENSORS, CONFIG):
                shutil.copyfile(registered.folder / name, Path(folder) / name)
            (Path(folder) / "README.md").write_text(card, encoding="utf-8")
            commit = self._upload(Path(folder), repository, kind="model", tag=version, public=public)
        revision = PublishedRevision(name=f"hf://{repository}@{version}", tag=version, commit=commit)
        self._record(f"model:{version}", revision)
        return revision

    def push_dataset(self, snapshot: str, repository: str, *, public: bool = False) -> PublishedRevision:
        """Upload the pictures and the table of a snapshot.

        Every visitor must have consented to publication, because downloads cannot be revoked.
        Raises Unable also with consent_forbids, unknown_snapshot, stale_snapshot, snapshot_changed.
        """
        folder = self._snapshots.verify(snapshot)
        index = read_index(folder)
        forbidding = Counter(
            item.consent for item in index.items if item.consent not in self._publishable_consents
        )
        if forbidding:
            raise Unable(
                "consent_forbids",
                f"the visitors of {forbidding.total()} of {len(index.items)} pictures consented to storage "
                "and training here, not to publication",
            )
        with tempfile.TemporaryDirectory() as upload:
            shutil.copytree(folder / PACK, Path(upload) / PACK)
            for table in folder.glob("metadata.*"):
                shutil.copyfile(table, Path(upload) / table.name)
            (Path(upload) / "README.md").write_text(dataset_card(index), encoding="utf-8")
            commit = self._upload(Path(upload), repository, kind="dataset", tag=snapshot, public=public)
        address = f"hf://datasets/{repository}@{snapshot}"
        revision = PublishedRevision(name=address, tag=snapshot, commit=commit)
        self._record(f"snapshot:{snapshot}", revision)
        return revision

    def _upload(self, folder: Path, repository: str, kind: str, tag: str, public: bool) -> str:
        """Upload a folder, tag the commit and return its id. A tag is never moved."""
        try:
            self._api.create_repo(repository, repo_type=kind, private=not public, exist_ok=True)
            refs = self._api.list_repo_refs(repository, repo_type=kind)
            if tag in {ref.name for ref in refs.tags}:
                raise Unable("tag_exists", f"{repository} has a tag {tag} already")
            upload = self._api.upload_folder(
                repo_id=repository, repo_type=kind, folder_path=folder, commit_message=tag
            )
            commit: str = upload.oid
            self._api.create_tag(repository, tag=tag, revision=commit, repo_type=kind)
        except _HUB_ERRORS as error:
            reason = f"{type(error).__name__}: {without_secrets(error)}"
            raise Unable("hub_failed", f"the Hub refused {repository} ({reason})") from error
        return commit

    def _record(self, subject: str, revision: PublishedRevision) -> None:
        event = Event(Actor.SYSTEM, Action.PUBLISHED, subject[:_SUBJECT_LENGTH], revision.to_json())
        self._audit.record(event)


def without_secrets(error: Exception) -> str:
    """Return an error's message, shortened, without tokens, user names and query strings."""
    message = " ".join(_SECRET.sub("...", str(error)).split())
    return message[:_MAX_REASON] or "no reason given"
