"""The desk's JSON. Handlers only translate: who asks, one service after another, what they say."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webapp.domain.enums import CaseState
from webapp.domain.errors import Refused
from webapp.services.moderation.case_images import MediaContent
from webapp.ui.auth import cookies
from webapp.ui.desk.model_routes import LearningHandlers
from webapp.ui.desk.requests import MOST_BYTES, Asked, words_of
from webapp.ui.services import DeskServices

logger = logging.getLogger(__name__)
NO_STORE = {"Cache-Control": "no-store"}
_STATUSES = {
    **{
        "not_signed_in": 401,
        "not_allowed": 403,
        "own_case": 403,
        "unknown_case": 404,
        "not_kept": 404,
        "too_large": 413,
    },
    **{"unavailable": 503, "invalid_request": 400},
    **dict.fromkeys(
        ("claim_lost", "labelled_already", "not_labelled", "not_waiting", "not_disputed", "too_late"), 409
    ),
    **dict.fromkeys(("unknown_snapshot", "unknown_run", "unknown_version", "not_measured"), 404),
    **dict.fromkeys(
        ("run_busy", "run_ended", "errand_busy", "stale_snapshot", "snapshot_changed", "snapshot_too_small"),
        409,
    ),
    **dict.fromkeys(
        ("not_passed", "answers_already", "other_champion", "nothing_to_go_back_to", "model_changed"), 409
    ),
}
Call = Callable[[Asked], Mapping[str, Any] | MediaContent]


class Handlers:
    """What can be asked. Every call goes to a service that checks the person's role."""

    def __init__(self, services: DeskServices) -> None:
        self._services = services
        self._learning = LearningHandlers(services)

    def calls(self) -> dict[tuple[str, str], Call]:
        """By method and path below the desk's JSON."""
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
            **self._learning.calls(),
        }

    def state(self, asked: Asked) -> Mapping[str, Any]:
        queue = self._services.case_views.queue_counts(asked.person)
        assert asked.person is not None  # the service has looked
        return {
            "person": {"name": asked.person.name, "role": asked.person.role},
            "queue": queue.model_dump(mode="json"),
        }

    def take(self, asked: Asked) -> Mapping[str, Any]:
        case = self._services.claims.take(asked.person, asked.skipped())
        return self._taken(asked, case)

    def take_case(self, asked: Asked) -> Mapping[str, Any]:
        self._services.claims.take_case(asked.person, asked.case)
        return self._taken(asked, asked.case)

    def following(self, asked: Asked) -> Mapping[str, Any]:
        seen = self._services.case_views.next_case(asked.person, asked.skipped())
        return {"case": None if seen is None else seen.model_dump(mode="json")}

    def renew(self, asked: Asked) -> Mapping[str, Any]:
        return {"until": self._services.claims.renew(asked.person, asked.case).isoformat()}

    def skip(self, asked: Asked) -> Mapping[str, Any]:
        self._services.claims.release(asked.person)
        return self.take(asked)

    def flag(self, asked: Asked) -> Mapping[str, Any]:
        self._services.flags.flag(asked.person, asked.case, asked.text("concern"))
        return self.take(asked)

    def blind(self, asked: Asked) -> Mapping[str, Any]:
        answer = self._services.labelling.submit_blind(asked.person, asked.case, asked.said())
        return {"answer": answer.model_dump(mode="json")}

    def final(self, asked: Asked) -> Mapping[str, Any]:
        """`same`: what was said blind is confirmed. The next case comes with the answer."""
        said = None if asked.words.get("same") is True else asked.said()
        state = self._services.labelling.submit_final(asked.person, asked.case, said)
        return {**self.take(asked), "state": state}

    def undo(self, asked: Asked) -> Mapping[str, Any]:
        """Back to the case, to say it anew."""
        self._services.labelling.undo(asked.person, asked.case)
        if asked.words.get("adjudicated") is True:
            return self._argued(asked, asked.case)
        return self.take_case(asked)

    def disputed(self, asked: Asked) -> Mapping[str, Any]:
        case = self._services.case_views.next_dispute(asked.person, asked.skipped())
        return {"case": None} if case is None else self._argued(asked, case)

    def arguments(self, asked: Asked) -> Mapping[str, Any]:
        """Of this disputed case."""
        return {
            **self._argued(asked, asked.case),
            "queue": self._services.case_views.queue_counts(asked.person).model_dump(mode="json"),
        }

    def adjudicate(self, asked: Asked) -> Mapping[str, Any]:
        self._services.labelling.adjudicate(asked.person, asked.case, asked.said())
        return {
            **self.disputed(asked),
            "state": CaseState.DECIDED,
            "queue": self._services.case_views.queue_counts(asked.person).model_dump(mode="json"),
        }

    def file(self, asked: Asked) -> MediaContent:
        return self._services.case_images.file(asked.person, asked.case)

    def view(self, asked: Asked) -> MediaContent:
        small = asked.text("small") == "1"
        return self._services.case_images.view(
            asked.person, asked.case, asked.text("name") or "plain", time=asked.time(), small=small
        )

    def heat(self, asked: Asked) -> MediaContent:
        return self._services.case_images.heat(asked.person, asked.case, time=asked.time())

    def _taken(self, asked: Asked, case: str | None) -> Mapping[str, Any]:
        """A case as one who holds it may see it. What he has labelled blind already is revealed again."""
        case_views = self._services.case_views
        queue = case_views.queue_counts(asked.person).model_dump(mode="json")
        if case is None:
            return {"case": None, "queue": queue}
        seen = case_views.claimed_case(asked.person, case)
        found: dict[str, Any] = {"case": seen.model_dump(mode="json"), "queue": queue}
        if seen.labelled:
            own = case_views.own_label(asked.person, case)
            found |= {
                "answer": case_views.model_answer(asked.person, case).model_dump(mode="json"),
                "own": None if own is None else own.model_dump(mode="json"),
            }
        return found

    def _argued(self, asked: Asked, case: str) -> Mapping[str, Any]:
        seen, told = self._services.case_views.dispute(asked.person, case)
        answer = self._services.case_views.model_answer(asked.person, case)
        return {
            "case": seen.model_dump(mode="json"),
            "labels": [label.model_dump(mode="json") for label in told],
            "answer": answer.model_dump(mode="json"),
        }


def build(services: DeskServices, prefix: str) -> list[Route]:
    """A route for each of `Handlers.calls`, below `prefix`."""
    return [
        Route(prefix + path, _handler(services, call), methods=[method])
        for (method, path), call in Handlers(services).calls().items()
    ]


def _handler(services: DeskServices, call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            words = dict(request.query_params) if request.method == "GET" else words_of(await _body(request))
            token, case = cookies.read_cookie(request.headers), request.path_params.get("case", "")
            found = await run_in_threadpool(
                lambda: call(Asked(services.signing.person_of(token), case, words))
            )
        except Refused as refusal:
            return JSONResponse({"error": refusal.to_json()}, _STATUSES.get(refusal.code, 422), NO_STORE)
        except Exception:  # a database that is locked or away, and what nobody foresaw: nothing was stored
            logger.exception("the desk could not answer %s", request.url.path)
            failed = Refused("unavailable", "That could not be done just now. Please try again in a moment.")
            return JSONResponse({"error": failed.to_json()}, 503, NO_STORE)
        if isinstance(found, MediaContent):
            return _bytes(found, request.headers.get("range"))
        return JSONResponse(found, headers=NO_STORE)

    return handle


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused("invalid_request", "A request must be JSON.")
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                raise Refused("too_large", "The request is larger than a label can be.")
    except ClientDisconnect:
        raise Refused("invalid_request", "The request was cut short.") from None
    return body


def _bytes(shown: MediaContent, wanted: str | None) -> Response:
    """A file, or the part of it that a player asks for."""
    headers = {**NO_STORE, "Accept-Ranges": "bytes", "Content-Security-Policy": "default-src 'none'; sandbox"}
    whole = len(shown.content)
    first, last = _range(wanted, whole)
    if (first, last) == (0, whole - 1):
        return Response(shown.content, media_type=shown.type, headers=headers)
    headers["Content-Range"] = f"bytes {first}-{last}/{whole}"
    return Response(shown.content[first : last + 1], 206, headers, shown.type)


def _range(wanted: str | None, whole: int) -> tuple[int, int]:
    """First and last byte; all of them for whatever is not a plain `bytes=first-last` or `bytes=first-`."""
    unit, _, numbers = (wanted or "").partition("=")
    first, dash, last = numbers.partition("-")
    if (
        unit != "bytes"
        or not dash
        or not first.isdecimal()
        or not (last.isdecimal() or not last)
        or int(first) >= whole
    ):
        return 0, whole - 1
    end = int(last) if last else whole - 1
    return (int(first), min(end, whole - 1)) if end >= int(first) else (0, whole - 1)
