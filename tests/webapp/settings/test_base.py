"""Values come from the constructor; wrong ones are refused by name, and secrets stay hidden."""

from __future__ import annotations

import pytest

from webapp.settings import InvalidSetting, Settings, from_environment


def test_constructor_ignores_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LENS_PORT", "9000")
    assert Settings().port == 7860
    assert from_environment().port == 9000


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
        ("LENS_PUBLIC_MEASURES", "perhaps"),
        ("LENS_PROMISED_RATES", "accuracy:80-100"),
        ("LENS_PROMISED_RATES", "recall:80"),
        ("LENS_PROMISED_RATES", "recall:90-80"),
        ("LENS_PROMISED_RATES", "recall:80-101"),
        ("LENS_PROMISED_RATES", "recall:60-90 recall:70-90"),
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


def test_short_secret_is_not_part_of_the_message() -> None:
    with pytest.raises(InvalidSetting) as failure:
        from_environment({"LENS_WEBHOOK_URL": "https://host.example", "LENS_WEBHOOK_SECRET": "a-short-one"})
    assert "a-short-one" not in str(failure.value)
    with pytest.raises(InvalidSetting) as failure:
        from_environment({"LENS_METRICS_TOKEN": "a-short-one"})
    assert "a-short-one" not in str(failure.value)


def test_repr_hides_secrets() -> None:
    assert "a-secret-of-the-host" not in repr(
        from_environment({"LENS_METRICS_TOKEN": "a-secret-of-the-host"})
    )
