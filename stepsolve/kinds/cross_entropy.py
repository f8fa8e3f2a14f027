"""Cross-entropy: of a target distribution p and predicted probabilities q, H(p, q) = -sum p log q.

The prediction is given as probabilities or as logits z, with q = softmax(z); as a vector, or as rows of
a matrix with the mean or sum over them. The target is a class, counted from 0, or probabilities
(one-hot or soft). Without units: the natural logarithm gives nats, base 2 bits. 0 log 0 is 0.

Source: Goodfellow, Bengio, Courville, Deep Learning (2016), 3.13 and 6.2.2; Cover, Thomas, Elements of
Information Theory (2006), 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np

from stepsolve.notation.tree import Array, Expression, Number
from stepsolve.operations.array_operation import Dims, size_words
from stepsolve.operations.dimensions import Dimensions
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes, check_sums
from stepsolve.source.fields import boolean, choice, entry
from stepsolve.source.quantities import place, places
from stepsolve.source.report import Report
from stepsolve.worksheet.arrays import ArrayValues
from stepsolve.worksheet.sheet import Sheet

_TERMS: Final = 6  # written out one by one
_UNIT: Final = {"2": "bits", "10": "hartleys"}
