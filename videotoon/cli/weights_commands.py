"""The commands ``videotoon weights ...``; the work is done in :mod:`videotoon.cli.weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

weights = App(name="weights", help="List, fetch and check weights that are not shipped.")


@weights.command(name="list")
def weights_list() -> None:
    """List what can be fetched, what of it is here, and what its licences say."""
    from videotoon.cli.weights import list_weights

    list_weights()


@weights.command(name="pull")
def weights_pull(
    *names: Annotated[str, Parameter(name="NAME")],
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=())] = False,
) -> None:
    """Fetch weights into the user's cache; an interrupted fetch goes on where it stopped.

    Parameters
    ----------
    names
        Names from `videotoon weights list`.
    quiet
        Say nothing but errors.
    """
    from videotoon.cli.weights import pull_weights

    pull_weights(names, quiet)


@weights.command(name="verify")
def weights_verify() -> None:
    """Hash all bundled and fetched weights again and say what to do about altered ones."""
    from videotoon.cli.weights import verify_weights

    verify_weights()


@weights.command(name="quantise")
def weights_quantise(
    name: Annotated[str, Parameter(name="NAME")],
    /,
    *,
    pictures: Path | None = None,
) -> None:
    """Make the int8 form of a fetched style or a network file, keep it if it paints the same.

    Parameters
    ----------
    name
        A fetched style, or the path of a network file.
    pictures
        Folder with pictures to calibrate on and to judge by; drawn ones if not given.
    """
    from videotoon.cli.weights import quantise_weights

    quantise_weights(name, pictures)
