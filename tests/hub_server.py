"""A Hugging Face Hub on the loopback: repositories of models, data sets and Spaces, as huggingface_hub asks for them, and its failures."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

_KINDS = {"": "model", "datasets/": "dataset", "spaces/": "space"}
_LARGE = ".safetensors", ".sqlite3"
Answer = tuple[int, str | None, bytes]  # status, error code, body


@dataclass
class Repository:
    """Files at the newest commit, under its 40 digits; tags and older commits by name. A Space's settings in `space`."""

    files: dict[str, bytes]
    private: bool = False
    commits: list[str] = field(default_factory=list)
    tagged: dict[str, dict[str, bytes]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    space: dict[str, Any] = field(
        default_factory=lambda: {"variables": {}, "secrets": {}, "volumes": [], "hardware": "cpu-basic"}
    )

    def __post_init__(self) -> None:
        self.commit()

    @property
    def head(self) -> str:
        return self.commits[-1]

    def commit(self) -> str:
        said = repr(
            (
                self.commits,
                sorted((name, hashlib.sha1(body).hexdigest()) for name, body in self.files.items()),
            )
        )
        self.commits.append(hashlib.sha1(said.encode()).hexdigest())
        return self.head

    def knows(self, revision: str) -> bool:
        return revision in ("main", *self.tags, *self.tagged, *self.commits)


class HubServer:
    """`delay` seconds before every answer; `status` instead of every answer; `withheld` bytes of a body that were announced."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.large: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.delay, self.status, self.withheld = 0.0, 0, 0
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def add(self, kind: str, name: str, files: dict[str, bytes], **options: Any) -> Repository:
        self.repositories[kind, name] = Repository(files, **options)
        return self.repositories[kind, name]

    @contextmanager
    def failing(self, *, delay: float = 0.0, status: int = 0, withheld: int = 0) -> Iterator[None]:
        self.delay, self.status, self.withheld = delay, status, withheld
        yield
        self.delay, self.status, self.withheld = 0.0, 0, 0

    def wait(self) -> None:
        self._released.wait(self.delay)

    def answer(self, method: str, path: str, body: bytes) -> tuple[Answer, str]:
        """The answer and the commit it is of."""
        for pattern, methods, answer in _ROUTES:
            if (match := re.fullmatch(pattern, path)) and method in methods:
                return answer(self, method, match, body)
        return (404, None, b"{}"), ""

    def found(self, kind: str, name: str) -> Repository | Answer:
        return self.repositories.get((kind, name)) or (404, "RepoNotFound", b"{}")


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.requests.append(f"{self.command} {path}")
            given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.wait()
            (status, code, body), commit = (
                ((hub.status, None, b"{}"), "") if hub.status else hub.answer(self.command, path, given)
            )
            self.send_response(status)
            if code:
                self.send_header("X-Error-Code", code)
            if commit:
                self.send_header("X-Repo-Commit", commit)
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) - hub.withheld] if len(body) > hub.withheld else body)
                if len(body) > hub.withheld > 0:
                    self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the base class wants these names

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _json(content: Any) -> Answer:
    return 200, None, json.dumps(content).encode()


def _resolve(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    found = hub.found(_KINDS[match["kind"] or ""], match["name"])
    if isinstance(found, tuple):
        return found, ""
    if not found.knows(match["revision"]):
        return (404, "RevisionNotFound", b"{}"), found.head
    files = found.tagged.get(match["revision"], found.files)
    if match["path"] not in files:
        return (404, "EntryNotFound", b"{}"), found.head
    return (200, None, files[match["path"]]), found.head


def _info(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    found = hub.found(match["kind"], match["name"])
    if isinstance(found, tuple):
        return found, ""
    files = [{"rfilename": name} for name in found.files]
    said = {
        "_id": "0",
        "id": match["name"],
        "sha": found.head,
        "private": found.private,
        "tags": [],
        "siblings": files,
    }
    return _json(said), found.head


def _tree(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    found = hub.found(match["kind"], match["name"])
    if isinstance(found, tuple):
        return found, ""
    rows = [
        {"type": "file", "path": name, "size": len(body), "oid": _git_oid(body)}
        for name, body in found.files.items()
    ]
    return _json(rows), found.head


def _git_oid(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def _create(hub: HubServer, _: str, __: re.Match[str], body: bytes) -> tuple[Answer, str]:
    given = json.loads(body)
    kind, name = given.get("type", "model"), f"{given.get('organization') or 'me'}/{given['name']}"
    if (kind, name) in hub.repositories:
        return (409, None, json.dumps({"error": "exists", "url": f"{hub.address}/{name}"}).encode()), ""
    hub.add(kind, name, {}, private=bool(given.get("private") or given.get("visibility") == "private"))
    return _json({"url": f"{hub.address}/{kind}s/{name}", "name": name}), ""


def _preupload(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    found = hub.found(match["kind"], match["name"])
    if isinstance(found, tuple):
        return found, ""
    rows = []
    for file in json.loads(body)["files"]:
        large, there = file["path"].endswith(_LARGE), found.files.get(file["path"])
        oid = None if there is None else hashlib.sha256(there).hexdigest() if large else _git_oid(there)
        rows.append(
            {
                "path": file["path"],
                "uploadMode": "lfs" if large else "regular",
                "shouldIgnore": False,
                "oid": oid,
            }
        )
    return _json({"files": rows}), found.head


def _batch(hub: HubServer, _: str, __: re.Match[str], body: bytes) -> tuple[Answer, str]:
    rows = []
    for given in json.loads(body)["objects"]:
        upload = (
            {} if given["oid"] in hub.large else {"upload": {"href": f"{hub.address}/large/{given['oid']}"}}
        )
        rows.append({**given, "actions": upload} if upload else given)
    return _json({"transfer": "basic", "objects": rows}), ""


def _put(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    assert hashlib.sha256(body).hexdigest() == match["oid"]
    hub.large[match["oid"]] = body
    return (200, None, b""), ""


def _commit(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    found = hub.found(match["kind"], match["name"])
    if isinstance(found, tuple):
        return found, ""
    for line in body.splitlines():
        item = json.loads(line)
        value = item["value"]
        if item["key"] == "file":
            found.files[value["path"]] = base64.b64decode(value["content"])
        elif item["key"] == "lfsFile":
            found.files[value["path"]] = hub.large[value["oid"]]
        elif item["key"] == "deletedFile":
            del found.files[value["path"]]
    head = found.commit()
    return _json({"commitUrl": f"{hub.address}/{match['name']}/commit/{head}", "commitOid": head}), head


def _refs(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    found = hub.found(match["kind"], match["name"])
    if isinstance(found, tuple):
        return found, ""
    tags = [
        {"name": name, "ref": f"refs/tags/{name}", "targetCommit": found.head}
        for name in (*found.tags, *found.tagged)
    ]
    return _json({"branches": [], "converts": [], "tags": tags}), found.head


def _tag(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    found = hub.found(match["kind"], match["name"])
    if isinstance(found, tuple):
        return found, ""
    tag = json.loads(body)["tag"]
    if tag in found.tagged or match["revision"] not in found.commits:
        return (409, None, b"{}"), found.head
    found.tagged[tag] = dict(found.files)
    return _json({}), found.head


def _squash(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    found = hub.found(match["kind"], match["name"])
    if isinstance(found, tuple):
        return found, ""
    found.commits.clear()
    return _json({}), found.commit()


def _space(hub: HubServer, method: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    found = hub.found("space", match["name"])
    if isinstance(found, tuple):
        return found, ""
    what, space, given = match["what"], found.space, json.loads(body or b"null")
    if what in ("variables", "secrets") and method == "POST":
        space[what][given["key"]] = given["value"]
    elif what == "volumes" and method == "PUT":
        space["volumes"] = given["volumes"]
    elif what == "hardware" and method == "POST":
        space["hardware"] = given["flavor"]
    if what == "variables":
        return _json({name: {"value": value} for name, value in space["variables"].items()}), ""
    hardware = {"current": space["hardware"], "requested": space["hardware"]}
    return _json({"stage": "RUNNING", "hardware": hardware, "volumes": space["volumes"]}), ""


_REPO = r"(?P<kind>model|dataset|space)s/(?P<name>[\w.-]+/[\w.-]+)"
_ROUTES: list[
    tuple[str, tuple[str, ...], Callable[[HubServer, str, re.Match[str], bytes], tuple[Answer, str]]]
] = [
    (
        r"/(?P<kind>datasets/|spaces/)?(?P<name>[\w.-]+/[\w.-]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
        ("GET", "HEAD"),
        _resolve,
    ),
    (
        r"/api/spaces/(?P<name>[\w.-]+/[\w.-]+)/(?P<what>variables|secrets|runtime|volumes|hardware)",
        ("GET", "POST", "PUT"),
        _space,
    ),
    (rf"/api/{_REPO}(?:/revision/[^/]+)?", ("GET",), _info),
    (rf"/api/{_REPO}/tree/[^/]+", ("GET",), _tree),
    (r"/api/repos/create", ("POST",), _create),
    (rf"/api/{_REPO}/preupload/[^/]+", ("POST",), _preupload),
    (r"/(?:datasets/|spaces/)?[\w.-]+/[\w.-]+\.git/info/lfs/objects/batch", ("POST",), _batch),
    (r"/large/(?P<oid>[0-9a-f]{64})", ("PUT",), _put),
    (rf"/api/{_REPO}/commit/[^/]+", ("POST",), _commit),
    (rf"/api/{_REPO}/super-squash/[^/]+", ("POST",), _squash),
    (rf"/api/{_REPO}/refs", ("GET",), _refs),
    (rf"/api/{_REPO}/tag/(?P<revision>[^/]+)", ("POST",), _tag),
    (r"/api/validate-yaml", ("POST",), lambda *_: (_json({"errors": [], "warnings": []}), "")),
]
