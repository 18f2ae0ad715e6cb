"""Which weights the server starts with: those that its host named or, where the Hub does not give them, the bundled ones."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from laanet_core.errors import InvalidWeights

logger = logging.getLogger(__name__)
Loaded = TypeVar("Loaded")
STARTER = "starter"
TIME_LIMIT = 12.0  # seconds for the Hub, so that with all the rest a start takes less than 30


@dataclass(frozen=True)
class WeightsInUse:
    """The name that answers, and where it is not the one that was `wanted`, the sentence that says why."""

    wanted: str
    used: str
    reason: str | None = None

    @property
    def stand_in(self) -> bool:
        return self.used != self.wanted

    def to_json(self) -> dict[str, Any]:
        return {"wanted": self.wanted, "used": self.used, "reason": self.reason}


class StartingWeights:
    """Fetches from the Hub, from the moment it is made, what the name stands for; the rest of the start need not wait for it."""

    def __init__(self, name: str, download: Callable[[str], Path] | None = None) -> None:
        """`download` is `laanet_core.modeling.hub.download` within TIME_LIMIT unless another is given."""
        self._name = name
        self._folder: Future[Path] = Future()
        self._download = download
        if name.startswith("hf://"):
            Thread(target=self._fetch, name="weights", daemon=True).start()

    def load(self, loader: Callable[[str | Path], Loaded]) -> tuple[Loaded, WeightsInUse]:
        """What `loader` makes of the weights. Those of the Hub that are not to be had, or are not what they should be, give way to the
        starter weights; a name that a host can mend at once does not. Raises InvalidWeights.
        """
        if not self._name.startswith("hf://"):
            return loader(self._name), WeightsInUse(self._name, self._name)
        try:
            folder = self._folder.result()
        except InvalidWeights as error:
            return self._stand_in(loader, error)
        try:
            loaded = loader(folder)
        except InvalidWeights as error:
            from laanet_core.modeling.hub import discard

            discard(folder)
            return self._stand_in(loader, error)
        logger.info("the weights in use are %s", self._name)
        return loaded, WeightsInUse(self._name, self._name)

    def _stand_in(
        self, loader: Callable[[str | Path], Loaded], error: InvalidWeights
    ) -> tuple[Loaded, WeightsInUse]:
        logger.error(
            "%s cannot be used, the starter weights answer in their place: %s", self._name, error.message
        )
        return loader(STARTER), WeightsInUse(self._name, STARTER, error.message)

    def _fetch(self) -> None:
        try:
            if self._download is None:
                from laanet_core.modeling.hub import download

                self._download = partial(download, seconds=TIME_LIMIT)
            self._folder.set_result(self._download(self._name))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            self._folder.set_exception(error)
