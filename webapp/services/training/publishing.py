"""A version of the model, or a snapshot whose consents allow it, on the Hugging Face Hub."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError

from webapp.db.audit_chain import Event
from webapp.domain.consent import PUBLISHABLE_CONSENTS
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import CONFIG, TENSORS, VersionService
from webapp.services.training.model_cards import dataset_card, model_card
from webapp.services.training.snapshot_files import SEAL
from webapp.services.training.snapshots import SnapshotService

_SECRET = re.compile(
    r"hf_\w+|(?i:(?<=bearer )\S+)|(?<=://)[^/\s@]+@|\?[^\s\"')]+"
)  # tokens, names in addresses, and signed queries
_LONGEST = 300  # characters
_ERRORS = (HfHubHTTPError, HTTPError, HFValidationError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class Published:
    """`name` is what LENS_WEIGHTS may be set to, or a data set's address; `commit` what the tag stands for."""

    name: str
    tag: str
    commit: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "tag": self.tag, "commit": self.commit}


class PublishingService:
    """Signed in as huggingface_hub is. Raises Unable: hub_failed, and with the codes that each method names."""

    def __init__(
        self,
        versions: VersionService,
        snapshots: SnapshotService,
        audit: AuditService,
        *,
        endpoint: str | None = None,
    ) -> None:
        self._versions = versions
        self._snapshots = snapshots
        self._audit = audit
        self._api = HfApi(endpoint=endpoint)

    def push_model(self, version: str, repository: str, *, public: bool = False) -> Published:
        """The two files of a version that answers or did, a card, and a tag of the version's name, which is never moved.

        Raises Unable also with unknown_version, model_changed, not_promoted, stale_snapshot, tag_exists.
        """
        standing = self._versions.checked(version)
        facts = self._versions.facts(version)
        if not facts["answered"]:
            raise Unable("not_promoted", f"{version} never answered; only what did is published")
        self._versions.require_fresh(version)
        config = json.loads((standing.folder / CONFIG).read_text(encoding="utf-8"))
        card = model_card(config, self._versions.lineage(version), self._versions.report(version), repository)
        with tempfile.TemporaryDirectory() as made:
            for name in (TENSORS, CONFIG):
                shutil.copyfile(standing.folder / name, Path(made) / name)
            (Path(made) / "README.md").write_text(card, encoding="utf-8")
            commit = self._upload(Path(made), repository, "model", version, public)
        published = Published(f"hf://{repository}@{version}", version, commit)
        self._tell(f"model:{version}", published)
        return published

    def push_dataset(self, public_id: str, repository: str, *, public: bool = False) -> Published:
        """The pictures of a snapshot and the table of what is known of them. What somebody else has fetched cannot be taken back, so
        each visitor must have agreed to just that.

        Raises Unable also with consent_forbids, unknown_snapshot, stale_snapshot, snapshot_changed, tag_exists.
        """
        folder = self._snapshots.verify(public_id)
        seal = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        forbidding = Counter(
            item["consent"] for item in seal["items"] if item["consent"] not in PUBLISHABLE_CONSENTS
        )
        if forbidding:
            raise Unable(
                "consent_forbids",
                f"for {forbidding.total()} of {len(seal['items'])} pictures it was agreed that they are kept and learned from here, "
                "not that they are given to others",
            )
        with tempfile.TemporaryDirectory() as made:
            shutil.copytree(folder / "faces", Path(made) / "faces")
            for table in folder.glob("metadata.*"):
                shutil.copyfile(table, Path(made) / table.name)
            (Path(made) / "README.md").write_text(dataset_card(seal), encoding="utf-8")
            commit = self._upload(Path(made), repository, "dataset", public_id, public)
        published = Published(f"hf://datasets/{repository}@{public_id}", public_id, commit)
        self._tell(f"snapshot:{public_id}", published)
        return published

    def _upload(self, folder: Path, repository: str, kind: str, tag: str, public: bool) -> str:
        """Returns the commit. Raises Unable: hub_failed, tag_exists."""
        try:
            self._api.create_repo(repository, repo_type=kind, private=not public, exist_ok=True)
            refs = self._api.list_repo_refs(repository, repo_type=kind)
            if tag in {found.name for found in refs.tags}:
                raise Unable("tag_exists", f"{repository} has a tag {tag} already")
            done = self._api.upload_folder(
                repo_id=repository, repo_type=kind, folder_path=folder, commit_message=tag
            )
            commit: str = done.oid
            self._api.create_tag(repository, tag=tag, revision=commit, repo_type=kind)
        except _ERRORS as error:
            raise Unable(
                "hub_failed", f"the Hub did not take {repository} ({type(error).__name__}: {_reason(error)})"
            ) from error
        return commit

    def _tell(self, subject: str, published: Published) -> None:
        self._audit.tell(Event(Actor.SYSTEM, Action.PUBLISHED, subject[:64], published.to_json()))


def _reason(error: Exception) -> str:
    """What an error says, without what opens doors."""
    said = " ".join(_SECRET.sub("...", str(error)).split())
    return said[:_LONGEST] or "it gave no reason"
