# piano roll rnn!! two plain tanh layers, predicts which of 48 keys are down in the next 16th
# x(t) -> h1 -> h2 -> keys, h2 also sees x, and the output sees both h1 and h2
import numpy as np

KEYS = 48
H1 = 120
H2 = 80
STEPS = 64

P = {}      # weights live here
TAPE = []   # one dict per 16th


def init(rng):
    w = {}
    w['Wx1'] = rng.normal(0, 1 / np.sqrt(KEYS), (H1, KEYS))
    w['Wh1'] = rng.normal(0, 0.9 / np.sqrt(H1), (H1, H1))
    w['b1'] = rng.normal(0, 0.1, H1)
    w['W12'] = rng.normal(0, 0.7 / np.sqrt(H1), (H2, H1))
    w['Wx2'] = rng.normal(0, 0.7 / np.sqrt(KEYS), (H2, KEYS))
    w['Wh2'] = rng.normal(0, 0.9 / np.sqrt(H2), (H2, H2))
    w['b2'] = rng.normal(0, 0.1, H2)
    w['Wo1'] = rng.normal(0, 1 / np.sqrt(H1), (KEYS, H1))
    w['Wo2'] = rng.normal(0, 1 / np.sqrt(H2), (KEYS, H2))
    w['bo'] = rng.normal(-0.5, 0.2, KEYS)
    w['start1'] = rng.normal(0, 0.3, H1)
    w['start2'] = rng.normal(0, 0.3, H2)
    return w


def play(notes):
    """notes is a list of lists: keys that are down at each 16th"""
    TAPE.clear()
    total = 0.0
    h1 = np.tanh(P['start1'])
    h2 = np.tanh(P['start2'])
    for now, nxt in zip(notes[:-1], notes[1:]):
        x = np.zeros(KEYS)
        x[now] = 1.0
        y = np.zeros(KEYS)
        y[nxt] = 1.0
        s = {'x': x, 'y': y, 'h1_old': h1, 'h2_old': h2}
        h1 = np.tanh(P['Wx1'] @ x + P['Wh1'] @ h1 + P['b1'])
        h2 = np.tanh(P['W12'] @ h1 + P['Wx2'] @ x + P['Wh2'] @ h2 + P['b2'])
        a = P['Wo1'] @ h1 + P['Wo2'] @ h2 + P['bo']
        s['h1'] = h1
        s['h2'] = h2
        s['p'] = 1 / (1 + np.exp(-a))
        # pressed keys are rare so they count 3x
        s['w'] = 1 + 2 * y
        total += np.sum(s['w'] * (np.logaddexp(0, a) - y * a))
        TAPE.append(s)
    return total / len(TAPE)


def learn_back():
    G = {k: np.zeros_like(v) for k, v in P.items()}
    dh1 = np.zeros(H1)
    dh2 = np.zeros(H2)
    for s in TAPE[::-1]:
        da = s['w'] * (s['p'] - s['y']) / len(TAPE)
        G['Wo1'] += np.outer(da, s['h1'])
        G['Wo2'] += np.outer(da, s['h2'])
        G['bo'] += da

        dh2 = dh2 + P['Wo2'].T @ da
        d2 = dh2 * (1 - s['h2'] ** 2)
        G['W12'] += np.outer(d2, s['h1'])
        G['Wx2'] += np.outer(d2, s['x'])
        G['Wh2'] += np.outer(d2, s['h2_old'])
        G['b2'] += d2

        dh1 = dh1 + P['Wo1'].T @ da
        dh1 = dh1 + P['W12'].T @ d2
        d1 = dh1 * (1 - s['h1'] ** 2)
        G['Wx1'] += np.outer(d1, s['x'])
        G['Wh1'] += np.outer(d1, s['h1_old'])
        G['b1'] += d1

        dh1 = P['Wh1'].T @ d1
        dh2 = P['Wh2'].T @ d2
    G['start1'] = dh1 * (1 - np.tanh(P['start1']) ** 2)
    G['start2'] = dh2 * (1 - np.tanh(P['start2']) ** 2)
    return G


def random_song(rng):
    song = []
    root = int(rng.integers(0, 12))
    for t in range(STEPS + 1):
        if t % 8 == 0:
            root = (root + int(rng.choice([0, 5, 7, 9]))) % 12
        chord = [root, root + 4 * 1 + 12, root + 7 + 12]
        if rng.random() < 0.6:
            chord.append(root + 24 + int(rng.choice([0, 2, 4, 7, 9, 11])))
        if rng.random() < 0.2:
            chord.append(int(rng.integers(0, KEYS)))
        song.append(sorted(set(int(k) for k in chord if k < KEYS)))
    return song


def loss(params, inputs):
    P.clear()
    P.update(params)
    return play(inputs['notes'])


def backward(params, inputs):
    P.clear()
    P.update(params)
    play(inputs['notes'])
    return learn_back()


def example(rng):
    return init(rng), {'notes': random_song(rng)}


if __name__ == "__main__":
    rng = np.random.default_rng(88)
    P.update(init(rng))
    for epoch in range(300):
        L = play(random_song(rng))
        G = learn_back()
        for k in P:
            P[k] = P[k] - 0.02 * np.clip(G[k], -1, 1)
        if epoch % 20 == 0:
            print(epoch, L)
