"""Excitatory/inhibitory rate network (leaky RNN) trained on a two-interval comparison task.

tau dx/dt = -x + W_rec r + W_in u + b + noise,   r = softplus(x)
Dale's law:  W_rec = |W| * no_self * sign
Shapes: time, trials, units.
"""
import numpy as np

settings = {
    'n_units': 100,
    'n_exc': 80,
    'n_in': 6,
    'n_out': 3,
    'dt': 20.0,
    'tau': 100.0,
    'steps': 80,
    'trials': 16,
    'rate_cost': 2e-3,
    'w_cost': 1e-3,
}

alpha = settings['dt'] / settings['tau']

dale = np.ones(settings['n_units'])
dale[settings['n_exc']:] = -1
no_self = 1 - np.eye(settings['n_units'])


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def dsoftplus(x):
    return 1 / (1 + np.exp(-x))


def effective(W):
    return np.abs(W) * no_self * dale[None, :]


def simulate(params, u, noise):
    W = effective(params['W_rec'])
    steps, trials, _ = u.shape
    n = settings['n_units']
    x = np.zeros((steps + 1, trials, n))
    r = np.zeros((steps + 1, trials, n))
    x[0] = params['x0']
    r[0] = softplus(x[0])
    drive = np.einsum('ij,tbj->tbi', params['W_in'], u) + params['b'] + noise
    for t in range(steps):
        rec = np.einsum('ij,bj->bi', W, r[t])
        x[t + 1] = (1 - alpha) * x[t] + alpha * (rec + drive[t])
        r[t + 1] = softplus(x[t + 1])
    z = np.einsum('oj,tbj->tbo', params['W_out'], r[1:]) + params['b_out']
    return x, r, z


def cost(params, u, noise, target, weight):
    x, r, z = simulate(params, u, noise)
    err = (z - target) * weight[:, :, None]
    n_err = weight.sum() * settings['n_out']
    L = 0.5 * np.sum(err * (z - target)) / n_err
    L = L + settings['rate_cost'] * np.mean(r[1:] ** 2)
    L = L + settings['w_cost'] * np.sum(params['W_out'] ** 2)
    return L


def gradient(params, u, noise, target, weight):
    x, r, z = simulate(params, u, noise)
    W = effective(params['W_rec'])
    steps, trials, _ = u.shape
    n = settings['n_units']

    dz = (z - target) * weight[:, :, None] / (weight.sum() * settings['n_out'])
    dW_out = np.einsum('tbo,tbj->oj', dz, r[1:])
    dW_out += 2 * settings['w_cost'] * params['W_out']
    db_out = np.einsum('tbo->o', dz)

    dr = np.einsum('tbo,oj->tbj', dz, params['W_out'])
    dr += 2 * settings['rate_cost'] * r[1:] / r[1:].size

    dx = np.zeros((steps + 1, trials, n))
    dWeff = np.zeros((n, n))
    carry = np.zeros((trials, n))
    for t in range(steps, 0, -1):
        dx[t] = carry + dr[t - 1] * dsoftplus(x[t])
        dpre = alpha * dx[t]
        dWeff += np.einsum('bi,bj->ij', dpre, r[t - 1])
        carry = (1 - alpha) * dx[t]
        carry = carry + np.einsum('bi,ij->bj', dpre, W) * dsoftplus(x[t - 1])
    dx[0] = carry

    ddrive = alpha * dx[1:]
    grads = {}
    grads['W_rec'] = dWeff * no_self * dale[None, :] * np.sign(params['W_rec'])
    grads['W_in'] = np.einsum('tbi,tbj->ij', ddrive, u)
    grads['b'] = ddrive.sum(axis=(0, 1))
    grads['W_out'] = dW_out
    grads['b_out'] = db_out
    grads['x0'] = dx[0].sum(axis=0)
    grads['u'] = np.einsum('tbi,ij->tbj', ddrive, params['W_in'])
    return grads


def make_trials(rng):
    T, B = settings['steps'], settings['trials']
    u = 0.1 * rng.standard_normal((T, B, settings['n_in']))
    f1 = rng.uniform(0.2, 1.0, B)
    f2 = rng.uniform(0.2, 1.0, B)
    u[10:25, :, 0] += f1
    u[10:25, :, 1] += 1.2 - f1
    u[45:60, :, 2] += f2
    u[45:60, :, 3] += 1.2 - f2
    u[:, :, 4] += 1.0
    target = np.zeros((T, B, settings['n_out']))
    target[60:, :, 0] = (f1 > f2)
    target[60:, :, 1] = (f1 <= f2)
    target[:60, :, 2] = 1.0
    weight = np.ones((T, B))
    weight[:10] = 0
    weight[60:65] = 0
    weight[65:] = 2.0
    return u, target, weight


def loss(params, inputs):
    return cost(params, inputs['u'], inputs['noise'], inputs['target'], inputs['weight'])


def backward(params, inputs):
    return gradient(params, inputs['u'], inputs['noise'], inputs['target'], inputs['weight'])


def example(rng):
    n = settings['n_units']
    g = rng.gamma(2.0, 1.0, (n, n)) / n * 0.5
    g[:, settings['n_exc']:] *= 3
    params = {
        'W_rec': g * rng.choice([-1.0, 1.0], (n, n)),
        'W_in': rng.standard_normal((n, settings['n_in'])) / np.sqrt(settings['n_in']),
        'b': 0.2 * rng.standard_normal(n),
        'W_out': rng.standard_normal((settings['n_out'], n)) / np.sqrt(n),
        'b_out': 0.1 * rng.standard_normal(settings['n_out']),
        'x0': 0.3 * rng.standard_normal(n),
    }
    u, target, weight = make_trials(rng)
    noise = 0.15 * rng.standard_normal((settings['steps'], settings['trials'], n))
    return params, {'u': u, 'noise': noise, 'target': target, 'weight': weight}


if __name__ == "__main__":
    rng = np.random.default_rng(3)
    params, inputs = example(rng)
    for k in range(500):
        _, inputs = example(rng)
        grads = backward(params, inputs)
        norm = np.sqrt(sum(np.sum(grads[p] ** 2) for p in params))
        for p in params:
            params[p] -= 0.02 * grads[p] * min(1, 1 / norm)
        if k % 20 == 0:
            print(k, loss(params, inputs))
