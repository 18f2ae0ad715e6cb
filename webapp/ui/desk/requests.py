"""Requests of the desk's page: the caller, the case, and the content as pydantic models."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from webapp.domain.errors import Refused
from webapp.media.masks import mask_of_runs
from webapp.services.accounts import Person
from webapp.services.moderation.case_list import ListRequest
from webapp.services.moderation.labelling import LabelInput

# Bytes of a request: a painted region is its largest part.
MAX_BYTES = 2_000_000
# Number of skipped cases that the server considers. Of a longer list it uses the latest ones.
MAX_SKIPPED = 500
# Longest time in a clip: a day in seconds, far more than any clip that is accepted.
_MAX_SECONDS = 86_400
# Digits of a number of days.
_MAX_DIGITS = 9


def _parse_seconds(value: object) -> float | None:
    """Return the time in a clip that a JSON number or the text of a query gives; None for null or "".

    Raises ValueError if the value is not such a time.
    """
    if value is None or value == "":
        return None
    # Python counts True and False as numbers.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a number")
    seconds = float(value)
    if not math.isfinite(seconds) or not 0 <= seconds <= _MAX_SECONDS:
        raise ValueError("not a time in a clip")
    return seconds


def _parse_days(value: object) -> int | None:
    """Return the whole number that the text of a query gives; None for "". Raises ValueError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > _MAX_DIGITS:
        raise ValueError("not a number of days")
    return int(value)


Seconds = Annotated[float | None, BeforeValidator(_parse_seconds)]
Days = Annotated[int | None, BeforeValidator(_parse_days)]


class DeskRequest(BaseModel):
    """Content of a request. Types are not converted, except for times; unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class SkipRequest(DeskRequest):
    """Request for a case. `skipped`: ids of the cases that the person skipped."""

    skipped: list[Annotated[str, StringConstraints(max_length=64)]] = Field(default_factory=list)

    @property
    def latest(self) -> list[str]:
        """The latest MAX_SKIPPED ids."""
        return self.skipped[-MAX_SKIPPED:]


class FlagRequest(DeskRequest):
    """Request to flag a case. `concern`: why an admin should look at it."""

    concern: str = ""


class RegionRequest(DeskRequest):
    """Painted region of `width` x `height` pixels, with `runs` as in `masks.mask_of_runs`.

    `time`: time of the painted frame; None for a photo.
    """

    width: int
    height: int
    runs: list[int]
    time: Seconds = None


class LabelRequest(DeskRequest):
    """A moderator's statement about a case."""

    value: str = ""
    confidence: int
    note: str = ""
    tags: list[str] = Field(default_factory=list)
    region: RegionRequest | None = None

    def label(self) -> LabelInput:
        """Return the label for the service. Raises Refused: invalid_region."""
        label = LabelInput(
            value=self.value, confidence=self.confidence, note=self.note, tags=tuple(self.tags)
        )
        region = self.region
        if region is None:
            return label
        png = mask_of_runs(region.width, region.height, region.runs)
        return dataclasses.replace(label, region=png, time=region.time)


class FinalRequest(DeskRequest):
    """Final label: the blind label if `same` is true, otherwise the body is also a LabelRequest."""

    same: bool = False


class UndoRequest(DeskRequest):
    """Request to undo. `adjudicated`: the last action was the decision of a dispute, not a label."""

    adjudicated: bool = False


class ImageRequest(DeskRequest):
    """Query for an image. `name`: its view. `time`: a clip's frame. `small`: "1" for a thumbnail."""

    name: str = ""
    time: Seconds = None
    small: str = ""


class CaseListQuery(DeskRequest):
    """Query for a page of the list of cases. "" stands for any; see `ListRequest`.

    `own` is "1" or "". `conflict` is "yes", "no" or "". `order` is "newest" or "oldest".
    """

    own: Literal["", "1"] = ""
    state: str = ""
    kind: str = ""
    verdict: str = ""
    reason: str = ""
    conflict: Literal["", "yes", "no"] = ""
    model: str = ""
    decision: str = ""
    label: str = ""
    moderator: str = ""
    min_days: Days = None
    max_days: Days = None
    order: Literal["newest", "oldest"] = "newest"
    cursor: str = ""

    def request(self) -> ListRequest:
        """Return the request for the service."""
        return ListRequest(
            own=bool(self.own),
            state=self.state or None,
            kind=self.kind or None,
            verdict=self.verdict or None,
            reason=self.reason or None,
            conflict=self.conflict == "yes" if self.conflict else None,
            model=self.model or None,
            decision=self.decision or None,
            label=self.label or None,
            moderator=self.moderator or None,
            min_days=self.min_days,
            max_days=self.max_days,
            newest_first=self.order == "newest",
            cursor=self.cursor or None,
        )


class FindRequest(DeskRequest):
    """Request to find cases by `text`, see `CaseSearchService.find`."""

    text: str = ""


class FineTuneRequest(DeskRequest):
    """Request to fine-tune on a snapshot. If `steps` is None, the recipe gives their number."""

    snapshot: str = ""
    steps: int | None = None


class RunRequest(DeskRequest):
    """Request about a fine-tuning run."""

    run: str = ""


class VersionRequest(DeskRequest):
    """Request about a model version."""

    version: str = ""


class RollbackRequest(DeskRequest):
    """Request to roll back. `to`: the version to serve again; "" for the previous champion."""

    to: str = ""


RequestModel = TypeVar("RequestModel", bound=DeskRequest)


@dataclass(frozen=True)
class DeskCall:
    """One call: who calls, for which case ("" if for none), and the JSON body or the query.

    `file` is a received file, which is deleted after the call; None for all other requests.
    """

    person: Person | None
    case: str
    content: Mapping[str, Any]
    file: Path | None = None

    def read(self, model: type[RequestModel]) -> RequestModel:
        """Return the content as a model. Raises Refused: invalid_request, invalid_region."""
        try:
            return model.model_validate(self.content)
        except ValidationError as error:
            raise _refusal(error) from None


def parse_object(body: bytes) -> Mapping[str, Any]:
    """Return a JSON object. Raises Refused: invalid_request."""
    try:
        content = json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refused("invalid_request", "This is not JSON.") from None
    if not isinstance(content, dict):
        raise Refused("invalid_request", "A JSON object is needed.")
    return content


def _refusal(error: ValidationError) -> Refused:
    """Return the refusal of the first invalid field."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = problem["loc"]
    field = str(path[0]) if path else "The request"
    if field == "region" and path[-1] != "time":
        return Refused("invalid_region", "The region needs width, height and runs as whole numbers.")
    return Refused("invalid_request", f"{field} is missing or invalid.")


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python's parser accepts although JSON has neither."""
    raise ValueError(name)
