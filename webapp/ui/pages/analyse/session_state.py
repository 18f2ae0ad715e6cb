"""State of one page: the analysed files of a visit, in the server's memory."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from laanet_core.decision import DecisionConfig
from laanet_core.inference.stable_verdicts import stable_result
from laanet_core.results import AnalysisResult, Stability
from webapp.security.tokens import new_key, next_key
from webapp.services.analysis.analysed_media import AnalysedMedia
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.ui.render.cards import CloseUpImages

# Characters of the longest file name that the page shows; a longer one is cut.
MAX_NAME = 255


@dataclass(frozen=True)
class SentVote:
    """A vote that was sent. The form shows it again when the visitor returns to its file."""

    subject: int
    choice: str
    tags: tuple[str, ...]
    note: str


@dataclass
class AnalysedFile:
    """One analysed file of a visit.

    `upload` is the path where it arrived, `path` its private path, `name` the visitor's name for it and
    `thumbnail` a small picture of it as a data URI, which only the browser stores.
    `derived` are files made from it (reports, the overlay `clip`), which are deleted with it. `close_ups` are
    images of its faces or persons by number. `example` is the name of an example and `decision` has the
    thresholds of its stored answer; both are None for an uploaded file. `vote_key` is the
    idempotency key of the next vote; `last_vote` and its text `last_vote_text` were sent under it.
    """

    upload: str
    path: Path
    name: str
    analysis: StoredAnalysis
    media: AnalysedMedia
    thumbnail: str = ""
    stability_check: Future[list[Stability | None]] | None = None
    stabilities: list[Stability | None] | None = None
    clip: Path | None = None
    close_ups: Mapping[int, CloseUpImages] | None = None
    example: str | None = None
    decision: DecisionConfig | None = None
    derived: list[Path] = field(default_factory=list)
    last_vote: SentVote | None = None
    last_vote_text: str = ""
    vote_key: str = field(default_factory=new_key)

    def release(self) -> None:
        """Free the memory of the file's pixels."""
        if self.stability_check is not None:
            self.stability_check.cancel()
        self.close_ups = None
        self.media.release()

    def shown_result(self) -> AnalysisResult:
        """Return the result with the verdicts after the stability check; unchanged if it has not run yet."""
        if self.stabilities is None:
            return self.analysis.result
        return stable_result(self.analysis.result, self.stabilities)

    def key_for(self, vote_text: str) -> str:
        """Return the idempotency key of a vote: the same one for the same vote, else a new one."""
        if self.last_vote_text not in ("", vote_text):
            self.vote_key = next_key(self.vote_key)
        return self.vote_key


@dataclass
class Visit:
    """The files of one page and the index of the selected one.

    `private_paths` maps the paths where uploads arrived to their private paths, and `deleted_uploads` the
    receipts of deleted results to the paths where their files arrived. `removes_upload`: the page is about
    to remove a deleted file from its list of uploads. `has_ended`: the page shows other files.
    """

    files: list[AnalysedFile] = field(default_factory=list)
    number: int = 0
    private_paths: dict[str, Path] = field(default_factory=dict)
    deleted_uploads: dict[str, str] = field(default_factory=dict)
    removes_upload: bool = False
    has_ended: bool = False

    def shows(self, file: AnalysedFile) -> bool:
        """Return whether the page still shows this file. If not, its late results must not appear."""
        return not self.has_ended and self.selected is file

    @property
    def selected(self) -> AnalysedFile | None:
        """The selected file, if there is one."""
        return self.files[self.number] if 0 <= self.number < len(self.files) else None

    @property
    def derived(self) -> list[Path]:
        """All files made from the visit's files."""
        return [path for file in self.files for path in file.derived]

    def existing_paths(self) -> dict[str, Path]:
        """Return the private paths whose files still exist."""
        return {upload: path for upload, path in self.private_paths.items() if path.exists()}

    def release(self) -> None:
        """End the visit and free the pixels of all files. A later use of them decodes the file again."""
        self.has_ended = True
        self.release_pixels()

    def release_pixels(self) -> None:
        """Free the pixels of all files. The page may come back after a lost connection."""
        for file in self.files:
            file.release()

    def remove(self, receipt: str) -> AnalysedFile | None:
        """Remove and return the file with this receipt; None if there is none.

        The next file is selected, or the last one if there is no next one.
        """
        for file in self.files:
            if file.analysis.receipt == receipt:
                file.release()
                self.files.remove(file)
                self.private_paths.pop(file.upload, None)
                self.number = max(min(self.number, len(self.files) - 1), 0)
                return file
        return None


def display_name(client_name: object, path: str) -> str:
    """Return the client's name of a file, or else the name of the upload, as encodable text.

    The name is for display only; no file is opened by it.
    """
    name = Path(path).name
    if isinstance(client_name, str) and client_name:
        name = client_name
    return name.encode("utf-8", "replace").decode()[:MAX_NAME]
