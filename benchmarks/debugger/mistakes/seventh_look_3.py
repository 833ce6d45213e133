"""Mistakes of a stranger in a quarter of the programs: gradients derived wrongly."""

from planting import single

MISTAKES = (
    # ------------------------------------------------------------------ awd_lstm_tied
    single(
        "awd_lstm_tied_slowness_through_dropout",
        "awd_lstm_tied",
        """draw = ddropped * lock_out
    draw[1:] += 2 * BETA * diff / diff.size
    draw[:-1] -= 2 * BETA * diff / diff.size
""",
        """ddropped[1:] += 2 * BETA * diff / diff.size
    ddropped[:-1] -= 2 * BETA * diff / diff.size
    draw = ddropped * lock_out
""",
        kind="wrong order | spurious factor | wrong operand",
        steps="none",
        variable="ddropped",
        why="The penalty on slow outputs is of raw, so its gradient must not go through lock_out.",
        lines=(
            "ddropped[1:] += 2 * BETA * diff / diff.size",
            "ddropped[:-1] -= 2 * BETA * diff / diff.size",
            "draw = ddropped * lock_out",
        ),
    ),
    single(
        "awd_lstm_tied_forget_twice",
        "awd_lstm_tied",
        """dzf = dc * cprev[t] * f * (1 - f)
""",
        """dc = dc * f
        dzf = dc * cprev[t] * f * (1 - f)
""",
        more=(
            (
                """        dh = dz @ Whh_drop.T
        dc = dc * f
""",
                """        dh = dz @ Whh_drop.T
""",
            ),
        ),
        kind="overwritten too early | spurious factor | wrong order",
        steps="all",
        variable="dzf",
        why="dc is already the one of the step before when the forget gate's delta is taken of it.",
        lines=("dc = dc * f", "dzf = dc * cprev[t] * f * (1 - f)"),
    ),
    # ------------------------------------------------------------------ bigru_classifier
    single(
        "bigru_classifier_one_delta_for_both",
        "bigru_classifier",
        """            duh = np.hstack([da_r, da_z, dm])
            dW += self.x[:, t].T @ da
            dU += h_prev.T @ duh
""",
        """            dW += self.x[:, t].T @ da
            dU += h_prev.T @ da
""",
        more=(("dnew * z + duh @ self.U.T", "dnew * z + da @ self.U.T"),),
        kind="wrong operand | missing factor",
        steps="all",
        variable="dU",
        why="The candidate's recurrent product is inside of the reset gate, its delta is da_n * r.",
        lines=("dU += h_prev.T @ da", "dh = dh * (1 - on) + dnew * z + da @ self.U.T"),
    ),
    # ------------------------------------------------------------------ char_lstm_batch_first
    single(
        "char_lstm_batch_first_gate_loop",
        "char_lstm_batch_first",
        """            np.add.at(self.grad_Wf, x, df)
            np.add.at(self.grad_Wi, x, di)
            np.add.at(self.grad_Wo, x, do)
            np.add.at(self.grad_Wg, x, dg)
            self.grad_Uf += h_prev.T @ df
            self.grad_Ui += h_prev.T @ di
            self.grad_Uo += h_prev.T @ do
            self.grad_Ug += h_prev.T @ dg
            self.grad_bf += df.sum(axis=0)
            self.grad_bi += di.sum(axis=0)
            self.grad_bo += do.sum(axis=0)
            self.grad_bg += dg.sum(axis=0)
""",
        """            for W, U, b, d in ((self.grad_Wf, self.grad_Uf, self.grad_bf, df),
                               (self.grad_Wi, self.grad_Ui, self.grad_bi, di),
                               (self.grad_Wo, self.grad_Uo, self.grad_bo, do),
                               (self.grad_Wg, self.grad_Ug, self.grad_bg, dg)):
                W[x] += d
                U += h_prev.T @ d
                b += d.sum(axis=0)
""",
        kind="repeated indices",
        steps="all | after an index repeats",
        variable="W",
        why="Where two texts of the batch have the same character, only one row is added.",
        lines=("W[x] += d",),
    ),
    single(
        "char_lstm_batch_first_old_cell_carry",
        "char_lstm_batch_first",
        "dc_next = dc * f",
        "dc_next = dc_next * f",
        kind="wrong operand | missing path",
        steps="all",
        variable="dc_next",
        why="What goes back is all of dc, also the part that this step's h gives.",
    ),
    single(
        "char_lstm_batch_first_h_for_tanh_c",
        "char_lstm_batch_first",
        "dc = dc_next + dh * o * (1 - tanh_c ** 2)",
        "dc = dc_next + dh * o * (1 - self.h[t + 1] ** 2)",
        kind="wrong derivative | wrong operand",
        steps="all",
        variable="dc",
        why="h is o * tanh(c), the derivative is 1 - tanh(c) ** 2.",
    ),
    # ------------------------------------------------------------------ cifg_prealloc_einsum
    single(
        "cifg_prealloc_einsum_above_of_step_before",
        "cifg_prealloc_einsum",
        'dh = np.einsum("knh,kjh->nj", delta[t], self.Wh)',
        'dh = dh_above[t - 1] + np.einsum("knh,kjh->nj", delta[t], self.Wh)',
        more=(
            ("dh = np.zeros_like(self.h[0])", "dh = dh_above[T - 1].copy()"),
            ("            dh += dh_above[t]\n", ""),
        ),
        kind="index off by one | spurious term",
        steps="t=0",
        variable="dh",
        why="At t=0 the index t - 1 wraps to the last step, and h0 gets its gradient.",
    ),
    single(
        "cifg_prealloc_einsum_new_states",
        "cifg_prealloc_einsum",
        '"Wh": np.einsum("tnj,tknh->kjh", self.h[:-1], delta)',
        '"Wh": np.einsum("tnj,tknh->kjh", self.h[1:], delta)',
        kind="index off by one",
        steps="none | all",
        variable="Wh",
        why="Wh multiplies the state before the step.",
    ),
    # ------------------------------------------------------------------ conv_lstm_1d
    single(
        "conv_lstm_1d_new_cell_at_forget",
        "conv_lstm_1d",
        """        dz = [dc * g * i * (1 - i), dc * c * f * (1 - f), dh * tanh_c * o * (1 - o),
              dc * i * (1 - g ** 2)]
""",
        """        d_act = np.array([dc * g, dc * c_next, dh * tanh_c])
        gates = np.array([i, f, o])
        dz = [*(d_act * gates * (1 - gates)), dc * i * (1 - g ** 2)]
""",
        kind="wrong operand | index off by one",
        steps="all",
        variable="d_act",
        why="The forget gate multiplies the cell before the step.",
    ),
    single(
        "conv_lstm_1d_begins_at_every_gate",
        "conv_lstm_1d",
        """        dh = np.zeros_like(dh)
        for n, d in enumerate(dz):
            dk, da = conv_grad(kx[n], frame, d)
""",
        """        for n, d in enumerate(dz):
            dh = np.zeros_like(dh)
            dk, da = conv_grad(kx[n], frame, d)
""",
        kind="= for += | carry lost | initial value",
        steps="all",
        variable="dh",
        why="dh begins anew at every gate, only the last gate's part is left.",
        lines=("dh = np.zeros_like(dh)", "dh += da"),
    ),
    # ------------------------------------------------------------------ elman_two_lags
    single(
        "elman_two_lags_shift_in_wrong_order",
        "elman_two_lags",
        """gh[t - 1] += np.dot(W1.T, ga)
        gh[t - 2] += np.dot(W2.T, ga)
""",
        """g2 = np.dot(W2.T, ga)
        g1 = np.dot(W1.T, ga) + g2
""",
        more=(
            (
                "    # then back through time: step t feeds from t-1 and t-2\n",
                "    # then back through time: step t feeds from t-1 and t-2\n"
                "    g1 = g2 = np.zeros_like(h[-1])\n",
            ),
            ("ga = gh[t] * (1 - h[t] ** 2)", "ga = (gh[t] + g1) * (1 - h[t] ** 2)"),
            ('"h_minus1": gh[-1], "h_minus2": gh[-2],', '"h_minus1": g1, "h_minus2": g2,'),
        ),
        kind="overwritten too early | wrong order",
        steps="all",
        variable="g1",
        why="g2 must be that of the step after when it is added; so lag two is handed to lag one.",
        lines=("g2 = np.dot(W2.T, ga)", "g1 = np.dot(W1.T, ga) + g2"),
    ),
    single(
        "elman_two_lags_dtanh_helper",
        "elman_two_lags",
        "ga = gh[t] * (1 - h[t] ** 2)",
        "ga = gh[t] * dtanh(h[t])",
        more=(
            (
                "def elman_bptt(",
                "def dtanh(a):\n    return 1 - np.tanh(a) ** 2\n\n\ndef elman_bptt(",
            ),
        ),
        kind="derivative of an activated value",
        steps="all",
        variable="ga",
        why="dtanh wants the pre-activation, but h[t] is tanh of it already.",
        lines=("ga = gh[t] * dtanh(h[t])", "return 1 - np.tanh(a) ** 2"),
    ),
    # ------------------------------------------------------------------ gru_blend_reset_after
    single(
        "gru_blend_reset_after_kept_part_first",
        "gru_blend_reset_after",
        """            dhh = dh * (1 - z) * (1 - hh ** 2)
            dz = dh * (h - hh) * z * (1 - z)
            dh = dh * z
""",
        """            dhh = dh * (1 - z) * (1 - hh ** 2)
            dh = dh * z
            dz = dh * (h - hh) * (1 - z) * z
""",
        kind="overwritten too early | wrong order | spurious factor",
        steps="all",
        variable="dz",
        why="dh is multiplied by z before the update gate's delta is taken of it.",
        lines=("dh = dh * z", "dz = dh * (h - hh) * (1 - z) * z"),
    ),
    single(
        "gru_blend_reset_after_mix_is_activated",
        "gru_blend_reset_after",
        'g["mix"] = np.sum(dfeat * (h_old - h_new), axis=0) * mix * (1 - mix)',
        "dmix = np.sum(dfeat * (h_old - h_new), axis=0)\n"
        '    g["mix"] = dmix * sigmoid(mix) * (1 - sigmoid(mix))',
        kind="derivative of an activated value",
        steps="none",
        variable="g",
        why="mix is sigmoid(p['mix']) already.",
        lines=('g["mix"] = dmix * sigmoid(mix) * (1 - sigmoid(mix))',),
    ),
    # ------------------------------------------------------------------ gru_dataclass
    single(
        "gru_dataclass_state_without_reset",
        "gru_dataclass",
        """        for k, d, state in ((0, d_update, fr.h_in), (1, d_reset, fr.h_in),
                            (2, d_cand, fr.reset * fr.h_in)):
            g.W[k] += fr.x.T @ d
            g.U[k] += state.T @ d
""",
        """        for k, d in enumerate((d_update, d_reset, d_cand)):
            g.W[k] += fr.x.T @ d
            g.U[k] += fr.h_in.T @ d
""",
        kind="wrong operand | missing factor",
        steps="all",
        variable="g",
        why="The candidate's matrix multiplies reset * h_in.",
        lines=("g.U[k] += fr.h_in.T @ d",),
    ),
    single(
        "gru_dataclass_candidate_twice",
        "gru_dataclass",
        "dh = dh * fr.update + d_rh * fr.reset + d_update @ w.U[0].T + d_reset @ w.U[1].T",
        """deltas = np.stack((d_update, d_reset, d_cand))
        dh = dh * fr.update + d_rh * fr.reset + np.einsum("kbi,khi->bh", deltas, w.U)""",
        kind="spurious term",
        steps="all",
        variable="dh",
        why="The candidate's product reaches h only through d_rh * reset, it is counted twice.",
        lines=(
            'dh = dh * fr.update + d_rh * fr.reset + np.einsum("kbi,khi->bh", deltas, w.U)',
            "deltas = np.stack((d_update, d_reset, d_cand))",
        ),
    ),
    single(
        "gru_dataclass_labels_forward",
        "gru_dataclass",
        "zip(frames[::-1], labels[::-1])",
        "zip(reversed(frames), labels)",
        kind="forward order | wrong order",
        steps="all",
        variable="lab",
        why="The frames are read backwards, the labels forwards.",
    ),
    # ------------------------------------------------------------------ gru_reset_before
    single(
        "gru_reset_before_rh_in_dr",
        "gru_reset_before",
        'dr = drh * s["h_prev"] * s["r"] * (1 - s["r"])',
        'dr = drh * s["rh"] * s["r"] * (1 - s["r"])',
        kind="spurious factor | wrong operand",
        steps="all",
        variable="dr",
        why="rh has the factor r already; the derivative by r is h_prev.",
    ),
    single(
        "gru_reset_before_tape_of_new_state",
        "gru_reset_before",
        """        h_prev = h
        z = sigm(xt @ P["Wz"] + h_prev @ P["Uz"] + P["bz"])
        r = sigm(xt @ P["Wr"] + h_prev @ P["Ur"] + P["br"])
        rh = r * h_prev
        n = np.tanh(xt @ P["Wn"] + rh @ P["Un"] + P["bn"])
        h = (1 - z) * h_prev + z * n
        tape.append({"x": xt, "h_prev": h_prev, "z": z, "r": r, "rh": rh, "n": n})
""",
        """        z = sigm(xt @ P["Wz"] + h @ P["Uz"] + P["bz"])
        r = sigm(xt @ P["Wr"] + h @ P["Ur"] + P["br"])
        rh = r * h
        n = np.tanh(xt @ P["Wn"] + rh @ P["Un"] + P["bn"])
        h = (1 - z) * h + z * n
        tape.append({"x": xt, "h_prev": h, "z": z, "r": r, "rh": rh, "n": n})
""",
        kind="overwritten too early | wrong operand | index off by one",
        steps="all",
        variable="tape",
        why="h is the new state already when it is kept as the previous one.",
        lines=(
            'tape.append({"x": xt, "h_prev": h, "z": z, "r": r, "rh": rh, "n": n})',
            "h = (1 - z) * h + z * n",
        ),
    ),
    single(
        "gru_reset_before_first_step_left_out",
        "gru_reset_before",
        "for t in range(len(tape) - 1, -1, -1):",
        "for t in reversed(range(1, len(tape))):",
        kind="loop bounds",
        steps="t=0",
        variable="t",
        why="The step t=0 has gradients too.",
    ),
    single(
        "gru_reset_before_clips_carry",
        "gru_reset_before",
        """dh = dh * (1 - s["z"]) + drh * s["r"] + dz @ P["Uz"].T + dr @ P["Ur"].T
""",
        """dh = dh * (1 - s["z"]) + drh * s["r"] + dz @ P["Uz"].T + dr @ P["Ur"].T
        dh = np.clip(dh, -1, 1)
""",
        kind="clipped",
        steps="all | all but t=0",
        variable="dh",
        why="Clipping inside of the recursion changes the gradient.",
        lines=("dh = np.clip(dh, -1, 1)",),
    ),
    # ------------------------------------------------------------------ gru_var_tape
    single(
        "gru_var_tape_sub_by_add",
        "gru_var_tape",
        """out = Var(self.data - other.data, (self, other))

        def _backward():
            self.accumulate(out.grad)
            other.accumulate(-out.grad)
        out._backward = _backward
        return out
""",
        """return self + Var(-other.data, (other,))
""",
        kind="missing path",
        steps="all | none",
        variable="other",
        why="The negated value has no backward of its own, nothing reaches other.",
    ),
    single(
        "gru_var_tape_sigmoid_of_out",
        "gru_var_tape",
        """            self.accumulate(out.data * (1 - out.data) * out.grad)
""",
        """            s = 1 / (1 + np.exp(-out.data))
            self.accumulate(s * (1 - s) * out.grad)
""",
        kind="derivative of an activated value",
        steps="all | none",
        variable="s",
        why="out.data is the sigmoid already.",
        lines=("s = 1 / (1 + np.exp(-out.data))", "self.accumulate(s * (1 - s) * out.grad)"),
    ),
    # ------------------------------------------------------------------ indrnn
    single(
        "indrnn_du_of_new_states",
        "indrnn",
        """    dW = np.tensordot(""",
        """    du = np.einsum("tbh,tbh->h", dproj, h[1:])
    dW = np.tensordot(""",
        more=(
            ("        du += (da * h[t - 1]).sum(axis=0)\n", ""),
            ("    du = np.zeros_like(u)\n    dproj", "    dproj"),
        ),
        kind="index off by one | wrong operand",
        steps="none | all",
        variable="du",
        why="u multiplies the state before the step, h[:-1].",
    ),
    single(
        "indrnn_last_step_twice",
        "indrnn",
        "dh = np.zeros_like(h[0])",
        "dh = dh_out[-1]",
        kind="initial value | spurious term",
        steps="the last | none",
        variable="dh",
        why="The loop adds the last step's gradient again.",
        lines=("dh = dh_out[-1]", "dh = dh + dh_out[t - 1]"),
    ),
    # ------------------------------------------------------------------ layer_graph
    single(
        "layer_graph_keep_before_show",
        "layer_graph",
        """        dc = dc + self.squash.backward(dtanh)
        d["i"], d["g"] = self.write.backward(dc)
        d["f"], dc_prev = self.keep.backward(dc)
""",
        """        d["f"], dc_prev = self.keep.backward(dc)
        dc = dc + self.squash.backward(dtanh)
        d["i"], d["g"] = self.write.backward(dc)
""",
        kind="wrong order | missing path",
        steps="all",
        variable="d",
        why="dc has not yet what comes through h when it goes through the forget gate.",
    ),
    single(
        "layer_graph_one_cell",
        "layer_graph",
        """    cells, hs = [], []
    for x in inputs["x"]:
        cell = LSTMCell()
""",
        """    cells, hs = [], []
    cell = LSTMCell()
    for x in inputs["x"]:
""",
        kind="aliasing | overwritten too early",
        steps="all but the last | none",
        variable="cells",
        why="All steps share one cell, that remembers the last step only.",
        lines=("cell = LSTMCell()", "cells.append(cell)"),
    ),
    single(
        "layer_graph_one_sigmoid",
        "layer_graph",
        """        self.gates = {k: Gate(Tanh() if k == "g" else Sigmoid()) for k in "ifog"}
""",
        """        sigmoid, tanh = Sigmoid(), Tanh()
        self.gates = {k: Gate(tanh if k == "g" else sigmoid) for k in "ifog"}
""",
        kind="aliasing | overwritten too early",
        steps="all | none",
        variable="sigmoid",
        why="The three gates share one Sigmoid, whose y is that of the last gate.",
        lines=(
            "sigmoid, tanh = Sigmoid(), Tanh()",
            'self.gates = {k: Gate(tanh if k == "g" else sigmoid) for k in "ifog"}',
        ),
    ),
    # ------------------------------------------------------------------ learned_h0_gru
    single(
        "learned_h0_gru_reset_forgotten_on_way_back",
        "learned_h0_gru",
        """dxh = dz @ self.Wz.value.T + dr @ self.Wr.value.T
            dh = dh * (1 - z) + dxrh[:, D:] * r + dxh[:, D:]
""",
        """dxh = dz @ self.Wz.value.T + dr @ self.Wr.value.T + dxrh
            dh = dh * (1 - z) + dxh[:, D:]
""",
        kind="missing factor",
        steps="all",
        variable="dxh",
        why="The candidate sees r * h, so its part has the factor r.",
        lines=(
            "dxh = dz @ self.Wz.value.T + dr @ self.Wr.value.T + dxrh",
            "dh = dh * (1 - z) + dxh[:, D:]",
        ),
    ),
    # ------------------------------------------------------------------ lstm_bias_folded
    single(
        "lstm_bias_folded_forget_of_wrong_step",
        "lstm_bias_folded",
        "dc = dc + dh * o * (1. - tc * tc)",
        "dc = dc * f + dh * o * (1. - tc * tc)",
        more=(
            (
                "        dh = du[dim:dim + H]\n        dc = dc * f\n",
                "        dh = du[dim:dim + H]\n",
            ),
        ),
        kind="index off by one | wrong order | wrong operand",
        steps="all but the last | all",
        variable="dc",
        why="The carry must be multiplied by the forget gate of the step it comes from.",
    ),
    single(
        "lstm_bias_folded_not_reversed",
        "lstm_bias_folded",
        "    dseq.reverse()\n    return dW, np.array(dseq), dh, dc",
        "    return dW, np.array(dseq), dh, dc",
        kind="wrong order | forward order",
        steps="none | all",
        variable="dseq",
        why="The inputs' gradients are collected from the last step to the first.",
        lines=("return dW, np.array(dseq), dh, dc", "dseq.append(du[:dim])"),
    ),
    # ------------------------------------------------------------------ lstm_einsum
    single(
        "lstm_einsum_derivatives_after_loop",
        "lstm_einsum",
        """        da[t, :G] *= s[t, :G] * (1 - s[t, :G])
        da[t, G] = dc * s[t, I] * (1 - s[t, G] ** 2)
        dh = np.einsum("knh,kmh->nm", da[t], R)
        dc = dc * s[t, F]
""",
        """        da[t, G] = dc * s[t, I]
        dh = np.einsum("knh,kmh->nm", da[t], R)
        dc = dc * s[t, F]
    da[:, :G] *= s[:, :G] * (1 - s[:, :G])
    da[:, G] *= 1 - s[:, G] ** 2
""",
        kind="missing derivative | wrong order | accumulation outside the loop",
        steps="all | none | all but t=0",
        variable="dh",
        why="The loop hands back deltas to which the derivatives come only after it.",
        lines=(
            'dh = np.einsum("knh,kmh->nm", da[t], R)',
            "da[:, :G] *= s[:, :G] * (1 - s[:, :G])",
            "da[:, G] *= 1 - s[:, G] ** 2",
        ),
    ),
    single(
        "lstm_einsum_carry_by_R",
        "lstm_einsum",
        'dh = np.einsum("knh,kmh->nm", da[t], R)',
        "dh = (da[t] @ R).sum(axis=0)",
        kind="transposed",
        steps="all | all but t=0",
        variable="dh",
        why="It must be the transposed R.",
    ),
    # ------------------------------------------------------------------ lstm_generator
    single(
        "lstm_generator_last_gate_only",
        "lstm_generator",
        """            out["b" + k] += d
        dxs.append(sum(theta["W" + k].T @ d for k, d in delta.items()))
        dh = sum(theta["R" + k].T @ d for k, d in delta.items())
""",
        """            out["b" + k] += d
            dh = theta["R" + k].T @ d
        dxs.append(sum(theta["W" + k].T @ d for k, d in delta.items()))
""",
        kind="= for += | carry lost | missing path",
        steps="all | all but t=0",
        variable="dh",
        why="Every gate overwrites the carry of the gate before.",
        lines=('dh = theta["R" + k].T @ d',),
    ),
    single(
        "lstm_generator_cell_loss_forgotten",
        "lstm_generator",
        "dh, dc = dh_last, dc_last",
        "dh, dc = dh_last, np.zeros_like(dh_last)",
        kind="initial value | missing path",
        steps="none | the last",
        variable="dc",
        why="The loss sees the last cell too.",
    ),
    single(
        "lstm_generator_fields_exchanged",
        "lstm_generator",
        "yield Step(x, h, c, i, f, o, g, c_new, h_new)",
        "yield Step(x, h, c, i, f, g, o, c_new, h_new)",
        kind="wrong order",
        steps="all",
        variable="Step",
        why="The fields of Step are o, g.",
    ),
    # ------------------------------------------------------------------ lstm_masked_states
    single(
        "lstm_masked_states_as_residual",
        "lstm_masked_states",
        """        dh = dh_skip + dgates @ Wh.T
        dc = dc_skip + dc_cand * f
""",
        """        dh = dh + dgates @ Wh.T
        dc = dc_skip + dc_cand * f
""",
        more=(("        dh_skip = np.where(valid, 0.0, dh)\n", ""),),
        kind="spurious term | missing factor | wrong operand",
        steps="all",
        variable="dh",
        why="Only on padding the state is handed on as it is.",
        lines=("dh = dh + dgates @ Wh.T",),
    ),
    single(
        "lstm_masked_states_tanh_before_mask",
        "lstm_masked_states",
        """        dh_cand = np.where(valid, dh, 0.0)
        dc_cand = np.where(valid, dc, 0.0)
        dh_skip = np.where(valid, 0.0, dh)
        dc_skip = np.where(valid, 0.0, dc)
        tc = np.tanh(c_cand)
        dc_cand = dc_cand + dh_cand * o * (1 - tc ** 2)
""",
        """        tc = np.tanh(c_cand)
        dc = dc + dh * o * (1 - tc ** 2)
        dh_cand = np.where(valid, dh, 0.0)
        dc_cand = np.where(valid, dc, 0.0)
        dh_skip = np.where(valid, 0.0, dh)
        dc_skip = np.where(valid, 0.0, dc)
""",
        kind="spurious term | wrong order | missing factor",
        steps="where the mask is 0",
        variable="dc",
        why="On padding h is not o * tanh(c_cand), so nothing goes from dh to dc.",
        lines=("dc = dc + dh * o * (1 - tc ** 2)", "dc_skip = np.where(valid, 0.0, dc)"),
    ),
    single(
        "lstm_masked_states_caches_held_cell",
        "lstm_masked_states",
        """        saved.append((valid, x[:, t], h, c, i, f, o, u, c_cand))
        h = np.where(valid, h_cand, h)
        c = np.where(valid, c_cand, c)
""",
        """        h_prev, h = h, np.where(valid, h_cand, h)
        c = np.where(valid, c_cand, c)
        saved.append((valid, x[:, t], h_prev, c, i, f, o, u, c_cand))
""",
        kind="overwritten too early | wrong order | wrong operand | index off by one",
        steps="all",
        variable="saved",
        why="The cell that is saved as the previous one is the new one.",
        lines=(
            "saved.append((valid, x[:, t], h_prev, c, i, f, o, u, c_cand))",
            "c = np.where(valid, c_cand, c)",
        ),
    ),
    # ------------------------------------------------------------------ lstm_out_buffers
    single(
        "lstm_out_buffers_derivative_in_place",
        "lstm_out_buffers",
        """            dh += dy[t]
            dc += dh""",
        """            ds = a[:, :3 * H]
            ds *= 1 - ds
            dh += dy[t]
            dc += dh""",
        more=(("d[:, :3 * H] *= a[:, :3 * H] * (1 - a[:, :3 * H])", "d[:, :3 * H] *= ds"),),
        kind="overwritten too early | aliasing",
        steps="all",
        variable="ds",
        why="i, f and o are views of a, and hold the derivatives from then on.",
        lines=("ds *= 1 - ds", "ds = a[:, :3 * H]"),
    ),
    single(
        "lstm_out_buffers_matmul_first",
        "lstm_out_buffers",
        """            d[:, :3 * H] *= a[:, :3 * H] * (1 - a[:, :3 * H])
            d[:, 3 * H:] *= 1 - g ** 2
            np.matmul(d, self.U.T, out=dh)
            dc *= f
""",
        """            np.matmul(d, self.U.T, out=dh)
            dc *= f
            d[:, :3 * H] *= a[:, :3 * H] * (1 - a[:, :3 * H])
            d[:, 3 * H:] *= 1 - g ** 2
""",
        kind="wrong order | missing derivative",
        steps="all | all but t=0",
        variable="dh",
        why="The carry is made of deltas that have not their derivatives yet.",
    ),
    single(
        "lstm_out_buffers_writes_into_dy",
        "lstm_out_buffers",
        "dh = np.zeros((B, H))",
        "dh = dy[T - 1]",
        more=(
            (
                "            dh += dy[t]\n",
                "            if t < T - 1:\n                dh += dy[t]\n",
            ),
        ),
        kind="argument changed | aliasing",
        steps="none | all",
        variable="dh",
        why="dh is a view of the caller's dy, and matmul writes into it.",
        lines=("dh = dy[T - 1]", "np.matmul(d, self.U.T, out=dh)"),
        shows=("argument", "repeat"),
    ),
    # ------------------------------------------------------------------ lstm_projection
    single(
        "lstm_projection_Wp_by_outputs_only",
        "lstm_projection",
        """    return dWx, dWr, db, dWp, np.stack""",
        """    dWp = np.einsum("tbh,tbp->hp", np.stack([k["m"] for k in tape]), dR)
    return dWx, dWr, db, dWp, np.stack""",
        more=(("""        dWp += k["m"].T @ dr\n""", ""), ("    dWp = np.zeros_like(Wp)\n", "")),
        kind="missing path | carry not added | wrong operand",
        steps="none | all but the last",
        variable="dWp",
        why="r goes to the next step's gates too, so the gradient has the recurrent part.",
    ),
    single(
        "lstm_projection_index_from_end",
        "lstm_projection",
        "dr = dR[len(tape) - 1 - len(dX)] + dr_rec",
        "dr = dR[-len(dX)] + dr_rec",
        kind="index off by one",
        steps="all",
        variable="dr",
        why="It must be -1 - len(dX); with an empty list it is the first step.",
    ),
    single(
        "lstm_projection_output_gate_twice",
        "lstm_projection",
        "do = dm * th\n",
        'do = dm * th * k["o"] * (1 - k["o"])\n',
        kind="spurious factor",
        steps="all",
        variable="do",
        why="The derivative of the output gate is applied again where the blocks are joined.",
        lines=('do = dm * th * k["o"] * (1 - k["o"])', 'do * k["o"] * (1 - k["o"]),'),
    ),
    # ------------------------------------------------------------------ lstm_unit_loops
    single(
        "lstm_unit_loops_column_for_row",
        "lstm_unit_loops",
        """                    dh_prev[k] += delta[q] * w[row + n_in + k]
""",
        """                    dh_prev[k] += delta[q] * w[(q * n_cell + k) * width + n_in + u]
""",
        kind="transposed",
        steps="all | all but t=0",
        variable="dh_prev",
        why="Unit u reads state k with the weight in row u and column k.",
    ),
    single(
        "lstm_unit_loops_unit_major",
        "lstm_unit_loops",
        """                row = (q * n_cell + u) * width
                db[q * n_cell + u] += delta[q]
""",
        """                unit = u * N_GATES + q
                row = unit * width
                db[unit] += delta[q]
""",
        kind="wrong order",
        steps="all",
        variable="unit",
        why="The weights are gate-major, not unit-major.",
    ),
    single(
        "lstm_unit_loops_handed_on_in_unit_loop",
        "lstm_unit_loops",
        """w[row + n_in + k]
        dh = dh_prev
""",
        """w[row + n_in + k]
            dh = dh_prev
""",
        kind="overwritten too early | carry lost",
        steps="all",
        variable="dh",
        why="The units after the first read a dh that is already the one of the step before.",
        lines=("dh = dh_prev",),
    ),
    # ------------------------------------------------------------------ lstmp_peephole_norm
    single(
        "lstmp_peephole_norm_variance_by_hat",
        "lstmp_peephole_norm",
        """    da = inv * (dhat - dhat.mean(axis=1, keepdims=True)
                - hat * (dhat * hat).mean(axis=1, keepdims=True))
""",
        """    n = hat.shape[1]
    dvar = -0.5 * inv ** 3 * (dhat * hat).sum(axis=1, keepdims=True)
    dmu = -inv * dhat.sum(axis=1, keepdims=True)
    da = dhat * inv + 2 * (hat / inv) * dvar / n + dmu / n
""",
        kind="wrong derivative | wrong operand | spurious factor | missing factor",
        steps="all | none",
        variable="dvar",
        why="inv ** 3 goes with a - mu; with hat it is inv ** 2.",
        lines=("dvar = -0.5 * inv ** 3 * (dhat * hat).sum(axis=1, keepdims=True)",),
    ),
    single(
        "lstmp_peephole_norm_output_peeps_at_old_cell",
        "lstmp_peephole_norm",
        "dc = dc * f + d['i'] * P['w_ic'] + d['f'] * P['w_fc']",
        "dc = dc * f + sum(d[k] * P['w_%sc' % k] for k in 'ifo')",
        more=((" + d['o'] * P['w_oc']\n", "\n"),),
        kind="index off by one | missing path | wrong order | spurious term",
        steps="all",
        variable="dc",
        why="The output gate peeps at the new cell, its part belongs to this step's dc.",
        lines=(
            "dc = dc + dm * o * (1 - tc ** 2)",
            "dc = dc * f + sum(d[k] * P['w_%sc' % k] for k in 'ifo')",
        ),
    ),
    # ------------------------------------------------------------------ mgu_accumulate
    single(
        "mgu_accumulate_mask_on_leak",
        "mgu_accumulate",
        "dh = dout * (1 - s.f) + dhd * hm",
        "dh = (dout * (1 - s.f) + dhd) * hm",
        kind="spurious factor",
        steps="all | all but t=0",
        variable="dh",
        why="The leak (1 - f) * h takes the state that is not dropped.",
    ),
    single(
        "mgu_accumulate_deltas_in_made_order",
        "mgu_accumulate",
        "deltas = back[:0:-1]",
        "deltas = back[1:]",
        more=(('g["h0"] = deltas[0].dh', 'g["h0"] = deltas[-1].dh'),),
        kind="forward order | wrong order",
        steps="none | all",
        variable="deltas",
        why="The deltas were made from the last step to the first, the steps go forward.",
    ),
    # ------------------------------------------------------------------ origin_single_loop
    single(
        "origin_single_loop_columns_at_once",
        "origin_single_loop",
        "        return dLdU, dLdW, dLdV",
        "        dLdU[:, :, x] += deltas.transpose(1, 2, 0)\n        return dLdU, dLdW, dLdV",
        more=(
            ("                dLdU[k][:, x[t]] += d\n", "                deltas[t, k] = d\n"),
            (
                "        delta_y = y.copy()\n",
                "        deltas = np.zeros((T, 4, self.hidden_dim))\n        delta_y = y.copy()\n",
            ),
        ),
        kind="repeated indices",
        steps="none | after an index repeats",
        variable="dLdU",
        why="A character that comes twice gets the gradient of one step only.",
    ),
    single(
        "origin_single_loop_never_begun_anew",
        "origin_single_loop",
        "            dh_next = np.zeros(self.hidden_dim)\n            for k, d",
        "            for k, d",
        kind="initial value | += for = | spurious term",
        steps="all but the last",
        variable="dh_next",
        why="dh_next keeps what all the later steps have added to it.",
        lines=(
            "dh_next += self.W[k].T.dot(d)",
            "for k, d in enumerate((di, df, do, dg)):",
            "dh = self.V.T.dot(delta_y[t]) + dh_next",
        ),
    ),
    single(
        "origin_single_loop_einsum_carry",
        "origin_single_loop",
        """            dh_next = np.zeros(self.hidden_dim)
            for k, d in""",
        """            dh_next = np.einsum("kij,kj->i", self.W, np.array((di, df, do, dg)))
            for k, d in""",
        more=(("                dh_next += self.W[k].T.dot(d)\n", ""),),
        kind="transposed",
        steps="all | all but t=0",
        variable="dh_next",
        why="The sum must go over the rows of W.",
    ),
    # ------------------------------------------------------------------ regularised_lstm
    single(
        "regularised_lstm_decay_every_step",
        "regularised_lstm",
        """    for key in params:
        if key.startswith('W'):
            grads['d' + key] += WEIGHT_DECAY * params[key]
    return grads
""",
        """        for key in params:
            if key.startswith('W'):
                grads['d' + key] += WEIGHT_DECAY * params[key]
    return grads
""",
        kind="spurious term | spurious factor",
        steps="all | all but the last",
        variable="grads",
        why="The decay is in the loss once, not once a step.",
        lines=("grads['d' + key] += WEIGHT_DECAY * params[key]", "for key in params:"),
    ),
    single(
        "regularised_lstm_bias_after_sigmoid",
        "regularised_lstm",
        "delta_f = delta_c * c_prev * f * (1 - f)",
        "f_open = f + FORGET_BIAS\n        delta_f = delta_c * c_prev * f_open * (1 - f_open)",
        kind="wrong derivative | wrong operand | spurious term",
        steps="all",
        variable="f_open",
        why="The forget bias is inside of the sigmoid already.",
        lines=("f_open = f + FORGET_BIAS", "delta_f = delta_c * c_prev * f_open * (1 - f_open)"),
    ),
    single(
        "regularised_lstm_two_steps_before",
        "regularised_lstm",
        "h_prev, c_prev = cache['h'][t], cache['c'][t]",
        "h_prev, c_prev = cache['h'][t - 1], cache['c'][t - 1]",
        kind="index off by one",
        steps="all",
        variable="h_prev",
        why="The lists begin with the initial state, so index t is the previous one already.",
    ),
    # ------------------------------------------------------------------ rnn_column_major
    single(
        "rnn_column_major_diagonal_softmax",
        "rnn_column_major",
        """    dz = (output(a, params) - inputs["y"]) / inputs["x"].shape[1]
""",
        """    p = output(a, params)
    dp = -inputs["y"] / p / inputs["x"].shape[1]
    dz = dp * p * (1 - p)
""",
        kind="wrong derivative | missing path",
        steps="none",
        variable="dz",
        why="The Jacobian of softmax is not diagonal.",
        lines=("dz = dp * p * (1 - p)",),
    ),
    single(
        "rnn_column_major_counted_from_end",
        "rnn_column_major",
        'dx[:, :, t] = gradients["dxt"]',
        'dx[:, :, k] = gradients["dxt"]',
        more=(("for t in reversed(range(T_x)):", "for k, t in enumerate(reversed(range(T_x))):"),),
        kind="wrong order | forward order | wrong operand",
        steps="all",
        variable="dx",
        why="k counts from the end of the sequence.",
        lines=('dx[:, :, k] = gradients["dxt"]', "for k, t in enumerate(reversed(range(T_x))):"),
    ),
    single(
        "rnn_column_major_carry_after_use",
        "rnn_column_major",
        """        gradients = rnn_cell_backward(da[:, :, t] + da_prevt, caches[t])
        da_prevt = gradients["da_prev"]
""",
        """        gradients = rnn_cell_backward(da[:, :, t], caches[t])
        da_prevt = da_prevt + gradients["da_prev"]
""",
        kind="carry not added",
        steps="all but the last",
        variable="gradients",
        why="What comes from the step after is not given to the cell.",
        lines=(
            "gradients = rnn_cell_backward(da[:, :, t], caches[t])",
            'da_prevt = da_prevt + gradients["da_prev"]',
        ),
    ),
    # ------------------------------------------------------------------ rnn_masked_ce
    single(
        "rnn_masked_ce_mask_too_late",
        "rnn_masked_ce",
        """        da = m * dh * (1 - a[t] ** 2)
""",
        """        da = dh * (1 - a[t] ** 2)
""",
        more=(
            ('dX[t] = da @ params["Wxh"].T', 'dX[t] = m * (da @ params["Wxh"].T)'),
            (
                'dh_next = da @ params["Whh"].T + (1 - m) * dh',
                'dh_next = m * (da @ params["Whh"].T) + (1 - m) * dh',
            ),
        ),
        kind="missing factor",
        steps="where the mask is 0",
        variable="da",
        why="On a gap a has no effect, and the weights must get nothing.",
        lines=(
            "da = dh * (1 - a[t] ** 2)",
            'grads["Wxh"] += X[t].T @ da',
            'grads["Whh"] += h[t].T @ da',
            'grads["bh"] += da.sum(0)',
        ),
    ),
    single(
        "rnn_masked_ce_mean_over_all",
        "rnn_masked_ce",
        "dlogits *= mask[:, :, None] / mask.sum()",
        "dlogits *= mask[:, :, None]\n    dlogits /= T * B",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dlogits",
        why="The loss is divided by the number of real tokens.",
        lines=("dlogits /= T * B",),
    ),
    single(
        "rnn_masked_ce_only_new_state_goes_back",
        "rnn_masked_ce",
        'dh_next = da @ params["Whh"].T + (1 - m) * dh',
        'dh_next = da @ params["Whh"].T + (1 - m) * da',
        kind="wrong operand | missing path",
        steps="where the mask is 0",
        variable="dh_next",
        why="Over a gap the state is held, so dh goes back unchanged; da is 0 there.",
    ),
    # ------------------------------------------------------------------ rnn_reversed_views
    single(
        "rnn_reversed_views_carry_sums_up",
        "rnn_reversed_views",
        'carry = d @ params["W_hid"].T',
        'carry += d @ params["W_hid"].T',
        kind="+= for = | spurious term",
        steps="all but the last",
        variable="carry",
        why="The later steps' carries stay in it.",
    ),
    single(
        "rnn_reversed_views_other_sigmoid",
        "rnn_reversed_views",
        "dlogits = -sign / (1 + np.exp(sign * logits)) / logits.size",
        """p = 1 / (1 + np.exp(-sign * logits))
    dlogits = -sign * p / logits.size""",
        kind="wrong derivative | wrong sign",
        steps="none",
        variable="dlogits",
        why="It must be 1 - p.",
        lines=("dlogits = -sign * p / logits.size", "p = 1 / (1 + np.exp(-sign * logits))"),
    ),
    # ------------------------------------------------------------------ sentiment_mean_pool
    single(
        "sentiment_mean_pool_rolled_states",
        "sentiment_mean_pool",
        """        dstate = np.zeros_like(dpooled)
""",
        """        prevs = np.roll(np.array(self.states), 1, axis=0)
        dstate = np.zeros_like(dpooled)
""",
        more=(("prev = self.states[t - 1] if t > 0 else np.zeros_like(dz)", "prev = prevs[t]"),),
        kind="index off by one | initial value | wrong operand",
        steps="t=0 | none",
        variable="prevs",
        why="np.roll puts the last state before the first step, where zeros belong.",
        lines=(
            "prevs = np.roll(np.array(self.states), 1, axis=0)",
            "prev = prevs[t]",
            "dW_rec += prev.T @ dz",
        ),
    ),
    single(
        "sentiment_mean_pool_last_word_only",
        "sentiment_mean_pool",
        "dstate += dpooled * self.valid[:, t:t + 1]",
        "dstate += dpooled * (t == self.lengths - 1)[:, None]",
        kind="missing path | wrong operand",
        steps="all | all but the last",
        variable="dstate",
        why="Every valid state is in the mean, not only the last one.",
    ),
    single(
        "sentiment_mean_pool_divides_by_width",
        "sentiment_mean_pool",
        "dpooled = dlogit[:, None] * self.w_clf / self.lengths[:, None]",
        "dpooled = np.outer(dlogit, self.w_clf) / max_len",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dpooled",
        why="The mean is over the real lengths.",
    ),
    # ------------------------------------------------------------------ slstm_exponential_gates
    single(
        "slstm_exponential_gates_normaliser_constant",
        "slstm_exponential_gates",
        """    dn = dn - dh * o * new['c'] / new['n'] ** 2
""",
        "",
        kind="missing path",
        steps="all",
        variable="dn",
        why="h depends on the normaliser n too.",
        lines=(
            "di = dc * z + dn",
            "df = dc * old['c'] + dn * old['n']",
            "dc = dc + dh * o / new['n']",
            "return dh_prev, dc * f, dn * f",
        ),
    ),
    single(
        "slstm_exponential_gates_mean_per_frame",
        "slstm_exponential_gates",
        "du *= mask[t][:, None] / mask.sum()",
        "du *= mask[t][:, None] / mask[t].sum()",
        kind="scale 1/B or 1/T | wrong operand",
        steps="all",
        variable="du",
        why="The loss is divided by the number of all frames.",
    ),
    # ------------------------------------------------------------------ tensor_rnn
    single(
        "tensor_rnn_states_forward",
        "tensor_rnn",
        """        for t in range(len(word), 0, -1):
            s = word[t - 1]
            g = g * (1.0 - hs[t] ** 2)
            gA[s] += np.outer(g, hs[t - 1])
""",
        """        for s, h, h_prev in zip(word[::-1], hs[:0:-1], hs[:-1]):
            g = g * (1.0 - h ** 2)
            gA[s] += np.outer(g, h_prev)
""",
        kind="forward order | wrong order",
        steps="all",
        variable="h_prev",
        why="The previous states are read from the first to the last.",
    ),
    single(
        "tensor_rnn_h0_from_every_step",
        "tensor_rnn",
        """            g = A[s].T @ g
        gh0 += g
""",
        """            g = A[s].T @ g
            gh0 += g
""",
        kind="spurious term",
        steps="all but t=0",
        variable="gh0",
        why="Only what is left after the first step is h0's gradient.",
        lines=("gh0 += g",),
    ),
    single(
        "tensor_rnn_tanh_of_h0",
        "tensor_rnn",
        """        g = err * w
        for t in range(len(word), 0, -1):
            s = word[t - 1]
            g = g * (1.0 - hs[t] ** 2)
            gA[s] += np.outer(g, hs[t - 1])
            gb[s] += g
            g = A[s].T @ g
""",
        """        g = err * w * (1.0 - hs[-1] ** 2)
        for t in range(len(word), 0, -1):
            s = word[t - 1]
            gA[s] += np.outer(g, hs[t - 1])
            gb[s] += g
            g = (A[s].T @ g) * (1.0 - hs[t - 1] ** 2)
""",
        kind="spurious factor | wrong derivative",
        steps="t=0",
        variable="g",
        why="h0 is not the tanh of anything.",
        lines=("g = (A[s].T @ g) * (1.0 - hs[t - 1] ** 2)", "gh0 += g"),
    ),
    # ------------------------------------------------------------------ zoneout_lstm
    single(
        "zoneout_lstm_tanh_of_kept_cell",
        "zoneout_lstm",
        "tc = np.tanh(c_tilde[t])",
        "tc = np.tanh(c[t + 1])",
        kind="wrong operand",
        steps="all",
        variable="tc",
        why="The output is made of the cell before zoneout.",
    ),
    single(
        "zoneout_lstm_output_zoned_by_cell",
        "zoneout_lstm",
        """        dc_new = (1 - zone_c[t]) * dc + dh_new * o * (1 - tc ** 2)
""",
        """        dc = dc + dh_new * o * (1 - tc ** 2)
        dc_new = (1 - zone_c[t]) * dc
""",
        kind="spurious factor | wrong order",
        steps="all",
        variable="dc",
        why="h sees the new cell directly, without the cell's zoneout.",
        lines=("dc = dc + dh_new * o * (1 - tc ** 2)", "dc_new = (1 - zone_c[t]) * dc"),
    ),
    single(
        "zoneout_lstm_gates_stacked_first",
        "zoneout_lstm",
        "], axis=1).reshape(N, 4 * H)",
        "]).reshape(N, 4 * H)",
        kind="wrong order | wrong shape",
        steps="all",
        variable="dv",
        why="The gates must be the second axis before the reshape.",
        lines=("]).reshape(N, 4 * H)", "dv = np.stack(["),
    ),
)
