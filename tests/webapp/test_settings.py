from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT as REPOSITORY
from webapp.settings import ROOT, InvalidSetting, Settings, from_environment, settings_table


def test_empty_environment_gives_defaults() -> None:
    settings = from_environment({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.weights) == ("127.0.0.1", 7860, "starter")
    assert settings.database.endswith("data/lens.sqlite3")
    assert settings.at_once >= 2
    assert (settings.runtime, settings.precision, settings.compiled) == (
        "auto",
        "float32",
        settings.data / "compiled",
    )


def test_variables_override_defaults(tmp_path: Path) -> None:
    settings = from_environment(
        {"LENS_PORT": "9000", "LENS_DATA": str(tmp_path), "LENS_WEIGHTS": "hf://a/b@c", "OTHER": "x"}
    )
    assert (settings.port, settings.weights, settings.database) == (
        9000,
        "hf://a/b@c",
        f"sqlite:///{tmp_path}/lens.sqlite3",
    )
    assert settings.media == str(tmp_path / "media")
    bucket = from_environment({"LENS_STORE": "s3://bucket/folder", "LENS_STORE_GB": "0.5"})
    assert (bucket.media, bucket.store_bytes) == ("s3://bucket/folder", 500_000_000)
    assert "s3://bucket/folder" not in bucket.private
    assert settings.backups_folder == tmp_path / "backups"
    assert settings.audit_head == tmp_path / "audit.head"
    off = from_environment(
        {
            "LENS_BACKUP_HOURS": "0",
            "LENS_BACKUPS": str(tmp_path / "b"),
            "LENS_RETENTION_DAYS": "90",
            "LENS_RESTORE": "latest",
        }
    )
    assert (off.backup_hours, off.backups_folder, off.retention_days, off.restore) == (
        0,
        tmp_path / "b",
        90,
        "latest",
    )
    assert from_environment({"LENS_FINETUNE_THREADS": "2"}).finetune_threads == 2
    assert from_environment({"LENS_DATABASE_URL": "postgresql://db/lens"}).database == "postgresql://db/lens"


def test_space_listens_on_all_addresses_and_writes_to_temporary_folder(tmp_path: Path) -> None:
    space = from_environment(
        {
            "SPACE_ID": "owner/lens",
            "GRADIO_SERVER_PORT": "7861",
            "SPACES_ZERO_GPU": "true",
            "LENS_BACKUPS": str(tmp_path),
        }
    )
    assert (space.host, space.port, space.log, space.restore, space.backup_hours) == (
        "0.0.0.0",
        7861,
        "json",
        "latest",
        0.25,
    )
    assert (space.space, space.zero_gpu, space.at_once) == (True, True, 1)
    assert not any(path.is_relative_to(ROOT) for path in (space.data, space.cache))
    assert from_environment({"SPACE_ID": "owner/lens"}).restore == ""
    assert (
        from_environment({"SPACE_ID": "owner/lens", "LENS_DATA": str(tmp_path), "LENS_PORT": "9000"}).port
        == 9000
    )


OAUTH = {
    "SPACE_ID": "owner/lens",
    "SPACE_HOST": "owner-lens.hf.space, lens.example",
    "OPENID_PROVIDER_URL": "https://huggingface.co/",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "secret-of-the-space",
    "OAUTH_SCOPES": "openid profile read-memberships",
}


def test_space_provides_oauth_client() -> None:
    oauth = from_environment(OAUTH).oauth
    assert oauth is not None
    assert (oauth.provider, oauth.url, oauth.client_id) == (
        "https://huggingface.co",
        "https://owner-lens.hf.space",
        "client",
    )
    assert oauth.scopes == ("openid", "profile", "read-memberships")
    assert "secret-of-the-space" not in repr(from_environment(OAUTH))
    for missing in OAUTH:
        assert (
            from_environment({name: value for name, value in OAUTH.items() if name != missing}).oauth is None
        )
    settings = from_environment({"LENS_HF_ORGANISATION": "Lens.Mods-1", "LENS_HF_ROLELESS": "moderator"})
    assert (settings.hf_organisation, settings.hf_roleless, Settings().hf_roleless) == (
        "Lens.Mods-1",
        "moderator",
        "refuse",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENID_PROVIDER_URL", "http://huggingface.co"),
        ("OPENID_PROVIDER_URL", "http://127.0.0.1:80.evil.example"),
        ("OPENID_PROVIDER_URL", "https://user@huggingface.co"),
        ("SPACE_HOST", "https://owner-lens.hf.space"),
        ("SPACE_HOST", "owner-lens.hf.space/x"),
    ],
)
def test_invalid_oauth_variables_are_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        from_environment({**OAUTH, name: value})


def test_backups_in_dataset_repository(tmp_path: Path) -> None:
    settings = from_environment(
        {"LENS_BACKUPS": "hf://datasets/owner/lens-backups", "LENS_DATA": str(tmp_path)}
    )
    assert (settings.backups_repository, settings.backups_folder) == (
        "owner/lens-backups",
        tmp_path / "backups",
    )


def test_repr_hides_secrets() -> None:
    assert "a-secret-of-the-host" not in repr(
        from_environment({"LENS_METRICS_TOKEN": "a-secret-of-the-host"})
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LENS_PORT", "0"),
        ("LENS_PORT", "70000"),
        ("LENS_PORT", "http"),
        ("LENS_FRAMES", "-1"),
        ("LENS_AT_ONCE", "½"),
        ("LENS_GATHER_MS", "1001"),
        ("LENS_MAX_WAITING", ""),
        ("LENS_STORE_GB", "-1"),
        ("LENS_STORE_GB", "1e3"),
        ("LENS_STORE_GB", "ten"),
        ("LENS_LABELS", " 2"),
        ("LENS_LABELS", "+2"),
        ("LENS_MAX_FILES", "1_0"),
        ("LENS_STORE_GB", "nan"),
        ("LENS_KEPT_BACKUPS", "0"),
        ("LENS_BACKUP_HOURS", "-1"),
        ("LENS_BACKUP_HOURS", "9000"),
        ("LENS_BACKUPS", "hf://datasets/owner"),
        ("LENS_BACKUPS", "s3://bucket/folder"),
        ("LENS_LOG", "xml"),
        ("LENS_METRICS_TOKEN", "short"),
        ("LENS_TRUSTED_PROXIES", "*"),
        ("LENS_TRUSTED_PROXIES", "proxy.example"),
        ("LENS_TRUSTED_PROXIES", "127.0.0.1,0.0.0.0/0"),
        ("LENS_TRUSTED_PROXIES", "::/0"),
        ("LENS_RETENTION_DAYS", "soon"),
        ("LENS_RUNTIME", "tensorrt"),
        ("LENS_PRECISION", ""),
        ("LENS_LABELS", "4"),
        ("LENS_AUDIT_SHARE", "101"),
        ("LENS_GOLD_SHARE", "-5"),
        ("LENS_CASE_UNCERTAIN", "0.6"),
        ("LENS_CASE_AGE", "0"),
        ("LENS_DECISION_DELAY", "0.5"),
        ("LENS_HF_ORGANISATION", "two words"),
        ("LENS_HF_ORGANISATION", "https://huggingface.co/lens"),
        ("LENS_HF_ROLELESS", "admin"),
        ("LENS_WEBHOOK_URL", "ftp://host/x"),
        ("LENS_WEBHOOK_URL", "file:///etc/passwd"),
        ("LENS_WEBHOOK_URL", "https:///x"),
        ("LENS_WEBHOOK_SECRET", ""),
    ],
)
def test_invalid_value_is_refused_by_name(name: str, value: str) -> None:
    others = {"LENS_WEBHOOK_URL": "https://host.example/hook"} if name == "LENS_WEBHOOK_SECRET" else {}
    with pytest.raises(InvalidSetting, match=name):
        from_environment({**others, name: value})


def test_webhook_secret_is_required_and_hidden() -> None:
    settings = from_environment(
        {"LENS_WEBHOOK_URL": "http://127.0.0.1:9/hook", "LENS_WEBHOOK_SECRET": "sixteen letters!"}
    )
    assert (settings.webhook_url, settings.webhook_secret) == ("http://127.0.0.1:9/hook", "sixteen letters!")
    assert "sixteen letters!" not in repr(settings)


def test_short_secret_is_not_part_of_the_message() -> None:
    with pytest.raises(InvalidSetting) as failure:
        from_environment({"LENS_WEBHOOK_URL": "https://host.example", "LENS_WEBHOOK_SECRET": "a-short-one"})
    assert "a-short-one" not in str(failure.value)
    with pytest.raises(InvalidSetting) as failure:
        from_environment({"LENS_METRICS_TOKEN": "a-short-one"})
    assert "a-short-one" not in str(failure.value)


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("LENS_WEIGHT", "LENS_WEIGHTS"),
        ("LENS_BACKUP", "LENS_BACKUPS"),
        ("LENS_MAX_UPLOAD", "LENS_MAX_UPLOAD_MB"),
        ("LENS_SPACE", "LENS_CACHE"),
    ],
)
def test_unknown_variable_is_refused_with_nearest_name(unknown: str, nearest: str) -> None:
    with pytest.raises(InvalidSetting, match=rf"^{unknown} is no setting; did you mean {nearest}\?$"):
        from_environment({unknown: "x"})


def test_kubernetes_service_links_are_not_settings() -> None:
    links = {
        "LENS_SERVICE_HOST": "10.0.0.1",
        "LENS_SERVICE_PORT": "80",
        "LENS_SERVICE_PORT_HTTP": "80",
        "LENS_PORT_80_TCP": "tcp://10.0.0.1:80",
        "LENS_PORT_80_TCP_ADDR": "10.0.0.1",
        "LENS_DB_PORT": "tcp://10.0.0.2:5432",
    }
    assert from_environment(links) == Settings()


def test_constructor_ignores_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LENS_PORT", "9000")
    assert Settings().port == 7860
    assert from_environment().port == 9000


def test_document_has_the_generated_table() -> None:
    document = (REPOSITORY / "docs" / "hosting.md").read_text(encoding="utf-8")
    _, _, rest = document.partition("<!-- settings: python -m webapp.settings -->\n\n")
    table, end, _ = rest.partition("\n\n<!-- end of settings -->")
    assert end
    assert table == settings_table()


def test_importing_settings_loads_no_heavy_library() -> None:
    heavy = ("torch", "gradio", "cv2", "sqlalchemy")
    code = f"import sys, webapp.settings; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
