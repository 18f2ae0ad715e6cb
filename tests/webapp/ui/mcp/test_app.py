"""Tests of the MCP server: over the running application with a client of the official SDK, and over ASGI."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult

from tests.conftest import Server
from tests.webapp.asgi_client import post
from tests.webapp.patient_judge import PatientJudge, apart, patient_analysis, until
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.settings import Settings
from webapp.ui.mcp import PATH
from webapp.ui.mcp.app import McpSite

HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
# The protocol's versions with and without a handshake.
MODES = ("auto", "legacy")


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def with_client(server: Server, scene: Callable[[Client], Awaitable[None]], mode: str = "auto") -> None:
    """Run the scene with a client that is connected to the server."""

    async def connected() -> None:
        async with Client(f"{server.url}{PATH}", mode=mode) as client:
            await scene(client)

    apart(connected())


async def error_of(client: Client, tool: str, arguments: dict[str, Any]) -> str:
    """Return the code of a refused call. The text and the structured answer are the same."""
    refused = await client.call_tool(tool, arguments)
    assert refused.is_error
    assert set(refused.structured_content) == {"error"}
    assert json.loads(text_of(refused)) == refused.structured_content
    return str(refused.structured_content["error"]["code"])


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


def test_tools_are_listed_with_their_schemas(server: Server) -> None:
    async def scene(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"analyse_file", "get_result", "delete_result"}
        schema = tools["analyse_file"].input_schema
        assert (set(schema["properties"]), schema["required"]) == ({"data", "consent"}, ["data"])
        assert schema["additionalProperties"] is False
        assert all(tool.output_schema and tool.annotations for tool in tools.values())
        assert all(not tool.annotations.open_world_hint for tool in tools.values() if tool.annotations)

    with_client(server, scene)


@pytest.mark.parametrize("mode", MODES)
def test_a_photo_is_analysed_as_by_the_rest_interface(server: Server, samples: Path, mode: str) -> None:
    photo = (samples / "two_people.jpg").read_bytes()
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=120) as rest:
        expected = rest.post("/analyse", content=photo).json()

        async def scene(client: Client) -> None:
            result = await client.call_tool("analyse_file", {"data": base64_of(photo)})
            assert not result.is_error
            answer = result.structured_content
            assert json.loads(text_of(result)) == answer
            assert set(answer) == set(expected)
            own = ("receipt", "seconds", "model")
            assert [answer[key] for key in answer if key not in own] == [
                expected[key] for key in answer if key not in own
            ]
            receipt = {"receipt": answer["receipt"]}
            stored = await client.call_tool("get_result", receipt)
            assert stored.structured_content == rest.get(f"/results/{answer['receipt']}").json()
            deleted = await client.call_tool("delete_result", receipt)
            assert deleted.structured_content == {"deleted": True, "error": None}
            assert await error_of(client, "get_result", receipt) == "unknown_receipt"

        with_client(server, scene, mode)


def test_rejected_files_are_errors_with_the_whole_answer(server: Server) -> None:
    async def scene(client: Client) -> None:
        for content, code in ((b"", "empty_file"), (b"no picture", "unsupported_type")):
            result = await client.call_tool("analyse_file", {"data": base64_of(content)})
            answer = result.structured_content
            assert (result.is_error, answer["outcome"], answer["error"]["code"]) == (True, "rejected", code)

    with_client(server, scene)


def test_files_over_the_limit_are_refused(server: Server) -> None:
    """The server of the tests takes 20 MB."""

    async def scene(client: Client) -> None:
        too_large = base64_of(b"\xff\xd8\xff" + bytes(20_000_000))
        assert await error_of(client, "analyse_file", {"data": too_large}) == "too_large"

    with_client(server, scene)
    refused = httpx.post(f"{server.url}{PATH}", content=b" " * 27_000_000, headers=HEADERS, timeout=60)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")


def test_no_address_is_ever_contacted(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/photo.jpg"
        gradio_file = {"path": address, "url": address, "meta": {"_type": "gradio.FileData"}}

        async def scene(client: Client) -> None:
            for arguments, code in (
                ({"data": address}, "invalid_base64"),
                ({"data": base64_of(b"x"), "url": address}, "invalid_request"),
                ({"url": address}, "invalid_request"),
                ({"data": gradio_file}, "invalid_request"),
                ({"file": gradio_file}, "invalid_request"),
            ):
                assert await error_of(client, "analyse_file", arguments) == code
            # An address as the content of a file is a file of an unknown type.
            result = await client.call_tool("analyse_file", {"data": base64_of(address.encode())})
            assert result.structured_content["error"]["code"] == "unsupported_type"
            assert await error_of(client, "get_result", {"receipt": address}) == "unknown_receipt"
            with pytest.raises(MCPError, match="Unknown tool"):
                await client.call_tool("analyse_image", {"file": address})

        with_client(server, scene)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_gradio_serves_no_tools_of_its_own(server: Server) -> None:
    """They would download the files at the addresses that a client sends."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert httpx.post(f"{server.url}/gradio_api/mcp/", json=body, headers=HEADERS).status_code in (404, 405)


def test_pages_of_other_origins_and_other_methods_are_refused(server: Server) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    url = f"{server.url}{PATH}"
    own = httpx.post(url, json=body, headers={**HEADERS, "Origin": server.url})
    assert own.status_code == 200
    assert "no-store" in own.headers["cache-control"]
    assert "access-control-allow-origin" not in own.headers
    other = httpx.post(url, json=body, headers={**HEADERS, "Origin": "https://other.example"})
    assert (other.status_code, other.json()["error"]["code"]) == (403, "cross_origin")
    opened = httpx.get(url, headers=HEADERS)
    assert (opened.status_code, opened.json()["error"]["code"]) == (405, "method_not_allowed")


def test_there_are_no_tools_if_the_host_has_not_turned_them_on(desk_server: Server) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    refused = httpx.post(f"{desk_server.url}{PATH}", json=body, headers=HEADERS)
    assert refused.status_code in (404, 405)


class Line:
    """The MCP server over a detector that waits, with room for one analysis and one that waits."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        self.judge = PatientJudge()
        self.analysis = patient_analysis(self.judge, sessions)
        self.settings = Settings(cache=folder)
        self.site = McpSite(self.analysis, receipt_service(sessions), self.settings)

    async def post(self, gone: asyncio.Event, *, version: str) -> str:
        """Send a file until `gone` is set, and return what the server sent."""
        arguments = {"data": base64_of(b"content")}
        meta = {
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {"name": "analyse_file", "arguments": arguments, "_meta": meta}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        names = {"MCP-Protocol-Version": version, "Mcp-Method": "tools/call", "Mcp-Name": "analyse_file"}
        headers = {**HEADERS, **names, "Content-Length": str(len(body))}
        sent = await post(self.site.app, PATH, body, gone, headers=headers)
        return b"".join(message.get("body", b"") for message in sent).decode()


@pytest.fixture
def line(sessions: Sessions, tmp_path: Path) -> Line:
    return Line(sessions, tmp_path / "cache")


@pytest.mark.parametrize("version", ["2026-07-28", "2025-11-25"])
def test_clients_share_the_queue_and_leave_nothing_behind(
    line: Line, sessions: Sessions, version: str
) -> None:
    async def scene() -> None:
        async with line.site.running():
            first_gone, second_gone, there = asyncio.Event(), asyncio.Event(), asyncio.Event()
            running = asyncio.create_task(line.post(first_gone, version=version))
            await until(line.analysis.queue, 1, 0)
            waiting = asyncio.create_task(line.post(second_gone, version=version))
            await until(line.analysis.queue, 1, 1)
            assert '"code":"busy"' in (await line.post(there, version=version)).replace("\\", "")
            second_gone.set()
            await waiting
            await until(line.analysis.queue, 1, 0)
            first_gone.set()
            await running
            await until(line.analysis.queue, 0, 0)

    apart(scene())
    assert list(line.settings.uploads.iterdir()) == []
    with sessions() as session:
        assert session.query(Analysis).count() == 0
