# Movie reviews, attempt no. 4: plain RNN + mean over the words instead of the last state
import numpy as np


class SentimentRNN:
    def __init__(self, emb, W_in, W_rec, b, w_clf, b_clf):
        self.emb, self.W_in, self.W_rec, self.b = emb, W_in, W_rec, b
        self.w_clf, self.b_clf = w_clf, b_clf

    def forward(self, tokens, lengths):
        """tokens: (batch, max_len) ints, padded at the end; returns one logit per review."""
        self.tokens, self.lengths = tokens, lengths
        n, max_len = tokens.shape
        self.valid = np.arange(max_len)[None, :] < lengths[:, None]
        self.e = self.emb[tokens]
        self.states = []
        state = np.zeros((n, self.b.size))
        pooled = np.zeros((n, self.b.size))
        for t in range(max_len):
            state = np.tanh(self.e[:, t] @ self.W_in + state @ self.W_rec + self.b)
            self.states.append(state)
            pooled = pooled + state * self.valid[:, t:t + 1]
        self.pooled = pooled / lengths[:, None]
        return self.pooled @ self.w_clf + self.b_clf

    def backward(self, dlogit):
        n, max_len = self.tokens.shape
        grads = {"w_clf": self.pooled.T @ dlogit, "b_clf": dlogit.sum()}
        dW_in = np.zeros_like(self.W_in)
        dW_rec = np.zeros_like(self.W_rec)
        db = np.zeros_like(self.b)
        demb = np.zeros_like(self.emb)
        # every valid step has the same share of the mean
        dpooled = dlogit[:, None] * self.w_clf / self.lengths[:, None]
        dstate = np.zeros_like(dpooled)
        for t in range(max_len - 1, -1, -1):
            dstate += dpooled * self.valid[:, t:t + 1]
            dz = dstate * (1 - self.states[t] ** 2)
            prev = self.states[t - 1] if t > 0 else np.zeros_like(dz)
            dW_in += self.e[:, t].T @ dz
            dW_rec += prev.T @ dz
            db += dz.sum(axis=0)
            np.add.at(demb, self.tokens[:, t], dz @ self.W_in.T)
            dstate = dz @ self.W_rec.T
        grads.update(emb=demb, W_in=dW_in, W_rec=dW_rec, b=db)
        return grads


def log_loss(logit, label):
    # label is 0 / 1
    return np.mean(np.log(1 + np.exp(logit)) - label * logit)


def log_loss_grad(logit, label):
    prob = 1 / (1 + np.exp(-logit))
    return (prob - label) / len(label)


def loss(params, inputs):
    net = SentimentRNN(**params)
    return log_loss(net.forward(inputs["tokens"], inputs["lengths"]), inputs["label"])


def backward(params, inputs):
    net = SentimentRNN(**params)
    logit = net.forward(inputs["tokens"], inputs["lengths"])
    return net.backward(log_loss_grad(logit, inputs["label"]))


def example(rng):
    n, max_len, dim, hidden = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    vocab = 7
    lengths = rng.integers(1, max_len + 1, size=n)
    lengths[rng.integers(n)] = max_len
    lengths[-1] = max_len - 1
    params = {
        "emb": rng.normal(size=(vocab, dim)),
        "W_in": rng.normal(size=(dim, hidden)) * 0.7,
        "W_rec": rng.normal(size=(hidden, hidden)) * 0.8,
        "b": rng.normal(size=hidden),
        "w_clf": rng.normal(size=hidden),
        "b_clf": rng.normal(size=()),
    }
    inputs = {
        "tokens": rng.integers(vocab, size=(n, max_len)),
        "lengths": lengths,
        "label": rng.integers(2, size=n),
    }
    return params, inputs
