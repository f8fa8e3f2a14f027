"""A model that learns, as lines: forward, backward, update, as many steps as asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from stepsolve.derivation import Block, Detail, Table, Text
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Name, Number
from stepsolve.source.training import Update
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved
from stepsolve.worksheet.training import Training

Forward = Callable[[Mapping[str, str], str, int | None], str]
"""Writes a forward pass: the names of the parameters now, the ending of new names, the step (`None`
after the last one). Gives the name of the loss."""
_ROWS: Final = 24  # of a table of losses


def learn(
    sheet: Sheet,
    forward: Forward,
    parameters: Iterable[str],
    update: Update | None,
    others: Iterable[str] = (),
    batches: bool = False,
) -> None:
    """Write the gradients of a loss by the parameters and others, and the steps of an update.

    `batches` says that every step has examples of its own. The results are the gradients, or the
    parameters after the last step.
    """
    now = {name: name for name in parameters}
    others = tuple(others)
    if update is None:
        sheet.section("Forward pass")
        loss = forward(now, "", 1)
        sheet.backward(loss, (*now, *others))
        sheet.result(*(gradient_name(loss, name) for name in (*now, *others)))
        return
    training = Training(sheet, update)
    training.give()
    several = update.steps > 1
    sheet.advice = "the steps may be too long: take a smaller rate"
    losses: list[str] = []
    for step in range(1, update.steps + 1):
        before = f"Step {step}: " if several else ""
        sheet.section(_headed(before, "Forward pass"))
        losses.append(forward(now, f"_{step}" if several else "", step))
        passed = _headed(before, "Backward pass from ")
        wanted = (*now.values(), *(name for name in others if not several))
        sheet.backward(losses[-1], wanted, heading=(passed, Name(losses[-1])))
        sheet.section(_headed(before, f"Update by {update.optimiser.replace('-', ' ')}"))
        moved = training.step(losses[-1], now.values())
        now = {origin: moved[name] for origin, name in now.items()}
    sheet.section("After the last step" if several else "After the update")
    losses.append(forward(now, f"_{update.steps + 1}" if several else "'", None))
    sheet.block(
        lambda solved: _batch_losses(solved, losses) if batches else _losses(solved, losses)
    )
    sheet.result(*now.values())


def _headed(before: str, words: str) -> str:
    return before + (words[0].lower() + words[1:] if before else words)


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
