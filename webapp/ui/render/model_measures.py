"""Measures of the models as HTML, for the public page and the desk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from webapp.services.label_quality.model_figures import (
    Ends,
    ModelFigures,
    ModelMeasures,
    RateFigures,
    SampleFigures,
)
from webapp.texts import Texts
from webapp.texts.formats import share_text
from webapp.ui.templating import render

# Characters of a model's sha256 that are shown.
_SHA256_LENGTH = 12


def model_measures(measures: ModelMeasures, texts: Texts, *, level: int = 2) -> Markup:
    """Return a section for each model version, without the explanations. `level` is that of its heading."""
    models = [ModelSection.of(model, texts) for model in measures.models]
    return render("model_measures.jinja", models=models, words=texts.model_measures, level=level)


@dataclass(frozen=True)
class ModelRow:
    """Row of a table: its name, numbers as text, and for each rate its text and a note below."""

    name: str
    numbers: tuple[str, ...]
    rates: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ModelSection:
    """A model version in words. `few` and `few_tags` are sentences about the parts without a share."""

    version: str
    weights: str
    counts: str
    changed: str
    rows: tuple[ModelRow, ...]
    few: str
    tags: tuple[ModelRow, ...]
    few_tags: str

    @classmethod
    def of(cls, model: ModelFigures, texts: Texts) -> ModelSection:
        """Describe a model version."""
        words = texts.model_measures
        parts = list(_parts(model, texts))
        is_shown = {name: _has_share(part) for name, part in parts}
        names = {tag.tag: texts.tag_names[tag.tag] for tag in model.tags}
        few_tags = [
            _few_tag(names[tag.tag], tag.recall, texts) for tag in model.tags if not _shown(tag.recall)
        ]
        return cls(
            version=words.version.format(version=model.version),
            weights=words.weights.format(sha256=model.sha256[:_SHA256_LENGTH]),
            counts=words.counts.format(**_numbers(model.total)),
            changed=_changed(model.changed_to_model, texts),
            rows=tuple(_row(name, part, texts) for name, part in parts if is_shown[name]),
            few=_few([_few_part(name, part, texts) for name, part in parts if not is_shown[name]], texts),
            tags=tuple(
                ModelRow(names[tag.tag], (), (_rate(tag.recall, texts),))
                for tag in model.tags
                if _shown(tag.recall)
            ),
            few_tags=_few(few_tags, texts),
        )


def _parts(model: ModelFigures, texts: Texts) -> Iterator[tuple[str, SampleFigures]]:
    """Yield all parts of a model's sample: everything, the months newest first, the kinds of files."""
    words = texts.model_measures
    yield words.everything, model.total
    for month in sorted(model.months, key=lambda part: part.month, reverse=True):
        yield month.month, month
    for kind in model.kinds:
        yield words.kinds[kind.kind], kind


def _numbers(part: SampleFigures) -> dict[str, int]:
    return {name: getattr(part, name) for name in ("drawn", "decided", "open", "inconclusive", "unusable")}


def _shown(rate: RateFigures) -> bool:
    return rate.share is not None


def _has_share(part: SampleFigures) -> bool:
    return any(_shown(rate) for rate in part.rates.by_rate().values())


def _row(name: str, part: SampleFigures, texts: Texts) -> ModelRow:
    numbers = (str(part.drawn), str(part.open + part.inconclusive))
    return ModelRow(name, numbers, tuple(_rate(rate, texts) for rate in part.rates.by_rate().values()))


def _rate(rate: RateFigures, texts: Texts) -> tuple[str, str]:
    """Return a share with its interval and, if it differs, the possible range; or why there is none."""
    words = texts.model_measures
    if rate.share is None or rate.interval is None:
        return words.missing.format(missing=rate.missing) if rate.missing else words.withheld, ""
    share = words.share.format(share=share_text(rate.share, texts), **_ends(rate.interval, texts))
    if rate.possible is None or rate.possible[0] == rate.possible[1]:
        return share, ""
    return share, words.possible.format(**_ends(rate.possible, texts))


def _ends(ends: Ends, texts: Texts) -> dict[str, str]:
    return {"low": share_text(ends[0], texts), "high": share_text(ends[1], texts)}


def _changed(rate: RateFigures, texts: Texts) -> str:
    words = texts.model_measures
    if rate.share is None or rate.interval is None:
        return words.changed_too_few.format(missing=rate.missing)
    share = share_text(rate.share, texts)
    return words.changed.format(share=share, count=rate.count, **_ends(rate.interval, texts))


def _few_part(name: str, part: SampleFigures, texts: Texts) -> str:
    words = texts.model_measures
    fakes, reals = part.rates.recall.missing, part.rates.false_alarm_rate.missing
    if not fakes and not reals:
        return words.few_part_withheld.format(part=name)
    return words.few_part.format(part=name, fakes=fakes, reals=reals)


def _few_tag(name: str, recall: RateFigures, texts: Texts) -> str:
    words = texts.model_measures
    if not recall.missing:
        return words.few_part_withheld.format(part=name)
    return words.few_tag.format(tag=name, missing=recall.missing)


def _few(parts: Sequence[str], texts: Texts) -> str:
    """Return one sentence about all parts without a share; "" if there are none."""
    return texts.model_measures.few.format(parts=texts.list_separator.join(parts)) if parts else ""
