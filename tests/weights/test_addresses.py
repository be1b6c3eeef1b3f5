"""Where files are fetched from: offline, mirrors, credentials, redirects."""

from __future__ import annotations

import base64

import pytest

from tests.weights.conftest import CONTENT, Server, pinned, ranges
from videotoon.errors import WeightsError
from videotoon.weights_store.download import fetch_weights

FAST = (0.01, 0.01)
FILE = pinned(CONTENT)


@pytest.mark.parametrize("value", ["1", "true", "yes please"])
def test_offline(mirrored: Server, monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("VIDEOTOON_OFFLINE", value)
    with pytest.raises(WeightsError, match=r"VIDEOTOON_OFFLINE forbids.*unset"):
        fetch_weights(FILE)
    assert not mirrored.seen
    monkeypatch.setenv("VIDEOTOON_OFFLINE", "0")
    fetch_weights(FILE)
    monkeypatch.setenv("VIDEOTOON_OFFLINE", value)
    fetch_weights(FILE)  # it is there


def test_mirror_may_have_a_path(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIDEOTOON_MIRROR", f"{server.address}/pub/weights/")
    fetch_weights(FILE)
    assert server.seen[0][0] == "/pub/weights/thing.pt"


@pytest.mark.parametrize(
    "mirror",
    [
        "http://example.org/weights",
        "http://10.0.0.1",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "file:///etc",
        "user:secret@example.org",
        "http://user:secret@example.org",
        "https://",
        "https://[secret",
    ],
)
def test_unsafe_mirrors(monkeypatch: pytest.MonkeyPatch, mirror: str):
    monkeypatch.setenv("VIDEOTOON_MIRROR", mirror)
    with pytest.raises(WeightsError, match="VIDEOTOON_MIRROR: ") as caught:
        fetch_weights(FILE)
    assert "secret" not in str(caught.value)


def test_credentials_go_to_the_mirror_only(
    server: Server, other_server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VIDEOTOON_MIRROR", f"http://me:s%40cret@127.0.0.1:{server.port}/a?key=1")
    server.statuses = [403]
    with pytest.raises(WeightsError) as caught:
        fetch_weights(FILE)
    assert not any(word in str(caught.value) for word in ("cret", "me:", "key"))
    server.redirect = other_server.address
    monkeypatch.setenv("VIDEOTOON_MIRROR", f"http://me:s%40cret@127.0.0.1:{server.port}")
    fetch_weights(FILE)
    given = server.seen[-1][1]["Authorization"]
    assert base64.b64decode(given.removeprefix("Basic ")) == b"me:s@cret"
    assert other_server.seen
    assert all("Authorization" not in headers for _, headers in other_server.seen)


def test_redirects_keep_the_range(mirrored: Server, other_server: Server):
    mirrored.redirect = other_server.address
    other_server.cuts = [1000]
    fetch_weights(FILE, pauses=FAST)
    assert ranges(other_server) == [None, "bytes=1000-"]


@pytest.mark.parametrize("target", ["http://example.org", "ftp://127.0.0.1", "file:///etc?secret"])
def test_redirects_to_elsewhere(mirrored: Server, target: str):
    mirrored.redirect = target
    with pytest.raises(WeightsError, match="redirects") as caught:
        fetch_weights(FILE, pauses=FAST)
    assert "secret" not in str(caught.value)


def test_redirect_in_a_circle(mirrored: Server):
    mirrored.redirect = mirrored.address
    with pytest.raises(WeightsError, match="HTTP 302"):
        fetch_weights(FILE, pauses=FAST)
    assert len(mirrored.seen) < 10
