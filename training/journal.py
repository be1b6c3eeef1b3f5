"""The log of a run: one CSV file of loss terms, one of held-out scores, and a plot of both."""

import csv
from pathlib import Path
from types import TracebackType

TERMS = ("pixel", "chroma", "edge", "structure", "adversarial", "steadiness", "fidelity")
SCORES = ("ssim", "psnr")


class Journal:
    """Collects the terms of every step and writes their means every ``every`` steps.

    Rows of steps after ``first``, written before an interruption and made again now, are dropped.
    """

    def __init__(self, folder: Path, *, first: int = 0, every: int = 50) -> None:
        self.folder = folder
        self.every = every
        self._first = first
        self._sums: dict[str, float] = {}
        self._count = 0

    def __enter__(self) -> "Journal":
        self._start("losses.csv", TERMS)
        self._start("scores.csv", SCORES)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sums, self._count = {}, 0

    def add(self, step: int, terms: dict[str, float]) -> None:
        """Notes the terms of one step."""
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        if (step + 1) % self.every == 0:
            means = {name: value / self._count for name, value in self._sums.items()}
            self._row("losses.csv", step + 1, TERMS, means)
            self._sums, self._count = {}, 0

    def measured(self, step: int, scores: dict[str, float]) -> None:
        """Notes held-out scores."""
        self._row("scores.csv", step, SCORES, scores)

    def plot(self) -> None:
        """Writes ``progress.png``: loss terms on a logarithmic axis and SSIM below."""
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure, (upper, lower) = pyplot.subplots(2, 1, figsize=(8, 8), sharex=True)
        for name in TERMS:
            steps, values = self._column("losses.csv", name)
            if values:
                upper.semilogy(steps, values, label=name)
        lower.plot(*self._column("scores.csv", "ssim"), marker="o")
        upper.set_ylabel("loss term")
        if upper.lines:
            upper.legend()
        lower.set_ylabel("held-out SSIM")
        lower.set_xlabel("step")
        figure.savefig(self.folder / "progress.png", dpi=100, bbox_inches="tight")
        pyplot.close(figure)

    def _start(self, file: str, names: tuple[str, ...]) -> None:
        path = self.folder / file
        kept: list[list[str]] = []
        if self._first > 0 and path.exists():
            with path.open(newline="") as stream:
                rows = list(csv.reader(stream))[1:]
            kept = [row for row in rows if int(row[0]) <= self._first]
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([("step", *names), *kept])

    def _row(self, file: str, step: int, names: tuple[str, ...], values: dict[str, float]) -> None:
        cells = [f"{values[name]:.5f}" if name in values else "" for name in names]
        with (self.folder / file).open("a", newline="") as stream:
            csv.writer(stream).writerow((step, *cells))

    def _column(self, file: str, name: str) -> tuple[list[int], list[float]]:
        with (self.folder / file).open(newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row[name]]
        return [int(row["step"]) for row in rows], [float(row[name]) for row in rows]
