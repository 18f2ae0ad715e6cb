"""Measures of the models on the random audit sample: public once a day, and present ones for admins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from webapp.db import audit_sample_queries as queries
from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import require
from webapp.services.accounts.principal import Host, Principal
from webapp.services.label_quality.model_figures import ModelMeasures, measure_models


class ModelMeasureService:
    """Measures precision, recall and false alarm rate of every model version.

    `delay`: period in which a decision can be undone; until it ends the face counts as open. `is_public`:
    the host publishes the measures.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        delay: timedelta,
        is_public: bool = False,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.is_public = is_public
        self._sessions = sessions
        self._delay = delay
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: ModelMeasures | None = None

    def published(self) -> ModelMeasures:
        """Return the measures for everyone. Raises Refused: not_public, unavailable."""
        if not self.is_public:
            raise Refused("not_public", "This site does not publish measures of its model.")
        try:
            return self.daily()
        except SQLAlchemyError as error:
            raise Refused("unavailable", "The measures cannot be read right now. Try again later.") from error

    def daily(self) -> ModelMeasures:
        """Return the measures as of the last midnight (UTC), computed once a day.

        Figures that change with every decision would tell the outcome of a single case. Raises
        SQLAlchemyError.
        """
        midnight = self._clock().replace(hour=0, minute=0, second=0, microsecond=0)
        with self._lock:
            if self._newest is None or self._newest.as_of != midnight:
                self._newest = self._measure(midnight)
            return self._newest

    def present(self, principal: Principal) -> ModelMeasures:
        """Return the present measures to an admin or the host.

        Raises Refused with not_signed_in or not_allowed.
        """
        if not isinstance(principal, Host):
            require(principal, Role.ADMIN)
        return self._measure(self._clock())

    def _measure(self, as_of: datetime) -> ModelMeasures:
        with self._sessions() as session:
            settled_at = as_of - self._delay
            faces = queries.audited_faces(session, drawn_before=as_of, decided_before=settled_at)
            tags = queries.named_tags(session, {face.case_id for face in faces})
            pairs = queries.label_pairs(session, settled_at)
        return measure_models(faces, tags, pairs, as_of)
