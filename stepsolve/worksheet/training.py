"""Updates as lines: gradient descent and its descendants, one row each.

The velocity of momentum is that of PyTorch, v' = mu v + g and theta' = theta - eta v', or, where the
file says so, the one of Goodfellow et al., v' = mu v - eta g and theta' = theta + v'. Nesterov's comes
with both: in both the gradient is that at theta, where the look-ahead has been moved to.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), ch. 8; Kingma, Ba, Adam (2015);
Loshchilov, Hutter, Decoupled Weight Decay Regularization (2019); Pascanu, Mikolov, Bengio (2013) for
clipping by the norm; Bengio, Boulanger-Lewandowski, Pascanu, Advances in optimizing recurrent networks
(2013), 3.5, for Nesterov's momentum; PyTorch documentation, torch.optim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Apply, Expression, Name, Number, substitute
from stepsolve.operations.array_operation import Dims
from stepsolve.source.expression import parse
from stepsolve.source.training import Update
from stepsolve.worksheet.sheet import Sheet


class Optimiser(NamedTuple):
    """A row: lines in the parameter `P` and its gradient `G`.

    `state` are quantities that are kept from step to step, zero at first; `lines` are what a step
    writes, `name = expression`, with `P'` and primed states for the values afterwards, and `t` the
    number of the step.
    """

    state: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]
    because: str


ROWS: Final[dict[str, Optimiser]] = {
    "gradient-descent": Optimiser((), (("P'", "P - eta * G"),), (), "a step against the gradient"),
    "momentum": Optimiser(
        ("v",),
        (("v'", "mu * v + G"), ("P'", "P - eta * v'")),
        ("mu",),
        "the velocity is a sum of gradients that fades, and the learning rate scales it",
    ),
    "momentum of steps": Optimiser(
        ("v",),
        (("v'", "mu * v - eta * G"), ("P'", "P + v'")),
        ("mu",),
        "the velocity is a sum of steps that fades: the learning rate is in it",
    ),
    "nesterov": Optimiser(
        ("v",),
        (("v'", "mu * v + G"), ("P'", "P - eta * (G + mu * v')")),
        ("mu",),
        "the velocity is looked ahead by one step",
    ),
    "nesterov of steps": Optimiser(
        ("v",),
        (("v'", "mu * v - eta * G"), ("P'", "P + mu * v' - eta * G")),
        ("mu",),
        "the velocity is looked ahead by one step: the learning rate is in it",
    ),
    "adagrad": Optimiser(
        ("s",),
        (("s'", "s + G^2"), ("P'", "P - eta * G / (sqrt(s') + epsilon)")),
        ("epsilon",),
        "the more a parameter has moved, the less it moves",
    ),
    "rmsprop": Optimiser(
        ("s",),
        (("s'", "rho * s + (1 - rho) * G^2"), ("P'", "P - eta * G / (sqrt(s') + epsilon)")),
        ("rho", "epsilon"),
        "divided by the root of a running mean of squares",
    ),
    "adam": Optimiser(
        ("m", "v"),
        (
            ("m'", "beta_1 * m + (1 - beta_1) * G"),
            ("v'", "beta_2 * v + (1 - beta_2) * G^2"),
            ("mhat'", "m' / (1 - beta_1^t)"),
            ("vhat'", "v' / (1 - beta_2^t)"),
            ("P'", "P - eta * mhat' / (sqrt(vhat') + epsilon)"),
        ),
        ("beta_1", "beta_2", "epsilon"),
        "the means start at 0, and the division by 1 − β^t makes up for it",
    ),
}
ROWS["adamw"] = ROWS["adam"]._replace(
    lines=(*ROWS["adam"].lines[:-1], ("P'", ROWS["adam"].lines[-1][1] + " - eta * lambda * P"))
)
_SETTINGS: Final = {
    "eta": "rate",
    "mu": "momentum",
    "rho": "decay",
    "beta_1": "beta_1",
    "beta_2": "beta_2",
    "epsilon": "epsilon",
    "lambda": "weight_decay",
}


class Training:
    """The steps of an optimiser on a sheet.

    Parameters are named as they come, and after a step `W'`, or `W_1`, `W_2` if there are several.
    With `bases`, from the given names to those without a number (`theta_0` to `theta`), all steps
    are numbered, and where there is one parameter alone its quantities are `g_1`, `m_1`, `v_1`.
    """

    def __init__(
        self, sheet: Sheet, update: Update, bases: Mapping[str, str] | None = None
    ) -> None:
        self._sheet, self._update = sheet, update
        row = update.optimiser
        if update.velocity == "steps" and f"{row} of steps" in ROWS:
            row += " of steps"
        self._row = ROWS[row]
        self._step = 0
        self._state: dict[tuple[str, str], str] = {}
        self._symbols: dict[str, str] = {}
        self._bases = dict(bases or {})
        self._numbered = bool(bases) or update.steps > 1
        self._alone = len(self._bases) == 1

    def give(self) -> None:
        """Give the settings that the lines use; before any line."""
        wanted = ["eta", *self._row.settings]
        if self._update.weight_decay is not None or self._update.optimiser == "adamw":
            wanted.append("lambda")
        for symbol in wanted:
            value = getattr(self._update, _SETTINGS[symbol])
            name = symbol
            while name in self._sheet.given:
                name += "'"
            self._symbols[symbol] = name
            place = self._update.node_of(_SETTINGS[symbol].replace("_", "-"))
            self._sheet.give(name, value if value is not None else Number("0"), (), place)
        self._sheet.rate = self._symbols["eta"]

    @property
    def because(self) -> str:
        """The idea of the optimiser."""
        return self._row.because

    def step(self, target: str, parameters: Iterable[str]) -> dict[str, str]:
        """Write one step from the gradients of a target; gives the new name of every parameter."""
        self._step += 1
        parameters = tuple(parameters)
        gradients = {p: gradient_name(target, p) for p in parameters}
        if self._update.weight_decay is not None and self._update.optimiser != "adamw":
            gradients = self._decayed(gradients)
        gradients = self._clipped(gradients)
        return {p: self._moved(p, gradients[p]) for p in parameters}

    def _decayed(self, gradients: dict[str, str]) -> dict[str, str]:
        found = {}
        weight = self._symbols["lambda"]
        because = "weight decay: the derivative of half the square of the weights, times lambda"
        for parameter, gradient in gradients.items():
            name = found[parameter] = self._called("g", parameter)
            self._sheet.line(name, f"{gradient} + {weight} * {parameter}", because)
        return found

    def _clipped(self, gradients: dict[str, str]) -> dict[str, str]:
        if self._update.clip_value is not None:
            size = _text(self._update.clip_value)
            found = {}
            for parameter, gradient in gradients.items():
                name = found[parameter] = self._called("clipped", parameter)
                self._sheet.line(name, f"clip({gradient}, -{size}, {size})", "clipped by value")
            gradients = found
        if self._update.clip_norm is not None:
            gradients = self._scaled(gradients, _text(self._update.clip_norm))
        return gradients

    def _scaled(self, gradients: dict[str, str], size: str) -> dict[str, str]:
        squares = " + ".join(
            f"sum({g}^2)" if self._sheet.dimensions.known[g] else f"{g}^2"
            for g in gradients.values()
        )
        norm, factor = self._called("norm"), self._called("scale")
        self._sheet.line(norm, f"sqrt({squares})", "the norm of all gradients together")
        told = f"1 where the norm is at most {size}, else what brings it down to {size}"
        self._sheet.line(factor, f"{size} / max({norm}, {size})", told)  # also where the norm is 0
        found = {}
        for parameter, gradient in gradients.items():
            name = found[parameter] = self._called("scaled", parameter)
            self._sheet.line(name, f"{factor} * {gradient}", "clipped by norm")
        return found

    def _moved(self, parameter: str, gradient: str) -> str:
        base = self._bases.get(parameter, parameter)
        names = {"P": parameter, "G": gradient, "t": str(self._step), **self._symbols}
        for kept in self._row.state:
            names[kept] = self._state.get((kept, base), "")
            if not names[kept]:
                names[kept] = self._of_step(kept if self._alone else f"{kept}_{base}", 0, base)
                zero = _zeros(self._sheet.dimensions.known[parameter])
                self._sheet.line(names[kept], zero, "it starts at 0")
        for name, expression in self._row.lines:
            stem = name[:-1]
            last = stem == "P"
            after = base if last else stem if self._alone else f"{stem}_{base}"
            after = self._of_step(after, self._step, base)
            tree = self._filled(expression, names)
            self._sheet.line(after, tree, self._row.because if last else "")
            names[name] = after
            if stem in self._row.state:
                self._state[stem, base] = after
        self._bases[names["P'"]] = base
        return names["P'"]

    def _called(self, kind: str, parameter: str = "") -> str:
        """A quantity of this step: `g_1`, `g_W`."""
        base = self._bases.get(parameter, parameter)
        name = kind if self._alone else f"{kind}_{base or 'g'}"
        return self._of_step(name, self._step, base) if self._numbered else name

    def _of_step(self, name: str, step: int, base: str) -> str:
        """A quantity after a step: `W'` if there is only one, else `W_1`; `W_1_step1` of `W_1`."""
        if not self._numbered:
            return f"{name}'" if step else f"{name}_0"
        return f"{name}_step{step}" if "_" in base else f"{name}_{step}"

    @staticmethod
    def _filled(text: str, names: dict[str, str]) -> Expression:
        put: dict[str, Expression] = {
            key: Number(value) if key == "t" else Name(value) for key, value in names.items()
        }
        return substitute(parse(text), put)


def _zeros(dims: Dims) -> Expression:
    return Apply("zeros", *(Number(str(size)) for size in dims)) if dims else Number("0")


def _text(value: Expression) -> str:
    assert isinstance(value, Number)
    return value.text
