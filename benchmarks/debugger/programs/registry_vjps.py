"""A tape with a registry of operations; the network is a gated residual recurrence."""
import numpy as np

OPS = {}

def op(forward):
    def register(back):
        OPS[back.__name__] = forward, back
        return back
    return register

@op(lambda x, w, b: x @ w.T + b)
def affine(g, y, x, w, b):
    return g @ w, g.T @ x, g.sum(0)

@op(lambda a, b: a + b)
def add(g, y, a, b):
    return g, g

@op(lambda a, b: a * b)
def mul(g, y, a, b):
    return g * b, g * a

@op(np.tanh)
def tanh(g, y, a):
    return (g * (1 - y**2),)

@op(lambda a: 1 / (1 + np.exp(-a)))
def sigmoid(g, y, a):
    return (g * y * (1 - y),)

@op(lambda s, y: np.mean(np.log1p(np.exp(-y * s))))
def logistic(g, loss, s, y):
    return g * -y / (1 + np.exp(y * s)) / s.size, None

class Tape:
    def __enter__(self):
        self.values, self.entries = [], []
        return self
    def __exit__(self, *exc):
        return False
    def leaf(self, value):
        self.values.append(value)
        return len(self.values) - 1
    def do(self, name, *args):
        out = self.leaf(OPS[name][0](*(self.values[i] for i in args)))
        self.entries.append((name, args, out))
        return out
    def sweep(self, last):
        grads = [None] * len(self.values)
        grads[last] = 1.0
        for name, args, out in reversed(self.entries):
            if grads[out] is None:
                continue
            values = [self.values[i] for i in args]
            parts = OPS[name][1](grads[out], self.values[out], *values)
            for i, part in zip(args, parts):
                if part is not None:
                    grads[i] = part if grads[i] is None else grads[i] + part
        return grads

def record(tape, params, inputs):
    ids = {k: tape.leaf(v) for k, v in params.items()}
    h, total = ids["h0"], None
    for x, y in zip(inputs["x"], inputs["y"]):
        x = tape.leaf(x)
        pre = tape.do("add", tape.do("affine", x, ids["Wx"], ids["bx"]), tape.do("affine", h, ids["Wh"], ids["bh"]))
        gate = tape.do("sigmoid", tape.do("affine", h, ids["Wg"], ids["bg"]))
        h = tape.do("add", h, tape.do("mul", gate, tape.do("tanh", pre)))
        cost = tape.do("logistic", tape.do("affine", h, ids["V"], ids["c"]), tape.leaf(y))
        total = cost if total is None else tape.do("add", total, cost)
    return ids, total

def loss(params, inputs):
    with Tape() as tape:
        _, total = record(tape, params, inputs)
    return float(tape.values[total])

def backward(params, inputs):
    with Tape() as tape:
        ids, total = record(tape, params, inputs)
        grads = tape.sweep(total)
    return {k: grads[i] for k, i in ids.items()}

def example(rng):
    T, H = rng.permutation([4, 5])
    B, D = rng.permutation([2, 3])
    r = rng.normal
    params = dict(Wx=r(size=(H, D)), bx=r(size=H), Wh=r(size=(H, H)), bh=r(size=H), Wg=r(size=(H, H)),
                  bg=r(size=H), V=r(size=(1, H)), c=r(size=1), h0=r(size=(B, H)))
    return params, dict(x=r(size=(T, B, D)), y=rng.choice([-1.0, 1.0], (T, B, 1)))
