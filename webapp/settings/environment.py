"""Reading the settings from environment variables. No other module reads or changes them."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from webapp.settings.base import PREFIX, InvalidSetting, validated, values_of
from webapp.settings.installation import CONFIGURABLE, Settings, variable_of
from webapp.settings.space import space_defaults

# Variables such as LENS_SERVICE_HOST or LENS_PORT_7860_TCP, which Kubernetes sets for its services.
_SERVICE_LINK = re.compile(r"LENS_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read LENS_* variables and, on a Space, Hugging Face's own.

    Raises InvalidSetting naming the variable, also for an unknown LENS_* variable.
    """
    _refuse_unknown(environment)
    values = space_defaults(environment) | values_of(Settings, environment)
    # The disk of a Space does not survive a restart, so the database comes back from its newest backup.
    if values.get("space") and values.get("backups"):
        values.setdefault("restore", "latest")
    return validated(Settings, values)


def isolated_environment(
    folder: Path, *, port: int, max_waiting: int, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return an environment for a second server with this machine's settings but no shared state.

    The server stores everything in `folder`, makes no backups and sends no webhooks.
    """
    shared = (
        "LENS_DATABASE_URL",
        "LENS_STORE",
        "LENS_BACKUPS",
        "LENS_RESTORE",
        "LENS_WEBHOOK_URL",
        "LENS_PUBLIC_URL",
        "LENS_METRICS_TOKEN",
        "LENS_REPORT_KEYS",
    )
    inherited = {name: value for name, value in environment.items() if name not in shared}
    return {
        **inherited,
        "LENS_DATA": str(folder / "data"),
        "LENS_CACHE": str(folder / "cache"),
        "LENS_HOST": "127.0.0.1",
        "LENS_PORT": str(port),
        "LENS_BACKUP_HOURS": "0",
        "LENS_MAX_WAITING": str(max_waiting),
    }


def prepare_libraries(settings: Settings) -> None:
    """Set the variables that Gradio, uvicorn, matplotlib and huggingface_hub read when they are imported.

    No telemetry is sent, uploads go to one folder, only trusted proxies may set a visitor's address, and
    caches go to a writable folder.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(settings.cache)
    # By default uvicorn trusts every client on this machine.
    os.environ["FORWARDED_ALLOW_IPS"] = ",".join(settings.trusted_proxies)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    # Otherwise matplotlib searches for a display while the first visitor waits.
    os.environ["MPLBACKEND"] = "agg"
    home = Path(os.environ.get("HOME") or "/nonexistent")
    if os.access(home, os.W_OK):
        return
    os.environ.setdefault("MPLCONFIGDIR", str(settings.data / "matplotlib"))
    # The build of a Space may have put weights there; they can be read although the folder is read-only.
    if not (home / ".cache" / "huggingface").is_dir():
        os.environ.setdefault("HF_HOME", str(settings.data / "huggingface"))


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Raise InvalidSetting for an unknown LENS_* variable, which may be a misspelt setting."""
    known = [variable_of(name) for name in CONFIGURABLE]
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name in known or _is_service_link(name, value):
            continue
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
        raise InvalidSetting(f"{name} is no setting; did you mean {nearest}?")


def _is_service_link(name: str, value: str) -> bool:
    """Return True for the variables that Kubernetes sets if a service is named `lens` or `lens-...`."""
    if _SERVICE_LINK.fullmatch(name):
        return True
    # LENS_PORT and LENS_..._PORT contain an address such as tcp://10.0.0.1:7860, not a port.
    return name.endswith("_PORT") and "://" in value
