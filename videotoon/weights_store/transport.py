"""One request to one address: https only, checked redirects, no credentials in messages.

The standard library's urllib is enough for "GET, from this byte on", checks certificates, honours
the usual proxy variables, and adds nothing to what every user of videotoon has to install. What it
does not do by itself is done here: which addresses and redirects are allowed, and where credentials
may go.
"""

from __future__ import annotations

import base64
import ipaddress
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from typing import IO, Final

from videotoon import __version__
from videotoon.errors import WeightsError

TIMEOUT_SECONDS: Final = 30.0
"""For connecting, and for each wait for more bytes."""

HTTPS_ONLY: Final = "only https is used, and plain http for this machine itself"
MAX_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True)
class Address:
    """An address without what must not be shown or passed on.

    Attributes:
        url: The address to open, without user and password.
        shown: The same for messages, without query.
        local: True if it leads to this machine.
        credentials: Value of the ``Authorization`` header, or empty.
    """

    url: str
    shown: str
    local: bool
    credentials: str = ""

    @classmethod
    def read(cls, text: str) -> Address:
        """Take an address apart.

        Raises:
            WeightsError: It is none, or neither https nor this machine.
        """
        try:
            parts = urllib.parse.urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise WeightsError("the address is unusable", "write https://host/path") from error
        network = f"[{host}]" if ":" in host else host
        network += "" if port is None else f":{port}"
        shown = urllib.parse.urlunsplit((parts.scheme, network, parts.path, "", ""))
        local = _is_this_machine(host)
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            # Without a host the text cannot be told from a password, so it is not shown.
            what = repr(shown) if host else "what is named as address"
            raise WeightsError(f"{what} is nothing to fetch from", HTTPS_ONLY)
        return cls(
            url=urllib.parse.urlunsplit((parts.scheme, network, parts.path, parts.query, "")),
            shown=shown,
            local=local,
            credentials=_basic(parts.username, parts.password),
        )


def open_address(
    address: Address, headers: Mapping[str, str], timeout: float = TIMEOUT_SECONDS
) -> HTTPResponse:
    """Send a GET request.

    Args:
        address: Where to.
        headers: Headers besides the usual ones; they also go where redirects lead.
        timeout: Seconds to wait for the connection and for each piece of the answer.

    Raises:
        OSError: No connection, or a status that is no success (``urllib.error.HTTPError``).
        http.client.HTTPException: The answer is no HTTP.
        WeightsError: A redirect leads where nothing may be fetched from.
    """
    usual = {"User-Agent": f"videotoon/{__version__}", "Accept-Encoding": "identity"}
    request = urllib.request.Request(address.url, headers={**usual, **headers})
    if address.credentials:
        # "Unredirected": they go to the host they were given for and to no other.
        request.add_unredirected_header("Authorization", address.credentials)
    handlers: list[urllib.request.BaseHandler] = [_CheckedRedirects()]
    if address.local:
        handlers.append(urllib.request.ProxyHandler({}))
    response: HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=timeout)
    return response


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https, and from this machine to this machine."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            target = Address.read(newurl)
        except WeightsError as error:
            raise WeightsError(f"the server redirects, but {error.problem}", error.cure) from error
        if target.local and not Address.read(req.full_url).local:
            raise WeightsError(f"the server redirects to {target.shown}", "ask whoever runs it")
        return super().redirect_request(req, fp, code, msg, headers, target.url)


def _is_this_machine(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _basic(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    pair = f"{urllib.parse.unquote(user)}:{urllib.parse.unquote(password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
