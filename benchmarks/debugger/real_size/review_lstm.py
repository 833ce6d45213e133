# Assignment 4 - sentiment (1..5 stars) of short reviews with an LSTM
# Every layer is a class with forward / backward, gradients go into self.grads
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        W, = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)


class Affine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        W, b = self.params
        self.x = x
        return np.dot(x, W) + b

    def backward(self, dout):
        W, b = self.params
        dx = np.dot(dout, W.T)
        dW = np.dot(self.x.T, dout)
        db = np.sum(dout, axis=0)
        self.grads[0][...] = dW
        self.grads[1][...] = db
        return dx


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out ** 2)


class LSTM:
    """one step"""

    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev, c_prev, m):
        Wx, Wh, b = self.params
        N, H = h_prev.shape
        A = np.dot(x, Wx) + np.dot(h_prev, Wh) + b
        f = sigmoid(A[:, :H])
        g = np.tanh(A[:, H:2*H])
        i = sigmoid(A[:, 2*H:3*H])
        o = sigmoid(A[:, 3*H:])

        c_new = f * c_prev + g * i
        h_new = o * np.tanh(c_new)
        c_next = m * c_new + (1 - m) * c_prev
        h_next = m * h_new + (1 - m) * h_prev

        self.cache = (x, h_prev, c_prev, i, f, g, o, c_new, m)
        return h_next, c_next

    def backward(self, dh_next, dc_next):
        Wx, Wh, b = self.params
        x, h_prev, c_prev, i, f, g, o, c_new, m = self.cache

        tanh_c = np.tanh(c_new)
        dh_new = m * dh_next
        dc_new = m * dc_next

        ds = dc_new + (dh_new * o) * (1 - tanh_c ** 2)
        dc_prev = ds * f + (1 - m) * dc_next

        di = ds * g
        df = ds * c_prev
        do = dh_new * tanh_c
        dg = ds * i

        di *= i * (1 - i)
        df *= f * (1 - f)
        do *= o * (1 - o)
        dg *= (1 - g ** 2)

        dA = np.hstack((df, dg, di, do))

        self.grads[0][...] = np.dot(x.T, dA)
        self.grads[1][...] = np.dot(h_prev.T, dA)
        self.grads[2][...] = dA.sum(axis=0)

        dx = np.dot(dA, Wx.T)
        dh_prev = np.dot(dA, Wh.T) + (1 - m) * dh_next
        return dx, dh_prev, dc_prev


class TimeLSTM:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.layers = None

    def forward(self, xs, mask):
        Wx, Wh, b = self.params
        N, T, D = xs.shape
        H = Wh.shape[0]
        self.layers = []
        h = np.zeros((N, H))
        c = np.zeros((N, H))
        for t in range(T):
            layer = LSTM(*self.params)
            h, c = layer.forward(xs[:, t, :], h, c, mask[:, t:t+1])
            self.layers.append(layer)
        return h

    def backward(self, dh):
        Wx, Wh, b = self.params
        N, H = dh.shape
        T = len(self.layers)
        D = Wx.shape[0]
        dxs = np.empty((N, T, D))
        dc = np.zeros((N, H))
        grads = [0, 0, 0]
        for t in reversed(range(T)):
            layer = self.layers[t]
            dx, dh, dc = layer.backward(dh, dc)
            dxs[:, t, :] = dx
            for k, grad in enumerate(layer.grads):
                grads[k] += grad
        for k, grad in enumerate(grads):
            self.grads[k][...] = grad
        return dxs


class SoftmaxWithLoss:
    def forward(self, x, t):
        x = x - x.max(axis=1, keepdims=True)
        e = np.exp(x)
        self.y = e / e.sum(axis=1, keepdims=True)
        self.t = t
        N = x.shape[0]
        return -np.sum(np.log(self.y[np.arange(N), t] + 1e-12)) / N

    def backward(self):
        N = self.t.shape[0]
        dx = self.y.copy()
        dx[np.arange(N), self.t] -= 1
        return dx / N


class ReviewNet:
    names = ['embed_W', 'lstm_Wx', 'lstm_Wh', 'lstm_b', 'fc1_W', 'fc1_b', 'fc2_W', 'fc2_b']
    weight_decay = 1e-3

    def __init__(self, params):
        p = params
        self.embed = Embedding(p['embed_W'])
        self.lstm = TimeLSTM(p['lstm_Wx'], p['lstm_Wh'], p['lstm_b'])
        self.fc1 = Affine(p['fc1_W'], p['fc1_b'])
        self.act = Tanh()
        self.fc2 = Affine(p['fc2_W'], p['fc2_b'])
        self.criterion = SoftmaxWithLoss()

    def forward(self, words, lengths, stars):
        N, T = words.shape
        mask = (np.arange(T)[None, :] < np.asarray(lengths)[:, None]).astype(float)
        xs = self.embed.forward(words)
        h = self.lstm.forward(xs, mask)
        a = self.act.forward(self.fc1.forward(h))
        score = self.fc2.forward(a)
        data_loss = self.criterion.forward(score, stars)
        reg = 0.5 * self.weight_decay * (np.sum(self.fc1.params[0] ** 2) + np.sum(self.fc2.params[0] ** 2))
        return data_loss + reg

    def backward(self):
        dout = self.criterion.backward()
        dout = self.fc2.backward(dout)
        dout = self.act.backward(dout)
        dh = self.fc1.backward(dout)
        self.fc1.grads[0] += self.weight_decay * self.fc1.params[0]
        self.fc2.grads[0] += self.weight_decay * self.fc2.params[0]
        dxs = self.lstm.backward(dh)
        self.embed.backward(dxs)

    def gradients(self):
        gs = self.embed.grads + self.lstm.grads + self.fc1.grads + self.fc2.grads
        return dict(zip(self.names, gs))


def init_params(rng, vocab=80, D=50, H=64, F=32, classes=5):
    r = rng.standard_normal
    p = {}
    p['embed_W'] = 0.3 * r((vocab, D))
    p['lstm_Wx'] = r((D, 4 * H)) / np.sqrt(D)
    p['lstm_Wh'] = r((H, 4 * H)) / np.sqrt(H)
    p['lstm_b'] = 0.05 * r(4 * H)
    p['lstm_b'][:H] += 1.0
    p['fc1_W'] = r((H, F)) / np.sqrt(H)
    p['fc1_b'] = 0.05 * r(F)
    p['fc2_W'] = r((F, classes)) / np.sqrt(F)
    p['fc2_b'] = 0.05 * r(classes)
    return p


def loss(params, inputs):
    net = ReviewNet(params)
    return net.forward(inputs['words'], inputs['lengths'], inputs['stars'])


def backward(params, inputs):
    net = ReviewNet(params)
    net.forward(inputs['words'], inputs['lengths'], inputs['stars'])
    net.backward()
    return net.gradients()


def example(rng):
    params = init_params(rng)
    N, T = 16, 40
    words = rng.integers(1, 80, (N, T))
    lengths = rng.integers(12, T + 1, N)
    for n in range(N):
        words[n, lengths[n]:] = 0
    stars = rng.integers(0, 5, N)
    return params, {'words': words, 'lengths': lengths, 'stars': stars}


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    params, batch = example(rng)
    for it in range(200):
        net = ReviewNet(params)
        L = net.forward(batch['words'], batch['lengths'], batch['stars'])
        net.backward()
        for k, g in net.gradients().items():
            params[k] -= 0.5 * g
        if it % 20 == 0:
            print(it, L)
