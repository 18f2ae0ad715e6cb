"""Numbers and dates as a language writes them."""

from __future__ import annotations

from datetime import date, datetime

from webapp.texts.schema import Texts

# A value that does not exist.
_NONE = "–"


def capitalised(phrase: str) -> str:
    """Return a phrase with a capital first letter; the others stay as they are."""
    return phrase[:1].upper() + phrase[1:]


def number_text(value: float | None, texts: Texts, decimals: int = 4) -> str:
    """Format a number; None becomes a dash. Scores and probabilities have four decimals, as in the JSON."""
    return _NONE if value is None else f"{value:.{decimals}f}".replace(".", texts.decimal_mark)


def share_text(share: float, texts: Texts, decimals: int = 0) -> str:
    """Format a share in [0, 1] as per cent."""
    number = f"{share:.{decimals}%}".removesuffix("%").replace(".", texts.decimal_mark)
    return texts.percent.format(number=number)


def date_text(day: date, texts: Texts) -> str:
    """Format a day."""
    return texts.date.format(year=f"{day.year:04}", month=f"{day.month:02}", day=f"{day.day:02}")


def time_text(moment: datetime, texts: Texts, *, seconds: bool = False) -> str:
    """Format a day and a time of it, to the minute or second, in the time zone of `moment`."""
    clock = f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
    return texts.date_and_time.format(date=date_text(moment, texts), time=clock)
