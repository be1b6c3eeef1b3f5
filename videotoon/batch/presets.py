"""Named settings for batches, from TOML files.

A file holds one table per preset. ``about`` says in a sentence what it is for; every other key is
an option of ``videotoon batch`` with its long name::

    [shorts]
    about = "9:16 clips for phones"
    max-side = 1280
    fps = "30"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_type_hints

from videotoon.batch.settings import BatchSettings
from videotoon.errors import SettingsError
from videotoon.kinds import fits, in_words
from videotoon.settings import Settings

BUILT_IN: Final = Path(__file__).with_name("presets.toml")
ABOUT: Final = "about"
_NOT_IN_PRESETS: Final = frozenset({"stdin", "dry_run", "watch", "overwrite"})
"""Options of a single run, which would surprise in a preset."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Named settings.

    Attributes:
        name: What ``--use`` takes.
        about: What it is for.
        values: Options by field name of :class:`Settings` or :class:`BatchSettings`.
    """

    name: str
    about: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> str:
        """The options as they are written on the command line."""
        return " ".join(
            f"--{name.replace('_', '-')} {value}" for name, value in self.values.items()
        )


def load_presets(file: Path | None = None) -> dict[str, Preset]:
    """Return the built-in presets, and those of a file, which win where names are equal.

    Raises:
        SettingsError: The file cannot be read, or holds what is no preset; names the place.
    """
    presets = _read(BUILT_IN)
    return presets | _read(file) if file is not None else presets


def choose_preset(name: str, file: Path | None) -> Preset:
    """Return the preset of a name, or the only one of a file.

    Raises:
        SettingsError: There is none of that name, or several and none was named.
    """
    if not name and file is not None:
        own = _read(file)
        if len(own) == 1:
            return next(iter(own.values()))
        raise SettingsError(
            f"preset file {file.name!r} holds {len(own)} presets",
            f"name one with --use: {', '.join(own)}",
        )
    presets = load_presets(file)
    if name not in presets:
        raise SettingsError(f"there is no preset {name!r}", f"use one of {', '.join(presets)}")
    return presets[name]


def _read(path: Path) -> dict[str, Preset]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"preset file {str(path)!r} cannot be read ({error.strerror})", "check the name"
        ) from error
    except ValueError as error:
        raise SettingsError(f"preset file {path.name!r} is no TOML ({error})", "mend it") from error
    return {name: _preset(path, name, table) for name, table in content.items()}


def _preset(path: Path, name: str, table: Any) -> Preset:
    place = f"preset {name!r} in {path.name!r}"
    if not isinstance(table, dict):
        raise SettingsError(f"{place} is no table", f"write [{name}] above its options")
    values = {key.replace("-", "_"): value for key, value in table.items() if key != ABOUT}
    kinds = _kinds()
    for key, value in values.items():
        if key not in kinds:
            raise SettingsError(
                f"{place}: {key.replace('_', '-')!r} is not an option for presets",
                f"known: {', '.join(sorted(kinds)).replace('_', '-')}",
            )
        if not fits(value, kinds[key]):
            raise SettingsError(
                f"{place}: {key} = {value!r} is not {in_words(kinds[key])}", "see --help"
            )
    try:
        for settings in (Settings, BatchSettings):
            names = {item.name for item in fields(settings)}
            settings(**{key: value for key, value in values.items() if key in names})
    except SettingsError as error:
        raise SettingsError(f"{place}: {error.problem}", error.cure) from error
    return Preset(name, str(table.get(ABOUT, "")), values)


def _kinds() -> dict[str, Any]:
    kinds = get_type_hints(Settings) | get_type_hints(BatchSettings)
    return {name: kind for name, kind in kinds.items() if name not in _NOT_IN_PRESETS}
