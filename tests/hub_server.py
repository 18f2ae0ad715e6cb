"""Local stand-in for the Hugging Face Hub: repositories of models, data sets and Spaces, and failures."""

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

# Suffixes of files that are uploaded through Git LFS.
_LFS_SUFFIXES = ".safetensors", ".sqlite3"

# Status, error code and body.
Answer = tuple[int, str | None, bytes]


@dataclass
class Repository:
    """A repository with its `files` at the newest commit.

    `tagged` holds the files at a tag; `tags` are names for the newest commit. `space` holds a Space's
    settings.
    """

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
        digests = sorted((name, hashlib.sha1(body).hexdigest()) for name, body in self.files.items())
        state = repr((self.commits, digests))
        self.commits.append(hashlib.sha1(state.encode()).hexdigest())
        return self.head

    def knows(self, revision: str) -> bool:
        return revision in ("main", *self.tags, *self.tagged, *self.commits)


class HubServer:
    """Server on the loopback interface, whose requests are listed in `requests`.

    `delay` is the seconds before every response, `status` replaces every response unless 0, and `withheld` is
    the number of announced bytes that are missing at the end of a body.
    """

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
        self.delay, self.status, self.withheld = 0.0, 0, 0
        self._released.set()
        _await_abandoned_downloads()
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
        """Return the response and the commit that it belongs to."""
        for pattern, methods, answer in _ROUTES:
            if (match := re.fullmatch(pattern, path)) and method in methods:
                return answer(self, method, match, body)
        return (404, None, b"{}"), ""

    def find(self, kind: str, name: str) -> Repository | Answer:
        return self.repositories.get((kind, name)) or (404, "RepoNotFound", b"{}")


def _await_abandoned_downloads() -> None:
    """Wait until every download that was abandoned at its time limit has ended.

    The client retries for up to 25 seconds. When an address refuses its connection, it closes the connections
    of all threads, also those of the next test.
    """
    for thread in threading.enumerate():
        if thread.name == "hub-download":
            thread.join(timeout=60)
            assert not thread.is_alive(), "a download did not end"


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.requests.append(f"{self.command} {path}")
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.wait()
            (status, code, body), commit = (
                ((hub.status, None, b"{}"), "") if hub.status else hub.answer(self.command, path, content)
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

        # The base class looks for these names.
        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _json(content: Any) -> Answer:
    return 200, None, json.dumps(content).encode()


def _resolve(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    repository = hub.find(_KINDS[match["kind"] or ""], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    if not repository.knows(match["revision"]):
        return (404, "RevisionNotFound", b"{}"), repository.head
    files = repository.tagged.get(match["revision"], repository.files)
    if match["path"] not in files:
        return (404, "EntryNotFound", b"{}"), repository.head
    return (200, None, files[match["path"]]), repository.head


def _info(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    repository = hub.find(match["kind"], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    files = [{"rfilename": name} for name in repository.files]
    values = {
        "_id": "0",
        "id": match["name"],
        "sha": repository.head,
        "private": repository.private,
        "tags": [],
        "siblings": files,
    }
    return _json(values), repository.head


def _tree(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    repository = hub.find(match["kind"], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    rows = [
        {"type": "file", "path": name, "size": len(body), "oid": _git_oid(body)}
        for name, body in repository.files.items()
    ]
    return _json(rows), repository.head


def _git_oid(body: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def _create(hub: HubServer, _: str, __: re.Match[str], body: bytes) -> tuple[Answer, str]:
    values = json.loads(body)
    kind, name = values.get("type", "model"), f"{values.get('organization') or 'me'}/{values['name']}"
    if (kind, name) in hub.repositories:
        return (409, None, json.dumps({"error": "exists", "url": f"{hub.address}/{name}"}).encode()), ""
    hub.add(kind, name, {}, private=bool(values.get("private") or values.get("visibility") == "private"))
    return _json({"url": f"{hub.address}/{kind}s/{name}", "name": name}), ""


def _preupload(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    repository = hub.find(match["kind"], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    rows = []
    for file in json.loads(body)["files"]:
        is_large, present = file["path"].endswith(_LFS_SUFFIXES), repository.files.get(file["path"])
        oid = None
        if present is not None:
            oid = hashlib.sha256(present).hexdigest() if is_large else _git_oid(present)
        rows.append(
            {
                "path": file["path"],
                "uploadMode": "lfs" if is_large else "regular",
                "shouldIgnore": False,
                "oid": oid,
            }
        )
    return _json({"files": rows}), repository.head


def _batch(hub: HubServer, _: str, __: re.Match[str], body: bytes) -> tuple[Answer, str]:
    rows = []
    for item in json.loads(body)["objects"]:
        if item["oid"] in hub.large:
            rows.append(item)
        else:
            upload = {"href": f"{hub.address}/large/{item['oid']}"}
            rows.append({**item, "actions": {"upload": upload}})
    return _json({"transfer": "basic", "objects": rows}), ""


def _put(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    assert hashlib.sha256(body).hexdigest() == match["oid"]
    hub.large[match["oid"]] = body
    return (200, None, b""), ""


def _commit(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    repository = hub.find(match["kind"], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    for line in body.splitlines():
        item = json.loads(line)
        value = item["value"]
        if item["key"] == "file":
            repository.files[value["path"]] = base64.b64decode(value["content"])
        elif item["key"] == "lfsFile":
            repository.files[value["path"]] = hub.large[value["oid"]]
        elif item["key"] == "deletedFile":
            del repository.files[value["path"]]
    head = repository.commit()
    return _json({"commitUrl": f"{hub.address}/{match['name']}/commit/{head}", "commitOid": head}), head


def _refs(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    repository = hub.find(match["kind"], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    tags = [
        {"name": name, "ref": f"refs/tags/{name}", "targetCommit": repository.head}
        for name in (*repository.tags, *repository.tagged)
    ]
    return _json({"branches": [], "converts": [], "tags": tags}), repository.head


def _tag(hub: HubServer, _: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    repository = hub.find(match["kind"], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    tag = json.loads(body)["tag"]
    if tag in repository.tagged or match["revision"] not in repository.commits:
        return (409, None, b"{}"), repository.head
    repository.tagged[tag] = dict(repository.files)
    return _json({}), repository.head


def _squash(hub: HubServer, _: str, match: re.Match[str], __: bytes) -> tuple[Answer, str]:
    repository = hub.find(match["kind"], match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    repository.commits.clear()
    return _json({}), repository.commit()


def _space(hub: HubServer, method: str, match: re.Match[str], body: bytes) -> tuple[Answer, str]:
    repository = hub.find("space", match["name"])
    if isinstance(repository, tuple):
        return repository, ""
    setting, space, values = match["setting"], repository.space, json.loads(body or b"null")
    if setting in ("variables", "secrets") and method == "POST":
        space[setting][values["key"]] = values["value"]
    elif setting == "volumes" and method == "PUT":
        space["volumes"] = values["volumes"]
    elif setting == "hardware" and method == "POST":
        space["hardware"] = values["flavor"]
    if setting == "variables":
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
        r"/api/spaces/(?P<name>[\w.-]+/[\w.-]+)/(?P<setting>variables|secrets|runtime|volumes|hardware)",
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
