"""Reading option values strictly, and saying in one line what is wrong with a command line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from cyclopts import (
    CycloptsError,
    MissingArgumentError,
    Token,
    UnknownOptionError,
    UnusedCliTokensError,
    convert,
)

from videotoon.errors import SettingsError

SEE_HELP = "see `videotoon --help`"

_LOOKS_LIKE_A_FILE = re.compile(r"-[^=]*\.[A-Za-z][A-Za-z0-9]{1,12}", re.DOTALL)
_WHOLE_NUMBER = re.compile(r"[+-]?\d+")


def spell_files(arguments: Sequence[str]) -> list[str]:
    """Write ``./`` before file names with a leading dash, which would be read as options.

    No option ends in a file suffix, so `-clip.mp4` can only be a file. After ``--`` nothing is
    an option anyway.
    """
    spelt: list[str] = []
    options_end = False
    for argument in arguments:
        options_end = options_end or argument == "--"
        file = not options_end and _LOOKS_LIKE_A_FILE.fullmatch(argument) is not None
        spelt.append(f"./{argument}" if file else argument)
    return spelt


def read_value(kind: Any, tokens: Sequence[Token]) -> Any:
    """Turn the words of the command line into an option's value.

    Raises:
        SettingsError: The words are no such value; the message names option, value and cure.
    """
    kinds = [part for part in _alternatives(kind) if part is not type(None)]
    if len(tokens) != 1 or len(kinds) != 1:
        return convert(kind, tokens)
    text, option = tokens[0].value, tokens[0].keyword or "argument"
    if get_origin(kinds[0]) is Literal:
        return _choice(option, text, get_args(kinds[0]))
    if kinds[0] is int:
        if _WHOLE_NUMBER.fullmatch(text.strip()) is None:
            raise SettingsError(f"{option} {text!r} is not a whole number", "give one such as 4")
        return int(text)
    if kinds[0] is float:
        try:
            return float(text)
        except ValueError:
            raise SettingsError(
                f"{option} {text!r} is not a number", "give one such as 0.5"
            ) from None
    if kinds[0] is Path and not text:
        raise SettingsError(f"{option} is an empty file name", "name a file")
    return convert(kind, tokens)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _choice(option: str, text: str, allowed: tuple[str, ...]) -> str:
    if text.lower() in allowed:
        return text.lower()
    raise SettingsError(
        f"{option} {text!r} is not one of its values",
        f"{nearest(text, allowed)}use {', '.join(allowed)}",
    )


def nearest(text: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'? `` for the known word that is most like a text, or nothing."""
    near = difflib.get_close_matches(text.lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}? " if near else ""


def explain(
    error: CycloptsError, arguments: Sequence[str], commands: Iterable[str]
) -> SettingsError:
    """Say what is wrong with a command line, on one line.

    Args:
        error: What the parser found.
        arguments: The words of the command line.
        commands: Names of all subcommands.
    """
    if isinstance(error, UnknownOptionError):
        word = error.token.keyword or error.token.value
        options = [name for item in error.argument_collection for name in item.names]
        word = word.split("=")[0] if word.startswith("--") else word
        if word == "-":
            return SettingsError("'-' is no file: pipes are neither read nor written", "name files")
        return SettingsError(f"there is no option {word!r}", f"{nearest(word, options)}{SEE_HELP}")
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return SettingsError(
            f"{error.unused_tokens[0]!r} is one argument too many",
            "put quotes round names with spaces; " + SEE_HELP,
        )
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return _missing(error, arguments, commands)
    return SettingsError(" ".join(str(error).split()).rstrip("."), SEE_HELP)


def _missing(
    error: MissingArgumentError, arguments: Sequence[str], commands: Iterable[str]
) -> SettingsError:
    assert error.argument is not None
    name = error.keyword or error.argument.name
    if name.startswith("-"):
        spellings = (name, *error.argument.names)
        if any(word.split("=")[0] in spellings for word in arguments):
            return SettingsError(f"{name} has no value", f"give one after it; {SEE_HELP}")
        return SettingsError(f"{name} is missing", f"it must be given; {SEE_HELP}")
    lone = [word for word in arguments if not word.startswith("-")]
    unknown = len(lone) == 1 and lone[0] not in commands and not Path(lone[0]).exists()
    meant = nearest(lone[0], commands) if unknown else ""
    if meant:
        return SettingsError(f"there is no command {lone[0]!r}", f"{meant}{SEE_HELP}")
    return SettingsError(
        f"{name} is missing",
        "write `videotoon INPUT OUTPUT`, e.g. `videotoon in.mp4 out.mp4`"
        if not error.command_chain
        else f"see `videotoon {' '.join(error.command_chain)} --help`",
    )
