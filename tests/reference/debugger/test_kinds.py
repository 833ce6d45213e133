"""The kind of a mistake is read off the change of text: small edits, one for each rule."""

import textwrap

import pytest

from reference.debugger.naming.kinds import Seen, kind_of

STEP = """\
def backward(dhs, tape, W_h, params, B, T):
    dW, db, dxs, acc = np.zeros_like(W_h), 0, [], {{}}
    dh_next = np.zeros_like(dhs[0])
    dc_next = np.zeros_like(dhs[0])
    for t in reversed(range(T)):
        i, f, o, g, r, c, c_prev, h_prev, tanh_c = tape[t]
        {line}
        dh_next, dc_next = dz @ W_h.T, dc * f
    return {{"W": dW, "b": db, "h0": dh_next}}
"""


def in_a_step(line):
    return STEP.format(line=textwrap.indent(textwrap.dedent(line), " " * 8).strip())


IN_A_STEP = [
    # By meaning, however it is written.
    ("dz = dh * (1 - h ** 2)", "dz = np.where(m, dh * (1 - h ** 2), 0.0)", "missing factor"),
    ("dz = np.where(m, dh, 0.0) * o", "dz = dh * o", "spurious factor"),
    ("dh_next = dz @ W_h.T", "dh_next = np.where(m, dz @ W_h.T, dh)", "missing path"),
    ("dc = dc + (a - b * g)", "dc = dc + (a - b * g) / rms", "missing factor"),
    ("dW += h.T @ dz", "dW += h.T @ dz * m", "missing factor"),
    ("dz = dh * np.log(a)", "dz = dh / a", "wrong derivative"),
    ("dz = dh * np.sqrt(a)", "dz = dh * 0.5 / np.sqrt(a)", "wrong derivative"),
    ("dz = dh * np.cos(a)", "dz = -dh * np.sin(a)", "wrong derivative"),
    ("dz = dh * a ** 2", "dz = dh * 2 * a", "wrong derivative"),
    ("dz = dh * (1 - h ** 3)", "dz = dh * (1 - h ** 2)", "wrong derivative"),
    ("do = dh * c * o * (1 - o)", "do = dh * np.tanh(c) * o * (1 - o)", "wrong operand"),
    ("i, f = tape[-1]", "i, f = tape.pop()", "wrong operand"),
    ("dW += hs[t].T @ dz", "dW += (hs[t - 1] if t else h0).T @ dz", "index off by one"),
    ("dW = D[:, Q:] @ H[:, Q:-Q].T", "dW = D @ H[:, :-Q].T", "index off by one"),
    ("dx = x.reshape(H, -1)", "dx = x.reshape(-1, H).T", "transposed"),
    ("dx = np.stack(d, axis=1)", "dx = np.stack(d)", "transposed"),
    ("dW[k] += dz", "dW[:, k] += dz", "transposed"),
    ("dW = np.zeros(3, int)", "dW = np.zeros(3)", "wrong dtype"),
    ("s = r\ns *= 1 - r\ndr = dh * s", "dr = dh * r * (1 - r)", "aliasing"),
    ("s = dh\ns[m] = 0\ndz = s * o", "s = np.where(m, 0, dh)\ndz = s * o", "aliasing"),
    ("dh_next[:] = 0", "dh_next = np.zeros_like(dh_next)", "aliasing"),
    ("dW = dU = np.zeros(3)", "dW, dU = np.zeros(3), np.zeros(3)", "aliasing"),
    ("v = np.array(theta[a:b])", "v = theta[a:b]", "aliasing"),
    ("da = dz * o\nif t == T - 1:\n    da += dx", "da = dz * o + dx", "missing path"),
    # Terms.
    ("dc = dh * o", "dc = dh * o + dc_next", "carry not added"),
    ("dh = dhs[t]", "dh = dhs[t] + dh_next", "carry not added"),
    ("dc = dh * o", "dc = dh * o + dcs[t + 1] * f", "carry not added"),
    ("dh = dh_next", "dh = dh_next + dhs[t]", "missing path"),
    ("df = dc * c", "df = dc * (c - g)", "missing path"),
    ("dc = dh * o", "dc = dh * o + df * p_f", "missing path"),
    ("dh_prev = dz @ W_h.T", "dh_prev = dz @ W_h.T + dh * (1 - z)", "missing path"),
    ("dh = dhs[t] + dh_next + dx", "dh = dhs[t] + dh_next", "spurious term"),
    ("dc = dh * o - dc_next", "dc = dh * o + dc_next", "wrong sign"),
    ("dz = -(dh * o)", "dz = dh * o", "wrong sign"),
    # Factors.
    ("df = dc * c_prev", "df = dc * c_prev * f * (1 - f)", "missing derivative"),
    ("di = dc * g * i", "di = dc * g * i * (1 - i)", "missing derivative"),
    ("dg = dc * i", "dg = dc * i * (1 - g ** 2)", "missing derivative"),
    ("dg = dc * i", "dg = dc * i * (1 - g * g)", "missing derivative"),
    ("dz = dh", "dz = dh * (a > 0)", "missing derivative"),
    ("dz = dh", "dz = dh * dtanh(h)", "missing derivative"),
    ("dz = a + back", "dz = (a + back) * (1 - h ** 2)", "missing derivative"),
    ("dz = a * (1 - h ** 2) + back", "dz = (a + back) * (1 - h ** 2)", "missing derivative"),
    ("dc_prev = dc", "dc_prev = dc * f", "missing factor"),
    ("dh_prev = dh", "dh_prev = dh * (1 - z)", "missing factor"),
    ("dx = dm * mask", "dx = dm * mask / keep_prob", "missing factor"),
    ("dr = dc * h_prev * r", "dr = dc * h_prev", "spurious factor"),
    ("dy = 2 * error / len(error)", "dy = 2 * error / error.size", "scale 1/B or 1/T"),
    ("db += dz.sum(0) / B", "db += dz.sum(0)", "scale 1/B or 1/T"),
    ("dy = p - y", "dy = (p - y) / T", "scale 1/B or 1/T"),
    ("dz = dh * (1 - o ** 2)", "dz = dh * o * (1 - o)", "wrong derivative"),
    ("dz = dh * o * (1 - o ** 2)", "dz = dh * o * (1 - o)", "wrong derivative"),
    ("dz = dh * (1 - h)", "dz = dh * (1 - h ** 2)", "wrong derivative"),
    ("dz = dh * (1 - h) ** 2", "dz = dh * (1 - h + h) ** 2", "wrong derivative"),
    ("dc = o[t] * slope(c[t])", "dc = o[t - 1] * slope(c[t - 1])", "index off by one"),
    ("dz = dh * (1 / s)", "dz = dh * (4 / s)", "missing factor"),
    ("dz = dh * (4 / s)", "dz = dh * (1 / s)", "spurious factor"),
    ("dW = [d[n] for n in sorted(d)]", "dW = [d[n] for n in d]", "wrong order"),
    ("dz = dh * (1 + h ** 2)", "dz = dh * (1 - h ** 2)", "wrong derivative"),
    ("dz = dh / (1 - h * h)", "dz = dh * (1 - h * h)", "wrong derivative"),
    ("dz = dh * relu(a)", "dz = dh * (a > 0)", "wrong derivative"),
    ("dz = dh * (1 - np.tanh(h) ** 2)", "dz = dh * (1 - h ** 2)",
     "derivative of an activated value"),
    # Names.
    ("d['bf'] += di", "d['bf'] += df", "gate copied"),
    ("dc_prev = dc * i", "dc_prev = dc * f", "gate copied"),
    ("dh = dz @ params['W_hi'].T", "dh = dz @ params['W_hf'].T", "gate copied"),
    ("dx = dz @ self.W_input.T", "dx = dz @ self.W_forget.T", "gate copied"),
    ("db_i += di", "db_f += di", "gate copied"),
    ("df = dc * c", "df = dc * c_prev", "wrong operand"),
    ("dW += h.T @ dz", "dW += h_prev.T @ dz", "wrong operand"),
    ("dz = dh * (1 - h_prev ** 2)", "dz = dh * (1 - g ** 2)", "wrong operand"),
    ("dh_prev = dh * (1 - z)", "dh_prev = dh * z", "wrong operand"),
    ("ds = dc * r\ndh_prev = dc @ W_h.T", "ds = dc * r\ndh_prev = ds @ W_h.T", "missing factor"),
    # Places.
    ("df = dc * cs[t + 1]", "df = dc * cs[t]", "index off by one"),
    ("df = dc * cs[t - 1]", "df = dc * (cs[t - 1] if t else c0)", "index off by one"),
    ("dm = mask[0] * dh", "dm = mask[t] * dh", "index off by one"),
    ("dW += W_h[j][k] * d", "dW += W_h[k][j] * d", "transposed"),
    ("dW += W_h[j][k] * d", "dW += W_h[:, j][k] * d", "transposed"),
    ("dx = dz @ W_h", "dx = dz @ W_h.T", "transposed"),
    ("da = conv(k, d)", "da = conv(k[::-1], d)", "transposed"),
    ("stack.append(dx)\ndx = stack.popleft()", "stack.append(dx)\ndx = stack.pop()",
     "forward order"),
    ("dx = dz[:, x.shape[0]:]", "dx = dz[:, x.shape[1]:]", "wrong shape"),
    ("dz = dz / x.shape[0]", "dz = dz / x.shape[1]", "scale 1/B or 1/T"),
    ("dz = dz.swapaxes(0, 1)", "dz = dz.swapaxes(0, 2)", "transposed"),
    ("dh = np.tensordot(dz, W_h, axes=([1], [0]))", "dh = np.tensordot(dz, W_h, axes=([1], [1]))",
     "transposed"),
    ("dh = np.tensordot(dz, W_h, axes=1)", "dh = np.einsum('bi,ji->bj', dz, W_h)", "transposed"),
    ("dh = dz @ W_h", "dh = np.einsum('bi,ji->bj', dz, W_h)", "transposed"),
    # Written in another way.
    ("dz = dh * (h - n)", "dz = dh * (n - h)", "wrong sign"),
    ("df = np.multiply(dc, c)", "df = dc * c_prev", "wrong operand"),
    ("dh = W_h.dot(dz)", "dh = W_h.T @ dz", "transposed"),
    ("dW, db = x.T @ dz, dz.sum(0)", "dW += x.T @ dz\ndb += dz.sum(0)", "= for +="),
    ("dz = dh / len(mask)", "dz = dh / mask.sum()", "scale 1/B or 1/T"),
    ("dz = dh * a * (1 - a)", "dz = a * (dh - np.sum(a * dh))", "wrong derivative"),
    ("dc = dh + dz * r / f", "dc = dh + norm_back(dz, r, f, c)", "wrong derivative"),
    ("np.multiply(dc, f, out=dc)\nds = dc * g", "np.multiply(dc, f, out=a)\nds = dc * g",
     "overwritten too early"),
    ("out = c\nout *= g\nacc.append(out)", "acc.append(g * c)", "aliasing"),
    ("db[i * 4 + g] += dz", "db[g * 4 * T + i * T] += dz", "wrong order"),
    ("before = np.arange(T)", "before = np.arange(T) - 1", "index off by one"),
    ("dx = back[::-1]", "dx = back[:0:-1]", "index off by one"),
    ("dz = dh * (1 - c[t + 2] ** 2)", "dz = dh * (1 - o[t] ** 2)", "wrong operand"),
    ("dz = acc\ndx = dz", "dz = acc\nacc.reverse()\ndx = dz", "forward order"),
    ("dz = np.tile(dh, (T, 1))", "dz = np.repeat(dh, T, axis=0)", "wrong order"),
    ("for k in range(n): dh[k] = dz", "for k in range(n - 1, -1, -1): dh[k] = dz",
     "forward order"),
    ("for k in range(1, n): dh[k] = dz", "for k in reversed(range(1, n)): dh[k] = dz",
     "forward order"),
    # Sums, copies, shapes.
    ("dW = x.T @ dz", "dW += x.T @ dz", "= for +="),
    ("acc['W'] = x.T @ dz", "acc['W'] += x.T @ dz", "= for +="),
    ("dE[idx] = dx", "np.add.at(dE, idx, dx)", "= for +="),
    ("dE[idx] += dx", "np.add.at(dE, idx, dx)", "repeated indices"),
    ("dW += x.T @ dz", "dW = x.T @ dz", "+= for ="),
    ("db += dz.mean(axis=0)", "db += dz.sum(axis=0)", "mean for sum"),
    ("db += np.mean(dz, 0)", "db += np.sum(dz, 0)", "mean for sum"),
    ("dW += np.dot(dz, x)", "dW += np.outer(dz, x)", "dot for outer"),
    ("db += dz.sum(axis=1)", "db += dz.sum(axis=1, keepdims=True)", "wrong shape"),
    ("dh = np.clip(dz @ W_h.T, -1, 1)", "dh = dz @ W_h.T", "clipped"),
    ("c_next = c[:, 0]", "c_next = c[:, 0].copy()", "aliasing"),
    ("dx = np.zeros(x.shape, dtype=idx.dtype)", "dx = np.zeros_like(x)", "wrong dtype"),
    ("dx = np.zeros(x.shape, dtype=idx.dtype)", "dx = np.zeros(x.shape, dtype=x.dtype)",
     "wrong dtype"),
    ("dz = e / (1 + e)", "dz = e / (1 + e) ** 2", "missing factor"),
    ("dW += dz.T @ x", "dW += x.T @ dz", "transposed"),
    ("dW += np.outer(x, dz)", "dW += np.outer(dz, x)", "transposed"),
    ("dW += np.einsum('bi,bj->ij', dz, x)", "dW += np.einsum('bi,bj->ji', dz, x)", "transposed"),
    ("dW += dz @ x", "dW += np.outer(dz, x)", "dot for outer"),
    ("dW += dz * x", "dW += np.outer(dz, x)", "dot for outer"),
    ("db += dz.sum(axis=1)", "db += dz.sum(axis=0)", "wrong shape"),
    ("db += dz", "db += dz.sum(0)", "wrong shape"),
    ("dx = dz", "dx = dz @ W_x.T", "missing factor"),
    ("dc = dc_next / max(1, norm)", "dc = dc_next", "clipped"),
    ("di = z[:, :H]", "di = z[:, H:2 * H]", "gate copied"),
    ("di = z[:, H:2 * H]", "di = z[:, 2 * H:3 * H]", "gate copied"),
    ("dU = h[1:].T @ dz", "dU = h[:-1].T @ dz", "index off by one"),
    ("dU = h[1:T + 1].T @ dz", "dU = h[:T].T @ dz", "index off by one"),
    ("dz = dh * sigmoid(o) * (1 - sigmoid(o))", "dz = dh * o * (1 - o)",
     "derivative of an activated value"),
    ("dz = dh * (1 - tanh_c) ** 2", "dz = dh * (1 - tanh_c ** 2)", "wrong derivative"),
    ("self.dwh += dz", "self.dWh += dz", "wrong name"),
    ("dh_next = np.zeros_like(dhs[0])\ndz = dh_next", "dz = dh_next", "carry lost"),
    ("dx, dy = np.split(dz, 2)", "dy, dx = np.split(dz, 2)", "wrong order"),
    ("pulls[k] = lambda d: pull(d)", "pulls[k] = pull", "late binding"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "right", "kind"), IN_A_STEP)
def test_a_line_in_a_loop_over_time(wrong, right, kind):
    assert kind_of(in_a_step(wrong), in_a_step(right)) == kind


WHOLE = {
    "carry never set": (
        "dh_next = 0\nfor t in r:\n    dz = g[t] + dh_next\n    dh_prev = dz @ W\n",
        "dh_next = 0\nfor t in r:\n    dz = g[t] + dh_next\n    dh_prev = dz @ W\n"
        "    dh_next = dh_prev\n",
        "carry lost",
    ),
    "carry under another name": (
        "dh = 0\nfor t in r:\n    dx, dh_prev = step(g[t] + dh)\n",
        "dh = 0\nfor t in r:\n    dx, dh = step(g[t] + dh)\n",
        "carry lost",
    ),
    "carry zeroed again": (
        "for t in r:\n    dh = np.zeros(3)\n    dz = g[t] + dh\n    dh = dz @ W\n",
        "dh = np.zeros(3)\nfor t in r:\n    dz = g[t] + dh\n    dh = dz @ W\n",
        "carry lost",
    ),
    "after the loop": (
        "for t in r:\n    dz = g[t] * 2\ndb += dz\n",
        "for t in r:\n    dz = g[t] * 2\n    db += dz\n",
        "accumulation outside the loop",
    ),
    "first step left out": (
        "for t in range(T - 1, 0, -1):\n    db += g[t]\n",
        "for t in range(T - 1, -1, -1):\n    db += g[t]\n",
        "loop bounds",
    ),
    "forward": (
        "for x, h in tape:\n    db += x\n",
        "for x, h in reversed(tape):\n    db += x\n",
        "forward order",
    ),
    "result in reversed order": (
        "def f(d):\n    return np.array(d)\n",
        "def f(d):\n    return np.array(d[::-1])\n",
        "forward order",
    ),
    "begins with zeros": (
        "def f(g, dlast):\n    dh = np.zeros(3)\n    for t in r:\n        dh = g[t] + dh @ W\n",
        "def f(g, dlast):\n    dh = dlast\n    for t in r:\n        dh = g[t] + dh @ W\n",
        "initial value",
    ),
    "begins with ones": (
        "dh, dc = 0, np.ones(3)\nfor t in r:\n    dc = dc * f[t]\n",
        "dh, dc = 0, 0\nfor t in r:\n    dc = dc * f[t]\n",
        "initial value",
    ),
    "zeros in the result": (
        "grads['c0'] = np.zeros_like(dc)\n", "grads['c0'] = dc\n", "never returned",
    ),
    "left out of the result": (
        "def f():\n    return {'W': dW}\n", "def f():\n    return {'W': dW, 'b': db}\n",
        "never returned",
    ),
    "other names in the result": (
        "def f():\n    return {'dW': dW}\n", "def f():\n    return {'W': dW}\n", "wrong name",
    ),
    "exchanged in the result": (
        "def f():\n    return dx, db_h, db_x\n", "def f():\n    return dx, db_x, db_h\n",
        "wrong order",
    ),
    "values of two lines exchanged": (
        "a += np.sum(p)\nb += np.sum(q)\n", "a += np.sum(q)\nb += np.sum(p)\n", "wrong order",
    ),
    "kept in a default": (
        "def f(p, grads={}):\n    return grads\n", "def f(p):\n    return {}\n",
        "state between calls",
    ),
    "never cleared": (
        "def f():\n    hs.append(0)\n",
        "def f():\n    for buffer in (hs, cs):\n        buffer.clear()\n    hs.append(0)\n",
        "state between calls",
    ),
    "a term in its own line": (
        "for t in r:\n    dh = dz @ W\n", "for t in r:\n    dh = dz @ W\n    dE += ds.T @ h\n",
        "missing path",
    ),
    "a term in its own line, added to a buffer": (
        "dE = z\nfor t in r:\n    np.add.at(dE, t, dh)\n",
        "dE = z\nfor t in r:\n    np.add.at(dE, t, dh)\n    dE = dE + ds.T @ h\n",
        "missing path",
    ),
    "never made anew": (
        "for t in r:\n    dh += dz @ W\n",
        "for t in r:\n    dh = np.zeros_like(dh)\n    dh += dz @ W\n",
        "spurious term",
    ),
    "buffer with a row too few": ("h = np.zeros((T, H))\n", "h = np.zeros((T + 1, H))\n",
                                  "index off by one"),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_statements_as_a_whole(name):
    wrong, right, kind = WHOLE[name]
    assert kind_of(wrong, right) == kind


def test_parameters_of_a_step_are_carries_where_its_caller_hands_them_on():
    text = """\
def step(dout, dprev, cache):
    dh = {}
    return dh @ W

def backward(dhs):
    dprev = 0
    for t in reversed(range(5)):
        dprev = step(dhs[t], dprev, cache[t])
"""
    whole = text.format("dout + dprev")
    assert kind_of(text.format("dout"), whole) == "carry not added"
    assert kind_of(text.format("dprev"), whole) == "missing path"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("dh * dsigmoid(o)", "dh * o * (1 - o)"), ("dh * dsigmoid(o)", "dh * dsigmoid(z_o)"),
     ("dsigmoid(o)", "o * (1 - o)")],
)  # fmt: skip
def test_a_slope_that_activates_is_looked_up(wrong, right):
    text = """\
def dsigmoid(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 - s)

def backward(dh, o, z_o):
    do = {}
    return do
"""
    kind = kind_of(text.format(wrong), text.format(right))
    assert kind == "derivative of an activated value"


def test_what_the_run_shows_decides_where_the_text_cannot():
    wrong, right = "du = du + h.T @ da", "du += (da * h).sum(axis=0)"
    assert kind_of(wrong, right, Seen((4, 4), (4,))) == "wrong shape"
    assert kind_of(wrong, right, Seen((4,), (4,))) != "wrong shape"
    wrong, right = "dx = np.zeros_like(mask)", "dx = np.zeros_like(x)"
    assert kind_of(wrong, right, Seen((4, 2), (4, 2))) == "wrong dtype"
    assert kind_of(wrong, right, Seen((4,), (4, 2))) == "wrong shape"
    wrong, right = "db = dz.sum(axis=0)", "db = dz.sum(axis=1)"
    assert kind_of(wrong, right, Seen((4,), (4,))) == "transposed"
    assert kind_of(wrong, right, Seen((4,), (3,))) == "wrong shape"
    wrong, right = "da += back", "da = da + back"
    assert kind_of(wrong, right, Seen(only_effects=True)) == "argument changed"
    assert kind_of(wrong, right) == "aliasing"


@pytest.mark.parametrize("scaled", ["gc *= f", "gc = gc * f"])
def test_a_value_that_is_scaled_before_its_last_reader(scaled):
    early = f"for t in r:\n    {scaled}\n    au = gc * i\n    gx = au @ W\n"
    late = f"for t in r:\n    au = gc * i\n    {scaled}\n    gx = au @ W\n"
    assert kind_of(early, late) == "overwritten too early"
    assert kind_of(late, early) == "wrong order"


def test_a_sum_that_is_set_anew_in_each_turn():
    text = "{}for k in layers:\n{}    for t in steps:\n        dh = back(dh)\n"
    zeros = "dh = np.zeros(4)\n"
    assert kind_of(text.format(zeros, ""), text.format("", f"    {zeros}")) == "initial value"


def test_a_text_that_did_not_change_has_no_kind():
    assert kind_of("a = 1", "a = 1  # the same") == ""


def test_a_factor_that_a_value_has_at_some_turns_is_a_missing_factor():
    assert kind_of("d = a[:, 1:]", "d = a[:, 1:] * m if l > 0 else a[:, 1:]") == "missing factor"
    assert kind_of("d = a[:, 1:]", "d = a[:, 1:] if t else a[:, :1]") == "index off by one"
