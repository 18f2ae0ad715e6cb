"""Settings of the log and of metrics."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from webapp.settings.base import SettingsGroup
from webapp.settings.values import MIN_SECRET


class MonitoringSettings(SettingsGroup):
    """Settings of the log and of metrics."""

    log: Literal["text", "json"] = Field(
        default="text", description="Log format. `json`: one object per line."
    )
    metrics_token: str = Field(
        default="",
        repr=False,
        description="Bearer token of `/metrics` (Prometheus), at least 16 characters. "
        "Without it there is no such page. "
        "Needs the extra `metrics`.",
    )

    @field_validator("metrics_token")
    @classmethod
    def _check_metrics_token(cls, value: str) -> str:
        if value and len(value) < MIN_SECRET:
            raise ValueError(f"must have at least {MIN_SECRET} characters")
        return value
