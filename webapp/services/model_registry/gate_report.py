"""Report of the promotion gate about one version, as it is stored with the version and printed as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class GateLimits(BaseModel):
    """Largest losses that the gate lets pass. The JSON keys are older than the names and stay as they are."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    # AUC that a candidate may lose on another data set, or on gold under a corruption
    auc_loss: float = Field(default=0.02, validation_alias="loss", serialization_alias="loss")
    # AUC that a candidate may lose on a subgroup of gold
    subgroup_auc_loss: float = Field(
        default=0.05, validation_alias="slice_loss", serialization_alias="slice_loss"
    )
    # Faces of each class that a subgroup needs; the AUC of fewer faces says too little
    min_subgroup_faces: int = Field(default=15, validation_alias="fewest", serialization_alias="fewest")
    # Expected calibration error that a candidate may add on gold
    calibration_loss: float = Field(
        default=0.0, validation_alias="calibration", serialization_alias="calibration"
    )
    # Share of real whole pictures called fake that a candidate may add
    picture_false_alarms: float = 0.01
    # Seconds for a crop, as a multiple of the champion's
    slowdown: float = Field(default=1.25, validation_alias="slower", serialization_alias="slower")
    # Resamples of the paired bootstrap
    bootstrap_samples: int = Field(
        default=1000, validation_alias="bootstrap", serialization_alias="bootstrap"
    )


class GateCheck(BaseModel):
    """One criterion. Figures are None if they could not be measured; then the check failed.

    `low` and `high` bound the 95 % interval of candidate minus champion; `why` states the limit or the
    obstacle.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    passed: bool
    candidate: float | None
    champion: float | None
    why: str = ""
    low: float | None = None
    high: float | None = None


class ComparedVersion(BaseModel):
    """A version that the gate measured, and the sha256 of its weights."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    version: str = ""


class GateReport(BaseModel):
    """Outcome of the gate for a candidate, against one champion, on the gold split of one snapshot."""

    model_config = ConfigDict(frozen=True)

    passed: bool
    candidate: ComparedVersion
    champion: ComparedVersion
    snapshot: str = ""
    # ISO 8601 in UTC
    measured_at: str = ""
    rules: GateLimits = GateLimits()
    checks: tuple[GateCheck, ...] = ()

    def to_json(self) -> str:
        """Return the report as a JSON document with the keys of every stored report."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, document: str) -> GateReport:
        """Read a stored report. Raises pydantic.ValidationError if it is not one."""
        return cls.model_validate_json(document)
