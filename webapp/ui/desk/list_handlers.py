"""Handlers of the list of cases, of searches, and of a case's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.domain.errors import Refused
from webapp.ui.desk.requests import CaseListQuery, DeskCall, FindRequest

if TYPE_CHECKING:
    from webapp.ui.desk.case_handlers import Answer, Endpoints
    from webapp.ui.services import DeskServices

# Path whose request is a file of any size that visitors may upload.
FILE_PATH = "/cases/file"


class ListHandlers:
    """Handlers of the list. Each calls a service that checks the person's role."""

    def __init__(self, services: DeskServices) -> None:
        self._services = services

    def endpoints(self) -> Endpoints:
        """Return the handlers by method and path."""
        return {
            ("GET", "/cases"): self.cases,
            ("GET", "/cases/choices"): self.choices,
            ("POST", "/cases/find"): self.find,
            ("POST", FILE_PATH): self.find_file,
            ("GET", "/case/{case}/history"): self.history,
        }

    def cases(self, call: DeskCall) -> Answer:
        """Return a page of the list of cases."""
        page = self._services.case_list.page(call.person, call.read(CaseListQuery).request())
        return {"cases": page.cases, "next": page.next}

    def choices(self, call: DeskCall) -> Answer:
        """Return the values of the filters by model and by moderator."""
        return {"choices": self._services.case_list.choices(call.person)}

    def find(self, call: DeskCall) -> Answer:
        """Return the cases of a receipt, a report number, a case's id or a file's hash."""
        return {"cases": self._services.case_search.find(call.person, call.read(FindRequest).text)}

    def find_file(self, call: DeskCall) -> Answer:
        """Return the cases of a file and of its near copies."""
        if call.file is None:
            raise Refused("invalid_request", "The body must be the file, as application/octet-stream.")
        return {"cases": self._services.case_search.find_file(call.person, call.file)}

    def history(self, call: DeskCall) -> Answer:
        """Return the page of a case."""
        return {"history": self._services.case_history.history(call.person, call.case)}
