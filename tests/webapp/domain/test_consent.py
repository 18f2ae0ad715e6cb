"""Versions of the consent text."""

from __future__ import annotations

from webapp.domain.consent import CONSENT_VERSION, PUBLISHABLE_CONSENTS


def test_current_text_does_not_allow_publication() -> None:
    """The text mentions storage and training only. A text that mentions publication needs a new version."""
    assert CONSENT_VERSION not in PUBLISHABLE_CONSENTS
