"""Updates as lines: gradient descent and its descendants, one row each.

The velocity of momentum is that of PyTorch: v' = mu v + g, theta' = theta - eta v'.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), ch. 8; Kingma, Ba, Adam (2015);
Loshchilov, Hutter, Decoupled Weight Decay Regularization (2019); Pascanu, Mikolov, Bengio (2013) for
clipping by the norm; PyTorch documentation, torch.optim.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    "gradient-descent": Optimiser((), (("P'", "P - eta * G"),), (), "against the gradient"),
    "momentum": Optimiser(
        ("v",),
        (("v'", "mu * v + G"), ("P'", "P - eta * v'")),
        ("mu",),
        "the velocity remembers earlier gradients",
    ),
    "nesterov": Optimiser(
        ("v",),
        (("v'", "mu * v + G"), ("P'", "P - eta * (G + mu * v')")),
        ("mu",),
        "the velocity is looked ahead by one step",
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
        "the means start at 0: dividing by 1 - beta^t makes up for it",
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
    """The steps of an optimiser on a sheet."""

    def __init__(self, sheet: Sheet, update: Update) -> None:
        self._sheet, self._update = sheet, update
        self._row = ROWS[update.optimiser]
        self._step = 0
        self._state: dict[tuple[str, str], str] = {}
        self._symbols: dict[str, str] = {}
        self._origins: dict[str, str] = {}

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
            self._sheet.give(name, value if value is not None else Number("0"), ())

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
        for parameter, gradient in gradients.items():
            name = self._called(f"g_{parameter}")
            weight = self._symbols["lambda"]
            because = "weight decay: the derivative of half the square of the weights"
            self._sheet.line(name, f"{gradient} + {weight} * {parameter}", because)
            found[parameter] = name
        return found

    def _clipped(self, gradients: dict[str, str]) -> dict[str, str]:
        if self._update.clip_value is not None:
            size = _text(self._update.clip_value)
            found = {}
            for parameter, gradient in gradients.items():
                name = found[parameter] = self._called(f"clipped_{parameter}")
                self._sheet.line(name, f"clip({gradient}, -{size}, {size})", "clipped by value")
            gradients = found
        if self._update.clip_norm is not None:
            size = _text(self._update.clip_norm)
            squares = " + ".join(f"sum({g}^2)" for g in gradients.values())
            norm, factor = self._called("norm_g"), self._called("scale_g")
            self._sheet.line(norm, f"sqrt({squares})", "the norm of all gradients together")
            self._sheet.line(factor, f"min(1, {size} / {norm})", "clipped by norm")
            found = {}
            for parameter, gradient in gradients.items():
                name = found[parameter] = self._called(f"clipped_{parameter}")
                self._sheet.line(name, f"{factor} * {gradient}")
            gradients = found
        return gradients

    def _moved(self, parameter: str, gradient: str) -> str:
        origin = self._origins.get(parameter, parameter)
        names = {"P": parameter, "G": gradient, "t": str(self._step), **self._symbols}
        for kept in self._row.state:
            names[kept] = self._state.get((kept, origin), "")
            if not names[kept]:
                names[kept] = f"{kept}_{origin}_0"
                self._sheet.line(names[kept], _zeros(self._sheet.dimensions.known[parameter]))
        for name, expression in self._row.lines:
            after = self._after(origin if name == "P'" else f"{name[:-1]}_{origin}")
            tree = self._filled(expression, names)
            last = name == "P'"
            self._sheet.line(after, tree, self._row.because if last else "")
            names[name] = after
            if name[:-1] in self._row.state:
                self._state[name[:-1], origin] = after
        self._origins[names["P'"]] = origin
        return names["P'"]

    def _called(self, name: str) -> str:
        return name if self._update.steps == 1 else f"{name}_{self._step}"

    def _after(self, name: str) -> str:
        """A parameter after this step: `W'` if it is the only one, else `W_1`, `W_2`."""
        if self._update.steps == 1:
            return f"{name}'"
        return f"{name}_{self._step}" if "_" not in name else f"{name}_step{self._step}"

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
