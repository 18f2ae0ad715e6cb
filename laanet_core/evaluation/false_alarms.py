"""False alarms: the share of real faces that are called fake, by pack and by groups of people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidConfig
from laanet_core.evaluation.metrics import sigmoid, wilson_interval
from laanet_core.evaluation.predictions import Prediction
from laanet_core.evaluation.report import Estimate, FalseAlarms


def group_pattern(text: str | None) -> re.Pattern[str] | None:
    """Compile a regular expression whose named groups are groups of people in the names of images.

    Raises InvalidConfig if it is none or names no group.
    """
    if text is None:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise InvalidConfig(f"{text!r} is no regular expression: {error}") from error
    if not pattern.groupindex:
        raise InvalidConfig(f"{text!r} names no group, such as (?P<age>[0-9]+)")
    return pattern


def false_alarms(
    predictions: Mapping[str, Sequence[Prediction]],
    decision: DecisionConfig,
    groups: re.Pattern[str] | None = None,
) -> list[FalseAlarms]:
    """Return how many of the real faces of all sets are called fake, by pack and by the pattern's groups.

    `predictions` is by set; a face that several sets share counts once. A name that the pattern matches puts
    the face into one group of every named part.
    """
    reals = {
        face.name: face for faces in reversed(list(predictions.values())) for face in faces if face.label == 0
    }
    called_fake: dict[tuple[str, str], list[bool]] = {}
    for name, face in reals.items():
        probability = sigmoid(np.array(face.fake_logit / decision.temperature))
        is_fake = bool(probability > decision.fake_above)
        match = None if groups is None else groups.search(name)
        keys = [("pack", face.pack), *(match.groupdict(default="").items() if match else ())]
        for key in keys:
            called_fake.setdefault(key, []).append(is_fake)
    return [_row(measure, name, called_fake[measure, name]) for measure, name in sorted(called_fake)]


def _row(measure: str, name: str, called_fake: Sequence[bool]) -> FalseAlarms:
    count, total = sum(called_fake), len(called_fake)
    interval = wilson_interval(count, total)
    share = Estimate(round(count / total, 4), round(interval.low, 4), round(interval.high, 4))
    return FalseAlarms(measure=measure, name=name, real=total, share=share)
