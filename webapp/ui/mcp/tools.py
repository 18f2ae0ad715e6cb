"""Tools of the MCP server: analyse a file, read its result, delete it. None of them fetches an address."""

from __future__ import annotations

import asyncio
import base64
import binascii
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, ValidationError

from laanet_core.documents import Document, ErrorDocument
from webapp.domain.errors import Refused
from webapp.services.analysis.queue import Busy
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.documents import StoredResult
from webapp.services.results.receipts import ReceiptService
from webapp.ui.middleware import TOO_LARGE
from webapp.ui.rest.client_presence import analyse_while_present
from webapp.ui.rest.schemas import AnalyseAnswer, DeleteAnswer, ErrorAnswer
from webapp.ui.rest.uploads import Upload

ANALYSE = "analyse_file"
RESULT = "get_result"
DELETE = "delete_result"

_ANALYSE_DESCRIPTION = (
    "Tell whether the faces in a photo or clip have been manipulated (face swaps and blended faces; wholly "
    "AI-generated pictures are outside of what the model knows). Send the bytes of the file itself as "
    "base64. The server never fetches a web address. The answer is that of POST /api/v1/analyse: `verdict` "
    "and `fake_prob` of the whole file, one entry per face, and a `receipt`, the only key to the stored "
    "result. The verdict is a hint and no proof: report `cautions` and inconclusive verdicts as they are."
)
_RESULT_DESCRIPTION = (
    "Read the stored result of an earlier analysis, with feedback and moderators' decisions, by its receipt. "
    "The answer is that of GET /api/v1/results/{receipt}."
)
_DELETE_DESCRIPTION = (
    "Delete the stored result of an earlier analysis with everything that belongs to it, by its receipt. "
    "This cannot be undone."
)


_Arguments = TypeVar("_Arguments", bound=BaseModel)


class AnalyseArguments(BaseModel):
    """Arguments of `analyse_file`."""

    model_config = ConfigDict(extra="forbid")

    data: StrictStr = Field(
        description="the file's bytes in base64: a photo (such as JPEG or PNG) or a clip (such as MP4); "
        "never an address or a path"
    )
    consent: StrictBool = Field(
        default=False,
        description="true only if the person who owns the file agreed that the server keeps it, to settle "
        "disputes and to train the model, until the result is deleted",
    )


class ReceiptArguments(BaseModel):
    """Arguments of the tools that take a receipt."""

    model_config = ConfigDict(extra="forbid")

    receipt: StrictStr = Field(description="`receipt` of an earlier answer")


class ToolDescription(Document):
    """A tool as clients see it. Its arguments and its answer are pydantic models."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    answer: type[BaseModel]
    reads_only: bool = False
    deletes: bool = False


TOOLS = (
    ToolDescription(
        name=ANALYSE,
        title="Analyse a photo or clip",
        description=_ANALYSE_DESCRIPTION,
        arguments=AnalyseArguments,
        answer=AnalyseAnswer,
    ),
    ToolDescription(
        name=RESULT,
        title="Read a stored result",
        description=_RESULT_DESCRIPTION,
        arguments=ReceiptArguments,
        answer=StoredResult,
        reads_only=True,
    ),
    ToolDescription(
        name=DELETE,
        title="Delete a stored result",
        description=_DELETE_DESCRIPTION,
        arguments=ReceiptArguments,
        answer=DeleteAnswer,
        deletes=True,
    ),
)


class ToolCalls:
    """Calls of the tools, with the limits, answers and error codes of the REST interface."""

    def __init__(
        self, analysis: AnalysisService, receipts: ReceiptService, *, folder: Path, max_bytes: int
    ) -> None:
        """Files of at most `max_bytes` are written to `folder` during their analysis."""
        self._analysis = analysis
        self._receipts = receipts
        self._folder = folder
        self._max_bytes = max_bytes

    async def call(self, name: str, arguments: dict[str, Any]) -> tuple[BaseModel, bool]:
        """Return the answer of one of TOOLS, and whether it is an error.

        A rejected file is an error with the whole document, as with status 422 of the REST interface. If
        this coroutine is cancelled, the analysis stops and nothing is stored.
        """
        try:
            return await self._answer(name, arguments)
        except Refused as error:
            return _error(error.code, error.message), True
        except Busy as error:
            return _error("busy", str(error)), True

    async def _answer(self, name: str, arguments: dict[str, Any]) -> tuple[BaseModel, bool]:
        if name == ANALYSE:
            answer = await self._analyse(_parsed(AnalyseArguments, arguments))
            return answer, answer.outcome == "rejected"
        receipt = _parsed(ReceiptArguments, arguments).receipt
        if name == RESULT:
            return await asyncio.to_thread(self._receipts.result, receipt), False
        await asyncio.to_thread(self._receipts.delete, receipt)
        return DeleteAnswer(deleted=True, error=None), False

    async def _analyse(self, arguments: AnalyseArguments) -> AnalyseAnswer:
        self._analysis.queue.check()
        # A client that leaves cancels this coroutine, so the future is never done.
        absence: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with self._written(arguments) as upload:
            return AnalyseAnswer.of(await analyse_while_present(self._analysis, upload, absence))

    @asynccontextmanager
    async def _written(self, arguments: AnalyseArguments) -> AsyncIterator[Upload]:
        """Write the file, and remove it after the block. Raises Refused (invalid_base64, too_large)."""
        path = await asyncio.to_thread(self._write, arguments.data)
        try:
            yield Upload(path, arguments.consent)
        finally:
            path.unlink(missing_ok=True)

    def _write(self, data: str) -> Path:
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            message = "`data` must be the file's bytes in base64. Web addresses and paths are not supported."
            raise Refused("invalid_base64", message) from None
        if len(content) > self._max_bytes:
            raise Refused("too_large", TOO_LARGE)
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix="upload-", dir=self._folder, delete=False) as file:
            file.write(content)
        return Path(file.name)


def _parsed(model: type[_Arguments], arguments: dict[str, Any]) -> _Arguments:
    """Return the arguments. Raises Refused: invalid_request."""
    try:
        return model.model_validate(arguments)
    except ValidationError:
        names = " and ".join(f"`{name}`" for name in model.model_fields)
        message = f"The tool takes {names} only, as its schema describes them."
        raise Refused("invalid_request", message) from None


def _error(code: str, message: str) -> ErrorAnswer:
    return ErrorAnswer(error=ErrorDocument(code=code, message=message))
