"""What the page remembers of the files a visitor has had analysed, in the server's memory and not for long."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from laanet_core.stability import Stability
from webapp.domain import following_key, new_key
from webapp.services.analysis import Analysed


@dataclass
class Shown:
    """One analysed file: where its upload lies, its name as the visitor gave it, the answer, and what followed later."""

    path: Path
    name: str
    analysed: Analysed
    stabilities: list[Stability | None] | None = None
    key: str = field(default_factory=new_key)  # of the next vote
    sent: str = ""  # the vote that was sent last, under `key`

    def key_for(self, vote: str) -> str:
        """Another vote gets another key; the same one sent twice counts once."""
        if self.sent not in ("", vote):
            self.key = following_key(self.key)
        return self.key


@dataclass
class Visit:
    """The files of one page, and which of them is shown."""

    files: list[Shown] = field(default_factory=list)
    number: int = 0

    @property
    def shown(self) -> Shown | None:
        return self.files[self.number] if 0 <= self.number < len(self.files) else None
