# forecast the next 12 half hours of my house's power use from the last 48
# peephole LSTM, float32 because the raspberry pi is slow
import numpy as np

f32 = np.float32


def sig(x):
    return f32(1) / (f32(1) + np.exp(-x))


def run(p, X):
    """X: (32, 48, 8) -> buffers"""
    buf = {}
    for k in ('i', 'f', 'o', 'g', 'tc'):
        buf[k] = np.zeros((48, 32, 56), dtype=f32)
    buf['c'] = np.zeros((49, 32, 56), dtype=f32)
    buf['h'] = np.zeros((49, 32, 56), dtype=f32)
    for t in range(48):
        x = X[:, t]
        c = buf['c'][t]
        a = x @ p['Wx'] + buf['h'][t] @ p['Wh'] + p['b']
        i = sig(a[:, 0:56] + p['pi'] * c)
        f = sig(a[:, 56:112] + p['pf'] * c)
        g = np.tanh(a[:, 112:168])
        cn = f * c + i * g
        o = sig(a[:, 168:224] + p['po'] * cn)
        tc = np.tanh(cn)
        buf['i'][t] = i
        buf['f'][t] = f
        buf['g'][t] = g
        buf['o'][t] = o
        buf['tc'][t] = tc
        buf['c'][t + 1] = cn
        buf['h'][t + 1] = o * tc
    return buf


def predict(p, buf, X):
    last = X[:, 47, 0:1]
    hid = buf['h'][48] @ p['W1'] + p['b1']
    rel = np.where(hid > 0, hid, f32(0.1) * hid)
    y = rel @ p['W2'] + p['b2'] + last
    return hid, rel, y


def huber(e):
    a = np.abs(e)
    return np.where(a < 1, f32(0.5) * e * e, a - f32(0.5))


def loss(params, inputs):
    X, Y = inputs['X'], inputs['Y']
    buf = run(params, X)
    hid, rel, y = predict(params, buf, X)
    return float(np.mean(huber(y - Y)))


def backward(params, inputs):
    p = params
    X, Y = inputs['X'], inputs['Y']
    buf = run(p, X)
    hid, rel, y = predict(p, buf, X)
    grad = {}
    for k in p:
        grad[k] = np.zeros(p[k].shape, dtype=f32)
    dX = np.zeros((32, 48, 8), dtype=f32)

    dy = np.clip(y - Y, -1, 1) / f32(32 * 12)
    grad['W2'] = rel.T @ dy
    grad['b2'] = dy.sum(0)
    dX[:, 47, 0] += dy.sum(1)
    drel = dy @ p['W2'].T
    dhid = drel * np.where(hid > 0, f32(1), f32(0.1))
    grad['W1'] = buf['h'][48].T @ dhid
    grad['b1'] = dhid.sum(0)

    dh = dhid @ p['W1'].T
    dc = np.zeros((32, 56), dtype=f32)
    da = np.zeros((32, 224), dtype=f32)
    for t in range(47, -1, -1):
        i, f, g, o, tc = buf['i'][t], buf['f'][t], buf['g'][t], buf['o'][t], buf['tc'][t]
        c_old = buf['c'][t]
        c_new = buf['c'][t + 1]
        do = dh * tc * o * (1 - o)
        dc = dc + dh * o * (1 - tc * tc) + do * p['po']
        di = dc * g * i * (1 - i)
        df = dc * c_old * f * (1 - f)
        dg = dc * i * (1 - g * g)
        da[:, 0:56] = di
        da[:, 56:112] = df
        da[:, 112:168] = dg
        da[:, 168:224] = do
        grad['Wx'] += X[:, t].T @ da
        grad['Wh'] += buf['h'][t].T @ da
        grad['b'] += da.sum(0)
        grad['pi'] += (di * c_old).sum(0)
        grad['pf'] += (df * c_old).sum(0)
        grad['po'] += (do * c_new).sum(0)
        dX[:, t] += da @ p['Wx'].T
        dh = da @ p['Wh'].T
        dc = dc * f + di * p['pi'] + df * p['pf']
    grad['X'] = dX
    return grad


def example(rng):
    def n(s, *shape):
        return (s * rng.standard_normal(shape)).astype(f32)
    params = {
        'Wx': n(0.35, 8, 224),
        'Wh': n(0.13, 56, 224),
        'b': n(0.1, 224),
        'pi': n(0.3, 56),
        'pf': n(0.3, 56),
        'po': n(0.3, 56),
        'W1': n(0.15, 56, 24),
        'b1': n(0.1, 24),
        'W2': n(0.2, 24, 12),
        'b2': n(0.1, 12),
    }
    ph = rng.uniform(0, 2 * np.pi, (32, 1))
    tt = np.arange(60)[None, :]
    power = np.sin(2 * np.pi * tt / 48 + ph) + 0.6 * rng.standard_normal((32, 60))
    X = rng.standard_normal((32, 48, 8)) * 0.5
    X[:, :, 0] = power[:, :48]
    X[:, :, 1] = np.sin(2 * np.pi * tt[:, :48] / 48 + ph)
    X[:, :, 2] = np.cos(2 * np.pi * tt[:, :48] / 48 + ph)
    return params, {'X': X.astype(f32), 'Y': power[:, 48:].astype(f32)}


if __name__ == "__main__":
    rng = np.random.default_rng(2024)
    w, data = example(rng)
    m = {k: np.zeros_like(v) for k, v in w.items()}
    v2 = {k: np.zeros_like(v) for k, v in w.items()}
    for step in range(1, 401):
        g = backward(w, data)
        for k in w:
            m[k] = 0.9 * m[k] + 0.1 * g[k]
            v2[k] = 0.999 * v2[k] + 0.001 * g[k] ** 2
            mh = m[k] / (1 - 0.9 ** step)
            vh = v2[k] / (1 - 0.999 ** step)
            w[k] -= (1e-3 * mh / (np.sqrt(vh) + 1e-8)).astype(f32)
        if step % 50 == 0:
            print(step, loss(w, data))
