"""List of the results that the visitor's browser remembers; `javascript/my_results.js` fills it."""

from __future__ import annotations

import dataclasses
import json

from markupsafe import Markup

from webapp.texts import Texts
from webapp.ui.templating import render


def my_results(receipt_page: str, texts: Texts) -> Markup:
    """Return the empty list with the sentences that the script needs. `receipt_page` is the page's path."""
    states = {state: title for state, (title, _) in texts.outcomes.items()}
    words = {**dataclasses.asdict(texts.device), "states": {**states, "pending": texts.device.pending}}
    return render(
        "my_results.jinja",
        texts=texts.device,
        words=json.dumps(words, ensure_ascii=False),
        receipt_page=receipt_page,
    )
