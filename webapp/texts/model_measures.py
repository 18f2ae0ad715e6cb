"""Schema of the sentences about the measures of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ModelMeasureTexts:
    """Sentences of the page /model/measures, which the desk has in English too."""

    title: str
    help: str
    # Name of the links at the end of every page.
    to_measures: str
    as_of: str
    nothing: str
    to_json: str
    # By rate: name and explanation.
    rates: Mapping[str, tuple[str, str]]
    rates_title: str
    method_title: str
    method: tuple[str, ...]
    version: str
    weights: str
    counts: str
    changed: str
    changed_too_few: str
    part: str
    drawn: str
    undecided: str
    everything: str
    # By kind of file.
    kinds: Mapping[str, str]
    share: str
    possible: str
    missing: str
    withheld: str
    # Parts without any share: the sentence, and each part in it.
    few: str
    few_part: str
    few_part_withheld: str
    tags_title: str
    tags_help: str
    tag: str
    few_tag: str
