"""A model that learns, as lines: forward, backward, update, as many steps as asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from stepsolve.derivation import Block, Detail, Section, Table, Text
from stepsolve.errors import InvalidProblem
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Expression, Name, Number, substitute
from stepsolve.source.training import Update
from stepsolve.worksheet.lines import Line
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved
from stepsolve.worksheet.training import Training

Forward = Callable[[Mapping[str, str], str, int | None], str]
"""Writes a forward pass: the names of the parameters now, the ending of new names, the step (`None`
after the last one). Gives the name of the loss."""
Backward = Callable[[str, tuple[str, ...], str], None]
"""Writes the backward pass: the loss, by what it is differentiated, and how headings begin."""
_MOST_LINES: Final = 1500  # of the forward passes of all steps
_ROWS: Final = 24  # of a table of losses


def learn(
    sheet: Sheet,
    forward: Forward,
    parameters: Iterable[str],
    update: Update | None,
    others: Iterable[str] = (),
    batches: bool = False,
    backward: Backward | None = None,
    word: str = "Step",
) -> None:
    """Write the gradients of a loss by the parameters and others, and the steps of an update.

    `batches` says that every step has examples of its own; `word` is what headings call a step. The
    results are the gradients, or the parameters after the last step. A loss from outside, that is no
    line, is not worked out again after the update.
    """
    now = {name: name for name in parameters}
    others = tuple(others)
    if backward is None:

        def backward(loss: str, wrt: tuple[str, ...], before: str) -> None:
            sheet.backward(loss, wrt, heading=(headed(before, "Backward pass from "), Name(loss)))

    if update is None:
        sheet.section("Forward pass")
        loss = forward(now, "", 1)
        backward(loss, (*now, *others), "")
        sheet.result(*(gradient_name(loss, name) for name in (*now, *others)))
        return
    training = Training(sheet, update)
    training.give()
    several = update.steps > 1
    losses: list[str] = []
    for step in range(1, update.steps + 1):
        before = f"{word} {step}: " if several else ""
        sheet.section(headed(before, "Forward pass"))
        losses.append(forward(now, f"_{step}" if several else "", step))
        wanted = (*now.values(), *(name for name in others if not several))
        backward(losses[-1], wanted, before)
        sheet.section(headed(before, f"Update by {update.optimiser.replace('-', ' ')}"))
        moved = training.step(losses[-1], now.values())
        now = {origin: moved[name] for origin, name in now.items()}
    if losses[-1] in sheet.lines:
        sheet.section("After the last step" if several else "After the update")
        losses.append(forward(now, f"_{update.steps + 1}" if several else "'", None))
        sheet.block(
            lambda solved: _batch_losses(solved, losses) if batches else _losses(solved, losses)
        )
    sheet.result(*now.values())


def rewritten(draft: Sheet, sheet: Sheet, loss: str, word: str = "Step") -> Forward:
    """A forward pass that stands on a draft, written again for every step under other names.

    The first time all is as it was drafted. Endings are `_step2`, for `h_1_2` would say nothing.
    After the last step only the loss is shown, and with full detail the lines before it.
    """

    def forward(now: Mapping[str, str], ending: str, step: int | None) -> str:
        ending = ending.replace("_", "_step")
        names = {name: name + ending for name in draft.lines}
        put = {old: Name(new) for old, new in {**names, **now}.items() if old != new}
        before = f"{word} {step}: " if ending else ""
        sheet.hide(*(names[name] for name in draft.hidden if name in names))
        if step is None:
            sheet.text("The forward pass is the same, with the new weights.", detail=Detail.BRIEF)
        for item in draft.items:
            if isinstance(item, list):
                for line in item if step is not None else _aside(item, loss):
                    tree = substitute(line.expression, put)
                    sheet.line(names[line.name], tree, line.because, detail=line.detail)
            elif step is None:
                continue
            elif isinstance(item, Section):
                sheet.heading(item._replace(parts=_prefixed(before, item.parts)))
            else:
                sheet.block(item)
        if not ending:
            sheet.jacobians += draft.jacobians
            sheet.result(*draft.results)
        return names.get(loss, loss)

    return forward


def _aside(lines: Iterable[Line], loss: str) -> Iterator[Line]:
    """Lines on their way to a loss, with full detail alone; without partial derivatives."""
    for line in lines:
        if "/" not in line.name:
            yield line if line.name == loss else line._replace(detail=Detail.FULL)


def check_length(draft: Sheet, update: Update | None) -> None:
    """Raises `InvalidProblem` where several steps on a draft are too long to be written out."""
    if update is None or update.steps == 1 or update.steps * len(draft.lines) <= _MOST_LINES:
        return
    told = f"{update.steps} steps of {len(draft.lines)} lines each are too long to be written out"
    hint = f"at most {_MOST_LINES} lines together"
    raise InvalidProblem(update.node_of("steps").diagnose(told, hint))


def headed(before: str, words: str) -> str:
    """A heading after what begins it."""
    return before + (words[0].lower() + words[1:] if before else words)


def _prefixed(before: str, parts: tuple[str | Expression, ...]) -> tuple[str | Expression, ...]:
    first = parts[0]
    return (headed(before, first), *parts[1:]) if isinstance(first, str) else parts


def _losses(solved: Solved, losses: list[str]) -> Iterator[Block]:
    """The loss before each step, and after the last one."""
    if not all(map(solved.is_known, losses)):
        return
    if len(losses) == 2:
        before, after = losses
        fell = solved.value(after) < solved.value(before)
        told = " has fallen from " if fell else " has not fallen: it went from "
        entries = [solved.workings.entry(name) for name in losses]
        yield Text(("The loss", told, entries[0], " to ", entries[1], "."), Detail.BRIEF)
        return
    yield _table(solved, losses, "steps made", "loss")


def _batch_losses(solved: Solved, losses: list[str]) -> Iterator[Block]:
    """The loss of each step over its own examples, then that over all."""
    if all(map(solved.is_known, losses)):
        yield _table(solved, losses[:-1], "steps made", "loss of the next batch")
        entry = solved.workings.entry(losses[-1])
        yield Text(("Over all examples the loss is now ", entry, "."), Detail.BRIEF)


def _table(solved: Solved, losses: list[str], *header: str) -> Table:
    step = -(-len(losses) // _ROWS)
    shown = sorted({*range(0, len(losses), step), len(losses) - 1})
    rows = tuple((Number(str(k)), solved.workings.entry(losses[k])) for k in shown)
    numbers = tuple(float(solved.value(name)) for name in losses)
    data = (("steps", tuple(map(float, range(len(losses))))), ("loss", numbers))
    return Table(header, rows, Detail.BRIEF, "losses", data)
