"""A web server on loopback that can misbehave in every way a real one does."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.conftest import (  # noqa: F401 - fixtures
    animegan2_file,
    animegan2_parameters,
)
from videotoon.weights_store import environment
from videotoon.weights_store.catalogue import Licence, PinnedFile

CONTENT = np.random.default_rng(7).bytes(300_000)
LICENCE = Licence("MIT", "a test", "do as you like", "https://example.org/licence")


def pinned(content: bytes, name: str = "thing", **changes) -> PinnedFile:
    """A file with this content, pinned by its sha256 unless told otherwise."""
    facts: dict[str, Any] = {
        "name": name,
        "file_name": f"{name}.pt",
        "address": f"https://example.invalid/{name}.pt",
        "title": "a test file",
        "licences": (LICENCE,),
        "commercial": True,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }
    return PinnedFile(**(facts | changes))


def blob_pinned(content: bytes, name: str = "thing", **changes) -> PinnedFile:
    """The same, pinned by git's id only, as the published checkpoints are."""
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return pinned(content, name, sha256="", git_blob=blob, size=None, **changes)


@dataclass
class Server:
    """What the server holds and how it behaves; everything can be changed between requests.

    Attributes:
        files: Content by file name.
        ranges: Answer ``Range`` with a part, or ignore it.
        etag: ``ETag`` of every file.
        cuts: For each coming request, after how many bytes the connection is cut.
        statuses: For each coming request, a status to answer with instead of a file.
        headers: Added to every answer; ``Content-Length: None`` leaves it out.
        redirect: Where every request is sent.
        stall: Seconds of silence before the body.
        hold: Bytes of the body after which the server waits for ``go_on``; 0 for none.
        seen: Path and headers of every request that came.
    """

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etag: str = '"one"'
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str | None] = field(default_factory=dict)
    redirect: str = ""
    stall: float = 0.0
    hold: int = 0
    go_on: threading.Event = field(default_factory=threading.Event)
    seen: list[tuple[str, Message]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def ranges(server: Server) -> list[str | None]:
    """The ``Range`` of every request that came."""
    return [headers.get("Range") for _, headers in server.seen]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_) -> None:
            pass

        def do_GET(self) -> None:
            server.seen.append((self.path, self.headers))
            self.close_connection = True
            content = server.files.get(self.path.rsplit("/", 1)[-1])
            if server.redirect:
                self._head(302, {"Location": server.redirect + self.path, "Content-Length": "0"})
            elif server.statuses or content is None:
                status = server.statuses.pop(0) if server.statuses else 404
                self._head(status, {"Content-Length": "0"})
            else:
                self._send(content)

        def _send(self, content: bytes) -> None:
            start, status, extra = 0, 200, {"ETag": server.etag}
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range", server.etag) == server.etag
            if asked and server.ranges and same:
                start, status = int(asked[1]), 206
                if start >= len(content):
                    self._head(416, {"Content-Length": "0"})
                    return
                extra["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            body = content[start:]
            self._head(status, {"Content-Length": str(len(body)), **extra, **server.headers})
            time.sleep(server.stall)
            cut = server.cuts.pop(0) if server.cuts else len(body)
            if server.hold:
                self.wfile.write(body[: server.hold])
                server.go_on.wait(20)
                cut = 0
            self.wfile.write(body[:cut])

        def _head(self, status: int, headers: dict[str, str | None]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if value is not None:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()

    return Handler


def _serve() -> Iterator[Server]:
    facts = Server(files={"thing.pt": CONTENT})
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(facts))
    http.daemon_threads = True
    facts.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield facts
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that holds ``thing.pt``."""
    yield from _serve()


@pytest.fixture
def other_server() -> Iterator[Server]:
    """Another one."""
    yield from _serve()


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable of the caller's; the cache in the test's folder. Returns where weights go."""
    for name in ("FOLDER_VARIABLE", "MIRROR_VARIABLE", "OFFLINE_VARIABLE"):
        monkeypatch.delenv(getattr(environment, name), raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("VIDEOTOON_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


@pytest.fixture
def mirrored(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server as the mirror that everything is fetched from."""
    monkeypatch.setenv("VIDEOTOON_MIRROR", server.address)
    return server
