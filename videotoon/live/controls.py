"""What can be changed while the picture runs, and the keys that change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from videotoon.engine.base import Adjustments
from videotoon.live.settings import ViewChoice

STRENGTH_STEP: Final = 0.1
VIEWS: Final[tuple[ViewChoice, ...]] = ("painted", "side", "split")


@dataclass(slots=True)
class Controls:
    """The state of a live picture; changed by one thread, read by all.

    Attributes:
        styles: Names that can be chosen.
        style: The chosen one.
        strength: How much of the style is applied, 0..1.
        edge_preserve: See :class:`~videotoon.settings.Settings`.
        color_shift: See :class:`~videotoon.settings.Settings`.
        faces: Paint faces with their own network.
        view: What the window shows.
        split: Where the line of the split view is, as a share of the width.
        frozen: The window keeps its picture.
        overlay: Figures are shown.
        help: The keys are shown.
        record: A recording is wanted.
        snapshot: A snapshot is wanted.
        quit: The end is wanted.
        message: A sentence for the overlay.
    """

    styles: Sequence[str]
    style: str
    strength: float = 1.0
    edge_preserve: float = 1.0
    color_shift: float = 1.0
    faces: bool = False
    view: ViewChoice = "painted"
    split: float = 0.5
    frozen: bool = False
    overlay: bool = True
    help: bool = False
    record: bool = False
    snapshot: bool = False
    quit: bool = False
    message: str = ""
    pressed: dict[str, int] = field(default_factory=dict)

    @property
    def adjustments(self) -> Adjustments:
        """The adjustments chosen."""
        return Adjustments(self.strength, self.edge_preserve, self.color_shift)

    def press(self, key: str) -> bool:
        """Do what a key means; False for keys without a meaning."""
        binding = BINDINGS.get(key)
        if binding is None:
            return False
        binding.action(self)
        self.pressed[binding.name] = self.pressed.get(binding.name, 0) + 1
        return True

    def next_style(self, step: int) -> None:
        """Choose another style, round and round."""
        known = list(self.styles)
        place = known.index(self.style) if self.style in known else -1
        self.style = known[(place + step) % len(known)]
        self.message = f"style {self.style}"

    def change_strength(self, step: float) -> None:
        """Change the strength within 0..1."""
        self.strength = round(min(1.0, max(0.0, self.strength + step)), 2)
        self.message = f"strength {self.strength:.0%}"

    def next_view(self) -> None:
        """Change what the window shows."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]

    def toggle_faces(self) -> None:
        """Switch the painting of faces on their own."""
        self.faces = not self.faces
        self.message = f"faces {'on' if self.faces else 'off'}"

    def toggle(self, name: str) -> None:
        """Switch something on or off."""
        setattr(self, name, not getattr(self, name))


@dataclass(frozen=True, slots=True)
class Binding:
    """A key's meaning.

    Attributes:
        name: One word.
        keys: How the keys are written in the help.
        help: What they do.
        action: Does it.
    """

    name: str
    keys: str
    help: str
    action: Callable[[Controls], None]


def _next(controls: Controls) -> None:
    controls.next_style(1)


def _previous(controls: Controls) -> None:
    controls.next_style(-1)


def _more(controls: Controls) -> None:
    controls.change_strength(STRENGTH_STEP)


def _less(controls: Controls) -> None:
    controls.change_strength(-STRENGTH_STEP)


def _switch(name: str) -> Callable[[Controls], None]:
    return lambda controls: controls.toggle(name)


def _want(name: str) -> Callable[[Controls], None]:
    return lambda controls: setattr(controls, name, True)


_ALL: Final = {
    "n": Binding("next", "n", "next style", _next),
    "p": Binding("previous", "p", "previous style", _previous),
    "+=": Binding("stronger", "+", "stronger", _more),
    "-_": Binding("weaker", "-", "weaker", _less),
    "f": Binding("faces", "f", "faces on/off", Controls.toggle_faces),
    "v": Binding("view", "v", "painted / side by side / split", Controls.next_view),
    "s": Binding("snapshot", "s", "snapshot", _want("snapshot")),
    "r": Binding("record", "r", "record on/off", _switch("record")),
    " ": Binding("freeze", "space", "freeze on/off", _switch("frozen")),
    "o": Binding("overlay", "o", "figures on/off", _switch("overlay")),
    "h": Binding("help", "h", "this help on/off", _switch("help")),
    "q\x1b": Binding("quit", "q, Esc", "quit", _want("quit")),
}
BINDINGS: Final = {key: binding for keys, binding in _ALL.items() for key in keys}


def help_rows() -> list[tuple[str, str]]:
    """Return the help that ``h`` shows: keys and what they do."""
    rows = [(binding.keys, binding.help) for binding in _ALL.values()]
    return [*rows, ("mouse", "drag the split line")]
