"""Versions of the text by which visitors consent to the storage of their files."""

from __future__ import annotations

# Version of `Texts.consent`, stored with each consent. A changed text gets a new version.
# Version 3 means the same as version 2 in plainer words.
CONSENT_VERSION = "3"

# Stands for the version if the host imported the file. No visitor consented; the stated right to use the file
# is in the table `imported_file`.
IMPORTED = "import"

# Versions that allow publication. All versions so far mention storage and training only.
PUBLISHABLE_CONSENTS: frozenset[str] = frozenset()
