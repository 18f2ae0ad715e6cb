"""Take a file from a request's body to one of our own, and away again whatever happens."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from webapp.domain.errors import Refused
from webapp.ui.middleware import TOO_LARGE

_ROOM_FOR_FORM = 65_536  # bytes beside the file itself; less than Guard's, so that the answer is ours
_KEPT_SECONDS = 1800


@dataclass(frozen=True)
class Upload:
    """A file, and whether the form said that it may be kept; a body without a form cannot say it."""

    path: Path
    consent: bool


@asynccontextmanager
async def received(request: Request, folder: Path, max_bytes: int) -> AsyncIterator[Upload]:
    """The file that was sent: the form's field `file`, or the body as it is. Its name is never used.

    Raises Refused (too_large, missing_file, invalid_consent), starlette's HTTPException for a form that cannot be read, ClientDisconnect.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="upload-", dir=folder)
    path, consent = Path(name), False
    try:
        with os.fdopen(descriptor, "wb") as file:
            if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
                consent = await _from_form(request, file, max_bytes)
            else:
                await _from_body(request, file, max_bytes)
        yield Upload(path, consent)
    finally:
        path.unlink(missing_ok=True)


async def read_small(request: Request, max_bytes: int) -> bytes:
    """The whole body; raises Refused (too_large) as soon as it is longer."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise Refused("too_large", f"The request is larger than {max_bytes} bytes.")
    return bytes(body)


def sweep(folder: Path) -> None:
    """Remove what a process that was killed has left."""
    for left in folder.glob("upload-*"):
        if left.is_file() and left.stat().st_mtime < time.time() - _KEPT_SECONDS:
            left.unlink(missing_ok=True)


async def _from_body(request: Request, file: BinaryIO, max_bytes: int) -> None:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise Refused("too_large", TOO_LARGE)
        file.write(chunk)


async def _from_form(request: Request, file: BinaryIO, max_bytes: int) -> bool:
    """Writes the file; returns the consent."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > max_bytes + _ROOM_FOR_FORM:
            raise Refused("too_large", TOO_LARGE)
        return message

    async with Request(request.scope, limited).form(
        max_files=1, max_fields=8, max_part_size=_ROOM_FOR_FORM
    ) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise Refused("missing_file", "The form has no file in a field named `file`.")
        if (upload.size or 0) > max_bytes:
            raise Refused("too_large", TOO_LARGE)
        consent = _consent(form.get("consent", ""))
        await run_in_threadpool(shutil.copyfileobj, upload.file, file)
    return consent


def _consent(value: object) -> bool:
    """Nothing but a plain yes is one, and what is neither yes nor no is refused."""
    word = value.strip().lower() if isinstance(value, str) else None
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("", "false", "0", "no", "off"):
        return False
    raise Refused("invalid_consent", "The form's field `consent` must be true or false.")
