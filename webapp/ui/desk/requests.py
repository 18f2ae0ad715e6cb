"""Requests of the desk's page: the caller, the case, and the content as pydantic models."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from webapp.domain.errors import Refused
from webapp.media.masks import mask_of_runs
from webapp.services.accounts import Person
from webapp.services.moderation.labelling import LabelInput

# Bytes of a request: a painted region is its largest part.
MAX_BYTES = 2_000_000
# Cases that a page may ask to leave out. Of a longer list the latest count.
MAX_SKIPPED = 500
# Seconds of a clip: a day, far more than any clip that is accepted.
_MAX_SECONDS = 86_400


def _parse_seconds(value: object) -> float | None:
    """Return seconds into a clip. The text of a query is accepted too; "" is none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a number")
    seconds = float(value)
    if not math.isfinite(seconds) or not 0 <= seconds <= _MAX_SECONDS:
        raise ValueError("not a time in a clip")
    return seconds


Seconds = Annotated[float | None, BeforeValidator(_parse_seconds)]


class DeskRequest(BaseModel):
    """Content of a request. Types are not converted; unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class SkipRequest(DeskRequest):
    """`skipped`: ids of cases that the person does not want now."""

    skipped: list[Annotated[str, StringConstraints(max_length=64)]] = Field(default_factory=list)

    @property
    def latest(self) -> list[str]:
        """The latest MAX_SKIPPED ids."""
        return self.skipped[-MAX_SKIPPED:]


class FlagRequest(DeskRequest):
    """`concern`: why an admin should look at the case."""

    concern: str = ""


class RegionRequest(DeskRequest):
    """Painted region of `width` x `height` pixels; `runs` as in `masks.mask_of_runs`; `time` of the frame."""

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
        region, png = self.region, None
        if region is not None:
            png = mask_of_runs(region.width, region.height, region.runs)
        time = None if region is None else region.time
        return LabelInput(self.value, self.confidence, self.note, tuple(self.tags), png, time)


class FinalRequest(DeskRequest):
    """`same`: the blind label is confirmed; otherwise the request has a label."""

    same: bool = False


class UndoRequest(DeskRequest):
    """`adjudicated`: the person decided a dispute and goes back to it."""

    adjudicated: bool = False


class ImageRequest(DeskRequest):
    """Query of an image: its view, the frame's time of a clip, and "1" for a thumbnail."""

    name: str = ""
    time: Seconds = None
    small: str = ""


class FineTuneRequest(DeskRequest):
    """Snapshot to learn from, and the number of steps; None: as many as the recipe says."""

    snapshot: str = ""
    steps: int | None = None


class RunRequest(DeskRequest):
    """Fine-tuning run."""

    run: str = ""


class VersionRequest(DeskRequest):
    """Model version."""

    version: str = ""


class RollbackRequest(DeskRequest):
    """`to`: version to go back to; "": the one before."""

    to: str = ""


M = TypeVar("M", bound=DeskRequest)


@dataclass(frozen=True)
class DeskCall:
    """One call: who calls, for which case ("" if for none), and the JSON body or the query."""

    person: Person | None
    case: str
    content: Mapping[str, Any]

    def read(self, model: type[M]) -> M:
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
