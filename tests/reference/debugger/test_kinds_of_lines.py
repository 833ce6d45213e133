"""Kinds of one line, in a loop over time or outside of it: the less common forms."""

import textwrap

import pytest

from reference.debugger.naming.kinds import kind_of

IN_A_STEP = [
    # Factors and terms.
    ("dh = dh * f", "dh = dh * f * m[t]", "missing factor"),
    ("dh = dh", "dh = dh * m[:, None]", "missing factor"),
    ("dn = dn + dh / n", "dn = dn + dh / n ** 2", "missing factor"),
    ("dz = dc * g * (1 - i)", "dz = dc * g * i * (1 - i)", "wrong derivative"),
    ("df = dc * i * (1 - i)", "df = dc * f * (1 - f)", "gate copied"),
    ("d[k] -= r * e[t]", "d[k] += (1 - r) * e[t]", "missing path"),
    ("dz = dh * np.where(a > 0, 1, 0.1)", "dz = dh * np.where(a > 0, 1, b)", "wrong derivative"),
    ("dy = d / T", "dy = d / lengths[:, None]", "scale 1/B or 1/T"),
    ("d = dz['i'] @ U['i']", "d = sum(dz[k] @ U[k] for k in 'ifo')", "missing path"),
    ("d = sum(dz[k] for k in 'if')", "d = sum(dz[k] for k in 'ifo')", "missing path"),
    # Begun with nothing.
    ("d = np.zeros_like(dc_next)\nd += dh", "d = np.copy(dc_next)\nd += dh", "carry not added"),
    ("h = hs[t - 1] if t else np.zeros(3)", "h = hs[t - 1] if t else h0", "initial value"),
    # Copies, and what is changed in place.
    ("dW[:] = x.T @ dz", "dW += x.T @ dz", "= for +="),
    ("d = {k: v.copy() for k, v in g.items()}", "d = g", "aliasing"),
    ("dx, dy = [np.zeros(3)] * 2", "dx, dy = np.zeros(3), np.zeros(3)", "aliasing"),
    ("np.tanh(a, out=b)\nacc.append(b)", "b = np.tanh(a)\nacc.append(b)", "aliasing"),
    ("p = c\nc *= f\nc += i", "p = c\nc = f * p + i", "aliasing"),
    ("dc *= f\ndg = dc * i\ndc += dz", "dg = dc * i\ndc = dc * f + dz", "overwritten too early"),
    ("g['b'] = g['b'] + dz", "g['b'] += dz", "never returned"),
    # Limits.
    ("dh = np.clip(dh + dx, -1, 1)", "dh = dh + dx", "clipped"),
    ("dh = np.minimum(np.maximum(dh + dx, -1), 1)", "dh = dh + dx", "clipped"),
    ("dz[dz > 1] = 1\ndx = dz", "dx = dz", "clipped"),
    # Places.
    ("b = np.maximum(np.arange(n) - 1, 0)", "b = np.arange(n) - 1", "index off by one"),
    ("dp[:, y] -= 1", "dp[np.arange(n), y] -= 1", "wrong operand"),
    ("dh = d[:, -n:]", "dh = d[:, :n]", "wrong order"),
    ("dz = dh * self.c[t + 1]", "dz = dh * self.tc[t]", "wrong operand"),
    ("dz = s['c' + ago]", "dz = s['a' + now]", "wrong operand"),
    ("m = masks(n + 1, k)[1:]", "m = masks(n, k)", "index off by one"),
    ("x = d[:, -1]", "x = d.reshape(-1, d.shape[-1])", "missing path"),
    ("for d, h in zip(a, b[-2::-1]): dz = d", "for d, h in zip(a, b[:0:-1]): dz = d",
     "index off by one"),
    # Axes and orders.
    ("dx = np.stack(d, axis=0)", "dx = np.stack(d, axis=1)", "transposed"),
    ("dx = d.reshape(T, B)", "dx = d.reshape(B, T)", "wrong shape"),
    ("dx = d.ravel(order='F')", "dx = d.ravel()", "wrong order"),
    ("db = np.mean(dz, 0)", "db = np.einsum('bh->h', dz)", "mean for sum"),
    ("for l in layers:\n    acc.append(dz)", "for l in layers:\n    acc.insert(0, dz)",
     "wrong order"),
    ("for k, d in enumerate(reversed(acc)): dz = d",
     "for k, d in reversed(list(enumerate(acc))): dz = d", "wrong order"),
    ("dx = np.zeros_like(idx)", "dx = np.zeros(idx.shape)", "wrong dtype"),
    ("dx = np.float32(dz)", "dx = dz", "wrong dtype"),
    ("for k, d in zip('ifog', dz): dW[k] += d", "for k, d in zip('ifgo', dz): dW[k] += d",
     "wrong order"),
    # What is named, put in or returned anew only says what the lines do that read it.
    ("a, b = x\ndz = dh * a", "dz = dh * s", "wrong operand"),
    ("dE = one.T @ d", "dE = np.zeros(3)\nnp.add.at(dE, x, d)", "wrong operand"),
    ("dz = dh * s\ndh = dz @ W", "dz = dh * s\ndh = dh + dz @ W", "missing path"),
    ("dc = dc_next + dh\ng['dc'] = dc_next * f", "dc = dc_next + dh\ng['dc'] = dc * f",
     "wrong operand"),
    ("dz = 2.0 * dh", "dz = 4.0 * dh", "missing factor"),
    # Sums of several lines.
    ("for k, d in enumerate(dz):\n    dW[k] = d", "np.add.at(dW, ks, dz)", "= for +="),
    ("acc.update(dp)", "for k in dp:\n    acc[k] += dp[k]", "= for +="),
    ("for d in dz:\n    dh_next += d", "dh_next = sum(dz)", "+= for ="),
    ("for k in 'ifo':\n    d = dz[k]", "d = sum(dz[k] for k in 'ifo')", "= for +="),
    ("dW[ks] += dz", "for k, d in enumerate(dz):\n    dW[k] += d", "repeated indices"),
    # What is looked up when it is called.
    ("acc[t] = lambda d: d * np.tanh(3)", "acc[t] = lambda d: d * 2", "wrong operand"),
    ("if t == 0:\n    continue\ndz = dh", "dz = dh", "loop bounds"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "right", "kind"), IN_A_STEP)
def test_a_line_in_a_loop_over_time(wrong, right, kind):
    texts = [
        "def backward(dhs, xs, c0):\n    dh_next, dc_next, acc = 0, 0, {}\n"
        f"    for t in reversed(range(T)):\n{textwrap.indent(line, ' ' * 8)}\n"
        "        dc_next = dz\n        dh_next = dh\n    return acc\n"
        for line in (wrong, right)
    ]
    assert kind_of(*texts) == kind


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        ("dx, _ = enc.back(d, np.zeros_like(dc))", "dx, _ = enc.back(d, dc)", "initial value"),
        ("dh = np.zeros(shape=(3,))", "dh = np.zeros_like(h)", "initial value"),
        ("dz = df * f * (1 - f)", "dz = np.zeros_like(df)", "wrong derivative"),
        ("def f():\n    return None, dx", "def f():\n    return dh, dx", "never returned"),
        ("def f():\n    g.update(a)", "def f():\n    g.update(a)\n    g.update(b)",
         "never returned"),
        ("def f():\n    g['h_0'] = dh", "def f():\n    g['h0'] = dh", "wrong name"),
        ("def f():\n    return dict(a=1)", "def f():\n    return dict(a=1, b=2)", "never returned"),
        ("def f(layers):\n    for l in layers:\n        l.back(d)",
         "def f(layers):\n    for l in layers:\n        d = l.back(d)", "carry lost"),
        ("for m in ms:\n    def pull(d):\n        return d * m",
         "for m in ms:\n    def pull(d, m=m):\n        return d * m", "late binding"),
        ("dW /= T\ndb = dW", "db = dW", "scale 1/B or 1/T"),
        ("dh = dh0\ndh = np.zeros(3)\ndx = dh", "dh = dh0\ndx = dh", "carry lost"),
        ("def f(d):\n    g = {}\n    return sum(g)",
         "def f(d):\n    g = {}\n    g['b'] = d\n    return sum(g)", "never returned"),
        ("def f(d):\n    g = {}\n    return 1",
         "def f(d):\n    g = {}\n    g['b'] = d\n    return 1", "missing path"),
        ("def f(d):\n    return act(d)", "def f(d):\n    y = g(d)\n    return y",
         "wrong operand"),
        ("def dsig(a): return sig(a)\nd = dsig(sig(z))",
         "def dsig(a): return sig(a)\nd = dsig(z)", "derivative of an activated value"),
    ],
)  # fmt: skip
def test_a_line_outside_of_time(wrong, right, kind):
    assert kind_of(wrong, right) == kind
