"""What the admins' page about the model asks. Every call but those that read answers with everything at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from webapp.ui.desk.requests import Asked, invalid

if TYPE_CHECKING:
    from webapp.ui.services import DeskServices

PREFIX = "/model"


class LearningHandlers:
    def __init__(self, services: DeskServices) -> None:
        self._services = services

    def calls(self) -> dict[tuple[str, str], Callable[[Asked], Mapping[str, Any]]]:
        """By method and path below the desk's JSON."""
        return {
            ("GET", PREFIX): self.state,
            ("GET", f"{PREFIX}/report"): self.report,
            ("POST", f"{PREFIX}/freeze"): self.freeze,
            ("POST", f"{PREFIX}/begin"): self.begin,
            ("POST", f"{PREFIX}/resume"): self.resume,
            ("POST", f"{PREFIX}/cancel"): self.cancel,
            ("POST", f"{PREFIX}/measure"): self.measure,
            ("POST", f"{PREFIX}/promote"): self.promote,
            ("POST", f"{PREFIX}/rollback"): self.rollback,
        }

    def state(self, asked: Asked) -> Mapping[str, Any]:
        return self._services.overseeing.state(asked.person)

    def report(self, asked: Asked) -> Mapping[str, Any]:
        return self._services.overseeing.report(asked.person, asked.text("version"))

    def freeze(self, asked: Asked) -> Mapping[str, Any]:
        self._services.overseeing.freeze(asked.person)
        return self.state(asked)

    def begin(self, asked: Asked) -> Mapping[str, Any]:
        steps = asked.words.get("steps")
        if steps is not None and type(steps) is not int:
            raise invalid("steps")
        self._services.overseeing.begin(asked.person, asked.text("snapshot"), steps)
        return self.state(asked)

    def resume(self, asked: Asked) -> Mapping[str, Any]:
        self._services.overseeing.resume(asked.person, asked.text("run"))
        return self.state(asked)

    def cancel(self, asked: Asked) -> Mapping[str, Any]:
        self._services.overseeing.cancel(asked.person, asked.text("run"))
        return self.state(asked)

    def measure(self, asked: Asked) -> Mapping[str, Any]:
        self._services.overseeing.measure(asked.person, asked.text("version"))
        return self.state(asked)

    def promote(self, asked: Asked) -> Mapping[str, Any]:
        self._services.overseeing.promote(asked.person, asked.text("version"))
        return self.state(asked)

    def rollback(self, asked: Asked) -> Mapping[str, Any]:
        """`to`: not the champion before, but this version."""
        self._services.overseeing.rollback(asked.person, asked.text("to") or None)
        return self.state(asked)
