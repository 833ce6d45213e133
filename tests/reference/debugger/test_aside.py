"""What `example` alone says of numbers is no part of a mend."""

import linecache
import types

import numpy as np

from reference.debugger.debug import debug

_TEXT = """
import numpy as np

def loss(p, x):
    h = x["h0"]
    for t in range(len(x["x"])):
        h = np.tanh(x["x"][t] @ p["W"] + h @ p["U"])
    return p["rate"][0] * np.sum((h - x["y"]) ** 2)

def backward(p, x):
    hs = [x["h0"]]
    for t in range(len(x["x"])):
        hs.append(np.tanh(x["x"][t] @ p["W"] + hs[-1] @ p["U"]))
    g = {name: np.zeros_like(value) for name, value in p.items()}
    g["rate"][0] = np.sum((hs[-1] - x["y"]) ** 2)
    dh = 2 * (hs[-1] - x["y"])
    for t in reversed(range(len(x["x"]))):
        dz = dh * (1 - hs[t + 1] ** 2)
        g["W"] += x["x"][t].T @ dz
        g["U"] += hs[t].T @ dz
        dh = dz @ p["U"].T
    return g

def drawn(rng, n):
    return rng.normal(size=n) * np.array([0.375])

def example(rng):
    p = {"W": drawn(rng, (3, 4)), "U": drawn(rng, (4, 4)), "rate": np.array([0.375])}
    x = {"x": rng.normal(size=(5, 2, 3)), "h0": drawn(rng, (2, 4)), "y": rng.normal(size=(2, 4))}
    return p, x
"""


def test_no_fix_takes_a_number_from_the_example():
    file = "a_rate_that_is_drawn.py"
    lines = _TEXT.splitlines(keepends=True)
    linecache.cache[file] = (len(_TEXT), None, lines, file)
    module = types.ModuleType("a_rate_that_is_drawn")
    exec(compile(_TEXT, file, "exec"), module.__dict__)
    given = module.example(np.random.default_rng(0))
    diagnosis = debug(module.loss, module.backward, *given, example=module.example, seconds=12)
    assert diagnosis.verdict == "wrong"
    assert diagnosis.fixes
    texts = [line for fix in diagnosis.fixes for edit in fix.edits for line in edit.new]
    assert not any("0.375" in text for text in texts)
    assert any('p["rate"]' in text for text in texts)
