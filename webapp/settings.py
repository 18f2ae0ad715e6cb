"""Settings of an installation, read from the environment. No other module reads it.

`python -m webapp.settings` prints the table of docs/hosting.md.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from laanet_core.results import InferencePrecision
from laanet_core.runtimes.base import RuntimeChoice

Model = TypeVar("Model", bound=BaseSettings)
ROOT = Path(__file__).resolve().parents[1]
PREFIX = "LENS_"

_DATASET_REPOSITORY = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)", re.ASCII)
_PUBLIC_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_ORGANISATION = re.compile(r"[\w.-]{1,64}", re.ASCII)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+", re.ASCII)
# The client secret is sent to this address, so plain HTTP is allowed for this machine only.
_PROVIDER = re.compile(r"https://[\w.:-]+(/[\w./-]*)?|http://127\.0\.0\.1:\d+", re.ASCII)
# Variables such as LENS_SERVICE_HOST or LENS_PORT_7860_TCP, which Kubernetes sets for its services.
_SERVICE_LINK = re.compile(r"LENS_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
# Characters. A shorter secret could be guessed.
_MIN_SECRET = 16
# Each analysis holds an image, or a batch of frames, in memory.
_MAX_ANALYSES = 16


class InvalidSetting(Exception):
    """An environment variable that is unknown or has an unusable value. The message names the variable."""


def _concurrent_analyses() -> int:
    """Return one analysis per processor, and one that decodes its file or stores its result meanwhile."""
    has_affinity = hasattr(os, "sched_getaffinity")
    processors = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return min(processors + 1, _MAX_ANALYSES)


def _digits_only(value: object) -> object:
    """Refuse other spellings that Python takes for an integer, such as "1_0", " 5" or "²"."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError
    return value


def _decimal_only(value: object) -> object:
    """Refuse other spellings that Python takes for a float, such as "1e3", "nan" or " 5"."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", value):
        raise ValueError
    return value


def _resolved(value: object) -> object:
    """Return a path as an absolute path; leave a value of another type to pydantic."""
    if not isinstance(value, (str, Path)):
        return value
    return Path(value).resolve()


def _comma_separated(value: object) -> object:
    """Split a text at commas; leave a value of another type to pydantic."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    return tuple(part for part in parts if part)


def _space_separated(value: object) -> object:
    """Split a text at white space; leave a value of another type to pydantic."""
    if not isinstance(value, str):
        return value
    return tuple(value.split())


def _path_list(value: object) -> object:
    """Split a list of paths as PATH is split; leave a value of another type to pydantic."""
    if not isinstance(value, str):
        return value
    return tuple(Path(part).resolve() for part in value.split(os.pathsep) if part)


def _optional_path(value: object) -> object:
    """Return a path as an absolute path, and None for an empty variable."""
    return None if value == "" else _resolved(value)


WholeNumber = Annotated[int, BeforeValidator(_digits_only)]
Decimal = Annotated[float, BeforeValidator(_decimal_only)]
Folder = Annotated[Path, BeforeValidator(_resolved)]


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


class ExplicitSettings(BaseSettings):
    """Settings that take values from the constructor only; `from_environment` passes the variables."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the environment, files and secrets out."""
        return (init_settings,)


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


class Settings(ExplicitSettings):
    """Settings of an installation. The variable of a field is LENS_ and its name in capitals.

    `space`, `zero_gpu` and `oauth` describe the machine; `from_environment` derives them from Hugging Face's
    variables.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", enable_decoding=False, protected_namespaces=()
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: WholeNumber = Field(default=7860, ge=1, le=65535, description="Port to listen on.")
    public_url: str = Field(
        default="",
        description="Address that people open, such as `https://lens.example`. Default: host and port.",
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_comma_separated)] = Field(
        default=(),
        description="Addresses or networks of the proxies in front, separated by commas. "
        "Only they may set `X-Forwarded-For`.",
    )

    weights: str = Field(
        default="starter", description="Weights: `starter`, a folder, or `hf://owner/repo@revision`."
    )
    device: str = Field(default="auto", description="`auto`, `cpu`, `cuda` or `mps`.")
    runtime: RuntimeChoice = Field(
        default="auto",
        description="Inference engine: `eager` (PyTorch), `openvino`, `cuda` (CUDA graphs). "
        "`auto`: OpenVINO on a CPU if it agrees with PyTorch, else PyTorch.",
    )
    precision: InferencePrecision = Field(
        default="float32", description="Floating-point type of inference. See [performance](performance.md)."
    )
    frames: WholeNumber = Field(default=32, ge=1, le=512, description="Frames analysed per clip.")

    max_upload_mb: WholeNumber = Field(default=100, ge=1, le=10_000, description="Largest file, in MB.")
    max_files: WholeNumber = Field(default=10, ge=1, le=1000, description="Files per upload.")
    max_waiting: WholeNumber = Field(
        default=32, ge=1, le=10_000, description="Visitors in the queue. Further visitors are refused."
    )
    at_once: WholeNumber = Field(
        default_factory=_concurrent_analyses,
        ge=1,
        le=64,
        description="Concurrent analyses. Clips use all but one. "
        "Default: processors + 1, at most 16; ZeroGPU: 1.",
    )
    gather_ms: Decimal = Field(
        default=3.0,
        ge=0,
        le=1000,
        description="Milliseconds that a GPU waits for faces of concurrent analyses to fill a batch. "
        "A single analysis never waits.",
    )

    data: Folder = Field(default=ROOT / "data", description="Folder of the database and all stored files.")
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL. Default: SQLite in `LENS_DATA`. "
        "PostgreSQL needs the extra `postgresql`.",
    )
    cache: Folder = Field(
        default=ROOT / "gradio_cache",
        description="Folder of uploads during their analysis. Emptied regularly.",
    )
    store: str = Field(
        default="",
        description="Media store: a folder or `s3://bucket/folder` (extra `s3`). "
        "Default: `media` in `LENS_DATA`.",
    )
    store_gb: Decimal = Field(
        default=10.0,
        ge=0,
        le=999_999,
        description="Size of the media store in GB; 0 stores no media. "
        "If the store is full, the visitor is informed; the result is still returned and saved.",
    )
    retention_days: WholeNumber = Field(
        default=0, ge=0, le=36_500, description="Age in days at which results are deleted; 0: never."
    )

    decoders: WholeNumber = Field(default=4, ge=1, le=256, description="Decoder processes, at most.")
    decode_mb: WholeNumber = Field(
        default=1024, ge=256, le=65_536, description="Memory of a decoder process in MB, without its code."
    )
    decode_seconds: WholeNumber = Field(
        default=45, ge=1, le=3600, description="Seconds to decode an image, or the next frame of a clip."
    )

    labels: WholeNumber = Field(
        default=2,
        ge=1,
        le=3,
        description="Moderators who must agree on a case. "
        "If they disagree, a third one, then an admin decides.",
    )
    claim_minutes: WholeNumber = Field(
        default=10, ge=1, le=1440, description="Minutes until an idle moderator loses a case."
    )
    audit_share: Decimal = Field(
        default=2.0, ge=0, le=100, description="Percentage of stored faces that become cases at random."
    )
    gold_share: Decimal = Field(
        default=5.0, ge=0, le=100, description="Percentage of assigned cases whose answer is known (`gold`)."
    )
    case_uncertain: Decimal = Field(
        default=0.5,
        ge=0,
        le=0.5,
        description="An inconclusive face opens a case if its probability is at most this far from 0.5.",
    )
    case_age: Decimal = Field(
        default=3.0,
        ge=0.01,
        le=36_500,
        description="Days until an open case counts 2.7 times as much. "
        "Cases are ranked by uncertainty, dispute and age.",
    )
    decision_delay: WholeNumber = Field(
        default=10,
        ge=0,
        le=10_080,
        description="Minutes in which a label can be undone. Afterwards the visitor sees the decision.",
    )
    webhook_url: str = Field(default="", description="Address that receives events of cases.")
    webhook_secret: str = Field(
        default="", repr=False, description="Key of the webhook's signatures, at least 16 characters."
    )
    hf_organisation: str = Field(
        default="",
        description="Name or id of the Hugging Face organisation whose members moderate. Spaces only. "
        "See [moderating](moderating.md).",
    )
    hf_roleless: Literal["refuse", "moderator"] = Field(
        default="refuse", description="Treatment of members whose role Hugging Face does not disclose."
    )

    backups: str = Field(
        default="",
        description="Backups: a folder, or `hf://datasets/owner/name`, a private dataset repository. "
        "Default: `backups` in `LENS_DATA`.",
    )
    backup_hours: Decimal = Field(
        default=24.0,
        ge=0,
        le=8760,
        description="Hours between automatic backups; 0: none; 0.25: a quarter of an hour.",
    )
    kept_backups: WholeNumber = Field(default=7, ge=1, le=10_000, description="Backups to keep.")
    restore: str = Field(
        default="",
        description="`latest` or the path of a backup. Restored at start if there is no database.",
    )

    gate_manifests: Annotated[tuple[Path, ...], BeforeValidator(_path_list)] = Field(
        default=(),
        description="Manifests of data sets on which a new model must not be worse, separated by `:`. "
        "See [learning](learning.md).",
    )
    gate_corruptions: Annotated[tuple[str, ...], BeforeValidator(_space_separated)] = Field(
        default=("jpeg:50", "resize:0.5", "noise:10"),
        description="Corruptions of the gold set that the gate measures, separated by spaces.",
    )
    gate_pictures: Annotated[Path | None, BeforeValidator(_optional_path)] = Field(
        default=None,
        description="Folder of whole pictures of which a new model must not call more real ones fake. "
        "See [learning](learning.md).",
    )
    gate_loss: Decimal = Field(
        default=0.02, ge=0, le=1, description="AUC that a new model may lose on each of these."
    )
    gate_slice_loss: Decimal = Field(
        default=0.05, ge=0, le=1, description="AUC that a new model may lose on a subgroup of the gold set."
    )
    finetune_threads: WholeNumber = Field(
        default=0, ge=0, le=1024, description="CPU threads of a fine-tuning run; 0: one per core."
    )
    replay: Annotated[Path | None, BeforeValidator(_optional_path)] = Field(
        default=None, description="Manifest of the data set that fine-tuning mixes with the snapshot."
    )

    log: Literal["text", "json"] = Field(
        default="text", description="Log format. `json`: one object per line."
    )
    metrics_token: str = Field(
        default="",
        repr=False,
        description="Bearer token of `/metrics` (Prometheus), at least 16 characters. "
        "Without it there is no such page. "
        "Needs the extra `metrics`.",
    )

    oauth: SpaceOAuth | None = None
    space: bool = False
    zero_gpu: bool = False

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if value and not _PUBLIC_URL.fullmatch(value):
            raise ValueError("must be an address such as https://lens.example")
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a network of every address, because then any visitor could claim any address."""
        for part in value:
            try:
                is_limited = ipaddress.ip_network(part).prefixlen > 0
            except ValueError:
                is_limited = False
            if not is_limited:
                raise ValueError("must be addresses or networks such as 127.0.0.1,10.0.0.0/8")
        return value

    @field_validator("store")
    @classmethod
    def _resolve_store(cls, value: str) -> str:
        is_url = "://" in value
        if not value or is_url:
            return value
        return str(Path(value).resolve())

    @field_validator("backups")
    @classmethod
    def _check_backups(cls, value: str) -> str:
        if not value or _DATASET_REPOSITORY.fullmatch(value):
            return value
        if "://" in value:
            raise ValueError("must be a folder or hf://datasets/owner/name")
        return str(Path(value).resolve())

    @field_validator("hf_organisation")
    @classmethod
    def _check_organisation(cls, value: str) -> str:
        if value and not _ORGANISATION.fullmatch(value):
            raise ValueError("must be an organisation's name or id")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an address that begins with http:// or https://")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _check_metrics_token(cls, value: str) -> str:
        if value and len(value) < _MIN_SECRET:
            raise ValueError(f"must have at least {_MIN_SECRET} characters")
        return value

    @model_validator(mode="after")
    def _check_webhook_secret(self) -> Self:
        if self.webhook_url and len(self.webhook_secret) < _MIN_SECRET:
            raise ValueError(
                f"LENS_WEBHOOK_SECRET must have at least {_MIN_SECRET} characters if LENS_WEBHOOK_URL is set"
            )
        return self

    @property
    def url(self) -> str:
        """Return the address that people open, without a slash at the end."""
        if self.public_url:
            return self.public_url
        # An IPv6 address stands in brackets.
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def database(self) -> str:
        """Return the SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.data / 'lens.sqlite3'}"

    @property
    def media(self) -> str:
        """Return the folder or URL of the media store."""
        return self.store or str(self.data / "media")

    @property
    def store_bytes(self) -> int:
        """Return the size of the media store in bytes."""
        return int(self.store_gb * 1_000_000_000)

    @property
    def uploads(self) -> Path:
        """Return the folder of files that REST clients send, during their analysis."""
        return self.cache / "api"

    @property
    def backups_repository(self) -> str:
        """Return the name of the dataset repository of the backups, owner/name; "" if there is none."""
        repository = _DATASET_REPOSITORY.fullmatch(self.backups)
        return repository[1] if repository else ""

    @property
    def backups_folder(self) -> Path:
        """Return the folder of the backups, or of their local copies if a repository has them."""
        if self.backups and not self.backups_repository:
            return Path(self.backups)
        return self.data / "backups"

    @property
    def audit_head(self) -> Path:
        """Return the file that holds the audit log's head, outside the database."""
        return self.data / "audit.head"

    @property
    def snapshots(self) -> Path:
        """Return the folder of training snapshots."""
        return self.data / "snapshots"

    @property
    def runs(self) -> Path:
        """Return the folder of fine-tuning runs and their checkpoints."""
        return self.data / "runs"

    @property
    def models(self) -> Path:
        """Return the folder of model versions."""
        return self.data / "models"

    @property
    def compiled(self) -> Path:
        """Return the folder of networks compiled for this machine. It may be emptied at any time."""
        return self.data / "compiled"

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


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read LENS_* variables and, on a Space, Hugging Face's own.

    Raises InvalidSetting naming the variable, also for an unknown LENS_* variable.
    """
    _refuse_unknown(environment)
    values = _space_defaults(environment) | _values(Settings, environment)
    # The disk of a Space does not survive a restart, so the database comes back from its newest backup.
    if values.get("space") and values.get("backups"):
        values.setdefault("restore", "latest")
    return _validated(Settings, values)


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


def settings_table() -> str:
    """Return all variables as a Markdown table: name, default, values, meaning."""
    rows = ["| variable | default | values | meaning |", "|---|---|---|---|"]
    for name, info in CONFIGURABLE.items():
        cells = (f"`{variable_of(name)}`", _default_text(info), _allowed_values(info), info.description or "")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


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


def _space_defaults(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the defaults that differ on a Space, and an empty dictionary elsewhere.

    On a Space the app's folder may be read-only, and the disk does not survive a restart.
    """
    if "SPACE_ID" not in environment:
        return {}
    variables = _validated(SpaceVariables, _values(SpaceVariables, environment))
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


def _values(model: type[BaseSettings], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the text of each variable that is set, by the name of its field in `model`.

    Names of variables are upper case.
    """
    source = EnvSettingsSource(model)
    source.env_vars = {name.lower(): value for name, value in environment.items() if name.isupper()}
    return source()


def _validated(model: type[Model], values: dict[str, Any]) -> Model:
    """Construct the model; raise InvalidSetting for the first wrong value."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if not first["loc"]:
        raise InvalidSetting(str(cause))
    name = str(first["loc"][0])
    info = model.model_fields[name]
    variable = str(model.model_config.get("env_prefix", "")) + name.upper()
    requirement = str(cause or "") or f"must be {_requirement(info)}"
    # A secret is never part of a message.
    value = f", not {values[name]!r}" if info.repr else ""
    raise InvalidSetting(f"{variable} {requirement}{value}")


def _requirement(info: FieldInfo) -> str:
    """Return the allowed values of a field as the end of the sentence "It must be"."""
    if get_origin(info.annotation) is Literal:
        *others, last = get_args(info.annotation)
        return f"{', '.join(others)} or {last}"
    least, most = _bounds(info)
    if info.annotation is int:
        return f"a whole number from {least} to {most}"
    return f"a number from {least:g} to {most:g}, such as 0.5"


def _bounds(info: FieldInfo) -> tuple[Any, Any]:
    """Return the field's constraints `ge` and `le`; None for those it lacks."""
    least = next((bound.ge for bound in info.metadata if hasattr(bound, "ge")), None)
    most = next((bound.le for bound in info.metadata if hasattr(bound, "le")), None)
    return least, most


def _allowed_values(info: FieldInfo) -> str:
    """Return the allowed values of a field as a cell of the table; empty if any text is allowed."""
    if get_origin(info.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(info.annotation))
    least, most = _bounds(info)
    return "" if least is None else f"{least} to {most}"


def _default_text(info: FieldInfo) -> str:
    """Return the default as its variable spells it; empty if there is none or the description states it."""
    default = info.default
    if info.default_factory is not None or default in ("", (), None):
        return ""
    if isinstance(default, Path):
        return f"`{default.relative_to(ROOT)}/`"
    text = " ".join(default) if isinstance(default, tuple) else default
    return f"`{text}`" if isinstance(text, str) else f"{text:g}"


if __name__ == "__main__":
    print(settings_table())
