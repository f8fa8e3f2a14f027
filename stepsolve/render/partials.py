"""The round d of partial derivatives: a page shows `∂f/∂x` where the data says `df/dx`.

Source: ISO 80000-2, 2-11.13.
"""

from __future__ import annotations

from typing import Any

from stepsolve.derivation import Block, Derivation, Steps, Worked
from stepsolve.notation.names import gradient
from stepsolve.notation.tree import Apply, Expression, Name, transform


def with_partials(derivation: Derivation) -> tuple[Block, ...]:
    """The blocks with the derivatives in `derivation.partial` written with a round d."""
    if not derivation.partial:
        return derivation.blocks
    round_names = {name: _round(name) for name in derivation.partial}
    return tuple(_Rounding(round_names, block).of(block) for block in derivation.blocks)


class _Rounding:
    def __init__(self, round_names: dict[str, str], block: Block) -> None:
        self._names = round_names
        self._by = (
            _variable(block.of) if isinstance(block, Steps) and block.of in round_names else ""
        )
        self._done: dict[int, tuple[object, Any]] = {}  # a step that stands twice stays one

    def of(self, part: Any) -> Any:
        """A part of a block, of whatever type, with all that is in it."""
        match part:
            case Expression():
                return transform(part, self._change)
            case tuple():
                if id(part) not in self._done:
                    items = tuple(map(self.of, part))
                    new = type(part)(*items) if hasattr(part, "_fields") else items
                    if isinstance(new, Worked):
                        new = new._replace(name=self._names.get(new.name, new.name))
                    self._done[id(part)] = part, new
                return self._done[id(part)][1]
        return part

    def _change(self, node: Expression) -> Expression | None:
        match node:
            case Name(name=name) if name in self._names:
                return Name(self._names[name])
            case Apply(operation="diff", arguments=(of, Name(name=by) as variable)) if (
                by == self._by
            ):
                return Apply("partial", self.of(of), variable)
        return None


def _variable(name: str) -> str:
    """What the last differentiation of a derivative is by: the first below the bar."""
    found = gradient(name)
    assert found is not None
    return found.by[0][0]


def _round(name: str) -> str:
    above, _, below = name.partition("/")
    return f"∂{above[1:]}/" + " ".join(f"∂{part[1:]}" for part in below.split(" "))
