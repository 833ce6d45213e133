"""Small programs in many hands' styles, each right as it stands, with edits that make it wrong.

A program defines ``loss`` and ``backward`` of (params, inputs); `EXAMPLE` gives the arrays. An
edit is (old text, new text).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Program:
    """Source text, shapes of the parameters, shapes or arrays of the inputs, wrong edits."""

    source: str
    params: dict[str, tuple[int, ...]]
    inputs: dict[str, Any]
    edits: tuple[tuple[str, str], ...] = ()

    def arrays(self, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draw floats for every shape."""
        rng = np.random.default_rng(seed)

        def drawn(value: Any) -> Any:
            return rng.standard_normal(value) if isinstance(value, tuple) else value

        return tuple(
            {n: drawn(v) for n, v in group.items()} for group in (self.params, self.inputs)
        )

    def load(self, edit: tuple[str, str] | None = None) -> dict[str, Any]:
        """Run the source, edited or not, and return its names."""
        source = "import math\nimport numpy as np\n" + self.source
        if edit is not None:
            assert source.count(edit[0]) == 1, edit
            source = source.replace(*edit)
        names: dict[str, Any] = {"__name__": "somebody"}
        exec(compile(source, "somebody.py", "exec"), names)
        return names


INDICES = np.array([2, 0, 2, 1])

PROGRAMS = {
    "vanilla loop with buffers": Program(
        """
def forward(W, U, xs):
    hs = np.zeros((len(xs) + 1, U.shape[0]))
    for t, x in enumerate(xs):
        hs[t + 1] = np.tanh(W.dot(x) + U.dot(hs[t]))
    return hs

def loss(params, inputs):
    hs = forward(params["W"], params["U"], inputs["xs"])
    return 0.5 * np.sum((hs[1:] - inputs["ys"]) ** 2)

def backward(params, inputs):
    W, U, xs = params["W"], params["U"], inputs["xs"]
    hs = forward(W, U, xs)
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    dh_next = np.zeros(U.shape[0])
    for t in reversed(range(len(xs))):
        dz = (hs[t + 1] - inputs["ys"][t] + dh_next) * (1 - hs[t + 1] ** 2)
        dW += np.outer(dz, xs[t])
        dU += np.outer(dz, hs[t])
        dh_next = U.T.dot(dz)
    return {"W": dW, "U": dU}
""",
        {"W": (4, 3), "U": (4, 4)},
        {"xs": (3, 3), "ys": (3, 4)},
        (
            ("1 - hs[t + 1] ** 2", "1 - np.tanh(hs[t + 1]) ** 2"),
            ("np.outer(dz, hs[t])", "np.outer(dz, hs[t + 1])"),
            ("U.T.dot(dz)", "U.dot(dz)"),
            ("+ dh_next)", ")"),
            ("dW += np.outer", "dW = np.outer"),
        ),
    ),
    "pure Python scalars": Program(
        """
def sigmoid(a):
    return 1.0 / (1.0 + math.exp(-a))

def run(params, inputs):
    h, trace = 0.0, []
    for x in inputs["xs"]:
        z = sigmoid(params["w"][0] * x + params["w"][1] * h + params["w"][2])
        trace.append((x, h, z))
        h = math.tanh(z - h)
    return float(h), trace

def loss(params, inputs):
    return math.log(1.5 + run(params, inputs)[0] ** 2)

def backward(params, inputs):
    h, trace = run(params, inputs)
    dh = 2 * h / (1.5 + h ** 2)
    grad = [0.0, 0.0, 0.0]
    for x, h_prev, z in trace[::-1]:
        dsum = dh * (1 - math.tanh(z - h_prev) ** 2)
        da = dsum * z * (1 - z)
        for k, factor in enumerate((x, h_prev, 1.0)):
            grad[k] += da * factor
        dh = da * params["w"][1] - dsum
    return {"w": np.array(grad)}
""",
        {"w": (3,)},
        {"xs": (4,)},
        (("- dsum", ""), ("z * (1 - z)", "(1 - z)"), ("2 * h /", "h /")),
    ),
    "einsum and where": Program(
        """
def loss(params, inputs):
    a = np.einsum("bi,ij->bj", inputs["x"], params["W"])
    return np.einsum("bj,bj->", np.where(a > 0, a, 0.1 * a), inputs["r"])

def backward(params, inputs):
    a = np.einsum("bi,ij->bj", inputs["x"], params["W"])
    da = np.where(a > 0, 1.0, 0.1) * inputs["r"]
    return {"W": np.einsum("bi,bj->ij", inputs["x"], da),
            "x": np.einsum("bj,ij->bi", da, params["W"])}
""",
        {"W": (3, 4)},
        {"x": (5, 3), "r": (5, 4)},
        (("1.0, 0.1)", "1.0, 0.0)"), ("bi,bj->ij", "bi,bj->j"), ("1.0, 0.1)", "0.1, 1.0)")),
    ),
    "stable softmax, mean, index gradient": Program(
        """
def probabilities(params, inputs):
    scores = params["E"][inputs["k"]] @ params["V"]
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)

def loss(params, inputs):
    p = probabilities(params, inputs)
    return float(-np.mean(np.log(p[np.arange(len(p)), inputs["y"]])))

def backward(params, inputs):
    d = probabilities(params, inputs).copy()
    d[np.arange(len(d)), inputs["y"]] -= 1.0
    d *= 1.0 / len(d)
    dE = np.zeros(params["E"].shape)
    np.add.at(dE, inputs["k"], d @ params["V"].T)
    return {"E": dE, "V": params["E"][inputs["k"]].T @ d}
""",
        {"E": (4, 3), "V": (3, 5)},
        {"k": INDICES[:3], "y": np.array([1, 4, 0])},
        (
            ("d *= 1.0 / len(d)", "d *= 1.0"),
            (
                'np.add.at(dE, inputs["k"], d @ params["V"].T)',
                'dE[inputs["k"]] += d @ params["V"].T',
            ),
            ("-= 1.0", "-= 0.999"),
        ),
    ),
    "log-softmax differentiated by exp": Program(
        """
def logp(z):
    z = z - z.max()
    return z - np.log(np.exp(z).sum())

def loss(params, inputs):
    return -logp(params["W"] @ inputs["x"]).dot(inputs["t"])

def backward(params, inputs):
    p = np.exp(logp(params["W"] @ inputs["x"]))
    return {"W": np.outer(p * inputs["t"].sum() - inputs["t"], inputs["x"])}
""",
        {"W": (4, 3)},
        {"x": (3,), "t": (4,)},
        (('* inputs["t"].sum()', ""), ("p * inputs", "p * p * inputs")),
    ),
    "sigmoid by tanh in one pass, by exp in the other": Program(
        """
def loss(params, inputs):
    return np.sum(0.5 * (1 + np.tanh(params["a"] / 2)) * inputs["r"])

def backward(params, inputs):
    s = 1 / (1 + np.exp(-params["a"]))
    return {"a": s * (1 - s) * inputs["r"]}
""",
        {"a": (5,)},
        {"r": (5,)},
        (("s * (1 - s)", "s * (1 - s ** 2)"), ("-params", "-2 * params")),
    ),
    "softplus and logaddexp": Program(
        """
def loss(params, inputs):
    a = params["a"]
    return np.sum(np.logaddexp(0, a)) + np.sum(np.log1p(np.exp(-np.abs(a)))) + np.log(
        np.exp(a[0] + a[1]))

def backward(params, inputs):
    a = params["a"]
    d = 1 / (1 + np.exp(-a)) - np.sign(a) * np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a)))
    d[:2] += np.exp(a[0]) * np.exp(a[1]) / np.exp(a[:2].sum())
    return {"a": d}
""",
        {"a": (5,)},
        {},
        (("- np.sign(a) *", "-"), ("d[:2] +=", "d[:2] = "), ("d[:2] +=", "d[:3] +=")),
    ),
    "clip and relu in place": Program(
        """
def loss(params, inputs):
    a = inputs["x"] @ params["W"]
    b = np.clip(a, -0.5, 0.5)
    c = a.copy()
    c[c < 0] = 0
    return (b * inputs["r"]).sum() + np.maximum(c, 0).sum()

def backward(params, inputs):
    a = inputs["x"] @ params["W"]
    da = inputs["r"].copy()
    da[(a < -0.5) | (a > 0.5)] = 0
    da += (a > 0).astype(float)
    return {"W": inputs["x"].T @ da}
""",
        {"W": (3, 4)},
        {"x": (5, 3), "r": (5, 4)},
        (("(a < -0.5) | (a > 0.5)", "(a < -0.5)"), ("(a > 0).astype", "(a < 0).astype")),
    ),
    "max pooling over time": Program(
        """
def loss(params, inputs):
    h = np.tanh(inputs["xs"] * params["w"])
    return (h.max(axis=0) * inputs["r"]).sum() + np.min(params["w"])

def backward(params, inputs):
    h = np.tanh(inputs["xs"] * params["w"])
    dh = (h == h.max(axis=0)) * inputs["r"]
    dw = np.sum(dh * (1 - h * h) * inputs["xs"], axis=0)
    dw[np.argmin(params["w"])] += 1
    return {"w": dw}
""",
        {"w": (4,)},
        {"xs": (3, 4), "r": (4,)},
        (("h == h.max(axis=0)", "h == h.min(axis=0)"), ("argmin", "argmax")),
    ),
    "layer normalisation": Program(
        """
EPS = 1e-5

def normal(x):
    mu = x.mean(axis=1, keepdims=True)
    inv = 1.0 / np.sqrt(x.var(axis=1, keepdims=True) + EPS)
    return (x - mu) * inv, inv

def loss(params, inputs):
    n, _ = normal(inputs["x"])
    return np.sum((n * params["g"] + params["b"]) * inputs["r"])

def backward(params, inputs):
    n, inv = normal(inputs["x"])
    dn = inputs["r"] * params["g"]
    N = n.shape[1]
    dx = inv / N * (N * dn - dn.sum(1, keepdims=True) - n * (dn * n).sum(1, keepdims=True))
    return {"g": (inputs["r"] * n).sum(0), "b": inputs["r"].sum(0), "x": dx}
""",
        {"g": (5,), "b": (5,)},
        {"x": (2, 5), "r": (2, 5)},
        (("- n * (dn * n)", "- (dn * n)"), ('(inputs["r"] * n).sum(0)', 'inputs["r"].sum(0)')),
    ),
    "column-major and transposed views": Program(
        """
def loss(params, inputs):
    return np.square(params["W"].T @ np.asfortranarray(inputs["x"])).ravel(order="K").sum()

def backward(params, inputs):
    dW = np.empty(params["W"].T.shape, order="F")
    y = params["W"].T @ np.ascontiguousarray(inputs["x"].T).T
    np.matmul(2 * y, inputs["x"].T, out=dW)
    dW *= 1.0
    return {"W": dW.T}
""",
        {"W": (3, 4)},
        {"x": (3, 2)},
        (("2 * y,", "y,"), ("dW *= 1.0", "dW[0] *= 0.5")),
    ),
    "lists, insert, stack": Program(
        """
def loss(params, inputs):
    h, total = params["h0"], 0.0
    for x in list(inputs["xs"]):
        h = h * np.exp(-x ** 2) + np.sinh(x) * params["a"]
        total = total + h @ h
    return total.item()

def backward(params, inputs):
    hs = [params["h0"]]
    for x in inputs["xs"]:
        hs.append(hs[-1] * np.exp(-x ** 2) + np.sinh(x) * params["a"])
    dh, das = np.zeros(len(params["h0"])), []
    for x, h in list(zip(inputs["xs"], hs[1:]))[::-1]:
        dh = dh + 2 * h
        das.insert(0, dh * (np.exp(x) - np.exp(-x)) / 2)
        dh = dh / np.exp(x * x)
    return {"a": np.stack(das).sum(axis=0), "h0": dh}
""",
        {"a": (3,), "h0": (3,)},
        {"xs": (4, 3)},
        (("dh + 2 * h", "2 * h"), ("dh / np.exp(x * x)", "dh * np.exp(x * x)")),
    ),
    "a class with dictionaries": Program(
        """
class Net:
    def __init__(self, p):
        self.p, self.cache = p, {}

    def forward(self, x):
        self.cache["x"] = np.atleast_2d(x)
        self.cache["h"] = np.tanh(self.cache["x"] @ self.p["W1"] + self.p["b1"])
        return (self.cache["h"] @ self.p["W2"]).squeeze()

    def backward(self, dy):
        g = {k: np.zeros_like(v, dtype=float) for k, v in self.p.items()}
        dy = np.array(dy, dtype=np.float64).reshape(-1, 1)
        g["W2"] += self.cache["h"].T @ dy
        dh = (dy @ self.p["W2"].T) * (1 - self.cache["h"] ** 2)
        g["W1"] += self.cache["x"].T @ dh
        g["b1"] += dh.sum(axis=0)
        return g

def loss(params, inputs):
    return np.mean((Net(params).forward(inputs["x"]) - inputs["y"]) ** 2)

def backward(params, inputs):
    net = Net(params)
    error = net.forward(inputs["x"]) - inputs["y"]
    return net.backward(2 * error / error.size)
""",
        {"W1": (3, 4), "b1": (4,), "W2": (4, 1)},
        {"x": (5, 3), "y": (5,)},
        (("/ error.size)", ")"), ("dh.sum(axis=0)", "dh[0]"), ("(1 - self", "(2 - self")),
    ),
    "masked attention": Program(
        """
def weights(params, inputs):
    s = (inputs["H"] @ params["q"]) / np.sqrt(4)
    s = np.where(inputs["mask"] > 0, s, -np.inf)
    e = np.exp(s - s.max())
    return e / e.sum()

def loss(params, inputs):
    return (weights(params, inputs) @ inputs["H"]) @ inputs["r"]

def backward(params, inputs):
    w = weights(params, inputs)
    dw = inputs["H"] @ inputs["r"]
    ds = w * (dw - w @ dw)
    ds[inputs["mask"] == 0] = 0
    return {"q": inputs["H"].T @ ds / 2.0,
            "H": np.outer(w, inputs["r"]) + np.outer(ds, params["q"]) / 2}
""",
        {"q": (4,)},
        {"H": (5, 4), "r": (4,), "mask": np.array([1.0, 1.0, 0.0, 1.0, 1.0])},
        (("dw - w @ dw", "dw"), ("ds / 2.0", "ds"), (" + np.outer(ds", " - np.outer(ds")),
    ),
    "float mask with m squared": Program(
        """
def loss(params, inputs):
    m = inputs["m"]
    return np.sum((params["a"] * m) ** 2) / m.sum()

def backward(params, inputs):
    m = inputs["m"]
    return {"a": 2 * params["a"] * m * (1.0 / m.sum())}
""",
        {"a": (5,)},
        {"m": np.array([1.0, 0.0, 1.0, 1.0, 0.0])},
        (("1.0 / m.sum()", "1.0 / m.size"), ("* m * (", "* (")),
    ),
    "convolution by slices": Program(
        """
def loss(params, inputs):
    k, x = params["k"], inputs["x"]
    n = len(x) - len(k) + 1
    y = np.array([np.dot(x[i:i + len(k)], k) for i in range(n)])
    return np.sum(np.log(np.cosh(y)))

def backward(params, inputs):
    k, x = params["k"], inputs["x"]
    n = len(x) - len(k) + 1
    dk, dx = np.zeros_like(k), np.zeros_like(x)
    for i in range(n):
        dy = np.tanh(np.dot(x[i:i + len(k)], k))
        dk += dy * x[i:i + len(k)]
        dx[i:i + len(k)] += dy * k
    return {"k": dk, "x": dx}
""",
        {"k": (3,)},
        {"x": (6,)},
        (("dy * k", "dy * k[::-1]"), ("dk += dy", "dk -= dy")),
    ),
    "cumulative sums and flips": Program(
        """
def loss(params, inputs):
    return np.cumsum(params["a"] ** 3) @ inputs["r"] + np.prod(params["a"])

def backward(params, inputs):
    d = np.flip(np.cumsum(np.flip(inputs["r"])))
    return {"a": 3 * params["a"] ** 2 * d + np.prod(params["a"]) / params["a"]}
""",
        {"a": (4,)},
        {"r": (4,)},
        (('np.flip(np.cumsum(np.flip(inputs["r"])))', 'np.cumsum(inputs["r"])'),),
    ),
    "norms and powers": Program(
        """
def loss(params, inputs):
    n = np.linalg.norm(params["a"])
    return n ** 3 + (params["a"] / n) @ inputs["r"] + (params["a"][0] ** 2 + 1) ** -0.5

def backward(params, inputs):
    a, r = params["a"], inputs["r"]
    n = np.sqrt(a @ a)
    d = 3 * n * a + r / n - a * (a @ r) / n ** 3
    d[0] += -a[0] * (a[0] ** 2 + 1) ** -1.5
    return {"a": d}
""",
        {"a": (4,)},
        {"r": (4,)},
        (("3 * n * a", "3 * n ** 2 * a"), ("/ n ** 3", "/ n ** 2"), ("-1.5", "-0.5")),
    ),
    "sines and angles": Program(
        """
def loss(params, inputs):
    return np.sum(np.sin(params["a"]) * np.cos(params["a"]) + np.arctan(params["a"]))

def backward(params, inputs):
    s, c = np.sin(params["a"]), np.cos(params["a"])
    return {"a": 1 - 2 * s ** 2 + 1 / (1 + params["a"] ** 2)}
""",
        {"a": (3,)},
        {},
        (("2 * s ** 2", "s ** 2"),),
    ),
    "printing while it runs": Program(
        """
def loss(params, inputs):
    y = np.tanh(params["a"])
    assert np.all(np.isfinite(y)), "exploded"
    assert not np.isnan(y).any()
    message = f"loss {np.sum(y):.4f}"
    assert "nan" not in message
    return float(y.sum())

def backward(params, inputs):
    return {"a": 1 - np.power(np.tanh(params["a"]), 2)}
""",
        {"a": (3,)},
        {},
        (("1 - np.power", "2 - np.power"),),
    ),
    "a quantised branch": Program(
        """
def loss(params, inputs):
    total = 0
    for k in range(int(round(inputs["n"][0]))):
        if params["a"][k] > 0:
            total += params["a"][k] ** 2
        else:
            total += np.exp(params["a"][k]) * int(inputs["n"][0] / 2)
    return total

def backward(params, inputs):
    d = np.zeros(params["a"].shape)
    for k in range(int(round(inputs["n"][0]))):
        a = params["a"][k]
        d[k] = 2 * a if a > 0 else 2 * np.exp(a)
    return {"a": d * 1}
""",
        {"a": (4,)},
        {"n": np.array([4.0])},
        (("if a > 0 else", "if a < 0 else"), ("d * 1", "d * 2")),
    ),
    "gated unit with hstack and split": Program(
        """
def parts(params, inputs):
    z = np.hstack([inputs["x"], inputs["h"]]) @ params["W"] + params["b"]
    r, u = np.split(1 / (1 + np.exp(-z)), 2, axis=1)
    n = np.tanh(r * inputs["h"])
    return r, u, n

def loss(params, inputs):
    r, u, n = parts(params, inputs)
    return np.vdot((1 - u) * n + u * inputs["h"], inputs["w"])

def backward(params, inputs):
    r, u, n = parts(params, inputs)
    h, w = inputs["h"], inputs["w"]
    da = w * (1 - u) * (1 - n ** 2)
    dz = np.concatenate((da * h * r * (1 - r), w * (h - n) * u * (1 - u)), axis=1)
    joined = dz @ params["W"].T
    D = inputs["x"].shape[1]
    return {"W": np.vstack((inputs["x"].T, h.T)) @ dz, "b": dz.sum(0), "x": joined[:, :D],
            "h": joined[:, D:] + w * u + da * r}
""",
        {"W": (5, 6), "b": (6,)},
        {"x": (4, 2), "h": (4, 3), "w": (4, 3)},
        ((" + da * r", ""), ("w * (h - n)", "w * (n - h)"), ("r * (1 - r)", "(1 - r)")),
    ),
    "tied weights and a scalar parameter": Program(
        """
def loss(params, inputs):
    h = np.tanh(inputs["x"] @ params["E"]) * params["scale"]
    return np.sum((h @ params["E"].T - inputs["x"]) ** 2) / 2

def backward(params, inputs):
    E, x, s = params["E"], inputs["x"], params["scale"]
    t = np.tanh(x @ E)
    d = t * s @ E.T - x
    dh = d @ E
    return {"E": x.T @ (dh * s * (1 - t ** 2)) + d.T @ (t * s), "scale": np.sum(dh * t)}
""",
        {"E": (4, 3), "scale": ()},
        {"x": (5, 4)},
        ((" + d.T @ (t * s)", ""), ("np.sum(dh * t)", "np.sum(dh)")),
    ),
    "a generator, tuple states, partial sums": Program(
        """
def steps(params, xs):
    h, c = params["h"], params["c"]
    for x in xs:
        f = 1 / (1 + np.exp(-(params["w"] * x)))
        c_next = f * c + (1 - f) * np.tanh(h)
        h_next = np.tanh(c_next)
        yield x, h, c, f, c_next, h_next
        h, c = h_next, c_next

def loss(params, inputs):
    return sum(np.dot(h, h) for *_, h in steps(params, inputs["xs"]))

def backward(params, inputs):
    dh = dc = 0
    dw = np.zeros_like(params["w"])
    for x, h_prev, c_prev, f, c, h in reversed(list(steps(params, inputs["xs"]))):
        dh = dh + 2 * h
        dc = dc + dh * (1 - h ** 2)
        df = dc * (c_prev - np.tanh(h_prev))
        dw += df * f * (1 - f) * x
        dh = dc * (1 - f) * (1 - np.tanh(h_prev) ** 2)
        dc = dc * f
    return {"w": dw, "h": dh, "c": dc}
""",
        {"w": (3,), "h": (3,), "c": (3,)},
        {"xs": (4, 3)},
        (
            ("dc = dc + dh", "dc = dh"),
            ("dc = dc * f\n", "dc = dc\n"),
            ("c_prev - np.tanh", "c_prev + np.tanh"),
        ),
    ),
    "averages over time and batch": Program(
        """
def loss(params, inputs):
    T, B, _ = inputs["x"].shape
    return np.average(np.sum((inputs["x"] * params["w"]) ** 2, axis=-1)) + np.std(params["w"])

def backward(params, inputs):
    T, B, _ = inputs["x"].shape
    w = params["w"]
    d = (2 / (T * B)) * np.sum(inputs["x"] ** 2, axis=(0, 1)) * w
    return {"w": d + (w - w.mean()) / (w.size * w.std())}
""",
        {"w": (7,)},
        {"x": (3, 5, 7)},
        (("T * B", "T"), ("w.size * w", "w"), ("w - w.mean()", "w")),
    ),
}
