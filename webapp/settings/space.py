"""Variables that Hugging Face sets in a Space, and the defaults that differ there."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from webapp.settings.base import ExplicitSettings, InvalidSetting, validated, values_of
from webapp.settings.values import WholeNumber

_HOST = re.compile(r"[\w-]+(\.[\w-]+)+", re.ASCII)
# The client secret is sent to this address, so plain HTTP is allowed for this machine only.
_PROVIDER = re.compile(r"https://[\w.:-]+(/[\w./-]*)?|http://127\.0\.0\.1:\d+", re.ASCII)


@dataclass(frozen=True)
class SpaceOAuth:
    """OpenID Connect client that Hugging Face registered for a Space.

    `provider` has no slash at the end. `host` is the first name in SPACE_HOST, the Space's direct address.
    """

    provider: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    host: str

    @property
    def url(self) -> str:
        """Return the Space's direct address."""
        return f"https://{self.host}"


class SpaceVariables(ExplicitSettings):
    """Variables that Hugging Face sets in a Space."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    space_id: str | None = None
    space_host: str = ""
    spaces_zero_gpu: str = ""
    gradio_server_port: WholeNumber = Field(default=7860, ge=1, le=65535)
    openid_provider_url: str = ""
    oauth_client_id: str = ""
    oauth_client_secret: str = Field(default="", repr=False)
    oauth_scopes: str = ""

    @property
    def zero_gpu(self) -> bool:
        """Return True if the Space borrows a GPU for each call, in the spellings of the package `spaces`."""
        return self.spaces_zero_gpu.lower() in ("1", "t", "true")

    @property
    def oauth(self) -> SpaceOAuth | None:
        """Return the OpenID Connect client; None if the Space's card does not ask for one.

        Raises InvalidSetting.
        """
        required = (
            self.openid_provider_url,
            self.space_host,
            self.oauth_client_id,
            self.oauth_client_secret,
            self.oauth_scopes,
        )
        if not all(required):
            return None
        host = self.space_host.split(",")[0].strip()
        if not _PROVIDER.fullmatch(self.openid_provider_url):
            raise InvalidSetting(
                "OPENID_PROVIDER_URL must be an address that begins with https://, "
                f"not {self.openid_provider_url!r}"
            )
        if not _HOST.fullmatch(host):
            raise InvalidSetting(
                f"SPACE_HOST must be host names, separated by commas, not {self.space_host!r}"
            )
        return SpaceOAuth(
            provider=self.openid_provider_url.rstrip("/"),
            client_id=self.oauth_client_id,
            client_secret=self.oauth_client_secret,
            scopes=tuple(self.oauth_scopes.split()),
            host=host,
        )


def space_defaults(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the defaults that differ on a Space, and an empty dictionary elsewhere.

    On a Space the app's folder may be read-only, and the disk does not survive a restart.
    """
    if "SPACE_ID" not in environment:
        return {}
    variables = validated(SpaceVariables, values_of(SpaceVariables, environment))
    disk = Path(tempfile.gettempdir()) / "lens"
    defaults: dict[str, Any] = {
        "data": disk / "data",
        "cache": disk / "uploads",
        "host": "0.0.0.0",
        "port": variables.gradio_server_port,
        "backup_hours": 0.25,
        "log": "json",
        "space": True,
        "oauth": variables.oauth,
        "zero_gpu": variables.zero_gpu,
    }
    if variables.zero_gpu:
        # Each concurrent analysis would borrow a GPU of its own.
        defaults["at_once"] = 1
    return defaults
