"""A whole batch, step by step.

find inputs -> give names -> leave out what is done -> paint the rest -> watch for more -> report
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from videotoon.batch.display import Display
from videotoon.batch.estimate import Estimator
from videotoon.batch.inputs import Found, find_inputs
from videotoon.batch.journal import BatchJournal
from videotoon.batch.ledger import Ledger
from videotoon.batch.naming import BatchItem, Names
from videotoon.batch.report import BatchReport, FileResult
from videotoon.batch.settings import BatchSettings
from videotoon.batch.styles import StyleShelf
from videotoon.batch.watch import POLL_SECONDS, SettledFiles
from videotoon.batch.work import BatchWork
from videotoon.errors import STOPPED, OutputError, SettingsError
from videotoon.report import peak_memory
from videotoon.settings import Settings
from videotoon.system.machine import usable_cores

CORES_PER_JOB = 4
"""One job keeps this many cores busy by itself: decoder, painters and encoder overlap."""


@dataclass(slots=True)
class _Batch:
    """What the steps hand on."""

    inputs: Sequence[str]
    output: Path
    settings: Settings
    batch: BatchSettings
    display: Display
    jobs: int
    shelf: StyleShelf
    journal: BatchJournal
    ledger: Ledger
    names: Names
    report: BatchReport
    items: dict[str, BatchItem] = field(default_factory=dict)
    results: dict[str, FileResult] = field(default_factory=dict)

    def find(self) -> list[Found]:
        """Return the inputs that are there now."""
        return find_inputs(self.inputs, self.output, self.journal.results())

    def to_do(self, found: Sequence[Found]) -> list[BatchItem]:
        """Name inputs and return those to be done; the others' results are settled here."""
        items = self.names.items(found)
        for sentence in self.names.take_sentences():
            self.report.notes.append(sentence)
            self.display.say(sentence)
        return [item for item in items if self._is_to_do(item)]

    def _is_to_do(self, item: BatchItem) -> bool:
        self.items[item.key] = item
        verdict = self.ledger.verdict(item)
        name, output = str(item.source), str(item.output)
        if verdict == "done":
            frames = int(self.ledger.facts(item).get("frames", 0))
            self.results[item.key] = FileResult(name, output, "skipped", "done before", frames)
        elif verdict == "foreign":
            why = f"{item.key} exists and was not made from it - add --overwrite or use --suffix"
            self.results[item.key] = FileResult(name, output, "failed", why)
            self.display.say(f"{name}: {why}")
        return verdict == "todo"


def run_batch(
    inputs: Sequence[str],
    output: Path,
    settings: Settings,
    batch: BatchSettings,
    display: Display,
) -> BatchReport:
    """Paint many files into a folder; failures do not stop the rest.

    Args:
        inputs: Files, folders and patterns.
        output: Folder for the results; is made where it does not exist.
        settings: Options of every job.
        batch: Options of the batch.
        display: Is told about the progress.

    Returns:
        What became of each file. Ctrl-C stops the running jobs and returns as well; in a watching
        batch it is the normal end.

    Raises:
        OutputError: The folder cannot be used.
        SettingsError: There is nothing to do.
    """
    begun = time.perf_counter()
    jobs = job_count(batch)
    shelf = StyleShelf(jobs)
    _check_folder(output, make=not batch.dry_run)
    with BatchJournal(output, only_look=batch.dry_run) as journal:
        run = _Batch(
            inputs=inputs,
            output=output.resolve(),
            settings=settings,
            batch=batch,
            display=display,
            jobs=jobs,
            shelf=shelf,
            journal=journal,
            ledger=Ledger(journal, settings, shelf),
            names=Names(output.resolve(), batch, journal.owners()),
            report=BatchReport(str(output), jobs=jobs, cores=shelf.cores),
        )
        found = run.find()
        if not found and not batch.watch:
            raise SettingsError(
                "there is nothing to do: no video or picture was found",
                "give files, folders or patterns such as 'clips/*.mp4'",
            )
        if batch.dry_run:
            _estimate(run, run.to_do(found))
        else:
            _paint(run, found)
    run.report.files = [run.results[key] for key in run.items if key in run.results]
    run.report.networks_compiled = shelf.compiled
    run.report.wall_seconds = time.perf_counter() - begun
    run.report.peak_rss_bytes = peak_memory()
    return run.report


def job_count(batch: BatchSettings) -> int:
    """Return how many files are worked on at the same time."""
    return batch.jobs or max(1, usable_cores() // CORES_PER_JOB)


def _check_folder(output: Path, *, make: bool) -> None:
    """Make the output folder, or at least see that no file stands in its place."""
    try:
        if make or (output.exists() and not output.is_dir()):
            output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"output folder {str(output)!r} cannot be made ({error.strerror})",
            "give another -o FOLDER",
        ) from error


def _estimate(run: _Batch, items: Sequence[BatchItem]) -> None:
    with TemporaryDirectory(prefix="videotoon-") as folder:
        estimator = Estimator(run.settings, run.shelf, Path(folder))
        for item in items:
            run.results[item.key] = estimator.planned(item)


def _paint(run: _Batch, found: Sequence[Found]) -> None:
    work = BatchWork(run.settings, run.jobs, run.batch.retries, run.ledger, run.shelf, run.display)
    try:
        with work:
            if run.batch.watch:
                _watch(run, work)
            else:
                work.submit(run.to_do(found))
    except KeyboardInterrupt:
        run.report.notes.append(f"{STOPPED}; the same command goes on where it stopped")
        run.report.stopped = not run.batch.watch
    finally:
        run.display.end()
    run.results |= work.results()
    run.report.pictures_shared = work.pictures.painter.sharing


def _watch(run: _Batch, work: BatchWork) -> None:
    """Hand over files as they settle, until Ctrl-C."""
    files = SettledFiles(run.batch.settle)
    run.display.say(f"watching {', '.join(run.inputs)}; Ctrl-C ends")
    while True:
        work.check()
        ready = files.settled(run.find())
        if ready:
            work.submit(run.to_do(ready))
        time.sleep(POLL_SECONDS)
