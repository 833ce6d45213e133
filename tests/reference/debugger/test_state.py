"""`State`: everything that functions can reach is put back, and the same objects stay in place."""

from __future__ import annotations

import numpy as np
from tests.reference.debugger.programs import module

from reference.debugger.running.state import State

SOURCE = """
import collections
import random

import numpy as np

class Layer:
    shared = {"n": 0}

    def __init__(self):
        self.h = np.zeros(2)

class Slotted:
    __slots__ = ("h", "n")

    def __init__(self):
        self.h, self.n = np.zeros(2), 0

layers = [Layer(), Layer()]
first = layers[0]
slotted = Slotted()
steps, queue, names = [], collections.deque([1, 2], maxlen=2), set()
generator = np.random.default_rng(0)
last = None

def make():
    total = 0.0

    def add(value):
        nonlocal total
        total += value
        return total

    return add

add = make()

def call(into={}, *, also=[]):
    global last, fresh
    last, fresh = layers[1], 1
    first.h += 1
    layers.append(Layer())
    layers[1].made = True
    Layer.shared["n"] += 1
    Layer.added = 3
    slotted.h[0], slotted.n = 5, 7
    steps.append(first.h)
    queue.append(3)
    names.add("a")
    into["key"] = also
    also.append(1)
    call.count = getattr(call, "count", 0) + 1
    return add(1.0), generator.random(), np.random.random(), random.random()
"""


def names_of(roots):
    return {root.name for root in roots}


def test_everything_is_put_back_and_stays_the_same_object():
    program = module(SOURCE)
    first, layers, slotted = program.first, program.layers, program.slotted
    state = State([program.call])
    drawn = program.call()
    assert state.has_drawn()
    assert names_of(state.changed()) >= {
        "last", "fresh", "h", "layers", "made", "shared", "added", "n", "steps", "queue", "names",
        "into", "also", "count", "total", "generator",
    }  # fmt: skip
    state.restore()
    assert state.changed() == []
    assert not state.has_drawn()
    assert program.layers is layers
    assert layers[0] is first
    assert len(layers) == 2
    assert not hasattr(program, "fresh")
    assert not hasattr(program.Layer, "added")
    assert (slotted.h.tolist(), slotted.n) == ([0, 0], 0)
    assert program.call() == drawn


def test_one_root_alone_is_put_back():
    program = module(SOURCE)
    state = State([program.call])
    program.call()
    (root,) = [root for root in state.changed() if root.name == "steps"]
    root.put_back()
    assert program.steps == []
    assert program.queue[-1] == 3
    assert "steps" not in names_of(state.changed())
    state.restore()


def test_what_is_installed_is_left_alone():
    program = module("import numpy as np\n\ndef call():\n    np.extra = 1\n")
    state = State([program.call])
    program.call()
    state.restore()
    assert np.extra == 1
    del np.extra
