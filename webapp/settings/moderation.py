"""Settings of cases and moderators, and of the events that other programs receive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from webapp.domain.enums import ModelRate
from webapp.settings.base import SettingsGroup
from webapp.settings.values import MIN_SECRET, Decimal, SpaceSeparated, Switch, WholeNumber

# Rate, lowest and highest per cent.
_BAND = re.compile(rf"({'|'.join(ModelRate)}):(\d{{1,3}}(?:\.\d+)?)-(\d{{1,3}}(?:\.\d+)?)", re.ASCII)
_ORGANISATION = re.compile(r"[\w.-]{1,64}", re.ASCII)


class ModerationSettings(SettingsGroup):
    """Settings of cases and moderators."""

    labels: WholeNumber = Field(
        default=2,
        ge=1,
        le=3,
        description="Moderators who must agree on a case. "
        "If they disagree, a third one, then an admin decides.",
    )
    claim_minutes: WholeNumber = Field(
        default=10, ge=1, le=1440, description="Minutes until an idle moderator loses a case."
    )
    audit_share: Decimal = Field(
        default=2.0, ge=0, le=100, description="Percentage of stored faces that become cases at random."
    )
    gold_share: Decimal = Field(
        default=5.0, ge=0, le=100, description="Percentage of assigned cases whose answer is known (`gold`)."
    )
    case_uncertain: Decimal = Field(
        default=0.5,
        ge=0,
        le=0.5,
        description="An inconclusive face opens a case if its probability is at most this far from 0.5.",
    )
    case_age: Decimal = Field(
        default=3.0,
        ge=0.01,
        le=36_500,
        description="Days until an open case counts 2.7 times as much. "
        "Cases are ranked by uncertainty, dispute and age.",
    )
    decision_delay: WholeNumber = Field(
        default=10,
        ge=0,
        le=10_080,
        description="Minutes in which a label can be undone. Afterwards the visitor sees the decision.",
    )
    known_files: Switch = Field(
        default="off",
        description="`on`: every visitor sees the decision on the very same file or a near copy that others "
        "brought. See [moderating](moderating.md#known-files).",
    )
    known_receipts: WholeNumber = Field(
        default=3,
        ge=1,
        le=1000,
        description="Different receipts that must have brought a file before its decision is shown. "
        "Receipts of one day count as one, and the day of the asking receipt does not count: one visitor "
        "can make many within minutes and would learn that another visitor's file was kept. "
        "See [moderating](moderating.md#known-files).",
    )
    public_measures: Switch = Field(
        default="off",
        description="`on`: everyone can read precision, recall and false alarm rate of each model version at "
        "`/model/measures`. See [moderating](moderating.md#the-model-measured).",
    )
    promised_rates: SpaceSeparated = Field(
        default=(),
        description="Promised bands in per cent, separated by spaces: `precision:80-100 recall:60-100 "
        "false_alarm_rate:0-5`. A rate that leaves its band raises an alarm. "
        "See [moderating](moderating.md#the-drift-alarm).",
    )
    webhook_url: str = Field(default="", description="Address that receives events of cases.")
    webhook_secret: str = Field(
        default="", repr=False, description="Key of the webhook's signatures, at least 16 characters."
    )
    hf_organisation: str = Field(
        default="",
        description="Name or id of the Hugging Face organisation whose members moderate. Spaces only. "
        "See [moderating](moderating.md).",
    )
    hf_roleless: Literal["refuse", "moderator"] = Field(
        default="refuse", description="Treatment of members whose role Hugging Face does not disclose."
    )

    @field_validator("promised_rates")
    @classmethod
    def _check_promised_rates(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        parse_bands(value)
        return value

    @field_validator("hf_organisation")
    @classmethod
    def _check_organisation(cls, value: str) -> str:
        if value and not _ORGANISATION.fullmatch(value):
            raise ValueError("must be an organisation's name or id")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an address that begins with http:// or https://")
        return value

    @property
    def promised_bands(self) -> dict[ModelRate, tuple[float, float]]:
        """Return the promised bands by rate, as shares in [0, 1]."""
        return parse_bands(self.promised_rates)

    @model_validator(mode="after")
    def _check_webhook_secret(self) -> Self:
        if self.webhook_url and len(self.webhook_secret) < MIN_SECRET:
            raise ValueError(
                f"LENS_WEBHOOK_SECRET must have at least {MIN_SECRET} characters if LENS_WEBHOOK_URL is set"
            )
        return self


def parse_bands(texts: Sequence[str]) -> dict[ModelRate, tuple[float, float]]:
    """Return lowest and highest share in [0, 1] by rate, from texts such as "recall:60-100" in per cent.

    Raises ValueError that names the wrong part.
    """
    bands: dict[ModelRate, tuple[float, float]] = {}
    for text in texts:
        match = _BAND.fullmatch(text)
        if match is None:
            raise ValueError(
                f"must have parts such as recall:60-100, one of {', '.join(ModelRate)}: {text!r}"
            )
        rate, low, high = ModelRate(match[1]), float(match[2]) / 100, float(match[3]) / 100
        if not low < high <= 1:
            raise ValueError(f"must have bands within 0 to 100 whose first number is lower: {text!r}")
        if rate in bands:
            raise ValueError(f"names {rate} twice")
        bands[rate] = (low, high)
    return bands
