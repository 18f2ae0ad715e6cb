"""Weights that the server starts with: those of the settings, or the bundled ones if the Hub fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from laanet_core.errors import CapturedError, InvalidWeights

logger = logging.getLogger(__name__)
Loaded = TypeVar("Loaded")
STARTER = "starter"
# Seconds for the Hub, so that the whole start takes less than 30
DOWNLOAD_TIMEOUT = 12.0


@dataclass(frozen=True)
class WeightsInUse:
    """Name of the weights in use. `reason` says why they are not the `wanted` ones, None if they are."""

    wanted: str
    used: str
    reason: str | None = None

    @property
    def is_fallback(self) -> bool:
        return self.used != self.wanted

    def to_json(self) -> dict[str, Any]:
        return {"wanted": self.wanted, "used": self.used, "reason": self.reason}


class StartupWeights:
    """Weights by name. A background thread downloads those of the Hub while the server starts."""

    def __init__(self, name: str, download: Callable[[str], Path] | None = None) -> None:
        """`download` is by default `laanet_core.modeling.hub.download` with DOWNLOAD_TIMEOUT."""
        self._name = name
        self._folder: Future[Path] = Future()
        self._download = download
        if name.startswith("hf://"):
            Thread(target=self._fetch, name="weights", daemon=True).start()

    def load(self, loader: Callable[[str | Path], Loaded]) -> tuple[Loaded, WeightsInUse]:
        """Return what `loader` makes of the weights, and which weights those are.

        Hub weights that are unavailable or damaged are replaced by the starter weights. Any other name is the
        host's own mistake and raises InvalidWeights.
        """
        if not self._name.startswith("hf://"):
            return loader(self._name), WeightsInUse(self._name, self._name)
        try:
            folder = self._folder.result()
        except InvalidWeights as error:
            return self._load_starter(loader, error)
        try:
            loaded = loader(folder)
        except InvalidWeights as error:
            from laanet_core.modeling.hub import discard

            discard(folder)
            return self._load_starter(loader, error)
        logger.info("the weights in use are %s", self._name)
        return loaded, WeightsInUse(self._name, self._name)

    def _load_starter(
        self, loader: Callable[[str | Path], Loaded], error: InvalidWeights
    ) -> tuple[Loaded, WeightsInUse]:
        logger.error("cannot use %s; falling back to the starter weights: %s", self._name, error.message)
        return loader(STARTER), WeightsInUse(self._name, STARTER, error.message)

    def _fetch(self) -> None:
        with CapturedError() as captured:
            if self._download is None:
                from laanet_core.modeling.hub import download

                self._download = partial(download, seconds=DOWNLOAD_TIMEOUT)
            self._folder.set_result(self._download(self._name))
        if captured.error is not None:
            # `load` raises it from the future in the thread that waits for the weights.
            self._folder.set_exception(captured.error)
