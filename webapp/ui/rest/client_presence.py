"""Analysis of a program's upload, which ends as soon as the program leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio

from laanet_core.errors import Cancelled
from webapp.security.tokens import new_key
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis.queue import Ticket
from webapp.services.analysis.service import AnalysisService, Client, is_clip
from webapp.ui.rest.uploads import Upload


async def analyse_while_present(
    analysis: AnalysisService, upload: Upload, absence: asyncio.Future[None]
) -> StoredAnalysis:
    """Wait in the queue and analyse the upload until `absence` is done or this coroutine is cancelled.

    Nothing is stored for a client that has left. Raises Busy, Restarting, and Cancelled if `absence` is done.
    """
    # The event loop must not wait for a file of a million parts.
    waits_as_clip = await asyncio.to_thread(is_clip, upload.path)
    ticket = analysis.queue.join(is_clip=waits_as_clip)
    try:
        admission = asyncio.wrap_future(ticket.admission)
        try:
            await asyncio.wait({admission, absence}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not admission.done():
                admission.cancel()
        if absence.done():
            raise Cancelled("The client has left.")
        # Raises if the queue was closed meanwhile.
        admission.result()
        return await _analyse_admitted(analysis, upload, absence, ticket)
    finally:
        analysis.queue.leave(ticket)


async def _analyse_admitted(
    analysis: AnalysisService, upload: Upload, absence: asyncio.Future[None], ticket: Ticket
) -> StoredAnalysis:
    """Analyse the upload in a thread, which is stopped if the client leaves."""
    job = new_key()
    work = asyncio.create_task(
        asyncio.to_thread(
            analysis.analyse,
            upload.path,
            consent=upload.consent,
            job=job,
            ticket=ticket,
            client=Client(is_present=lambda: not absence.done()),
        )
    )
    either: set[asyncio.Future[Any]] = {work, absence}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        analysis.jobs.stop(job)
        # The thread still reads the file, which the caller removes.
        with anyio.CancelScope(shield=True):
            await asyncio.wait({work})
        # The outcome is of no use any more, but asyncio logs exceptions that are not retrieved.
        if not work.cancelled():
            work.exception()
        raise
    if absence.done():
        analysis.jobs.stop(job)
    return await work
