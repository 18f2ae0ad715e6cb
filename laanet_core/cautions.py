"""What an answer must say of the file it was given for, where only a part of that was judged."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, get_args

# cut_short: the clip's file ends clearly before the clip does; damaged_parts: parts of a clip did not decode and were passed over;
# first_picture_only: an animation, or a file of several pictures, of which the first was judged
Caution = Literal["cut_short", "damaged_parts", "first_picture_only"]
CAUTIONS: tuple[Caution, ...] = get_args(Caution)
Warn = Callable[[Caution], object]  # may be called more than once with the same


def in_order(told: Collection[str]) -> tuple[Caution, ...]:
    """Each once, in the order of CAUTIONS."""
    return tuple(caution for caution in CAUTIONS if caution in told)


def unheard(caution: Caution) -> None:
    """For who needs the pixels and answers nobody."""
