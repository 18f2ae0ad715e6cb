"""What the page remembers of the files a visitor has had analysed, in the server's memory and not for long."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from laanet_core.results import Stability
from webapp.security.tokens import new_key, next_key
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.analysis.service import Analysed

LONGEST_NAME = 255  # characters of a file's name


@dataclass(frozen=True)
class Said:
    """A vote as it was sent, for when its file is shown again."""

    subject: int
    choice: str
    tags: tuple[str, ...]
    words: str


@dataclass
class Shown:
    """One analysed file: where it arrived and where it lies now, its name as the visitor gave it, the answer, and what followed later.

    `made` are the files made from it (reports, the drawn clip, which is also `clip`); they go when it goes.
    """

    upload: str
    path: Path
    name: str
    analysed: Analysed
    media: AnalysedMedia
    stability_check: Future[list[Stability | None]] | None = None
    stabilities: list[Stability | None] | None = None
    said: Said | None = None
    clip: Path | None = None
    made: list[Path] = field(default_factory=list)
    key: str = field(default_factory=new_key)  # of the next vote
    sent: str = ""  # the vote that was sent last, under `key`

    def release(self) -> None:
        """Free the memory that the file's pixels take."""
        if self.stability_check is not None:
            self.stability_check.cancel()
        self.media.release()

    def key_for(self, vote: str) -> str:
        """Another vote gets another key; the same one sent twice counts once."""
        if self.sent not in ("", vote):
            self.key = next_key(self.key)
        return self.key


@dataclass
class Visit:
    """The files of one page, which of them is shown, and where each of the uploads lies that were taken (by where it arrived)."""

    files: list[Shown] = field(default_factory=list)
    number: int = 0
    taken: dict[str, Path] = field(default_factory=dict)
    deleted: bool = False  # the page is about to take a deleted file from the list of uploads itself

    def release(self) -> None:
        """Free the memory of all files; what is asked of them later is decoded again."""
        for shown in self.files:
            shown.release()

    @property
    def shown(self) -> Shown | None:
        return self.files[self.number] if 0 <= self.number < len(self.files) else None

    def remove_shown(self) -> Shown | None:
        """Take the shown file out; the one after it is shown, or the last one."""
        shown = self.shown
        if shown is not None:
            shown.release()
            self.files.remove(shown)
            self.taken.pop(shown.upload, None)
            self.number = max(min(self.number, len(self.files) - 1), 0)
        return shown


def name_of(given: object, path: str) -> str:
    """The name a browser says a file has, as text that can be sent anywhere; else that of the upload. Nothing is ever opened by it."""
    name = given if isinstance(given, str) and given else Path(path).name
    return name.encode("utf-8", "replace").decode()[:LONGEST_NAME]
