"""Application that serves the tools by the streamable HTTP transport of MCP, without sessions."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from webapp.services.analysis.service import AnalysisService
from webapp.services.results.receipts import ReceiptService
from webapp.settings import Settings
from webapp.ui.auth.same_origin import is_cross_origin
from webapp.ui.mcp.body_budget import BodyBudget
from webapp.ui.mcp.tools import TOOLS, ToolCalls, ToolDescription
from webapp.ui.middleware import App, Guard, Message, Receive, Send

# Bytes of a request beside the file in base64.
_ENVELOPE = 65_536
# Largest requests that are in memory at the same time.
_LARGEST_AT_ONCE = 2
_INSTRUCTIONS = (
    "Detects manipulated faces in photos and clips. Send files as base64; addresses are not fetched. There "
    "is no log-in: the receipt of an analysis is the only key to its result. Errors have stable codes in "
    "`error.code`."
)


class McpSite:
    """MCP server. `app` answers the requests at PATH while `running` is entered."""

    def __init__(self, analysis: AnalysisService, receipts: ReceiptService, settings: Settings) -> None:
        max_bytes = settings.max_upload_mb * 1_000_000
        calls = ToolCalls(analysis, receipts, folder=settings.uploads, max_bytes=max_bytes)
        # Base64 makes four bytes of three.
        max_body = -(-max_bytes // 3) * 4 + _ENVELOPE
        # With event streams, the transport keeps slow answers alive and notices that a client has left.
        self._manager = StreamableHTTPSessionManager(
            _server(calls), stateless=True, max_request_body_size=max_body
        )
        budget = BodyBudget(self._manager.handle_request, most=_LARGEST_AT_ONCE * max_body, largest=max_body)
        self.app: App = Guard(_OwnPosts(budget), max_bytes=max_body, allowance=0)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Serve requests until the block ends."""
        return self._manager.run()


class _OwnPosts:
    """Middleware that refuses requests of other origins' pages, and all methods but POST.

    A server without sessions has nothing to send to a client that only listens.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope.get("method") != "POST":
            response = _refusal(405, "method_not_allowed", "Only POST is supported.", {"Allow": "POST"})
            await response(scope, receive, send)
        elif is_cross_origin("POST", headers):
            response = _refusal(403, "cross_origin", "Pages of other origins may not use this server.")
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _server(calls: ToolCalls) -> Server[Any]:
    """Return a server with TOOLS."""
    tools = {tool.name: _listed(tool) for tool in TOOLS}

    async def list_tools(_: object, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=list(tools.values()))

    async def call_tool(_: object, request: CallToolRequestParams) -> CallToolResult:
        if request.name not in tools:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {request.name[:80]}")
        answer, is_error = await calls.call(request.name, request.arguments or {})
        text = answer.model_dump_json(by_alias=True)
        return CallToolResult(
            content=[TextContent(type="text", text=text)],
            structured_content=answer.model_dump(mode="json", by_alias=True),
            is_error=is_error,
        )

    return Server(
        "laanet-lens",
        version="1",
        title="LAA-Net Lens",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _listed(tool: ToolDescription) -> Tool:
    annotations = ToolAnnotations(
        read_only_hint=tool.reads_only,
        destructive_hint=tool.deletes,
        idempotent_hint=tool.reads_only or tool.deletes,
        open_world_hint=False,
    )
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.answer.model_json_schema(by_alias=True, mode="serialization"),
        annotations=annotations,
    )
