"""Evaluation sets whose real faces are as sharp as their fakes, so that blur says nothing about the label.

On some forgers the AUC of sharpness alone is high. A detector of blending must also work without this help.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from laanet_core.data.sharpness_matching import inner_sharpness, softened
from laanet_core.evaluation.eval_sets import EvalItem, EvalSet


def equal_sharpness_set(eval_set: EvalSet) -> EvalSet:
    """Return a set whose real crops are blurred to the distribution of the fakes' sharpness.

    The real crop of rank r by sharpness gets the sharpness of the fake of the same relative rank; a real crop
    that is softer already is left alone. `items` yields nothing else than the set's items, in their order.
    """
    return dataclasses.replace(
        eval_set,
        name=f"{eval_set.name}-equal-sharpness",
        title=f"{eval_set.title}, real faces as sharp as the fakes",
        items=lambda: _equalized(eval_set),
    )


def _equalized(eval_set: EvalSet) -> Iterator[EvalItem]:
    """Yield the items of a set, its real crops blurred. The items are made twice, to save memory."""
    sharpness: dict[int, list[float]] = {0: [], 1: []}
    for item in eval_set.items():
        sharpness[item.label].append(inner_sharpness(item.crop))
    reals, fakes = (np.sort(sharpness[label]) for label in (0, 1))
    # Without a fake there is nothing to match.
    if not len(fakes):
        yield from eval_set.items()
        return
    for item in eval_set.items():
        if item.label == 1:
            yield item
            continue
        own = inner_sharpness(item.crop)
        rank = (np.searchsorted(reals, own) + 0.5) / len(reals)
        target = float(np.quantile(fakes, rank))
        yield item if own <= target else dataclasses.replace(item, crop=softened(item.crop, target))
