"""The secret of a webhook, and promised rates."""

from __future__ import annotations

import pytest

from webapp.settings import InvalidSetting, from_environment


def test_webhook_secret_is_required_and_hidden() -> None:
    settings = from_environment(
        {"LENS_WEBHOOK_URL": "http://127.0.0.1:9/hook", "LENS_WEBHOOK_SECRET": "sixteen letters!"}
    )
    assert (settings.webhook_url, settings.webhook_secret) == ("http://127.0.0.1:9/hook", "sixteen letters!")
    assert "sixteen letters!" not in repr(settings)


def test_promised_rates_are_bands_in_per_cent() -> None:
    settings = from_environment({"LENS_PROMISED_RATES": "recall:60-100  false_alarm_rate:0-2.5"})
    assert settings.promised_bands == {"recall": (0.6, 1.0), "false_alarm_rate": (0.0, 0.025)}
    assert from_environment({}).promised_bands == {}


def test_the_wrong_promise_is_named() -> None:
    with pytest.raises(InvalidSetting, match="'recall:9-8'"):
        from_environment({"LENS_PROMISED_RATES": "precision:80-100 recall:9-8"})
