"""Fetching from a server on loopback: what is right gets its name, whatever else happens."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.weights.conftest import CONTENT, Server, blob_pinned, pinned, ranges
from videotoon.errors import Cancelled, DiskFullError, WeightsError
from videotoon.system.lock import FolderLock
from videotoon.weights_store.download import fetch_weights
from videotoon.weights_store.part import PartialFile

FAST = (0.01, 0.01)
FILE = pinned(CONTENT)
KINDS = [pytest.param(FILE, id="sha256"), pytest.param(blob_pinned(CONTENT), id="blob")]


def left(folder: Path) -> set[str]:
    """Names in a folder, without the lock."""
    return {path.name for path in folder.iterdir()} - {"lock"} if folder.is_dir() else set()


@pytest.mark.parametrize("file", KINDS)
def test_right_file(mirrored: Server, own_environment: Path, file):
    told = []
    path = fetch_weights(file, told=lambda *facts: told.append(facts))
    assert path == own_environment / "thing.pt"
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [have for have, _ in told] == sorted(have for have, _ in told)
    assert left(own_environment) == {"thing.pt"}


def test_what_is_there_is_not_fetched_again(mirrored: Server):
    fetch_weights(FILE)
    fetch_weights(FILE)
    assert len(mirrored.seen) == 1


def test_altered_file_is_replaced(mirrored: Server, own_environment: Path):
    fetch_weights(FILE).write_bytes(b"altered")
    assert fetch_weights(FILE).read_bytes() == CONTENT


@pytest.mark.parametrize("file", KINDS)
def test_wrong_content_never_gets_the_name(mirrored: Server, own_environment: Path, file):
    mirrored.files["thing.pt"] = CONTENT[:-1] + b"x"
    with pytest.raises(WeightsError, match=r"what came has .*, expected .* - nothing was kept"):
        fetch_weights(file)
    assert left(own_environment) == set()
    assert len(mirrored.seen) == 1, "wrong content is not asked for twice"


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x"], ids=["short", "long"])
def test_wrong_size_is_refused_before_the_body(mirrored: Server, own_environment: Path, content):
    mirrored.files["thing.pt"] = content
    with pytest.raises(WeightsError, match=f"has {len(content)} bytes, expected {len(CONTENT)}"):
        fetch_weights(FILE)
    assert left(own_environment) == set()


def test_endless_file_is_cut_short(mirrored: Server, own_environment: Path):
    mirrored.files["thing.pt"] = CONTENT * 3
    mirrored.headers["Content-Length"] = None
    with pytest.raises(WeightsError, match=f"more than {len(CONTENT)} bytes came"):
        fetch_weights(FILE)
    assert left(own_environment) == set()


@pytest.mark.parametrize("file", KINDS)
def test_cut_connection_goes_on_by_itself(mirrored: Server, file):
    mirrored.cuts = [100_000, 50_000]
    assert fetch_weights(file, pauses=FAST).read_bytes() == CONTENT
    assert ranges(mirrored) == [None, "bytes=100000-", "bytes=150000-"]


def test_cut_connection_goes_on_in_the_next_run(mirrored: Server, own_environment: Path):
    mirrored.cuts = [100_000, 50_000, 1000]
    with pytest.raises(WeightsError, match="broke off after 151000 of 300000 bytes"):
        fetch_weights(FILE, pauses=FAST)
    assert left(own_environment) == {"thing.pt.part", "thing.pt.part.mark"}
    assert fetch_weights(FILE).read_bytes() == CONTENT
    path, headers = mirrored.seen[-1]
    assert path == "/thing.pt"
    assert headers["Range"] == "bytes=151000-"
    assert headers["If-Range"] == '"one"'
    assert left(own_environment) == {"thing.pt"}


def test_cut_without_announced_length(mirrored: Server, own_environment: Path):
    mirrored.headers["Content-Length"] = None
    mirrored.cuts = [100_000]
    assert fetch_weights(FILE, pauses=FAST).read_bytes() == CONTENT
    mirrored.cuts = [100_000]
    with pytest.raises(WeightsError, match="what came has git blob"):  # nobody knows the length
        fetch_weights(blob_pinned(CONTENT, file_name="thing.pt"), own_environment / "other")
    assert left(own_environment / "other") == set()


def test_server_without_ranges_begins_again(mirrored: Server):
    mirrored.cuts = [100_000]
    mirrored.ranges = False
    assert fetch_weights(FILE, pauses=FAST).read_bytes() == CONTENT
    assert ranges(mirrored) == [None, "bytes=100000-"]


def test_file_changed_at_the_server_begins_again(mirrored: Server):
    mirrored.files["thing.pt"] = CONTENT[::-1]
    mirrored.cuts = [100_000]
    with pytest.raises(WeightsError, match="broke off"):
        fetch_weights(FILE, pauses=())
    mirrored.files["thing.pt"], mirrored.etag = CONTENT, '"two"'
    assert fetch_weights(FILE).read_bytes() == CONTENT
    assert len(mirrored.seen) == 2, "the whole file came at once instead of a part"


def test_weak_etag_is_not_used_for_ranges(mirrored: Server):
    mirrored.etag = 'W/"weak"'
    mirrored.headers["Last-Modified"] = "Sat, 01 Jan 2022 00:00:00 GMT"
    mirrored.cuts = [1000]
    mirrored.ranges = False
    fetch_weights(FILE, pauses=FAST)
    assert mirrored.seen[1][1]["If-Range"] == "Sat, 01 Jan 2022 00:00:00 GMT"


@pytest.mark.parametrize("length", [1000, len(CONTENT), len(CONTENT) + 5])
@pytest.mark.parametrize("file", KINDS)
def test_wrong_beginning_is_thrown_away(mirrored: Server, own_environment: Path, file, length):
    own_environment.mkdir(parents=True)
    (own_environment / "thing.pt.part").write_bytes(b"x" * length)
    assert fetch_weights(file, pauses=FAST).read_bytes() == CONTENT
    assert len(mirrored.seen) <= 2


def test_finished_but_unnamed_file_needs_no_connection(own_environment: Path):
    own_environment.mkdir(parents=True)
    (own_environment / "thing.pt.part").write_bytes(CONTENT)
    assert fetch_weights(FILE).read_bytes() == CONTENT


def test_answer_with_another_part_is_not_used(mirrored: Server):
    mirrored.cuts = [1000]
    mirrored.headers["Content-Range"] = "bytes 7-299999/300000"
    with pytest.raises(WeightsError, match="another part"):
        fetch_weights(FILE, pauses=(0.01,))
    del mirrored.headers["Content-Range"]
    assert fetch_weights(FILE).read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (403, 1), (503, 3), (429, 3)])
def test_statuses(mirrored: Server, own_environment: Path, status: int, attempts: int):
    mirrored.statuses = [status] * 3
    with pytest.raises(WeightsError, match=rf"thing\.pt from http://127.*: HTTP {status}"):
        fetch_weights(FILE, pauses=FAST)
    assert len(mirrored.seen) == attempts
    assert left(own_environment) == set()


def test_passing_trouble_passes(mirrored: Server):
    mirrored.statuses = [502]
    assert fetch_weights(FILE, pauses=FAST).read_bytes() == CONTENT


def test_no_network(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    monkeypatch.setenv("VIDEOTOON_MIRROR", f"http://127.0.0.1:{port}")
    with pytest.raises(WeightsError, match=r"refused - check the connection.*VIDEOTOON_MIRROR"):
        fetch_weights(FILE, pauses=(60.0,))


def test_silent_server(mirrored: Server):
    mirrored.stall = 1.0
    with pytest.raises(WeightsError, match=r"no answer for 0\.1 s"):
        fetch_weights(FILE, pauses=(0.01,), timeout=0.1)
    assert len(mirrored.seen) == 2


def test_no_http(monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        port = listening.getsockname()[1]
        monkeypatch.setenv("VIDEOTOON_MIRROR", f"http://127.0.0.1:{port}")
        with pytest.raises(WeightsError, match="SSH"):
            fetch_weights(FILE, pauses=())
        thread.join()


@pytest.mark.parametrize(
    ("header", "value", "message"),
    [
        ("Content-Type", "text/html; charset=utf-8", "a web page came instead - is a login"),
        ("Content-Encoding", "gzip", r"packed \(gzip\)"),
    ],
)
def test_something_else_comes(mirrored: Server, own_environment: Path, header, value, message):
    mirrored.headers[header] = value
    with pytest.raises(WeightsError, match=message):
        fetch_weights(FILE)
    assert left(own_environment) == set()


def test_interrupt_keeps_what_came(mirrored: Server, own_environment: Path):
    def stop(_have: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Cancelled, match=r"bytes of thing\.pt are kept; run the same again"):
        fetch_weights(FILE, told=stop)
    kept = (own_environment / "thing.pt.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    fetch_weights(FILE)
    assert ranges(mirrored) == [None, f"bytes={kept}-"]


def test_two_at_a_time(mirrored: Server, own_environment: Path):
    own_environment.mkdir(parents=True)
    lock = FolderLock.take(own_environment, "thing.pt")
    with pytest.raises(WeightsError, match="another run is fetching"):
        fetch_weights(FILE)
    lock.release()
    fetch_weights(FILE)


def test_folder_in_the_way(mirrored: Server, own_environment: Path):
    own_environment.parent.mkdir(parents=True)
    own_environment.write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot use"):
        fetch_weights(FILE)
    own_environment.unlink()
    (own_environment / "thing.pt.part").mkdir(parents=True)
    with pytest.raises(WeightsError, match="cannot write"):
        fetch_weights(FILE)


def test_full_disk_is_no_trouble_of_the_network(
    mirrored: Server, own_environment: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(_block: bytes) -> int:
        raise OSError(28, "No space left on device")

    write = PartialFile.write
    full: Any = SimpleNamespace(write=fail)
    monkeypatch.setattr(PartialFile, "write", lambda self, _stream, b: write(self, full, b))
    with pytest.raises(DiskFullError, match="no space left for"):
        fetch_weights(FILE, pauses=FAST)
    assert len(mirrored.seen) == 1
