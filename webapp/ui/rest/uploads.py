"""Uploads of the REST interface: files that are written from a request's body to disk, until after use."""

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
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.types import Message

from webapp.domain.errors import Refused
from webapp.ui.middleware import TOO_LARGE

# Bytes that a form may have in addition to the file. They are fewer than `Guard` allows, so that this
# module refuses first.
_FORM_ALLOWANCE = 65_536
# Fields of a form beside the file; the documented form has one.
_MAX_FIELDS = 8
# Seconds after which a file of an interrupted upload is removed.
_MAX_AGE = 1800


@dataclass(frozen=True)
class Upload:
    """A received file. `consent`: the form allows the server to keep it; a body without a form does not."""

    path: Path
    consent: bool


@asynccontextmanager
async def received_upload(request: Request, folder: Path, max_bytes: int) -> AsyncIterator[Upload]:
    """Receive the form's field `file`, or the body itself, and remove the file after the block.

    The file's name is never used. Raises Refused (too_large, missing_file, invalid_consent), Starlette's
    HTTPException for an unreadable form, and ClientDisconnect.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="upload-", dir=folder)
    path = Path(name)
    consent = False
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    try:
        with os.fdopen(descriptor, "wb") as file:
            if is_form:
                consent = await _receive_form(request, file, max_bytes)
            else:
                await _receive_body(request, file, max_bytes)
        yield Upload(path, consent)
    finally:
        path.unlink(missing_ok=True)


async def read_small_body(request: Request, max_bytes: int) -> bytes:
    """Return the whole body. Raises Refused (too_large) as soon as it exceeds `max_bytes`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise Refused("too_large", f"The request is larger than {max_bytes} bytes.")
    return bytes(body)


def sweep(folder: Path) -> None:
    """Remove old uploads of processes that were killed."""
    for file in folder.glob("upload-*"):
        if file.is_file() and file.stat().st_mtime < time.time() - _MAX_AGE:
            file.unlink(missing_ok=True)


@asynccontextmanager
async def limited_form(request: Request, max_bytes: int, *, max_files: int) -> AsyncIterator[FormData]:
    """Receive a form whose files have at most `max_bytes` together; remove them after the block.

    Raises Refused (too_large), and Starlette's HTTPException for an unreadable form.
    """
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > max_bytes + _FORM_ALLOWANCE:
            raise Refused("too_large", TOO_LARGE)
        return message

    limited = Request(request.scope, receive_limited)
    async with limited.form(
        max_files=max_files, max_fields=_MAX_FIELDS, max_part_size=_FORM_ALLOWANCE
    ) as form:
        yield form


async def _receive_body(request: Request, file: BinaryIO, max_bytes: int) -> None:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise Refused("too_large", TOO_LARGE)
        file.write(chunk)


async def _receive_form(request: Request, file: BinaryIO, max_bytes: int) -> bool:
    """Write the form's file and return its consent."""
    async with limited_form(request, max_bytes, max_files=1) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise Refused("missing_file", "The form has no file in a field named `file`.")
        if (upload.size or 0) > max_bytes:
            raise Refused("too_large", TOO_LARGE)
        consent = parse_consent(form.get("consent", ""))
        await run_in_threadpool(shutil.copyfileobj, upload.file, file)
    return consent


def parse_consent(value: object) -> bool:
    """Return True for a plain yes, False for a plain no or nothing. Raises Refused (invalid_consent)."""
    word = value.strip().lower() if isinstance(value, str) else None
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("", "false", "0", "no", "off"):
        return False
    raise Refused("invalid_consent", "The form's field `consent` must be true or false.")
