"""Handlers of the moderators' work on cases. Each reads a request and calls one or more services."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from webapp.domain.enums import CaseState
from webapp.services.storage.kept_media import MediaContent
from webapp.ui.desk.requests import (
    DeskCall,
    FinalRequest,
    FlagRequest,
    ImageRequest,
    LabelRequest,
    SkipRequest,
    UndoRequest,
)
from webapp.ui.services import DeskServices

# JSON object whose values may be pydantic models.
Answer = Mapping[str, object]
Handler = Callable[[DeskCall], Answer | MediaContent]
# Handlers by HTTP method and path. Paths are relative to the address of the desk's JSON.
Endpoints = Mapping[tuple[str, str], Handler]


class CaseHandlers:
    """Handlers of cases. Each calls a service that checks the person's role."""

    def __init__(self, services: DeskServices) -> None:
        self._services = services

    def endpoints(self) -> Endpoints:
        """Return the handlers by method and path."""
        return {
            ("GET", "/state"): self.state,
            ("POST", "/take"): self.take,
            ("POST", "/following"): self.following,
            ("POST", "/disputed"): self.disputed,
            ("POST", "/case/{case}/take"): self.take_case,
            ("POST", "/case/{case}/renew"): self.renew,
            ("POST", "/case/{case}/skip"): self.skip,
            ("POST", "/case/{case}/flag"): self.flag,
            ("POST", "/case/{case}/blind"): self.blind,
            ("POST", "/case/{case}/final"): self.final,
            ("POST", "/case/{case}/undo"): self.undo,
            ("GET", "/case/{case}/arguments"): self.arguments,
            ("POST", "/case/{case}/adjudicate"): self.adjudicate,
            ("GET", "/case/{case}/file"): self.file,
            ("GET", "/case/{case}/view"): self.view,
            ("GET", "/case/{case}/heat"): self.heat,
        }

    def state(self, call: DeskCall) -> Answer:
        """Return the person and the numbers of cases that wait, are disputed or were labelled today."""
        queue = self._services.case_views.queue_counts(call.person)
        # The service refuses a call without a person.
        assert call.person is not None
        return {"person": {"name": call.person.name, "role": call.person.role}, "queue": queue}

    def take(self, call: DeskCall) -> Answer:
        """Claim the next case, or renew the person's claim."""
        return self._take(call, call.read(SkipRequest))

    def take_case(self, call: DeskCall) -> Answer:
        """Claim this case."""
        self._services.claims.take_case(call.person, call.case)
        return self._claimed(call, call.case)

    def following(self, call: DeskCall) -> Answer:
        """Return the case that will probably come next, so that the page can prefetch it."""
        case = self._services.case_views.next_case(call.person, call.read(SkipRequest).latest)
        return {"case": case}

    def renew(self, call: DeskCall) -> Answer:
        """Renew the claim, because the person is active."""
        return {"until": self._services.claims.renew(call.person, call.case).isoformat()}

    def skip(self, call: DeskCall) -> Answer:
        """Release the case and claim the next one."""
        skipped = call.read(SkipRequest)
        self._services.claims.release(call.person)
        return self._take(call, skipped)

    def flag(self, call: DeskCall) -> Answer:
        """Flag the case for the admins and claim the next one."""
        skipped = call.read(SkipRequest)
        self._services.flags.flag(call.person, call.case, call.read(FlagRequest).concern)
        return self._take(call, skipped)

    def blind(self, call: DeskCall) -> Answer:
        """Store the blind label; only then reveal the model's answer."""
        label = call.read(LabelRequest).label()
        return {"answer": self._services.labelling.submit_blind(call.person, call.case, label)}

    def final(self, call: DeskCall) -> Answer:
        """Store the final label and claim the next case."""
        label = None if call.read(FinalRequest).same else call.read(LabelRequest).label()
        skipped = call.read(SkipRequest)
        state = self._services.labelling.submit_final(call.person, call.case, label)
        return {**self._take(call, skipped), "state": state}

    def undo(self, call: DeskCall) -> Answer:
        """Withdraw the last label or decision and return to the case."""
        request = call.read(UndoRequest)
        self._services.labelling.undo(call.person, call.case)
        if request.adjudicated:
            return self._dispute(call, call.case)
        return self.take_case(call)

    def disputed(self, call: DeskCall) -> Answer:
        """Return the dispute that waits longest for an admin."""
        return self._next_dispute(call, call.read(SkipRequest))

    def arguments(self, call: DeskCall) -> Answer:
        """Return this dispute with the labels and notes of the moderators."""
        queue = self._services.case_views.queue_counts(call.person)
        return {**self._dispute(call, call.case), "queue": queue}

    def adjudicate(self, call: DeskCall) -> Answer:
        """Decide the dispute and return the next one."""
        skipped = call.read(SkipRequest)
        self._services.labelling.adjudicate(call.person, call.case, call.read(LabelRequest).label())
        queue = self._services.case_views.queue_counts(call.person)
        return {**self._next_dispute(call, skipped), "state": CaseState.DECIDED, "queue": queue}

    def file(self, call: DeskCall) -> MediaContent:
        """Return the kept file."""
        return self._services.case_images.file(call.person, call.case)

    def view(self, call: DeskCall) -> MediaContent:
        """Return the photo or a clip's frame, as it is or filtered."""
        image = call.read(ImageRequest)
        return self._services.case_images.view(
            call.person, call.case, image.name or "plain", time=image.time, is_thumbnail=image.small == "1"
        )

    def heat(self, call: DeskCall) -> MediaContent:
        """Return the model's heatmap as an image to lay over the photo or frame."""
        return self._services.case_images.heatmap(call.person, call.case, time=call.read(ImageRequest).time)

    def _take(self, call: DeskCall, skipped: SkipRequest) -> Answer:
        return self._claimed(call, self._services.claims.take(call.person, skipped.latest))

    def _next_dispute(self, call: DeskCall, skipped: SkipRequest) -> Answer:
        case = self._services.case_views.next_dispute(call.person, skipped.latest)
        if case is None:
            return {"case": None}
        return self._dispute(call, case)

    def _claimed(self, call: DeskCall, case: str | None) -> Answer:
        """Return the claimed case; after the blind label also the label and the model's answer."""
        views = self._services.case_views
        queue = views.queue_counts(call.person)
        if case is None:
            return {"case": None, "queue": queue}
        view = views.claimed_case(call.person, case)
        if not view.labelled:
            return {"case": view, "queue": queue}
        return {
            "case": view,
            "queue": queue,
            "answer": views.model_answer(call.person, case),
            "own": views.own_label(call.person, case),
        }

    def _dispute(self, call: DeskCall, case: str) -> Answer:
        view, labels = self._services.case_views.dispute(call.person, case)
        answer = self._services.case_views.model_answer(call.person, case)
        return {"case": view, "labels": labels, "answer": answer}
