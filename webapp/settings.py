"""What a host may set, and the only place that reads the environment."""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar, get_args
from urllib.parse import urlsplit

Runtime = Literal["auto", "eager", "openvino", "cuda"]
Precision = Literal["float32", "bfloat16", "float16"]
Roleless = Literal["refuse", "moderator"]
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
Choice = TypeVar("Choice", bound=str)
ROOT = Path(__file__).resolve().parents[1]
_BACKUP_REPOSITORY = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)", re.ASCII)
_SHORTEST_TOKEN = 16
_PROVIDER = re.compile(
    r"https://[\w.:-]+(/[\w./-]*)?|http://127\.0\.0\.1:\d+", re.ASCII
)  # a secret goes there
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+", re.ASCII)
_ORGANISATION = re.compile(r"[\w.-]{1,64}", re.ASCII)
_MOST_PROCESSORS = 15  # each analysis holds a picture, or some frames


def _side_by_side() -> int:
    """One analysis for each processor, and one whose file is decoded or whose answer is stored meanwhile."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(processors, _MOST_PROCESSORS) + 1


class InvalidSetting(Exception):
    """An environment variable whose value cannot be."""


@dataclass(frozen=True)
class SpaceOAuth:
    """What Hugging Face tells a Space, by variables of its own, of the way its visitors may sign in there."""

    provider: str  # OPENID_PROVIDER_URL, without a slash at the end
    client_id: str  # OAUTH_CLIENT_ID
    client_secret: str = field(repr=False)  # OAUTH_CLIENT_SECRET
    scopes: tuple[str, ...]  # OAUTH_SCOPES: what may be asked for
    host: str  # SPACE_HOST: the first of its names, by which it is reached directly

    @property
    def url(self) -> str:
        """The Space's direct address."""
        return f"https://{self.host}"


@dataclass(frozen=True)
class Settings:
    """What a host may set; beside each value the variable that sets it. docs/hosting.md says more.

    `space`, `zero_gpu` and `oauth` are what Hugging Face says of the machine.
    """

    weights: str = "starter"  # LENS_WEIGHTS: starter | folder | hf://owner/repo@revision
    device: str = "auto"  # LENS_DEVICE: auto | cpu | cuda | mps
    runtime: Runtime = "auto"  # LENS_RUNTIME: what carries out the network
    precision: Precision = "float32"  # LENS_PRECISION
    database_url: str = ""  # LENS_DATABASE_URL: any SQLAlchemy URL
    data: Path = ROOT / "data"  # LENS_DATA: folder of the default database and of all else that is kept
    cache: Path = ROOT / "gradio_cache"  # LENS_CACHE: folder of uploads under way
    host: str = "127.0.0.1"  # LENS_HOST
    port: int = 7860  # LENS_PORT
    public_url: str = ""  # LENS_PUBLIC_URL: where people reach it, if not there
    trusted_proxies: tuple[
        str, ...
    ] = ()  # LENS_TRUSTED_PROXIES whose word of a visitor's address counts, parted by commas
    frames: int = 32  # LENS_FRAMES judged of a clip
    max_upload_mb: int = 100  # LENS_MAX_UPLOAD_MB of a file
    max_files: int = 10  # LENS_MAX_FILES at once
    max_waiting: int = 32  # LENS_MAX_WAITING: visitors in the queue before others are turned away
    at_once: int = field(default_factory=_side_by_side)  # LENS_AT_ONCE: analyses at a time
    gather_ms: float = (
        3.0  # LENS_GATHER_MS that a GPU waits for the faces of other visitors who are on their way
    )
    backups_folder: Path | None = None  # LENS_BACKUPS: folder of the backups, or
    backups_repository: str = ""  # the same: a private dataset repository for them, hf://datasets/owner/name
    backup_hours: float = (
        24.0  # LENS_BACKUP_HOURS between two of them; 0: none by itself; 0.25 is a quarter of an hour
    )
    kept_backups: int = 7  # LENS_KEPT_BACKUPS
    restore: str = ""  # LENS_RESTORE: latest | a backup's path, used at start where there is no database
    retention_days: int = 0  # LENS_RETENTION_DAYS after which results are deleted; 0: never
    store: str = (
        ""  # LENS_STORE: folder or bucket (s3://bucket/folder) of the media that visitors let be kept
    )
    store_gb: float = 10.0  # LENS_STORE_GB: how much of it; 0: none
    decoders: int = 4  # LENS_DECODERS: processes that decode files, at most
    decode_mb: int = 1024  # LENS_DECODE_MB: memory of each
    decode_seconds: int = 45  # LENS_DECODE_SECONDS that a picture, or a clip's next frame, may take
    claim_minutes: int = (
        10  # LENS_CLAIM_MINUTES for which a moderator holds a case, from his last activity on
    )
    labels: int = 2  # LENS_LABELS of moderators asked for a case
    audit_share: float = 2.0  # LENS_AUDIT_SHARE of kept faces drawn at random, in percent
    gold_share: float = 5.0  # LENS_GOLD_SHARE of the cases given out whose answer is known, in percent
    case_uncertain: float = 0.5  # LENS_CASE_UNCERTAIN: distance from 0.5 of an inconclusive probability that opens a case; 0.5: any
    case_age: float = 3.0  # LENS_CASE_AGE: days that a case waits to count 2.7 times as much as one that is as uncertain and disputed
    decision_delay: int = (
        10  # LENS_DECISION_DELAY: minutes in which labels may be taken back, and visitors are not told yet
    )
    webhook_url: str = ""  # LENS_WEBHOOK_URL decisions are sent to,
    webhook_secret: str = field(default="", repr=False)  # LENS_WEBHOOK_SECRET that signs them
    gate_manifests: tuple[
        Path, ...
    ] = ()  # LENS_GATE_MANIFESTS: data sets on which a candidate must not be worse, parted as in PATH
    gate_corruptions: tuple[str, ...] = (
        "jpeg:50",
        "resize:0.5",
        "noise:10",
    )  # LENS_GATE_CORRUPTIONS likewise, parted by spaces
    gate_loss: float = 0.02  # LENS_GATE_LOSS: AUC that a candidate may lose on any of these, and
    gate_slice_loss: float = 0.05  # LENS_GATE_SLICE_LOSS on faces of one kind
    organisation: str = ""  # LENS_HF_ORGANISATION, by name or id, whose members moderate, on a Space only
    roleless: Roleless = (
        "refuse"  # LENS_HF_ROLELESS: refuse | moderator, for members whose role the Space is not told
    )
    finetune_threads: int = 0  # LENS_FINETUNE_THREADS that a fine-tuning uses beside the server, on a processor; 0: as many as it has
    replay: Path | None = (
        None  # LENS_REPLAY: manifest of the data set that fine-tuning learns from beside a snapshot
    )
    log: str = "text"  # LENS_LOG: text | json
    metrics_token: str = field(
        default="", repr=False
    )  # LENS_METRICS_TOKEN with which /metrics may be read; none: no such page
    oauth: SpaceOAuth | None = None
    space: bool = False
    zero_gpu: bool = False

    @property
    def url(self) -> str:
        """Where people reach it, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def uploads(self) -> Path:
        """Where files lie that programs send, while they are judged."""
        return self.cache / "api"

    @property
    def backups(self) -> Path:
        return self.backups_folder or self.data / "backups"

    @property
    def audit_head(self) -> Path:
        """Where the audit log's head is kept beside the database."""
        return self.data / "audit.head"

    @property
    def media(self) -> str:
        """Folder or address of the media store."""
        return self.store or str(self.data / "media")

    @property
    def snapshots(self) -> Path:
        """Where decided cases lie, frozen for training."""
        return self.data / "snapshots"

    @property
    def runs(self) -> Path:
        """Where fine-tuning keeps its checkpoints."""
        return self.data / "runs"

    @property
    def models(self) -> Path:
        """Where the versions of the model lie."""
        return self.data / "models"

    @property
    def compiled(self) -> Path:
        """Where networks lie that were compiled for this machine; may be emptied at any time."""
        return self.data / "compiled"

    @property
    def store_bytes(self) -> int:
        return int(self.store_gb * 1_000_000_000)

    @property
    def private(self) -> list[str]:
        """Folders of which no file is ever served by its path."""
        folders = [str(self.data), str(self.backups), str(self.uploads)]
        return folders if "://" in self.media else [*folders, self.media]

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'lens.sqlite3'}"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read LENS_* variables, and on a Space Hugging Face's own; raises InvalidSetting naming the variable."""
    defaults, webhook = _defaults(environment), _webhook(environment)
    folder, repository = _backups(environment.get("LENS_BACKUPS", ""))
    return replace(
        defaults,
        weights=environment.get("LENS_WEIGHTS", defaults.weights),
        device=environment.get("LENS_DEVICE", defaults.device),
        runtime=_one_of(environment, "LENS_RUNTIME", RUNTIMES, defaults.runtime),
        precision=_one_of(environment, "LENS_PRECISION", PRECISIONS, defaults.precision),
        database_url=environment.get("LENS_DATABASE_URL", defaults.database_url),
        data=Path(environment.get("LENS_DATA", defaults.data)).resolve(),
        cache=Path(environment.get("LENS_CACHE", defaults.cache)).resolve(),
        host=environment.get("LENS_HOST", defaults.host),
        port=_number(environment, "LENS_PORT", defaults.port, most=65535),
        public_url=_address(environment.get("LENS_PUBLIC_URL", defaults.public_url)),
        trusted_proxies=_proxies(environment.get("LENS_TRUSTED_PROXIES", "")),
        frames=_number(environment, "LENS_FRAMES", defaults.frames, most=512),
        max_upload_mb=_number(environment, "LENS_MAX_UPLOAD_MB", defaults.max_upload_mb, most=10_000),
        max_files=_number(environment, "LENS_MAX_FILES", defaults.max_files, most=1000),
        max_waiting=_number(environment, "LENS_MAX_WAITING", defaults.max_waiting, most=10_000),
        at_once=_number(environment, "LENS_AT_ONCE", defaults.at_once, most=64),
        gather_ms=_amount(environment, "LENS_GATHER_MS", defaults.gather_ms, most=1000),
        backups_folder=folder,
        backups_repository=repository,
        backup_hours=_amount(environment, "LENS_BACKUP_HOURS", defaults.backup_hours, most=8760),
        kept_backups=_number(environment, "LENS_KEPT_BACKUPS", defaults.kept_backups, most=10_000),
        restore=environment.get(
            "LENS_RESTORE", "latest" if defaults.space and (folder or repository) else ""
        ),
        retention_days=_number(
            environment, "LENS_RETENTION_DAYS", defaults.retention_days, least=0, most=36_500
        ),
        claim_minutes=_number(environment, "LENS_CLAIM_MINUTES", defaults.claim_minutes, most=1440),
        store=_store(environment.get("LENS_STORE", defaults.store)),
        store_gb=_amount(environment, "LENS_STORE_GB", defaults.store_gb),
        decoders=_number(environment, "LENS_DECODERS", defaults.decoders, most=256),
        decode_mb=_number(environment, "LENS_DECODE_MB", defaults.decode_mb, least=256, most=65_536),
        decode_seconds=_number(environment, "LENS_DECODE_SECONDS", defaults.decode_seconds, most=3600),
        labels=_number(environment, "LENS_LABELS", defaults.labels, most=3),
        audit_share=_amount(environment, "LENS_AUDIT_SHARE", defaults.audit_share, most=100),
        gold_share=_amount(environment, "LENS_GOLD_SHARE", defaults.gold_share, most=100),
        case_uncertain=_amount(environment, "LENS_CASE_UNCERTAIN", defaults.case_uncertain, most=0.5),
        case_age=_amount(environment, "LENS_CASE_AGE", defaults.case_age, least=0.01, most=36_500),
        decision_delay=_number(
            environment, "LENS_DECISION_DELAY", defaults.decision_delay, least=0, most=10_080
        ),
        webhook_url=webhook[0],
        webhook_secret=webhook[1],
        gate_manifests=tuple(
            Path(part).resolve()
            for part in environment.get("LENS_GATE_MANIFESTS", "").split(os.pathsep)
            if part
        ),
        gate_corruptions=tuple(
            environment.get("LENS_GATE_CORRUPTIONS", " ".join(defaults.gate_corruptions)).split()
        ),
        gate_loss=_amount(environment, "LENS_GATE_LOSS", defaults.gate_loss, most=1),
        gate_slice_loss=_amount(environment, "LENS_GATE_SLICE_LOSS", defaults.gate_slice_loss, most=1),
        organisation=_organisation(environment.get("LENS_HF_ORGANISATION", defaults.organisation)),
        roleless=_one_of(environment, "LENS_HF_ROLELESS", get_args(Roleless), defaults.roleless),
        finetune_threads=_number(
            environment, "LENS_FINETUNE_THREADS", defaults.finetune_threads, least=0, most=1024
        ),
        replay=Path(environment["LENS_REPLAY"]).resolve() if environment.get("LENS_REPLAY") else None,
        log=_one_of(environment, "LENS_LOG", ("text", "json"), defaults.log),
        metrics_token=_token(environment.get("LENS_METRICS_TOKEN", "")),
    )


def environment_apart(
    folder: Path, *, port: int, max_waiting: int, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """For a server with these settings on this machine that keeps everything in `folder`, backs nothing up and tells nobody anything."""
    taken = (
        "LENS_DATABASE_URL",
        "LENS_STORE",
        "LENS_BACKUPS",
        "LENS_RESTORE",
        "LENS_WEBHOOK_URL",
        "LENS_PUBLIC_URL",
        "LENS_METRICS_TOKEN",
    )
    kept = {name: value for name, value in environment.items() if name not in taken}
    own = {
        "LENS_DATA": folder / "data",
        "LENS_CACHE": folder / "cache",
        "LENS_HOST": "127.0.0.1",
        "LENS_PORT": port,
    }
    return {
        **kept,
        **{name: str(value) for name, value in own.items()},
        "LENS_BACKUP_HOURS": "0",
        "LENS_MAX_WAITING": str(max_waiting),
    }


def prepare_libraries(settings: Settings) -> None:
    """Set what Gradio and others read from the environment when they are imported or started: nothing is reported home, uploads go to one
    folder, nobody but the proxies that are trusted says from where a visitor comes, and what is cached goes where it can be written.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(settings.cache)
    os.environ["FORWARDED_ALLOW_IPS"] = ",".join(
        settings.trusted_proxies
    )  # else uvicorn believes whoever is on this machine
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["MPLBACKEND"] = (
        "agg"  # else Gradio has matplotlib look for a screen while the first visitor waits
    )
    home = Path(os.environ.get("HOME") or "/nonexistent")
    if not os.access(home, os.W_OK):
        os.environ.setdefault("MPLCONFIGDIR", str(settings.data / "matplotlib"))
        if not (
            home / ".cache" / "huggingface"
        ).is_dir():  # else the Space's build has put weights there, which can be read
            os.environ.setdefault("HF_HOME", str(settings.data / "huggingface"))


def _defaults(environment: Mapping[str, str]) -> Settings:
    """Of any machine, or of a Space: there the app's folder may be read-only and the disk does not outlive a restart."""
    if "SPACE_ID" not in environment:
        return Settings()
    disk = Path(tempfile.gettempdir()) / "lens"
    zero_gpu = environment.get("SPACES_ZERO_GPU", "").lower() in (
        "1",
        "t",
        "true",
    )  # as the package `spaces` reads it
    return Settings(
        data=disk / "data",
        cache=disk / "uploads",
        host="0.0.0.0",
        port=_number(environment, "GRADIO_SERVER_PORT", 7860, most=65535),
        backup_hours=0.25,
        log="json",
        space=True,
        oauth=_oauth(environment),
        zero_gpu=zero_gpu,
        at_once=1 if zero_gpu else _side_by_side(),  # each would borrow a GPU of its own
    )


def _oauth(environment: Mapping[str, str]) -> SpaceOAuth | None:
    """None where the Space's card does not ask for it, and Hugging Face therefore sets none of these."""
    names = ("OPENID_PROVIDER_URL", "OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "SPACE_HOST")
    values = [environment.get(name, "") for name in names]
    if not all(values):
        return None
    provider, client_id, secret, scopes, hosts = values
    host = hosts.split(",")[0].strip()
    if not _PROVIDER.fullmatch(provider):
        raise InvalidSetting(
            f"OPENID_PROVIDER_URL must be an address that begins with https://, not {provider!r}"
        )
    if not _HOST.fullmatch(host):
        raise InvalidSetting(f"SPACE_HOST must be names of hosts, parted by commas, not {hosts!r}")
    return SpaceOAuth(provider.rstrip("/"), client_id, secret, tuple(scopes.split()), host)


def _organisation(text: str) -> str:
    if text and not _ORGANISATION.fullmatch(text):
        raise InvalidSetting(f"LENS_HF_ORGANISATION must be an organisation's name or id, not {text!r}")
    return text


def _backups(text: str) -> tuple[Path | None, str]:
    """The folder, or the name of the dataset repository, that LENS_BACKUPS stands for."""
    if not text:
        return None, ""
    if "://" not in text:
        return Path(text).resolve(), ""
    found = _BACKUP_REPOSITORY.fullmatch(text)
    if found is None:
        raise InvalidSetting(f"LENS_BACKUPS must be a folder or hf://datasets/owner/name, not {text!r}")
    return None, found[1]


def _token(text: str) -> str:
    if text and len(text) < _SHORTEST_TOKEN:
        raise InvalidSetting(f"LENS_METRICS_TOKEN must have at least {_SHORTEST_TOKEN} characters")
    return text


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int = 1, most: int) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise InvalidSetting(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _amount(
    environment: Mapping[str, str], name: str, default: float, *, least: float = 0, most: float = 999_999
) -> float:
    text = environment.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text) or not least <= float(text) <= most:
        raise InvalidSetting(f"{name} must be a number from {least:g} to {most:g}, such as 0.5, not {text!r}")
    return float(text)


def _one_of(
    environment: Mapping[str, str], name: str, choices: tuple[Choice, ...], default: Choice
) -> Choice:
    text = environment.get(name, default)
    for choice in choices:
        if text == choice:
            return choice
    raise InvalidSetting(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, not {text!r}")


def _address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise InvalidSetting(f"LENS_PUBLIC_URL must be an address such as https://lens.example, not {text!r}")
    return text.rstrip("/")


def _proxies(text: str) -> tuple[str, ...]:
    """No network that holds everybody: the address that counts is the last one in X-Forwarded-For that no trusted proxy has."""
    found: list[str] = []
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            network = ipaddress.ip_network(part)
        except ValueError:
            network = None
        if network is None or network.prefixlen == 0:
            raise InvalidSetting(
                f"LENS_TRUSTED_PROXIES must be addresses or networks such as 127.0.0.1,10.0.0.0/8, not {part!r}"
            )
        found.append(part)
    return tuple(found)


def _webhook(environment: Mapping[str, str]) -> tuple[str, str]:
    """Address and secret. The secret is never part of an error's text."""
    url, secret = environment.get("LENS_WEBHOOK_URL", ""), environment.get("LENS_WEBHOOK_SECRET", "")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise InvalidSetting(
            f"LENS_WEBHOOK_URL must be an address that begins with http:// or https://, not {url!r}"
        )
    if url and len(secret) < 16:
        raise InvalidSetting(
            "LENS_WEBHOOK_SECRET must have 16 characters or more where LENS_WEBHOOK_URL is set"
        )
    return url, secret


def _store(text: str) -> str:
    return text if not text or "://" in text else str(Path(text).resolve())
