"""
min-char-lstm with one arena: all weights are one vector, all gradients another, all activations a third.
Two lines of text are learned side by side, each with its own hidden and cell state.
"""
import numpy as np

def layout(V, H):
  return [('Wxh', (4*H, V)), ('Whh', (4*H, H)), ('Why', (V, H)), ('bh', (4*H, 1)), ('by', (V, 1))]

def views(arena, V, H):
  """names -> views into the arena, no copies"""
  out, at = {}, 0
  for name, shape in layout(V, H):
    n = shape[0] * shape[1]
    out[name] = arena[at:at+n].reshape(shape)
    at += n
  return out

def lossFun(theta, text, hprev, cprev, V, H):
  """ text: list of T+1 characters; hprev, cprev: H; returns loss, gradient arena, dhprev, dcprev """
  T = len(text) - 1
  w = views(theta, V, H)
  # rows of the activations: i f o g | c | h | tanh(c); column t+1 is step t
  mem = np.zeros((7*H, T+1))
  I, F, O, G, C, Y, K = [slice(k*H, (k+1)*H) for k in range(7)]
  mem[C, 0] = cprev
  mem[Y, 0] = hprev
  ps, loss = np.zeros((V, T)), 0
  for t in range(T):
    a = w['Wxh'][:, text[t]] + w['Whh'] @ mem[Y, t] + w['bh'][:, 0]
    mem[:3*H, t+1] = 1 / (1 + np.exp(-a[:3*H]))
    mem[G, t+1] = np.tanh(a[G])
    mem[C, t+1] = mem[F, t+1] * mem[C, t] + mem[I, t+1] * mem[G, t+1]
    mem[K, t+1] = np.tanh(mem[C, t+1])
    mem[Y, t+1] = mem[O, t+1] * mem[K, t+1]
    y = w['Why'] @ mem[Y, t+1] + w['by'][:, 0]
    ps[:, t] = np.exp(y) / np.sum(np.exp(y))
    loss += -np.log(ps[text[t+1], t])
  # backward pass
  dtheta = np.zeros_like(theta)
  d = views(dtheta, V, H)
  dmem = np.zeros((7*H, T+1))
  for t in reversed(range(T)):
    m, dm, old = mem[:, t+1], dmem[:, t+1], dmem[:, t]
    dy = np.copy(ps[:, t])
    dy[text[t+1]] -= 1
    d['Why'] += np.outer(dy, m[Y])
    d['by'] += dy[:, None]
    dm[Y] += w['Why'].T @ dy
    dm[O] = dm[Y] * m[K]
    dm[K] = dm[Y] * m[O]
    dm[C] += dm[K] * (1 - m[K]**2)
    dm[I] = dm[C] * m[G]
    dm[G] = dm[C] * m[I]
    dm[F] = dm[C] * mem[C, t]
    da = dm[:4*H] * m[:4*H] * (1 - m[:4*H])
    da[G] = dm[G] * (1 - m[G]**2)
    d['Wxh'][:, text[t]] += da
    d['Whh'] += np.outer(da, mem[Y, t])
    d['bh'] += da[:, None]
    old[C] = dm[C] * m[F]
    old[Y] = w['Whh'].T @ da
  return loss, dtheta, dmem[Y, 0], dmem[C, 0]

def loss(params, inputs):
  V, H = inputs['VH']
  total = 0.0
  for n, text in enumerate(inputs['lines']):
    total += lossFun(params['theta'], text, params['h'][n], params['c'][n], V, H)[0]
  return float(total / len(inputs['lines']))

def backward(params, inputs):
  V, H = inputs['VH']
  N = len(inputs['lines'])
  out = {k: np.zeros_like(v) for k, v in params.items()}
  for n, text in enumerate(inputs['lines']):
    _, dtheta, dh, dc = lossFun(params['theta'], text, params['h'][n], params['c'][n], V, H)
    out['theta'] += dtheta / N
    out['h'][n], out['c'][n] = dh / N, dc / N
  return out

def example(rng):
  V, H, N, T = int(rng.integers(4, 7)), int(rng.integers(2, 4)), 2, int(rng.integers(4, 6))
  size = sum(a * b for _, (a, b) in layout(V, H))
  lines = rng.integers(0, V, (N, T + 1))
  lines[:, 2] = lines[:, 0]
  return ({'theta': rng.standard_normal(size), 'h': rng.standard_normal((N, H)), 'c': rng.standard_normal((N, H))},
          {'lines': lines, 'VH': np.array([V, H])})
