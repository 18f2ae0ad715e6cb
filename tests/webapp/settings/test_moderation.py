"""The secret of a webhook."""

from __future__ import annotations

from webapp.settings import from_environment


def test_webhook_secret_is_required_and_hidden() -> None:
    settings = from_environment(
        {"LENS_WEBHOOK_URL": "http://127.0.0.1:9/hook", "LENS_WEBHOOK_SECRET": "sixteen letters!"}
    )
    assert (settings.webhook_url, settings.webhook_secret) == ("http://127.0.0.1:9/hook", "sixteen letters!")
    assert "sixteen letters!" not in repr(settings)
