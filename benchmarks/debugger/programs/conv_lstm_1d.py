"""One-channel convolutional LSTM on a ring of cells, kernel width 3."""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def conv(k, a):
    return k[0] * np.roll(a, 1) + k[1] * a + k[2] * np.roll(a, -1)


def conv_grad(k, a, d):
    dk = np.array([np.dot(d, np.roll(a, 1)), np.dot(d, a), np.dot(d, np.roll(a, -1))])
    da = k[0] * np.roll(d, -1) + k[1] * d + k[2] * np.roll(d, 1)
    return dk, da


def forward(kx, kh, bias, frames, h, c):
    """kx, kh: (4, 3); bias: (4,)"""
    tape = []
    for frame in frames:
        z = [conv(kx[n], frame) + conv(kh[n], h) + bias[n] for n in range(4)]
        i, f, o = (sigmoid(a) for a in z[:3])
        g = np.tanh(z[3])
        c_next = f * c + i * g
        h_next = o * np.tanh(c_next)
        tape.append((frame, h, c, i, f, o, g, c_next, h_next))
        h, c = h_next, c_next
    return tape


def loss(params, inputs):
    tape = forward(params["kx"], params["kh"], params["bias"],
                   inputs["frames"], inputs["h0"], inputs["c0"])
    return sum(0.5 * np.sum((step[8] - y) ** 2) for step, y in zip(tape, inputs["next"]))


def backward(params, inputs):
    kx, kh, bias = params["kx"], params["kh"], params["bias"]
    tape = forward(kx, kh, bias, inputs["frames"], inputs["h0"], inputs["c0"])
    dkx, dkh, dbias = np.zeros_like(kx), np.zeros_like(kh), np.zeros_like(bias)
    dframes = np.zeros_like(inputs["frames"])
    dh = np.zeros_like(inputs["h0"])
    dc = np.zeros_like(inputs["c0"])
    for t in range(len(tape) - 1, -1, -1):
        frame, h, c, i, f, o, g, c_next, h_next = tape[t]
        dh = dh + (h_next - inputs["next"][t])
        tanh_c = np.tanh(c_next)
        dc = dc + dh * o * (1 - tanh_c ** 2)
        dz = [dc * g * i * (1 - i), dc * c * f * (1 - f), dh * tanh_c * o * (1 - o),
              dc * i * (1 - g ** 2)]
        dh = np.zeros_like(dh)
        for n, d in enumerate(dz):
            dk, da = conv_grad(kx[n], frame, d)
            dkx[n] += dk
            dframes[t] += da
            dk, da = conv_grad(kh[n], h, d)
            dkh[n] += dk
            dh += da
            dbias[n] += d.sum()
        dc = dc * f
    return {"kx": dkx, "kh": dkh, "bias": dbias, "frames": dframes, "h0": dh, "c0": dc}


def example(rng):
    T, n = (int(k) for k in rng.permutation([4, 5, 6, 7])[:2])
    params = {"kx": rng.normal(size=(4, 3)), "kh": rng.normal(size=(4, 3)),
              "bias": rng.normal(size=4)}
    inputs = {
        "frames": rng.normal(size=(T, n)),
        "h0": rng.normal(size=n),
        "c0": rng.normal(size=n),
        "next": rng.normal(size=(T, n)),
    }
    return params, inputs
