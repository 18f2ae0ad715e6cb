"""Limits of what visitors and moderators may send."""

from __future__ import annotations

# Characters of a note.
MAX_NOTE = 2000

# Characters of the source of an imported file, and of the right to use it.
MAX_STATEMENT = 500

# Bytes of a painted region as PNG.
MAX_REGION_BYTES = 65_536

# Pixels of the longer side of a painted region.
MAX_REGION_SIDE = 1024

# Fewest and most characters of an idempotency key.
KEY_LENGTHS = (8, 128)
