"""Versions of the text by which visitors consent to the storage of their files."""

from __future__ import annotations

# Version of `Texts.consent`, stored with each consent. A changed text gets a new version.
CONSENT_VERSION = "2"

# Versions that allow publication. Version 1 and 2 mention storage and training only.
PUBLISHABLE_CONSENTS: frozenset[str] = frozenset()
