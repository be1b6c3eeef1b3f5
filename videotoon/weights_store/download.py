"""Fetching a file of weights: resumed where it broke off, named only when its content is right."""

from __future__ import annotations

import re
import ssl
import time
import urllib.error
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final

from videotoon.errors import STOPPED, Cancelled, OutputError, WeightsError
from videotoon.system.lock import FolderLock
from videotoon.weights_store.catalogue import PinnedFile
from videotoon.weights_store.environment import (
    FOLDER_VARIABLE,
    MIRROR_VARIABLE,
    OFFLINE_VARIABLE,
    fetched_folder,
    mirror,
    offline,
)
from videotoon.weights_store.part import PartialFile
from videotoon.weights_store.transport import TIMEOUT_SECONDS, Address, open_address

BLOCK: Final = 1 << 16
PAUSES: Final = (1.0, 2.0, 4.0)
"""Seconds to wait before each further attempt when a connection breaks off."""

PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which it is worth trying again."""

Told = Callable[[int, int | None], None]
"""Is called with the bytes that are here, and how many there will be (None: not said)."""

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class _Broken(OSError):
    """The connection ended too early, or what came does not go with what is here."""


def fetch_weights(
    file: PinnedFile,
    folder: Path | None = None,
    told: Told | None = None,
    *,
    pauses: Sequence[float] = PAUSES,
    timeout: float = TIMEOUT_SECONDS,
) -> Path:
    """Fetch a file, going on where an earlier try stopped; nothing happens if it is there.

    The file gets its name only when its content is the pinned one. A file of that name with other
    content is replaced then.

    Args:
        file: What to fetch.
        folder: Where to put it; the user's cache by default.
        told: Is told how far the transfer is.
        pauses: Seconds before each further attempt after a connection that broke off.
        timeout: Seconds to wait for the connection and for each piece of the answer.

    Returns:
        Where it lies.

    Raises:
        WeightsError: It cannot be fetched, or what came is not the pinned content.
        DiskFullError: No space is left.
        Cancelled: Ctrl-C; what came so far is kept.
    """
    part = PartialFile((folder or fetched_folder()) / file.file_name)
    if file.matches(part.target):
        return part.target
    address = address_of(file)
    with _only_one(part.target.parent, file):
        transfer = _Transfer(file, address, part, told or (lambda *_: None), pauses, timeout)
        try:
            transfer.complete()
        except KeyboardInterrupt:
            raise Cancelled(
                STOPPED,
                f"{part.length} bytes of {file.file_name} are kept; run the same again to go on",
            ) from None
        part.publish()
    return part.target


def address_of(file: PinnedFile) -> Address:
    """Where a file is fetched from: the mirror if one is named, else its authors' address.

    Raises:
        WeightsError: Connections are forbidden, or the mirror's address cannot be used.
    """
    if offline():
        raise WeightsError(
            f"{file.file_name} is not here and {OFFLINE_VARIABLE} forbids to fetch it",
            f"unset {OFFLINE_VARIABLE}, or name a folder that holds it with {FOLDER_VARIABLE}",
        )
    if not mirror():
        return Address.read(file.address)
    try:
        return Address.read(f"{mirror()}/{file.file_name}")
    except WeightsError as error:
        raise WeightsError(f"{MIRROR_VARIABLE}: {error.problem}", error.cure) from error


@contextmanager
def _only_one(folder: Path, file: PinnedFile) -> Iterator[None]:
    """Keep other runs out of the folder meanwhile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FolderLock.take(folder, file.file_name)
    except OutputError as error:
        raise WeightsError(
            f"another run is fetching weights into {folder}", "wait until it is done"
        ) from error
    except OSError as error:
        raise WeightsError(
            f"cannot use {folder}: {error.strerror or error}",
            "check the folder, or name another one with VIDEOTOON_CACHE",
        ) from error
    try:
        yield
    finally:
        lock.release()


class _Transfer:
    """Brings one partial file to its pinned content."""

    def __init__(
        self,
        file: PinnedFile,
        address: Address,
        part: PartialFile,
        told: Told,
        pauses: Sequence[float],
        timeout: float,
    ) -> None:
        self._file = file
        self._address = address
        self._part = part
        self._told = told
        self._pauses = pauses
        self._timeout = timeout

    def complete(self) -> None:
        """Fetch what is missing and check the whole.

        What was put together from several answers and is wrong is fetched once more in one piece.
        """
        if self._file.matches(self._part.path):
            return
        for last in (False, True):
            in_one_piece = self._receive()
            difference = self._file.difference(self._part.path)
            if not difference:
                return
            self._part.discard()
            if in_one_piece or last:
                raise self._failure(
                    f"what came {difference}",
                    f"nothing was kept; try again later or with another {MIRROR_VARIABLE}",
                )

    def _receive(self) -> bool:
        """Receive until the end, in several attempts if need be; tell if one answer held all."""
        if self._part.length >= self._file.limit:
            self._part.discard()  # as long as the whole, and it was compared with it before
        in_one_piece = self._part.length == 0
        for attempt, pause in enumerate((*self._pauses, None)):
            try:
                self._append()
                return in_one_piece
            except (OSError, HTTPException) as error:
                if isinstance(error, urllib.error.HTTPError):
                    error.close()
                if pause is None or not _may_pass(error, attempt):
                    raise self._failure(_in_words(error, self._timeout)) from error
            in_one_piece = False
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _append(self) -> None:
        """Ask for what is missing and add it to the part."""
        with self._ask() as response:
            have, total = self._begin(response)
            with self._part.appending() as stream:
                while block := response.read1(BLOCK):
                    have += len(block)
                    if have > self._file.limit:
                        break
                    self._part.write(stream, block)
                    self._told(have, total)
        if have > self._file.limit:
            self._part.discard()
            raise self._failure(f"more than {self._file.limit} bytes came")
        if total is not None and have < total:
            raise _Broken(f"the connection broke off after {have} of {total} bytes")

    def _ask(self) -> HTTPResponse:
        headers, have = {}, self._part.length
        if have:
            headers["Range"] = f"bytes={have}-"
            if mark := self._part.mark:
                headers["If-Range"] = mark  # the whole file comes if it is another one by now
        try:
            return open_address(self._address, headers, self._timeout)
        except urllib.error.HTTPError as error:
            if not have or error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            error.close()
            self._part.discard()
            raise _Broken(f"the server has no more than the {have} bytes that are here") from error

    def _begin(self, response: HTTPResponse) -> tuple[int, int | None]:
        """Read an answer's head: bytes that stay, bytes in all."""
        headers, have, total = response.headers, 0, None
        if headers.get_content_type() == "text/html":
            raise self._failure(
                "a web page came instead", "is a login page or a proxy between? Try a browser"
            )
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._failure(f"it came packed ({headers['Content-Encoding']})")
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
            have = self._part.length
            if found is None or int(found[1]) != have:
                self._part.discard()
                raise _Broken("the server sent another part of the file than was asked for")
            total = None if found[2] == "*" else int(found[2])
        else:
            tag = headers.get("ETag", "")
            weak = not tag or tag.startswith("W/")
            self._part.begin(headers.get("Last-Modified", "") if weak else tag)
            length = headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
        size = self._file.size
        if total is not None and (total > self._file.limit or size not in (None, total)):
            self._part.discard()
            expected = f"at most {self._file.limit}" if size is None else size
            raise self._failure(f"it has {total} bytes, expected {expected}")
        return have, size if total is None else total

    def _failure(self, why: str, cure: str = "") -> WeightsError:
        by_hand = f"copy {self._file.file_name} into a folder named by {FOLDER_VARIABLE}"
        return WeightsError(
            f"cannot fetch {self._file.file_name} from {self._address.shown}: {why}",
            cure or f"check the connection, set {MIRROR_VARIABLE}, or {by_hand}",
        )


def _may_pass(error: Exception, attempt: int) -> bool:
    """Tell whether trying again could help."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in PASSING
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return False
    if isinstance(reason, ssl.SSLError | ConnectionResetError | BrokenPipeError):
        return True
    if not isinstance(error, urllib.error.URLError):
        return True  # it broke off, or the server fell silent
    # No name, no route, refused: the network is not there, unless it was there a moment ago.
    return attempt > 0


def _in_words(error: Exception, timeout: float) -> str:
    if isinstance(error, urllib.error.HTTPError):
        # Not the server's own words: they may hold an address with a signature.
        known = error.code in HTTPStatus.__members__.values()
        phrase = HTTPStatus(error.code).phrase if known else "(no known status)"
        where = ", redirects that lead nowhere" if 300 <= error.code < 400 else ""
        return f"HTTP {error.code} {phrase}{where}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return f"no answer for {timeout:g} s"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted ({reason.verify_message})"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__
