"""Tasks of the character model, and of its loss alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from tests.mutation.package_copy import COPY, in_copy
from tests.mutation.tasks import Named, Plant, filled, product

from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves


@dataclass(frozen=True)
class Text:
    """The character model on a text; a `dloss` of 1 is left out in the call."""

    params: Any
    inputs: Array
    targets: Array
    state0: Any
    dstate_T: Any
    reduction: str = "mean"
    dloss: float = 1

    @property
    def primals(self) -> Named:
        return named_leaves({"params": self.params, "state0": self.state0})

    @property
    def cotangents(self) -> Named:
        return named_leaves({"dstate_T": self.dstate_T})

    def at(self, named: Named) -> Self:
        given = {"params": self.params, "state0": self.state0, "dstate_T": self.dstate_T}
        return replace(self, **filled(given, named))

    @property
    def model(self) -> Any:
        return COPY.CharLM(*self.params.V.shape[::-1])

    def _forward(self) -> Any:
        return self.model.forward(
            self.params, self.inputs, self.targets, self.state0, self.reduction
        )

    def values(self) -> Named:
        return {"loss": self._forward().loss}

    def loss(self) -> Any:
        nats, state_T, _ = self._forward()
        return self.dloss * nats + product(state_T, self.dstate_T)

    def gradients(self, plant: Plant) -> tuple[Named, Named]:
        tape = self._forward().tape
        options = {} if self.dloss == 1 else {"dloss": self.dloss}

        def backward() -> Named:
            return named_leaves(self.model.backward(tape, dstate_T=self.dstate_T, **options))

        with plant():
            return backward(), backward()


def draw_text(T: int, B: int, K: int, H: int, seed: int) -> Text:
    """Draw a text, and weights and states of order one."""
    rng = np.random.default_rng(seed)
    text = rng.integers(0, K, (T + 1, B))
    shapes = ((K, 4 * H), (H, 4 * H), (H, K))
    params = COPY.CharLMParams(*map(rng.standard_normal, shapes))
    state0, dstate_T = (COPY.LSTMState(*rng.standard_normal((2, B, H))) for _ in range(2))
    return Text(params, text[:-1], text[1:], state0, dstate_T)


@dataclass(frozen=True)
class CrossEntropy:
    """The cross-entropy of logits alone; a `dloss` of 1 is left out in the call."""

    logits: Array
    targets: Array
    reduction: str = "mean"
    dloss: float = 1

    @property
    def primals(self) -> Named:
        return {"logits": self.logits}

    @property
    def cotangents(self) -> Named:
        return {}

    def at(self, named: Named) -> Self:
        return replace(self, logits=named["logits"])

    def _forward(self) -> Any:
        return COPY.softmax_cross_entropy(self.logits, self.targets, self.reduction)

    def values(self) -> Named:
        return {}

    def loss(self) -> Any:
        return self.dloss * self._forward()[0]

    def gradients(self, plant: Plant) -> tuple[Named, Named]:
        _, cache = self._forward()
        options = {} if self.dloss == 1 else {"dloss": self.dloss}
        backward = in_copy("losses", "softmax_cross_entropy_backward")
        with plant():
            return tuple({"logits": backward(cache, **options)} for _ in range(2))  # type: ignore


def draw_logits(shape: tuple[int, ...], seed: int) -> CrossEntropy:
    """Draw logits of order two, and targets."""
    rng = np.random.default_rng(seed)
    targets = np.asarray(rng.integers(0, shape[-1], shape[:-1]))
    return CrossEntropy(2 * rng.standard_normal(shape), targets)
