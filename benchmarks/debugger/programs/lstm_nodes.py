"""A chain of LSTM node objects, linked to each other; nodes drop their caches when done."""
import numpy as np


class LstmParam:
    def __init__(self, values):
        self.wg, self.wi, self.wf, self.wo = values["wg"], values["wi"], values["wf"], values["wo"]
        self.bg, self.bi, self.bf, self.bo = values["bg"], values["bi"], values["bf"], values["bo"]
        for name, value in values.items():
            setattr(self, name + "_diff", np.zeros_like(value))


class LstmNode:
    def __init__(self, param):
        self.param = param

    def bottom_data_is(self, x, s_prev, h_prev):
        p = self.param
        self.s_prev = s_prev
        self.xc = np.hstack((x, h_prev))
        self.g = np.tanh(np.dot(p.wg, self.xc) + p.bg)
        self.i = 1. / (1 + np.exp(-(np.dot(p.wi, self.xc) + p.bi)))
        self.f = 1. / (1 + np.exp(-(np.dot(p.wf, self.xc) + p.bf)))
        self.o = 1. / (1 + np.exp(-(np.dot(p.wo, self.xc) + p.bo)))
        self.s = self.g * self.i + s_prev * self.f
        self.h = np.tanh(self.s) * self.o

    def top_diff_is(self, top_diff_h, top_diff_s):
        p = self.param
        ds = self.o * (1. - np.tanh(self.s) ** 2) * top_diff_h + top_diff_s
        do = np.tanh(self.s) * top_diff_h
        di = self.g * ds
        dg = self.i * ds
        df = self.s_prev * ds
        di_input = self.i * (1 - self.i) * di
        df_input = self.f * (1 - self.f) * df
        do_input = self.o * (1 - self.o) * do
        dg_input = (1. - self.g ** 2) * dg
        p.wi_diff += np.outer(di_input, self.xc)
        p.wf_diff += np.outer(df_input, self.xc)
        p.wo_diff += np.outer(do_input, self.xc)
        p.wg_diff += np.outer(dg_input, self.xc)
        p.bi_diff += di_input
        p.bf_diff += df_input
        p.bo_diff += do_input
        p.bg_diff += dg_input
        dxc = np.zeros_like(self.xc)
        dxc += np.dot(p.wi.T, di_input)
        dxc += np.dot(p.wf.T, df_input)
        dxc += np.dot(p.wo.T, do_input)
        dxc += np.dot(p.wg.T, dg_input)
        self.bottom_diff_s = ds * self.f
        self.bottom_diff_h = dxc[-len(self.h):]
        del self.xc, self.g, self.i, self.f, self.o


def chain(param, x_list):
    nodes = []
    s, h = np.zeros_like(param.bg), np.zeros_like(param.bg)
    for x in x_list:
        node = LstmNode(param)
        node.bottom_data_is(x, s, h)
        s, h = node.s, node.h
        nodes.append(node)
    return nodes


def loss(params, inputs):
    nodes = chain(LstmParam(params), inputs["x_list"])
    return sum((node.h[0] - y) ** 2 for node, y in zip(nodes, inputs["y_list"]))


def backward(params, inputs):
    param = LstmParam(params)
    nodes = chain(param, inputs["x_list"])
    y_list = inputs["y_list"]
    diff_h = np.zeros_like(param.bg)
    diff_s = np.zeros_like(param.bg)
    for idx in range(len(nodes) - 1, -1, -1):
        node = nodes[idx]
        diff_h = diff_h.copy()
        diff_h[0] += 2 * (node.h[0] - y_list[idx])
        node.top_diff_is(diff_h, diff_s)
        diff_h, diff_s = node.bottom_diff_h, node.bottom_diff_s
    return {name: getattr(param, name + "_diff") for name in params}


def example(rng):
    T, D, H = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {}
    for gate in "gifo":
        params["w" + gate] = rng.uniform(-1, 1, (H, D + H))
        params["b" + gate] = rng.uniform(-1, 1, H)
    return params, {"x_list": rng.normal(size=(T, D)), "y_list": rng.uniform(-0.5, 0.5, T)}
