"""The commands. They hold no logic: each hands over to the library and keeps its contract.

Exit status: 0 all solved and confirmed; 1 a check failed, or a hand calculation is wrong; 2 bad usage;
3 a file is invalid; 70 an unforeseen error; 130 interrupted; 141 nobody reads any more.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

import stepsolve
from stepsolve.coercion import lighten
from stepsolve.errors import InvalidProblem, StepsolveError

if TYPE_CHECKING:
    from stepsolve.derivation import Derivation
    from stepsolve.marking.verdicts import Marked

app = typer.Typer(
    name="stepsolve",
    help="Worked solutions for the mathematics of deep learning.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

CONFIRMED, UNCONFIRMED, USAGE, INVALID, UNFORESEEN, INTERRUPTED, UNREAD = 0, 1, 2, 3, 70, 130, 141


class Format(StrEnum):
    """How a solution is written."""

    terminal = "terminal"
    text = "text"
    json = "json"


class DetailName(StrEnum):
    """How much of it is shown."""

    brief = "brief"
    normal = "normal"
    full = "full"


Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this file instead of the terminal.")
]


@app.command()
def run(
    files: Annotated[list[str], typer.Argument(help="Problem files; - is standard input.")],
    format: Annotated[Format, typer.Option(help="How to write the solution.")] = Format.terminal,
    detail: Annotated[DetailName, typer.Option(help="How much to show.")] = DetailName.normal,
    output: Output = None,
    method: Annotated[
        str | None,
        typer.Option(help="Which way to take where there are several: see explain KIND."),
    ] = None,
) -> None:
    """Solve problems step by step."""
    with _contract("solving"):
        if output is not None and any(_same(file, output) for file in files):
            raise StepsolveError(f"{output} is the problem itself; choose another file")
        status = CONFIRMED
        solved: list[Derivation] = []
        for file in files:
            try:
                derivation = _named(file, partial(stepsolve.solve, file, method=method))
            except InvalidProblem as error:
                _complain(error)
                status = INVALID
                continue
            solved.append(derivation)
            if not derivation.confirmed:
                status = max(status, UNCONFIRMED)
        if solved:
            _show(solved, format, detail, output, as_array=len(files) > 1)
        sys.exit(status)


@app.command()
def check(
    files: Annotated[
        list[str], typer.Argument(help="Files of work, or notes; - is standard input.")
    ],
    problem: Annotated[
        str | None, typer.Option(help="The problem file that the work is on.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to write the verdicts.")] = Format.terminal,
    output: Output = None,
) -> None:
    """Find the line of a hand calculation that goes wrong, and why."""
    with _contract("checking"):
        if output is not None and any(_same(file, output) for file in (*files, problem or "")):
            raise StepsolveError(f"{output} is what is read; choose another file")
        status = CONFIRMED
        marked: list[Marked] = []
        for file in files:
            try:
                work = _named(file, partial(stepsolve.check, file, problem))
            except InvalidProblem as error:
                _complain(error)
                status = INVALID
                continue
            marked.append(work)
            if not work.is_right or work.doubts:
                status = max(status, UNCONFIRMED)
        if marked:
            _show_marked(marked, format, output, as_array=len(files) > 1)
        sys.exit(status)


@app.command("list")
def list_() -> None:
    """List the kinds of problems, and what can stand in them."""
    with _contract("listing"):
        from stepsolve.reference import overview

        _print(overview())


@app.command()
def explain(
    name: Annotated[list[str], typer.Argument(help="A kind, an operation or a rule.")],
) -> None:
    """Explain a kind, an operation or a rule: its formula and its source."""
    with _contract("explaining"):
        from stepsolve.reference import explanation

        _print(explanation(" ".join(name)))


@app.command()
def new(
    kind: Annotated[str, typer.Argument(help="The kind of problem; see stepsolve list.")],
    output: Output = None,
) -> None:
    """Write a problem file to start from, with comments."""
    with _contract("writing a problem"):
        from stepsolve.reference import starter

        text = starter(kind)
        if output is not None and output.is_file():
            raise StepsolveError(f"{output} is there already; choose another name")
        _deliver(text, output)


@app.command()
def schema(output: Output = None) -> None:
    """Print the JSON Schema of problem files, for completion in an editor."""
    with _contract("writing the schema"):
        from stepsolve.reference import schema_text

        _deliver(schema_text(output is None and not _is_unicode()), output)


@app.command()
def version() -> None:
    """Print the version."""
    _print(f"stepsolve {stepsolve.__version__}\n")


T = TypeVar("T")


def _named(file: str, work: Callable[[], T]) -> T:
    """What comes of the work on a file; an unforeseen error says which it was."""
    try:
        return work()
    except (StepsolveError, KeyboardInterrupt):
        raise
    except Exception as error:
        error.add_note(f"in {file}")
        raise


def _same(file: str, output: Path) -> bool:
    try:
        return os.path.samefile(file, output)
    except OSError:
        return False


def _show(
    derivations: list[Derivation],
    format: Format,
    detail: DetailName,
    output: Path | None,
    as_array: bool,
) -> None:
    from stepsolve.derivation import Detail
    from stepsolve.render.page import Style

    if format is Format.json:
        from stepsolve.render.json import render

        ascii_only = output is None and not _is_unicode()
        _deliver(render(derivations, as_array, ascii_only), output)
        return
    style = Style(_width(output), Detail[detail.name.upper()])
    if format is Format.terminal and output is None and _is_colourful():
        from stepsolve.render.terminal import render as render_page
    else:
        from stepsolve.render.text import render as render_page
    _deliver("\n\n".join(render_page(derivation, style) for derivation in derivations), output)


def _show_marked(works: list[Marked], format: Format, output: Path | None, as_array: bool) -> None:
    if format is Format.json:
        from stepsolve.render.marked_json import render

        _deliver(render(works, as_array, output is None and not _is_unicode()), output)
        return
    from stepsolve.render.marked import rows

    if format is Format.terminal and output is None and _is_colourful():
        from stepsolve.render.terminal import coloured as written
    else:
        from stepsolve.render.text import plain_rows as written
    encoding = (output is None and sys.stdout.encoding) or "utf-8"
    pages = (written(rows(work, _width(output), encoding)) for work in works)
    _deliver("\n\n".join(pages), output)


def _is_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def _is_colourful() -> bool:
    if not _is_unicode():
        return False
    return (sys.stdout.isatty() and not os.environ.get("NO_COLOR")) or bool(
        os.environ.get("FORCE_COLOR")
    )


def _width(output: Path | None) -> int:
    """Columns of the page: the terminal's, or 80 where there is none."""
    from shutil import get_terminal_size

    if output is not None or not (sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()):
        return 80
    return get_terminal_size((80, 24)).columns


def _deliver(text: str, output: Path | None) -> None:
    """Print, or write a file whole or not at all."""
    if output is None:
        _print(text)
        return
    from stepsolve.render.files import write_whole

    write_whole(text, output)


def _print(text: str) -> None:
    from stepsolve.render.files import encodable

    try:
        sys.stdout.write(encodable(text, sys.stdout.encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence()
        reason = (error.strerror or str(error)).lower()
        raise StepsolveError(f"cannot write the result: {reason}") from None


def _complain(error: StepsolveError) -> None:
    for diagnosis in error.diagnoses:
        print(diagnosis.render(), file=sys.stderr)


@contextmanager
def _contract(doing: str) -> Iterator[None]:
    """Every way in which a command may end, as its exit status."""
    try:
        yield
    except InvalidProblem as error:
        _complain(error)
        sys.exit(INVALID)
    except StepsolveError as error:
        _complain(error)
        sys.exit(USAGE)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _leave_quietly()
    except Exception as error:
        where = "".join(f" {note}" for note in getattr(error, "__notes__", ()))
        kind = type(error).__name__
        print(f"stepsolve: unforeseen {kind} while {doing}{where}: {error}", file=sys.stderr)
        print("  please report it, with the problem file", file=sys.stderr)
        sys.exit(UNFORESEEN)


def _leave_quietly() -> NoReturn:
    _silence()
    sys.exit(UNREAD)


def _silence() -> None:
    """What is still buffered must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """The entry point of the command `stepsolve`."""
    # two threads of a product fight over two cores for what one does in less time
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # expressions hold no cycles: looking for some took a quarter of the time
    gc.set_threshold(2_000_000)
    command = typer.main.get_command(app)
    lighten(command)
    command(prog_name="stepsolve")
