"""Limits of quality below which a found face is shown but not judged.

The limits were chosen on photographs of several packs; the model card (`starter/README.md`) has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Limits of a grid of flat blocks: periodicity of the steps, and median step relative to the mean."""

    min_periodicity: float
    max_flatness: float


@dataclass(frozen=True)
class QualityLimits:
    """Limits below which a face is not judged; see the model card for their choice.

    `min_sharpness`, `min_inside` and `max_roll` (degrees) are limits of FaceQuality, `min_crop_inside` is
    the share of the network's crop that must lie inside the picture. `straighten_from` is
    the roll in degrees from which on a face is turned upright before it is judged. `min_agreement` is the
    mean probability of the face in shifted and scaled crops. `close_up` is the face's share of the picture's
    shorter side from which on the picture's edge may cut through its box. `max_covered` is the share of the
    box that a larger face in front may cover. `hidden_ratio` is the sharpness relative to the surroundings
    below which a blurred face was blurred on purpose. `sharp_grid` and `compressed_grid` describe pixelated
    faces. A bar has at most `max_bar_contrast` as standard deviation, in grey levels, and differs from the
    cheeks by `min_bar_difference`. `min_turn_gain` is the gain in agreement by which another quarter turn
    must fit better, `max_turned_prob` the detector's probability from which on it is not tried.
    """

    min_sharpness: float = 0.31
    min_inside: float = 0.9
    min_crop_inside: float = 0.8
    straighten_from: float = 15.0
    max_roll: float = 65.0
    min_turn_gain: float = 0.05
    max_turned_prob: float = 0.9995
    min_agreement: float = 0.8
    close_up: float = 0.5
    close_up_agreement: float = 0.1
    max_covered: float = 0.1
    hidden_ratio: float = 0.62
    sharp_grid: Grid = Grid(min_periodicity=0.45, max_flatness=0.35)
    compressed_grid: Grid = Grid(min_periodicity=0.7, max_flatness=0.82)
    max_bar_contrast: float = 3.0
    min_bar_difference: float = 25.0


LIMITS = QualityLimits()
