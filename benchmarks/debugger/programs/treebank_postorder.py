import numpy as np

# cs224d-like recursive net over a parse tree; nodes are numbered so that children come first
# leaf: left == -1.  every node has a sentiment label


class Node:
    def __init__(self, word, left, right, label):
        self.word, self.left, self.right, self.label = word, left, right, label
        self.h = self.kids = self.probs = self.err = None

    @property
    def is_leaf(self):
        return self.left is None


def grow(tree):
    nodes = []
    for word, left, right, label in tree:
        if left < 0:
            nodes.append(Node(word, None, None, label))
        else:
            nodes.append(Node(word, nodes[left], nodes[right], label))
    return nodes


def forward_prop(nodes, L, Wl, Wr, b, Ws, bs):
    cost = 0.0
    for node in nodes:
        if node.is_leaf:
            node.h = np.tanh(L[node.word])
        else:
            node.kids = (node.left.h, node.right.h)
            node.h = np.tanh(Wl @ node.kids[0] + Wr @ node.kids[1] + b)
        scores = Ws @ node.h + bs
        e = np.exp(scores - np.max(scores))
        node.probs = e / np.sum(e)
        node.err = np.zeros_like(node.h)
        cost -= np.log(node.probs[node.label])
    return cost / len(nodes)


def back_prop(nodes, L, Wl, Wr, b, Ws, bs):
    dL, dWl, dWr, db, dWs, dbs = [np.zeros_like(w) for w in (L, Wl, Wr, b, Ws, bs)]
    n = len(nodes)
    for node in nodes[::-1]:
        delta = node.probs.copy()
        delta[node.label] -= 1
        delta /= n
        dWs += np.outer(delta, node.h)
        dbs += delta
        node.err += Ws.T @ delta
        dz = node.err * (1 - node.h ** 2)
        if node.is_leaf:
            dL[node.word] += dz
            continue
        dWl += np.outer(dz, node.kids[0])
        dWr += np.outer(dz, node.kids[1])
        db += dz
        node.left.err += Wl.T @ dz
        node.right.err += Wr.T @ dz
    return dL, dWl, dWr, db, dWs, dbs


ORDER = ["L", "Wl", "Wr", "b", "Ws", "bs"]


def loss(params, inputs):
    nodes = grow(inputs["tree"])
    return float(forward_prop(nodes, *(params[k] for k in ORDER)))


def backward(params, inputs):
    weights = [params[k] for k in ORDER]
    nodes = grow(inputs["tree"])
    forward_prop(nodes, *weights)
    return {k: g for k, g in zip(ORDER, back_prop(nodes, *weights))}


def example(rng):
    leaves, V, K, H = rng.integers(3, 5), 3, rng.integers(3, 5), rng.integers(2, 5)
    tree = [(rng.integers(V), -1, -1, rng.integers(K)) for _ in range(leaves)]
    tree[1] = (tree[0][0], -1, -1, tree[1][3])
    roots = list(range(leaves))
    while len(roots) > 1:
        at = rng.integers(len(roots) - 1)
        tree.append((-1, roots[at], roots[at + 1], rng.integers(K)))
        roots[at:at + 2] = [len(tree) - 1]
    shapes = [(V, H), (H, H), (H, H), H, (K, H), K]
    params = {k: rng.normal(size=s) for k, s in zip(ORDER, shapes)}
    return params, {"tree": np.array(tree)}
