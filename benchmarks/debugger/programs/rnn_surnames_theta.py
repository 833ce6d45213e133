# Assignment 4: guess the language of a surname.  Letters -> tanh RNN -> last state -> softmax.
# Naming as in the hand-out.  As in the lectures the bias is row 0 of every Theta (so states get a 1
# in front), rows 0 are not regularised, and everything is averaged over the m names.
import numpy as np

LAMBDA = 0.4
SMOOTHING = 0.1   # label smoothing, bonus part


def addOne(v):
    return np.append(1.0, v)


def withoutBias(theta):
    reg = theta.copy()
    reg[0] = 0
    return reg


def softmax(scores):
    e = np.exp(scores - np.max(scores))
    return e / np.sum(e)


def smoothTarget(label, numLabels):
    target = np.full(numLabels, SMOOTHING / numLabels)
    target[label] += 1 - SMOOTHING
    return target


def readName(letters, thetaIn, thetaRec, startState):
    """All states of one name; states[0] is the start, states[t + 1] is after letter t."""
    states = np.zeros((len(letters) + 1, len(startState)))
    states[0] = startState
    for t, letter in enumerate(letters):
        states[t + 1] = np.tanh(thetaIn[letter] + addOne(states[t]) @ thetaRec)
    return states


def forwardProp(theta, names, lengths):
    allStates, allProbs = [], []
    for name, length in zip(names, lengths):
        states = readName(name[:length], theta["In"], theta["Rec"], theta["Start"])
        allStates.append(states)
        allProbs.append(softmax(addOne(states[-1]) @ theta["Out"]))
    return allStates, allProbs


def backPropName(letters, states, dLast, thetaRec):
    deltas = np.zeros((len(letters), len(dLast)))
    dState = dLast
    for t in range(len(letters) - 1, -1, -1):
        deltas[t] = dState * (1 - states[t + 1] ** 2)
        dState = thetaRec[1:] @ deltas[t]
    return deltas, dState


def costFunction(theta, names, lengths, labels):
    m = len(names)
    numLabels = theta["Out"].shape[1]
    allStates, allProbs = forwardProp(theta, names, lengths)
    J = 0
    for probs, label in zip(allProbs, labels):
        J = J - np.sum(smoothTarget(label, numLabels) * np.log(probs)) / m
    for layer in ("Rec", "Out"):
        J = J + LAMBDA / (2 * m) * np.sum(withoutBias(theta[layer]) ** 2)

    grad = {layer: np.zeros(theta[layer].shape) for layer in theta}
    for i in range(m):
        letters, states = names[i][:lengths[i]], allStates[i]
        dScores = (allProbs[i] - smoothTarget(labels[i], numLabels)) / m
        grad["Out"] += np.outer(addOne(states[-1]), dScores)
        dLast = theta["Out"][1:] @ dScores
        deltas, dStart = backPropName(letters, states, dLast, theta["Rec"])
        np.add.at(grad["In"], letters, deltas)
        grad["Rec"][1:] += states[:-1].T @ deltas
        grad["Rec"][0] += np.sum(deltas, axis=0)
        grad["Start"] += dStart
    for layer in ("Rec", "Out"):
        grad[layer] += LAMBDA / m * withoutBias(theta[layer])
    return J, grad


def loss(params, inputs):
    return costFunction(params, inputs["names"], inputs["lengths"], inputs["labels"])[0]


def backward(params, inputs):
    return costFunction(params, inputs["names"], inputs["lengths"], inputs["labels"])[1]


def example(rng):
    m, maxLength, hidden, numLabels = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    alphabet = 3
    theta = {
        "In": rng.normal(size=(alphabet, hidden)),
        "Rec": rng.normal(size=(hidden + 1, hidden)) * 0.8,
        "Out": rng.normal(size=(hidden + 1, numLabels)),
        "Start": rng.normal(size=hidden),
    }
    lengths = rng.integers(3, maxLength + 1, size=m)
    lengths[0] = maxLength
    return theta, {
        "names": rng.integers(alphabet, size=(m, maxLength)),
        "lengths": lengths,
        "labels": rng.integers(numLabels, size=m),
    }
