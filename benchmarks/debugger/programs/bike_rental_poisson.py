import numpy as np

# bike rentals per hour: softplus RNN, Poisson counts with log link, dropout masks are drawn
# outside and come in as arrays.  data are (features, batch) per hour


def softplus(a):
    return np.log(1 + np.exp(a))


def logistic(a):
    return 1 / (1 + np.exp(-a))


def make_model(U, W, b, v, k, h_start, keep):
    trace = []

    def forward(hours, rentals, drop):
        trace.clear()
        h = h_start @ np.ones((1, hours.shape[2]))
        nll = 0.0
        for x, y, m in zip(hours, rentals, drop):
            hd = h * m / keep
            a = U @ x + W @ hd + b
            h_new = softplus(a) - 0.5
            eta = v @ h_new + k
            nll += (np.exp(eta) - y * eta).sum()
            trace.append(dict(x=x, y=y, m=m, hd=hd, a=a, h=h_new, eta=eta))
            h = h_new
        return nll / rentals.shape[1]

    def backward():
        B = trace[0]["x"].shape[1]
        gU, gW, gb = np.zeros(U.shape), np.zeros(W.shape), np.zeros(b.shape)
        gv, gk = np.zeros(v.shape), np.zeros(k.shape)
        carry = np.zeros((W.shape[0], B))
        for step in trace[::-1]:
            deta = (np.exp(step["eta"]) - step["y"]) / B
            gv += deta @ step["h"].T
            gk += deta.sum(axis=1, keepdims=True)
            dh = v.T @ deta + carry
            da = dh * logistic(step["a"])
            gU += da @ step["x"].T
            gW += da @ step["hd"].T
            gb += da.sum(axis=1, keepdims=True)
            carry = (W.T @ da) * step["m"] / keep
        return {"U": gU, "W": gW, "b": gb, "v": gv, "k": gk,
                "h_start": carry.sum(axis=1, keepdims=True)}

    return forward, backward


def _model(params, inputs):
    keep = float(inputs["keep_percent"]) / 100
    return make_model(*(params[n] for n in ("U", "W", "b", "v", "k", "h_start")), keep)


def loss(params, inputs):
    forward, _ = _model(params, inputs)
    return float(forward(inputs["hours"], inputs["rentals"], inputs["drop"]))


def backward(params, inputs):
    forward, back = _model(params, inputs)
    forward(inputs["hours"], inputs["rentals"], inputs["drop"])
    return back()


def example(rng):
    D, H = rng.permutation([2, 4, 5])[:2]
    T, B = rng.integers(3, 6), rng.integers(2, 4)
    params = {"U": 0.6 * rng.normal(size=(H, D)), "W": 0.5 * rng.normal(size=(H, H)),
              "b": rng.normal(size=(H, 1)), "v": 0.5 * rng.normal(size=(1, H)),
              "k": 0.3 * rng.normal(size=(1, 1)), "h_start": rng.normal(size=(H, 1))}
    inputs = {"hours": rng.normal(size=(T, D, B)), "rentals": rng.integers(0, 6, (T, B)),
              "drop": (rng.random((T, H, B)) < 0.8).astype(int), "keep_percent": np.array(80)}
    return params, inputs
