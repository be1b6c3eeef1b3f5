"""``videotoon weights``: what can be fetched, fetching it, int8 forms, and checking weights."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from videotoon.cli.tables import table
from videotoon.engine.quantised import KeptForm, kept_forms
from videotoon.errors import WeightsError
from videotoon.progress import printable
from videotoon.weights_store.catalogue import FETCHABLE, Licence, PinnedFile, fetchable
from videotoon.weights_store.environment import own_folder, weights_folders
from videotoon.weights_store.store import Verdict, find_weights, verify_bundled, verify_fetched

if TYPE_CHECKING:
    from tqdm import tqdm


def list_weights() -> None:
    """Print what can be fetched, what of it is here, and what its licences say."""
    rows = [
        [file.name, file.title, _size(file), _state(file), "yes" if file.commercial else "no",
         ", ".join(licence.short for licence in file.licences)]
        for file in FETCHABLE
    ]  # fmt: skip
    print(table(["weights", "what", "size", "state", "commercial", "licence"], rows))
    print()
    forms = [
        [_made_from(form), f"{form.decibels:.1f}", form.problem or "whole"] for form in kept_forms()
    ]
    if forms:
        print(table(["int8 form of", "dB to fp32 at worst", "state"], forms))
        print()
    for licence, files in _by_licence(FETCHABLE):
        _print(f"{', '.join(file.name for file in files)}: {_spelt(licence)}", sys.stdout)
    print()
    _print(f"looked for in {', then '.join(str(f) for f in weights_folders())}", sys.stdout)


def pull_weights(names: Sequence[str], quiet: bool = False) -> None:
    """Fetch weights into the user's cache; what is there already is left alone.

    Raises:
        WeightsError: A name is unknown (then nothing is fetched), or one cannot be fetched.
    """
    if not names:
        raise WeightsError("no weights are named", "see `videotoon weights list`")
    wanted = list(dict.fromkeys(fetchable(name) for name in names))
    say = _silent if quiet else _say
    missing = [file for file in wanted if not _is_here(file, say)]
    for licence, files in _by_licence(missing):
        say(f"{', '.join(file.name for file in files)}: {_spelt(licence)}")
    for file in missing:
        path = _pull(file, quiet)
        use = f"; use it with --style {file.name}" if file.style else ""
        say(f"{file.name}: fetched and checked ({file.pin}), {path}{use}")


def verify_weights() -> None:
    """Hash all bundled and fetched files, and int8 forms, again and print the result of each.

    Raises:
        WeightsError: Some are not as they should be.
    """
    verdicts = [*verify_bundled(), *verify_fetched(), *_verify_int8()]
    for verdict in verdicts:
        _print(_sentence(verdict), sys.stdout)
    bad = [verdict for verdict in verdicts if verdict.problem]
    if bad:
        raise WeightsError(
            f"{len(bad)} of {len(verdicts)} are altered or not readable: "
            f"{', '.join(verdict.name for verdict in bad)}",
            bad[0].cure if len(bad) == 1 else "what to do stands beside each",
        )


def _verify_int8() -> Iterator[Verdict]:
    for form in kept_forms():
        name = _made_from(form)
        cure = f"make it again: videotoon weights quantise {name}"
        if not form.made_from:
            cure = "remove it; what it was made from can be quantised again"
        yield Verdict(f"int8 form of {name}", form.path, form.problem, cure)


def _made_from(form: KeptForm) -> str:
    """Return the name under which what a form was made from is asked for."""
    names = {file.file_name: file.name for file in FETCHABLE}
    return names.get(form.made_from, form.made_from) or form.path.stem


def quantise_weights(name: str, pictures: Path | None) -> None:
    """Make the int8 form of a style, keep it if it is good, and measure what is fastest here.

    Raises:
        VideotoonError: It is no such style, cannot be quantised, or int8 spoils the picture.
    """
    from videotoon.engine.calibration import best_of, calibrate
    from videotoon.engine.quantise import quantise_style
    from videotoon.engine.styles import resolve_style
    from videotoon.settings import Settings

    _, quality = quantise_style(resolve_style(name), pictures)
    found = calibrate(Settings(style=name))
    speeds = {one.precision: one.fps for one in reversed(found)}  # the fastest of each
    gain = speeds["int8"] / max(fps for precision, fps in speeds.items() if precision != "int8")
    best = best_of(found).precision
    _print(
        f"{name}: int8 reaches {quality.mean:.1f} dB to fp32 on {quality.pictures} held-out "
        f"pictures, {quality.worst:.1f} on the worst; {gain:.2f} x as fast as the next; "
        f"{best} is the default for it on this machine",
        sys.stdout,
    )


def _pull(file: PinnedFile, quiet: bool) -> Path:
    """Fetch one file, with a bar where somebody watches."""
    from videotoon.weights_store.download import fetch_weights

    if quiet or not sys.stderr.isatty():
        return fetch_weights(file)
    from tqdm import tqdm

    with tqdm(
        desc=file.name, total=file.size, unit="B", unit_scale=True, dynamic_ncols=True, leave=False
    ) as bar:
        return fetch_weights(file, told=_moves(bar))


def _moves(bar: tqdm[Any]) -> Callable[[int, int | None], None]:
    def move(have: int, total: int | None) -> None:
        if bar.n == 0 and have:
            # What was here before does not count as speed.
            bar.initial = max(0, have - (1 << 16))
        bar.total = total or bar.total
        bar.update(have - bar.n)

    return move


def _is_here(file: PinnedFile, say: Callable[[str], None]) -> bool:
    """Tell whether the file is in one of the folders; an altered one in the cache is replaced.

    Raises:
        WeightsError: The user's own folder, which is never written to, holds an altered one.
    """
    try:
        path = find_weights(file)
    except WeightsError as error:
        own = own_folder()
        if own is not None and (own / file.file_name).is_file():
            raise
        say(f"{file.name}: {error.problem}")
        return False
    if path is not None:
        say(f"{file.name}: already here, {path}")
    return path is not None


def _state(file: PinnedFile) -> str:
    try:
        return "not fetched" if find_weights(file) is None else "here"
    except WeightsError:
        return "altered"


def _size(file: PinnedFile) -> str:
    if file.size is None:
        return f"about {file.rough_size / 1e6:.1f} MB"
    return f"{file.size / 1e6:.1f} MB"


def _by_licence(files: Sequence[PinnedFile]) -> list[tuple[Licence, list[PinnedFile]]]:
    licences = dict.fromkeys(licence for file in files for licence in file.licences)
    return [(one, [file for file in files if one in file.licences]) for one in licences]


def _spelt(licence: Licence) -> str:
    return f"{licence} - {licence.text}; {licence.address}"


def _sentence(verdict: Verdict) -> str:
    if not verdict.problem:
        return f"{verdict.name}: whole ({verdict.path})"
    return f"{verdict.name}: {verdict.problem} - {verdict.cure}"


def _say(sentence: str) -> None:
    _print(sentence, sys.stderr)


def _silent(_sentence: str) -> None:
    pass


def _print(sentence: str, stream: TextIO) -> None:
    print(printable(sentence, stream), file=stream)
