"""ICU stay: hourly vitals -> LSTM -> hazard of discharge per hour, right-censored survival likelihood.
Everything in dicts, gates as a dict of arrays, one dict per hour."""
import numpy as np

GATES = ("input", "forget", "output", "cand")


def expit(v):
    return 1 / (1 + np.exp(-v))


def ward(par, data):
    vit, drugs, stay, event = data["vitals"], data["drugs"], data["stay"], data["event"]
    n_hours, n_pat, _ = vit.shape
    state = {"c": np.zeros((n_pat, par["rec_input"].shape[0])) + par["c0"], "h": np.tanh(data["demog"] @ par["demog_w"])}
    hours, nll = [], 0.0
    for t in range(n_hours):
        x = np.hstack([vit[t], par["drug_table"][drugs[t]].sum(axis=1)])
        act = {}
        for g in GATES:
            a = x @ par["in_" + g] + state["h"] @ par["rec_" + g] + par["bias_" + g]
            act[g] = np.tanh(a) if g == "cand" else expit(a)
        c = act["forget"] * state["c"] + act["input"] * act["cand"]
        tc = np.tanh(c)
        new = {"c": c, "h": act["output"] * tc}
        hazard = expit(new["h"] @ par["risk"] + par["base"][t])
        at_risk = (t < stay).astype(float)
        dies = event * (t == stay - 1)
        nll -= np.sum(at_risk * (dies * np.log(hazard) + (1 - dies) * np.log(1 - hazard)))
        hours.append(dict(x=x, act=act, prev=state, now=new, tc=tc, hazard=hazard, at_risk=at_risk, dies=dies))
        state = new
    return nll / stay.sum(), hours


def ward_grad(par, data):
    _, hours = ward(par, data)
    grad = {k: np.zeros_like(v) for k, v in par.items()}
    n_vit = data["vitals"].shape[2]
    d_h = np.zeros_like(hours[0]["now"]["h"])
    d_c = np.zeros_like(d_h)
    for t, hr in reversed(list(enumerate(hours))):
        act, prev, now = hr["act"], hr["prev"], hr["now"]
        d_logit = hr["at_risk"] * (hr["hazard"] - hr["dies"]) / data["stay"].sum()
        grad["risk"] += now["h"].T @ d_logit
        grad["base"][t] = d_logit.sum()
        d_h = d_h + np.outer(d_logit, par["risk"])
        d_c = d_c + d_h * act["output"] * (1 - hr["tc"] ** 2)
        up = {
            "input": d_c * act["cand"],
            "forget": d_c * prev["c"],
            "output": d_h * hr["tc"],
            "cand": d_c * act["input"],
        }
        d_x = np.zeros_like(hr["x"])
        d_h = np.zeros_like(d_h)
        for g in GATES:
            slope = 1 - act[g] ** 2 if g == "cand" else act[g] * (1 - act[g])
            d_a = up[g] * slope
            grad["in_" + g] += hr["x"].T @ d_a
            grad["rec_" + g] += prev["h"].T @ d_a
            grad["bias_" + g] += d_a.sum(axis=0)
            d_x += d_a @ par["in_" + g].T
            d_h += d_a @ par["rec_" + g].T
        for slot in range(data["drugs"].shape[2]):
            np.add.at(grad["drug_table"], data["drugs"][t][:, slot], d_x[:, n_vit:])
        d_c = d_c * act["forget"]
    grad["c0"] = d_c.sum(axis=0)
    h_first = hours[0]["prev"]["h"]
    grad["demog_w"] = data["demog"].T @ (d_h * (1 - h_first ** 2))
    return grad


def loss(params, inputs):
    return float(ward(params, inputs)[0])


def backward(params, inputs):
    return ward_grad(params, inputs)


def example(rng):
    T, N, D, E, H, Q = int(rng.integers(4, 6)), 3, int(rng.integers(2, 4)), 2, int(rng.integers(4, 6)), 2
    n = rng.standard_normal
    par = {"c0": n(H), "demog_w": n((Q, H)), "drug_table": n((3, E)), "risk": n(H), "base": n(T)}
    for g in GATES:
        par.update({"in_" + g: n((D + E, H)), "rec_" + g: n((H, H)), "bias_" + g: n(H)})
    drugs = rng.integers(0, 3, (T, N, 2))
    drugs[:, 1] = drugs[:, 0]
    return par, {"vitals": n((T, N, D)), "drugs": drugs, "demog": n((N, Q)),
                 "stay": np.array([T, T - 1, T]), "event": np.array([1, 1, 0])}
