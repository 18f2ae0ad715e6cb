"""All settings of an installation."""

from __future__ import annotations

from pathlib import Path

from webapp.settings.analysis import DecodingSettings, ModelSettings, QueueSettings
from webapp.settings.base import PREFIX
from webapp.settings.moderation import ModerationSettings
from webapp.settings.monitoring import MonitoringSettings
from webapp.settings.network import NetworkSettings
from webapp.settings.space import SpaceOAuth
from webapp.settings.storage import BackupSettings, ReportSettings, StorageSettings
from webapp.settings.training import TrainingSettings


# The fields of the last base class come first, in the table of the documentation too.
class Settings(
    MonitoringSettings,
    TrainingSettings,
    BackupSettings,
    ReportSettings,
    ModerationSettings,
    DecodingSettings,
    StorageSettings,
    QueueSettings,
    ModelSettings,
    NetworkSettings,
):
    """Settings of an installation. The variable of a field is LENS_ and its name in capitals.

    `space`, `zero_gpu` and `oauth` describe the machine; `from_environment` derives them from Hugging Face's
    variables.
    """

    oauth: SpaceOAuth | None = None
    space: bool = False
    zero_gpu: bool = False

    @property
    def backups_folder(self) -> Path:
        """Return the folder of the backups, or of their local copies if a repository has them."""
        if self.backups and not self.backups_repository:
            return Path(self.backups)
        return self.data / "backups"

    @property
    def report_host(self) -> str:
        """Return the public address that reports name; "" if it is unknown."""
        if self.public_url:
            return self.public_url
        return "" if self.oauth is None else self.oauth.url

    @property
    def private(self) -> list[str]:
        """Return the folders whose files are never served by path."""
        folders = [str(self.data), str(self.backups_folder), str(self.uploads)]
        is_media_folder = "://" not in self.media
        if is_media_folder:
            folders.append(self.media)
        return folders


# Fields that no variable sets.
_DERIVED = ("oauth", "space", "zero_gpu")
CONFIGURABLE = {name: info for name, info in Settings.model_fields.items() if name not in _DERIVED}


def variable_of(name: str) -> str:
    """Return the environment variable that sets the field `name`."""
    return PREFIX + name.upper()
