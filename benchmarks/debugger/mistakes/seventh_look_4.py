"""Mistakes of a stranger in a quarter of the programs: habits of other layouts."""

from planting import single

MISTAKES = (
    # ---- batched_ifog
    single(
        "batched_ifog_dhout_asarray",
        "batched_ifog",
        "    dHout = dHout_in.copy()\n",
        "    dHout = np.asarray(dHout_in)\n",
        kind="argument changed | aliasing",
        steps="none",
        variable="dHout",
        why="asarray does not copy, so the in-place sums land in the caller's array.",
        shows=("argument", "repeat"),
    ),
    single(
        "batched_ifog_out_drops_carry",
        "batched_ifog",
        "        dC[t] += (1 - Ct[t] ** 2) * (IFOGf[t, :, 2 * d:3 * d] * dHout[t])\n",
        "        np.multiply(1 - Ct[t] ** 2, IFOGf[t, :, 2 * d:3 * d] * dHout[t], out=dC[t])\n",
        kind="= for += | carry not added | carry lost",
        steps="all",
        variable="dC",
        why="out= overwrites what dC[t] already had from step t+1 and from dcn.",
    ),
    single(
        "batched_ifog_bias_column_last",
        "batched_ifog",
        "        dX[t] = dHin[t, :, 1:input_size + 1]\n"
        "        if t > 0:\n"
        "            dHout[t - 1, :] += dHin[t, :, input_size + 1:]\n"
        "        else:\n"
        "            dh0 += dHin[t, :, input_size + 1:]\n",
        "        dx_t, dh_t = dHin[t, :, :input_size], dHin[t, :, input_size:-1]\n"
        "        dX[t] = dx_t\n"
        "        if t > 0:\n"
        "            dHout[t - 1, :] += dh_t\n"
        "        else:\n"
        "            dh0 += dh_t\n",
        kind="index off by one | wrong order | wrong operand",
        steps="all",
        variable="dx_t",
        why="The column of ones is the first one in Hin, but is left out at the end.",
    ),
    # ---- bilstm_ner_residual
    single(
        "bilstm_ner_residual_reversed_output",
        "bilstm_ner_residual",
        '        dy[:, :, H:], m, P[f"W{l}b"], range(T)[::-1], tapes[1])',
        '        dy[::-1, :, H:], m, P[f"W{l}b"], range(T)[::-1], tapes[1])',
        kind="wrong order | forward order",
        steps="none",
        variable="gx_b",
        why="The outputs of the right-to-left pass already stand in the order of the words.",
    ),
    single(
        "bilstm_ner_residual_cell_mask",
        "bilstm_ner_residual",
        "        gc = (gc + gh * o * (1 - tc**2)) * m[t][:, None]\n",
        "        gc += gh * o * (1 - tc**2)\n",
        kind="missing factor | missing derivative",
        steps="where the mask is 0",
        variable="gc",
        why="The carry gc has to be masked as well as gh.",
    ),
    single(
        "bilstm_ner_residual_skip_through_dropout",
        "bilstm_ner_residual",
        '    gy1 = bilstm_back(gfeat, I["m"], P, 2, tapes2, G) * drop\n    gy1 += gfeat\n',
        '    gy1 = gfeat + bilstm_back(gfeat, I["m"], P, 2, tapes2, G)\n    gy1 *= drop\n',
        kind="wrong order | spurious factor",
        steps="none",
        variable="gy1",
        why="The skip connection goes around the dropout.",
        lines=("gy1 *= drop", 'gy1 = gfeat + bilstm_back(gfeat, I["m"], P, 2, tapes2, G)'),
    ),
    # ---- char_lstm_guarded
    single(
        "char_lstm_guarded_einsum_letters",
        "char_lstm_guarded",
        "            dW += da[:, :, None] * h_prev\n",
        '            dW += np.einsum("kj,h->khj", da, h_prev)\n',
        kind="transposed",
        steps="all",
        variable="dW",
        why="W is (gate, to, from), so the letters of h_prev come last.",
    ),
    single(
        "char_lstm_guarded_tensordot_axes",
        "char_lstm_guarded",
        "            dh = np.sum([self.W[k].T @ da[k] for k in range(4)], axis=0)\n",
        "            dh = np.tensordot(self.W, da, axes=([0, 2], [0, 1]))\n",
        kind="transposed",
        steps="all",
        variable="dh",
        why="Sums over the axis of the previous state instead of the axis of the gates' units.",
    ),
    single(
        "char_lstm_guarded_scatter_at_once",
        "char_lstm_guarded",
        '        return {"U": dU,',
        '        dU[:, :, self.x] += das\n        return {"U": dU,',
        kind="repeated indices",
        steps="none | after an index repeats",
        variable="dU",
        why="A fancy += adds only once where a character occurs several times.",
        more=(
            ("            dU[:, :, self.x[t]] += da\n", "            das[:, :, t] = da\n"),
            (
                "        dc = np.zeros_like(self.c_init)\n",
                "        dc = np.zeros_like(self.c_init)\n"
                "        das = np.zeros((4, len(dh), T))\n",
            ),
        ),
    ),
    # ---- class_attributes
    single(
        "class_attributes_shared_carries",
        "class_attributes",
        "        dh_next = np.zeros_like(self.h[0])\n        dc_next = np.zeros_like(self.c[0])\n",
        "        dh_next = dc_next = np.zeros_like(self.h[0])\n",
        kind="aliasing",
        steps="none | all | all but t=0 | all but the last",
        variable="dh_next",
        why="Both carries are one array, the cell's overwrites the hidden state's.",
        lines=(
            "dh_next = dc_next = np.zeros_like(self.h[0])",
            "dc_next[:] = dc * f",
            "dh_next[:] = dz.dot(self.U.T)",
        ),
        more=(
            (
                "            dh_next = dz.dot(self.U.T)\n            dc_next = dc * f\n",
                "            dh_next[:] = dz.dot(self.U.T)\n            dc_next[:] = dc * f\n",
            ),
        ),
    ),
    single(
        "class_attributes_keras_gate_order",
        "class_attributes",
        "                dc * self.c[t] * f * (1 - f),\n                dc * g * i * (1 - i),\n"
        "                dh * tanh_c * o * (1 - o),\n                dc * i * (1 - g ** 2),\n",
        "                dc * g * i * (1 - i),\n                dc * self.c[t] * f * (1 - f),\n"
        "                dc * i * (1 - g ** 2),\n                dh * tanh_c * o * (1 - o),\n",
        kind="wrong order",
        steps="all",
        variable="dz",
        why="Blocks in the order i, f, g, o, but the weights have f, i, o, g.",
        lines=(
            "dc * g * i * (1 - i),",
            "dz = np.concatenate([",
            "dc * self.c[t] * f * (1 - f),",
            "dc * i * (1 - g ** 2),",
            "dh * tanh_c * o * (1 - o),",
        ),
    ),
    single(
        "class_attributes_mean_over_samples",
        "class_attributes",
        "        dY = 2 * self.err / self.err.size\n",
        "        n, _, _ = self.err.shape\n        dY = 2 * self.err / n\n",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dY",
        why="The mean is taken over the steps too.",
        lines=("dY = 2 * self.err / n", "n, _, _ = self.err.shape"),
    ),
    # ---- coupled_gates
    single(
        "coupled_gates_cell_too_early",
        "coupled_gates",
        "        gg = gc * (1.0 - f)\n",
        "        gc *= f\n        gg = gc * (1.0 - f)\n",
        kind="overwritten too early | wrong order | spurious factor",
        steps="all",
        variable="gg",
        why="gc is already the previous cell's gradient when the candidate's is taken.",
        lines=("gc *= f", "gg = gc * (1.0 - f)"),
        more=(("        gc = gc * f\n    return", "    return"),),
    ),
    single(
        "coupled_gates_while_ends_early",
        "coupled_gates",
        "    t = len(memo)\n    while t > 0:\n        t -= 1\n",
        "    t = len(memo) - 1\n    while t > 0:\n",
        kind="loop bounds",
        steps="t=0",
        variable="t",
        why="The first step is not reached.",
        lines=("while t > 0:",),
        more=(("        gc = gc * f\n", "        gc = gc * f\n        t -= 1\n"),),
    ),
    single(
        "coupled_gates_recurrent_columns_first",
        "coupled_gates",
        "        ginp[:, t] = gv[:, :D]\n        gh = gv[:, D:]\n",
        "        gh, ginp[:, t] = np.split(gv, [H], axis=1)\n",
        kind="wrong order",
        steps="all",
        variable="gh",
        why="v is [input, state], not [state, input].",
    ),
    # ---- embedding_rnn
    single(
        "embedding_rnn_fancy_increment",
        "embedding_rnn",
        '            demb[:, t] = da @ p["Wx"].T\n',
        '            g["E"][self.tokens[:, t]] += da @ p["Wx"].T\n',
        kind="repeated indices",
        steps="after an index repeats | all",
        variable="g",
        why="Where two sentences have the same word in a step only one of them counts.",
        more=(
            ("        demb = np.zeros_like(self.emb)\n", ""),
            ('        np.add.at(g["E"], self.tokens, demb)\n', ""),
        ),
    ),
    single(
        "embedding_rnn_batch_axis",
        "embedding_rnn",
        '    return rnn.backward(inputs["coef"] / h.shape[1])\n',
        '    return rnn.backward(inputs["coef"] / len(h))\n',
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dout",
        why="The first axis is time, not the batch.",
    ),
    single(
        "embedding_rnn_states_without_first",
        "embedding_rnn",
        '            g["Wh"] += self.h[t].T @ da\n',
        '            g["Wh"] += h[t - 1].T @ da\n',
        kind="index off by one | wrong operand",
        steps="t=0",
        variable="g",
        why="h begins after the first step, so h[-1] is the last state and not h0.",
        more=(
            (
                "        dh_next = np.zeros_like(self.h[0])\n",
                "        h = self.h[1:]\n        dh_next = np.zeros_like(h[0])\n",
            ),
            (
                "            da = dh * (1 - self.h[t + 1] ** 2)\n",
                "            da = dh * (1 - h[t] ** 2)\n",
            ),
        ),
    ),
    # ---- gru_char_script
    single(
        "gru_char_script_clip_in_loop",
        "gru_char_script",
        "        dhnext += dzraw @ Whz.T\n"
        "    # for d in [dWxz, dWhz, dWxr, dWhr, dWxh, dWhh, dWhy]: np.clip(d, -5, 5, out=d)\n",
        "        dhnext += dzraw @ Whz.T\n        np.clip(dhnext, -1, 1, out=dhnext)\n",
        kind="clipped",
        steps="all | all but t=0",
        variable="dhnext",
        why="The carry itself is clipped.",
        lines=("np.clip(dhnext, -1, 1, out=dhnext)",),
    ),
    # ---- gru_globals
    single(
        "gru_globals_stateful",
        "gru_globals",
        "    dh_next = np.zeros(Uz.shape[0])\n",
        "    global dh_next\n    if dh_next is None or dh_next.shape != hs[0].shape:\n"
        "        dh_next = np.zeros_like(hs[0])\n",
        kind="state between calls | initial value",
        steps="none | the last",
        variable="dh_next",
        why="The carry of the call before is still there.",
        lines=(
            "if dh_next is None or dh_next.shape != hs[0].shape:",
            "global dh_next",
            "dh_next = np.zeros_like(hs[0])",
            "dh_next = dh * zs[t] + drh * rs[t] + Ur.T.dot(dr) + Uz.T.dot(dz)",
            "dh = V.T.dot(dy) + dh_next",
        ),
        more=(("V = None\nxs = None\n", "V = None\nxs = dh_next = None\n"),),
        shows=("repeat",),
    ),
    single(
        "gru_globals_outer_in_loop_over_gates",
        "gru_globals",
        "        dWh += np.outer(dhbar, xs[t])\n        dUh += np.outer(dhbar, rs[t] * hs[t])\n"
        "        dWr += np.outer(dr, xs[t])\n        dUr += np.outer(dr, hs[t])\n"
        "        dWz += np.outer(dz, xs[t])\n        dUz += np.outer(dz, hs[t])\n",
        "        for dW, dU, d, h in ((dWh, dUh, dhbar, rs[t] * hs[t]), (dWr, dUr, dr, hs[t]),\n"
        "                             (dWz, dUz, dz, hs[t])):\n"
        "            dW += np.outer(d, xs[t])\n            dU += np.outer(h, d)\n",
        kind="transposed",
        steps="all but t=0 | all",
        variable="dU",
        why="The state acts from the right, so it is the second factor.",
        lines=("dU += np.outer(h, d)",),
    ),
    single(
        "gru_globals_dot_of_vectors",
        "gru_globals",
        "        dUr += np.outer(dr, hs[t])\n",
        "        dUr += dr.dot(hs[t].T)\n",
        kind="dot for outer",
        steps="all but t=0 | all",
        variable="dUr",
        why=".T of a vector is the vector, and the dot product a number.",
    ),
    # ---- gru_tagger_fit
    single(
        "gru_tagger_fit_decay_every_step",
        "gru_tagger_fit",
        "        self.dUz += self.l2 * self.Uz\n        self.dUr += self.l2 * self.Ur\n"
        "        self.dUc += self.l2 * self.Uc\n",
        '            for name in ("Uz", "Ur", "Uc"):\n'
        '                dU = getattr(self, "d" + name)\n'
        "                dU += self.l2 * getattr(self, name)\n",
        kind="spurious term | spurious factor",
        steps="all | all but t=0 | all but the last",
        variable="dU",
        why="The penalty is counted once a step.",
        lines=(
            "dU += self.l2 * getattr(self, name)",
            'for name in ("Uz", "Ur", "Uc"):',
            'dU = getattr(self, "d" + name)',
        ),
    ),
    single(
        "gru_tagger_fit_enumerate",
        "gru_tagger_fit",
        "        for t in range(T - 1, -1, -1):\n"
        "            x, h_prev, h = self.X[:, t, :], self.h[t], self.h[t + 1]\n"
        "            z, r, c = self.z[t], self.r[t], self.c[t]\n\n",
        "        for t, (z, r, c) in enumerate(zip(self.z, self.r, self.c)):\n"
        "            x, h_prev, h = self.X[:, t, :], self.h[t], self.h[t + 1]\n\n",
        kind="forward order",
        steps="all",
        variable="t",
        why="The loop over time runs forwards.",
    ),
    single(
        "gru_tagger_fit_bias_mean",
        "gru_tagger_fit",
        "            err = (self.p[t] - y[:, t]) / (B * T)\n",
        "            err = (self.p[t] - y[:, t]) / len(y)\n",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="err",
        why="The mean is over the steps too.",
    ),
    # ---- hard_gates_cell_skip
    single(
        "hard_gates_cell_skip_torch_slope",
        "hard_gates_cell_skip",
        "        d[:G] *= 0.2 * ((gate[:G] > 0.0) & (gate[:G] < 1.0))\n",
        "        d[:G] *= np.where((gate[:G] > 0.0) & (gate[:G] < 1.0), 1.0 / 6.0, 0.0)\n",
        kind="wrong derivative | spurious factor | wrong operand",
        steps="all",
        variable="d",
        why="The slope of this hard sigmoid is 0.2.",
    ),
    single(
        "hard_gates_cell_skip_out_into_carry",
        "hard_gates_cell_skip",
        "        np.multiply(dc[n], gate[F], out=tmp)\n        dc[n - 1] += tmp\n",
        "        np.multiply(dc[n], gate[F], out=dc[n - 1])\n",
        kind="= for += | carry lost",
        steps="all but the last | all",
        variable="dc",
        why="What the skip of the step after put there is overwritten.",
    ),
    single(
        "hard_gates_cell_skip_one_tmp",
        "hard_gates_cell_skip",
        "        np.multiply(dc[n], gate[F], out=tmp)\n        dc[n - 1] += tmp\n"
        "        np.multiply(dc[n], gate[S], out=tmp)\n        dc[n - K] += tmp\n",
        "        from_f = np.multiply(dc[n], gate[F], out=tmp)\n"
        "        from_s = np.multiply(dc[n], gate[S], out=tmp)\n"
        "        dc[n - 1] += from_f\n        dc[n - K] += from_s\n",
        kind="aliasing | overwritten too early",
        steps="all",
        variable="from_f",
        why="Both names are the buffer tmp.",
        lines=(
            "from_s = np.multiply(dc[n], gate[S], out=tmp)",
            "from_f = np.multiply(dc[n], gate[F], out=tmp)",
            "dc[n - 1] += from_f",
        ),
    ),
    # ---- janet
    single(
        "janet_dict_update",
        "janet",
        "        for name in dp:\n            grads[name] += dp[name]\n",
        "        grads.update(dp)\n",
        kind="= for +=",
        steps="all but the last | all",
        variable="grads",
        why="update replaces the sums.",
    ),
    single(
        "janet_state_gradient_renamed",
        "janet",
        '        grads["x"][t], dh, dp = janet_cell_grad(dh + dhs[t], caches[t], params)\n',
        "        dx, dh_prev, dp = janet_cell_grad(dhs[t] + dh, caches[t], params)\n"
        '        grads["x"][t] = dx\n',
        kind="carry lost",
        steps="all but the last | all but t=0 | all",
        variable="dh",
        why="dh_prev is never handed on.",
        more=(('    grads["h0"] = dh\n', '    grads["h0"] = dh_prev\n'),),
    ),
    # ---- layernorm_lstm
    single(
        "layernorm_lstm_batch_axis",
        "layernorm_lstm",
        "        - dxhat.mean(axis=1, keepdims=True)\n"
        "        - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True)\n",
        "        - dxhat.mean(axis=0)\n        - xhat * np.mean(dxhat * xhat, axis=0)\n",
        kind="wrong derivative | wrong operand | transposed",
        steps="all",
        variable="da",
        why="Means over the batch, as of batch normalisation.",
        lines=(
            "- dxhat.mean(axis=0)",
            "- xhat * np.mean(dxhat * xhat, axis=0)",
            "da = inv_std * (",
        ),
    ),
    single(
        "layernorm_lstm_unbiased",
        "layernorm_lstm",
        "    da = inv_std * (\n        dxhat\n        - dxhat.mean(axis=1, keepdims=True)\n"
        "        - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True)\n    )\n",
        "    n = xhat.shape[1]\n    da = dxhat - np.sum(dxhat, axis=1, keepdims=True) / n\n"
        "    da -= xhat * np.sum(dxhat * xhat, axis=1, keepdims=True) / (n - 1)\n"
        "    da *= inv_std\n",
        kind="scale 1/B or 1/T | wrong derivative | spurious factor | wrong operand",
        steps="all",
        variable="da",
        why="The variance of the forward is divided by n.",
        lines=("da -= xhat * np.sum(dxhat * xhat, axis=1, keepdims=True) / (n - 1)",),
    ),
    single(
        "layernorm_lstm_torch_gate_order",
        "layernorm_lstm",
        "    dz = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f),\n"
        "                         dh * th * o * (1 - o), dc * i * (1 - g * g)], axis=1)\n",
        "    di, df, dg, do = dc * g, dc * c, dc * i, dh * th\n"
        "    dz = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * "
        "o * (1 - o)])\n",
        kind="wrong order",
        steps="all",
        variable="dz",
        why="Blocks in the order i, f, g, o, but the forward has i, f, o, g.",
        lines=(
            "dz = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), "
            "do * o * (1 - o)])",
        ),
    ),
    # ---- list_offset_lstm
    single(
        "list_offset_lstm_state_last",
        "list_offset_lstm",
        "        dh_next = dz[:n]\n",
        "        dh_next = dz[-n:]\n",
        kind="wrong order | wrong operand",
        steps="all but t=0 | all",
        variable="dh_next",
        why="The state stands first in z.",
    ),
    single(
        "list_offset_lstm_tanh_cached",
        "list_offset_lstm",
        "        do = dh * tanh(C[t + 1]) * sigmoid(o_s[t], derivative=True)\n"
        "        dC = dh * sigmoid(o_s[t]) * tanh(C[t + 1], derivative=True) + dC_next\n",
        "        tanh_C = tanh(C[t + 1])\n"
        "        do = dh * tanh_C * sigmoid(o_s[t], derivative=True)\n"
        "        dC = dh * sigmoid(o_s[t]) * tanh(tanh_C, derivative=True) + dC_next\n",
        kind="derivative of an activated value",
        steps="all",
        variable="dC",
        why="tanh is applied once more inside of its derivative.",
        lines=("dC = dh * sigmoid(o_s[t]) * tanh(tanh_C, derivative=True) + dC_next",),
    ),
    single(
        "list_offset_lstm_integer_buffer",
        "list_offset_lstm",
        "        dv = y_s[t] - targets[t]\n",
        "        dv = np.empty_like(targets[t])\n        dv[:] = y_s[t] - targets[t]\n",
        kind="wrong dtype",
        steps="all",
        variable="dv",
        why="The targets are integers, so the buffer cuts the fractions off.",
        lines=("dv = np.empty_like(targets[t])", "dv[:] = y_s[t] - targets[t]"),
    ),
    # ---- lstm_closures
    single(
        "lstm_closures_lambda_sees_last_gate",
        "lstm_closures",
        '        acts[k], pulls[k] = (tanh if k == "g" else sigmoid)(a)\n',
        '        acts[k] = np.tanh(a) if k == "g" else 1 / (1 + np.exp(-a))\n'
        '        pulls[k] = lambda dy: dy * (1 - acts[k] ** 2 if k == "g"'
        " else acts[k] * (1 - acts[k]))\n",
        kind="late binding",
        steps="all",
        variable="pulls",
        why="k is looked up when the lambda is called, and is g for every gate.",
        lines=(
            'pulls[k] = lambda dy: dy * (1 - acts[k] ** 2 if k == "g"'
            " else acts[k] * (1 - acts[k]))",
        ),
    ),
    single(
        "lstm_closures_pop_then_len",
        "lstm_closures",
        "        for pb, dh_out in zip(reversed(pullbacks), dhs[::-1]):\n"
        "            dp, dx, dh, dc = pb(dh + dh_out, dc)\n",
        "        while pullbacks:\n"
        "            dp, dx, dh, dc = pullbacks.pop()(dh + dhs[len(pullbacks) - 1], dc)\n",
        kind="index off by one",
        steps="all",
        variable="dh",
        why="pop is called before len, so the index is one too small.",
        lines=("dp, dx, dh, dc = pullbacks.pop()(dh + dhs[len(pullbacks) - 1], dc)",),
    ),
    single(
        "lstm_closures_sum_after_loop",
        "lstm_closures",
        "            for k, v in dp.items():\n                total[k] += v\n",
        "        for k, v in dp.items():\n            total[k] += v\n",
        kind="accumulation outside the loop",
        steps="none | all but t=0 | all",
        variable="total",
        why="Only the last dp, that of t=0, is added.",
        lines=("for k, v in dp.items():", "total[k] += v"),
    ),
    # ---- lstm_engine_life
    single(
        "lstm_engine_life_states_shifted",
        "lstm_engine_life",
        '            "recurrent": np.tensordot(self.h[before], d_gates, axes=([0, 1], [0, 1])),\n',
        '            "recurrent": np.tensordot(self.h[:-1], d_gates, axes=([0, 1], [0, 1])),\n',
        kind="index off by one | wrong operand",
        steps="none",
        variable="recurrent",
        why="h[:-1] are the states after the steps; the first one is in h[-1].",
        more=(("        before = np.arange(n_cycles) - 1\n", ""),),
    ),
    single(
        "lstm_engine_life_einsum_letters",
        "lstm_engine_life",
        '            d_h_before = np.tensordot(d, p["recurrent"], axes=([1, 2], [1, 2]))\n',
        '            d_h_before = np.einsum("bgh,hgk->bk", d, p["recurrent"])\n',
        kind="transposed",
        steps="all",
        variable="d_h_before",
        why="Sums over the axis of the previous state.",
    ),
    single(
        "lstm_engine_life_gradients_in_gates",
        "lstm_engine_life",
        "        d_gates = np.empty_like(self.gates)\n",
        "        d_gates = self.gates[:]\n",
        kind="aliasing | overwritten too early",
        steps="none | all",
        variable="d_gates",
        why="The slice of an array is no copy, so the gates are overwritten while they are needed.",
    ),
    # ---- lstm_last_step_mse
    single(
        "lstm_last_step_mse_return_sequences",
        "lstm_last_step_mse",
        "            dh = dz[:, :units]\n",
        "            dh = dz[:, :units] + dh_out\n",
        kind="spurious term",
        steps="all but t=0 | all",
        variable="dh",
        why="Only the last state goes into the dense layer.",
        more=(
            ("        dc = np.zeros_like(dh)\n", "        dh_out, dc = dh, np.zeros_like(dh)\n"),
        ),
    ),
    single(
        "lstm_last_step_mse_chained_zeros",
        "lstm_last_step_mse",
        "        self.dbf = self.dbi = self.dbc = self.dbo = 0\n",
        "        self.dbf = self.dbi = self.dbc = self.dbo = np.zeros(units)\n",
        kind="aliasing",
        steps="none | all",
        variable="dbf",
        why="The four biases share one buffer, and += writes into it.",
        more=(
            (
                "            self.dbf = self.dbf + df_raw.sum(axis=0)\n"
                "            self.dbi = self.dbi + di_raw.sum(axis=0)\n"
                "            self.dbc = self.dbc + dc_raw.sum(axis=0)\n"
                "            self.dbo = self.dbo + do_raw.sum(axis=0)\n",
                "            self.dbf += df_raw.sum(axis=0)\n"
                "            self.dbi += di_raw.sum(axis=0)\n"
                "            self.dbc += dc_raw.sum(axis=0)\n"
                "            self.dbo += do_raw.sum(axis=0)\n",
            ),
        ),
    ),
    single(
        "lstm_last_step_mse_time_first",
        "lstm_last_step_mse",
        "        return np.stack(dx[::-1], axis=1)\n",
        "        return np.array(dx[::-1])\n",
        kind="wrong shape | transposed | wrong order",
        steps="none",
        variable="dx",
        why="Time comes first, but x has the batch first.",
    ),
    # ---- lstm_matlab_columns
    single(
        "lstm_matlab_columns_colon_minus_one",
        "lstm_matlab_columns",
        "    for ts in range(TS, 0, -1):\n",
        "    for ts in range(TS, 1, -1):\n",
        kind="loop bounds",
        steps="t=0",
        variable="ts",
        why="TS:-1:1 of MATLAB includes 1.",
    ),
    single(
        "lstm_matlab_columns_state_assigned",
        "lstm_matlab_columns",
        '        dH[:, now] += net["LW"].T @ D[:, now]\n        dC[:, now] = dC[:, nxt] * fg\n',
        '        dH[:, now], dC[:, now] = net["LW"].T @ D[:, now], dC[:, nxt] * fg\n',
        kind="= for +=",
        steps="all but t=0 | all",
        variable="dH",
        why="The gradient from the output of that step is overwritten.",
    ),
    single(
        "lstm_matlab_columns_all_columns",
        "lstm_matlab_columns",
        "    E = EW * (Y - T) / Q\n",
        "    E = EW * (Y - T) / Y.shape[1]\n",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="E",
        why="Y has Q * TS columns, the loss is divided by Q.",
    ),
    # ---- lstm_packed_tagger
    single(
        "lstm_packed_tagger_fresh_carry",
        "lstm_packed_tagger",
        "        dh[:n] = da[rows] @ U.T\n",
        "        dh = np.zeros_like(dh_last)\n        dh[:n] = da[rows] @ U.T\n",
        kind="carry lost | initial value",
        steps="all but t=0 | all",
        variable="dh",
        why="The rows of the sentences that are shorter lose their last state's gradient.",
        lines=("dh = np.zeros_like(dh_last)",),
    ),
    single(
        "lstm_packed_tagger_saved_after_update",
        "lstm_packed_tagger",
        "        h_in[rows], c_in[rows] = h[:n], c[:n]\n",
        "",
        kind="overwritten too early | wrong order | index off by one",
        steps="all",
        variable="h_in",
        why="The states are saved after they have been overwritten.",
        lines=("h_in[rows], c_in[rows] = h[:n], c[:n]",),
        more=(
            (
                "        gates[rows] = a\n        out[rows] = h[:n]\n",
                "        gates[rows], out[rows] = a, h[:n]\n"
                "        h_in[rows], c_in[rows] = h[:n], c[:n]\n",
            ),
        ),
    ),
    single(
        "lstm_packed_tagger_mean_over_sentences",
        "lstm_packed_tagger",
        "    dlogits /= len(tags)\n    derr = err / len(err)\n",
        "    B = len(err)\n    dlogits, derr = dlogits / B, err / B\n",
        kind="scale 1/B or 1/T | mean for sum",
        steps="none",
        variable="dlogits",
        why="The first part of the loss is a mean over the tokens.",
        lines=("dlogits, derr = dlogits / B, err / B", "B = len(err)"),
    ),
    # ---- lstm_residual_normed_output
    single(
        "lstm_residual_normed_output_reshape",
        "lstm_residual_normed_output",
        "        dx = dy.copy()  # residual\n",
        "        dx = dy.copy()  # residual\n        dh_out = dy.reshape(T, B, H)\n",
        kind="transposed | wrong order | wrong shape",
        steps="none | all",
        variable="dh_out",
        why="reshape does not exchange the axes of batch and time.",
        lines=("dh_out = dy.reshape(T, B, H)", "dh = dh_out[t] + dh_next"),
        more=(("            dh = dy[:, t] + dh_next\n", "            dh = dh_out[t] + dh_next\n"),),
    ),
    single(
        "lstm_residual_normed_output_carry_of_norm",
        "lstm_residual_normed_output",
        "            dc_next = dc * self.f[t]\n",
        "            dc_next = dcn * self.f[t]\n",
        kind="wrong operand | carry lost | carry not added | missing path",
        steps="all but the last | all",
        variable="dc_next",
        why="The part that came from the cell after is not handed on.",
    ),
    single(
        "lstm_residual_normed_output_dx_zeros",
        "lstm_residual_normed_output",
        "        dx = dy.copy()  # residual\n",
        "        dx = np.zeros_like(self.x)\n",
        kind="missing path | initial value",
        steps="none",
        variable="dx",
        why="The gradient along the residual is missing.",
    ),
    # ---- lstm_weight_vector
    single(
        "lstm_weight_vector_view_rebound",
        "lstm_weight_vector",
        '        d["Wx"] += xt.T @ da\n        d["Wh"] += h.T @ da\n'
        '        d["b"] += da.sum(axis=0)\n',
        '        for name, part in (("Wx", xt.T @ da), ("Wh", h.T @ da), ("b", da.sum(axis=0))):\n'
        "            d[name] = d[name] + part\n",
        kind="never returned | = for += | aliasing",
        steps="all | none",
        variable="d",
        why="The sum is a new array and no longer a view into dtheta.",
        lines=("d[name] = d[name] + part",),
    ),
    single(
        "lstm_weight_vector_column_major",
        "lstm_weight_vector",
        '    return {"theta": dtheta, "h0": dh, "c0": dc}\n',
        '    dtheta = np.concatenate([d[name].ravel(order="F") for name in d])\n'
        '    return {"theta": dtheta, "h0": dh, "c0": dc}\n',
        kind="wrong order | transposed",
        steps="none",
        variable="dtheta",
        why="unpack reads the segments row by row.",
        more=(
            (
                '    dtheta = np.zeros_like(params["theta"])\n    d = unpack(dtheta, *dims)\n',
                "    d = {name: np.zeros(shape) for name, shape in shapes(*dims).items()}\n",
            ),
        ),
    ),
    # ---- matrix_memory_lstm
    single(
        "matrix_memory_lstm_scale_of_values",
        "matrix_memory_lstm",
        "    dk = dk / np.sqrt(k.shape[1])\n",
        "    dk = dk / np.sqrt(v.shape[-1])\n",
        kind="wrong operand | spurious factor | missing factor",
        steps="all",
        variable="dk",
        why="The keys are scaled by the root of their own size.",
    ),
    single(
        "matrix_memory_lstm_read_of_old_memory",
        "matrix_memory_lstm",
        "    dq = np.einsum('bvk,bv->bk', m['C'], dnum) + ds[:, None] * m['n']\n",
        "    C, n = m['C_prev'], m['n_prev']\n"
        "    dq = (dnum[:, None] @ C)[:, 0] + ds[:, None] * n\n",
        kind="wrong operand | index off by one",
        steps="all",
        variable="dq",
        why="The query reads the new memory.",
        lines=(
            "dq = (dnum[:, None] @ C)[:, 0] + ds[:, None] * n",
            "C, n = m['C_prev'], m['n_prev']",
        ),
    ),
    single(
        "matrix_memory_lstm_read_added_last",
        "matrix_memory_lstm",
        "    dC = dC + np.einsum('bv,bk->bvk', dnum, q)\n    dn = dn + ds[:, None] * q\n",
        "",
        kind="wrong order | missing path",
        steps="all",
        variable="dCk",
        why="The gradient from the read is added after dC has been used.",
        lines=(
            "dCk = np.einsum('bvk,bk->bv', dC, k)",
            "dC = dC + np.einsum('bv,bk->bvk', dnum, q)",
        ),
        more=(
            (
                "    return dz, fg[:, :, None] * dC, fg * dn\n",
                "    dC = dC + np.einsum('bv,bk->bvk', dnum, q)\n    dn = dn + ds[:, None] * q\n"
                "    return dz, fg[:, :, None] * dC, fg * dn\n",
            ),
        ),
    ),
    # ---- multiplicative_lstm
    single(
        "multiplicative_lstm_inplace_cell",
        "multiplicative_lstm",
        "    c_t = f * c + i * hhat\n    h_t = np.tanh(c_t) * o\n"
        "    return h_t, c_t, (x, h, c, mx, mh, m, hhat, i, o, f, c_t)\n",
        "    c *= f\n    c += i * hhat\n    h_t = np.tanh(c) * o\n"
        "    return h_t, c, (x, h, c, mx, mh, m, hhat, i, o, f, c.copy())\n",
        kind="aliasing | overwritten too early",
        steps="all",
        variable="c",
        why="All caches hold one and the same array as the cell before.",
        lines=(
            "return h_t, c, (x, h, c, mx, mh, m, hhat, i, o, f, c.copy())",
            "c *= f",
            "c += i * hhat",
        ),
        more=(
            (
                '    h, c = inputs["h0"], inputs["c0"]\n    total = 0.0\n',
                '    h, c = inputs["h0"], inputs["c0"].copy()\n    total = 0.0\n',
            ),
        ),
    ),
    single(
        "multiplicative_lstm_for_kept",
        "multiplicative_lstm",
        "    while kept:\n        cache, err = kept.pop()\n",
        "    for cache, err in kept:\n",
        kind="forward order",
        steps="all",
        variable="cache",
        why="The steps are gone through from the first to the last.",
    ),
    single(
        "multiplicative_lstm_factors_exchanged",
        "multiplicative_lstm",
        "    dmx = dm * mh\n    dmh = dm * mx\n",
        "    dmx, dmh = dm * mx, dm * mh\n",
        kind="wrong operand | wrong order",
        steps="all",
        variable="dmx",
        why="The derivative of a product is the other factor.",
    ),
    # ---- peephole_ar_terse
    single(
        "peephole_ar_terse_gates_in_order",
        "peephole_ar_terse",
        "        # output gate first: it looks at the new cell\n"
        "        A[3] = Q * k * o * (1 - o)\n"
        "        C = C + Q * o * (1 - k * k) + P[2] * A[3]\n"
        "        A[0] = C * g * i * (1 - i)\n"
        "        A[1] = C * s * f * (1 - f)\n"
        "        A[2] = C * i * (1 - g * g)\n",
        "        C = C + Q * o * (1 - k * k) + P[2] * A[3]\n"
        "        A[:] = (C * g * i * (1 - i), C * s * f * (1 - f), C * i * (1 - g * g),\n"
        "                Q * k * o * (1 - o))\n",
        kind="wrong order | index off by one",
        steps="all",
        variable="C",
        why="A[3] is still that of the step after.",
        lines=(
            "C = C + Q * o * (1 - k * k) + P[2] * A[3]",
            "A[:] = (C * g * i * (1 - i), C * s * f * (1 - f), C * i * (1 - g * g),",
        ),
    ),
    single(
        "peephole_ar_terse_einsum_back",
        "peephole_ar_terse",
        "        Q = sum(R[j].T @ A[j] for j in range(4))\n",
        "        Q = np.einsum('khj,kjn->hn', R, A)\n",
        kind="transposed",
        steps="all",
        variable="Q",
        why="The letters are those of the forward product.",
    ),
    # ---- residual_rnn
    single(
        "residual_rnn_batch_first_rows",
        "residual_rnn",
        "    dU = h[:-1].reshape(T * B, H).T @ flat\n",
        "    dU = h[:-1].swapaxes(0, 1).reshape(T * B, H).T @ flat\n",
        kind="wrong order | transposed",
        steps="none",
        variable="dU",
        why="The rows of flat go through time first.",
    ),
    single(
        "residual_rnn_deltas_in_place",
        "residual_rnn",
        "    dz = np.zeros_like(dh)\n    carry = 0\n",
        "    dz, carry = dh, 0\n",
        kind="aliasing | argument changed",
        steps="none | all",
        variable="dz",
        why="dtop is overwritten, but is needed for the residual connection.",
    ),
    single(
        "residual_rnn_zip_of_states",
        "residual_rnn",
        "    for t in range(len(dh) - 1, -1, -1):\n"
        "        dz[t] = (dh[t] + carry) * (1 - h[t + 1] ** 2)\n",
        "    for t, (g, state) in reversed(list(enumerate(zip(dh, h)))):\n"
        "        dz[t] = (g + carry) * (1 - state ** 2)\n",
        kind="index off by one | wrong operand",
        steps="all",
        variable="state",
        why="h begins with the state before the first step.",
        lines=(
            "for t, (g, state) in reversed(list(enumerate(zip(dh, h)))):",
            "dz[t] = (g + carry) * (1 - state ** 2)",
        ),
    ),
    # ---- rnn_free_running
    single(
        "rnn_free_running_first_own_input",
        "rnn_free_running",
        "        if t + 1 >= WARM:\n            gy = gy + gi\n",
        "        gy = gy + gi * (t >= WARM)\n",
        kind="index off by one | missing path",
        steps="t=1",
        variable="gy",
        why="The output of t=1 is read by t=2 already.",
    ),
    single(
        "rnn_free_running_delta_of_output",
        "rnn_free_running",
        '        gh = gh + P["Wout"].T @ gy\n        ga = gh * (1 - H[t] * H[t])\n',
        '        gh_out = P["Wout"].T @ gy\n        ga = gh_out * (1 - H[t] * H[t])\n',
        kind="carry not added | carry lost | missing path",
        steps="all but the last | all",
        variable="gh_out",
        why="The gradient from the step after is not added.",
        lines=("ga = gh_out * (1 - H[t] * H[t])", 'gh_out = P["Wout"].T @ gy'),
    ),
    # ---- rnn_ntd_captioning
    single(
        "rnn_ntd_captioning_mean_over_words",
        "rnn_ntd_captioning",
        "    dx_flat /= N\n    dx_flat *= mask_flat[:, None]\n",
        "    dx_flat *= mask_flat[:, None] / mask_flat.sum()\n",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dx_flat",
        why="The loss is divided by the number of captions.",
    ),
    single(
        "rnn_ntd_captioning_mask_on_target_only",
        "rnn_ntd_captioning",
        "    dx_flat[np.arange(N * T), y_flat] -= 1\n    dx_flat /= N\n"
        "    dx_flat *= mask_flat[:, None]\n",
        "    dx_flat[np.arange(N * T), y_flat] -= mask_flat\n    dx_flat /= N\n",
        kind="missing factor",
        steps="where the mask is 0 | none",
        variable="dx_flat",
        why="The probabilities of the masked words remain.",
    ),
    single(
        "rnn_ntd_captioning_enumerate_reversed",
        "rnn_ntd_captioning",
        "    for t in reversed(range(T)):\n"
        "        dx[:, t, :], dprev_h, dWx_t, dWh_t, db_t ="
        " rnn_step_backward(dh[:, t, :] + dprev_h, cache[t])\n",
        "    for t, step in enumerate(reversed(list(cache.values()))):\n"
        "        dx[:, t, :], dprev_h, dWx_t, dWh_t, db_t ="
        " rnn_step_backward(dh[:, t, :] + dprev_h, step)\n",
        kind="wrong order | forward order",
        steps="all",
        variable="t",
        why="t counts up while the caches come from the end.",
        lines=(
            "for t, step in enumerate(reversed(list(cache.values()))):",
            "dx[:, t, :], dprev_h, dWx_t, dWh_t, db_t ="
            " rnn_step_backward(dh[:, t, :] + dprev_h, step)",
        ),
    ),
    # ---- rnn_scalar_units
    single(
        "rnn_scalar_units_rows_shared",
        "rnn_scalar_units",
        "    g_in = [[0.0] * n_in for _ in range(n_hidden)]\n",
        "    g_in = [[0.0] * n_in] * n_hidden\n",
        kind="aliasing",
        steps="none | all",
        variable="g_in",
        why="All rows are one list.",
    ),
    single(
        "rnn_scalar_units_bias_indented",
        "rnn_scalar_units",
        "            g_bias[j] += delta[j]\n",
        "                g_bias[j] += delta[j]\n",
        kind="spurious factor | spurious term",
        steps="all",
        variable="g_bias",
        why="The bias is counted once for every hidden unit.",
    ),
    # ---- seq2seq_lstm_dates
    single(
        "seq2seq_lstm_dates_cell_not_handed_over",
        "seq2seq_lstm_dates",
        "    demb, _, _ = encoder.backward(np.zeros_like(hs_enc), dh, dc)\n",
        "    dhs = np.zeros_like(hs_enc)\n"
        "    demb, _, _ = encoder.backward(dhs, dh, np.zeros_like(dh))\n",
        kind="missing path | carry lost | initial value | wrong operand",
        steps="none | the last",
        variable="dc",
        why="The decoder begins with the encoder's cell too.",
        lines=("demb, _, _ = encoder.backward(dhs, dh, np.zeros_like(dh))",),
    ),
    single(
        "seq2seq_lstm_dates_mean_with_padding",
        "seq2seq_lstm_dates",
        "        return (self.p - self.y) * self.real[..., None] / self.real.sum()\n",
        "        return np.where(self.real[..., None], self.p - self.y, 0) / self.real.size\n",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dhs",
        why="The loss is divided by the number of characters that are not padding.",
    ),
    single(
        "seq2seq_lstm_dates_masked_in_place",
        "seq2seq_lstm_dates",
        "            dh_new = m * dh\n",
        "            dh_new = dh\n            dh_new *= m\n",
        kind="aliasing | overwritten too early",
        steps="where the mask is 0",
        variable="dh",
        why="dh is masked too, and nothing is left to pass through the padding.",
        lines=("dh_new *= m", "dh_new = dh"),
    ),
    # ---- sru
    single(
        "sru_shared_zeros",
        "sru",
        "    dxt, df = np.zeros_like(xt), np.zeros_like(f)\n",
        "    dxt = df = np.zeros_like(xt)\n",
        kind="aliasing",
        steps="none | all",
        variable="df",
        why="dxt and df are one array.",
    ),
    single(
        "sru_forget_after_loop",
        "sru",
        "    df *= f * (1 - f)\n",
        "    df = dcs * (c[1:] - xt) * f * (1 - f)\n    dxt = dcs * (1 - f)\n",
        kind="index off by one | wrong operand",
        steps="none",
        variable="df",
        why="The forget gate multiplies the cell before, c[:-1].",
        more=(
            (
                "    dxt, df = np.zeros_like(xt), np.zeros_like(f)\n",
                "    dcs = np.zeros_like(xt)\n",
            ),
            (
                "        df[t] = dc * (c[t] - xt[t])\n        dxt[t] = dc * (1 - f[t])\n",
                "        dcs[t] = dc\n",
            ),
        ),
    ),
    single(
        "sru_no_skip_in_gate",
        "sru",
        "    dr = dh * (tc - skip) * r * (1 - r)\n",
        "    dr = dh * tc * (r - r ** 2)\n",
        kind="missing path",
        steps="none",
        variable="dr",
        why="r weighs the skip too.",
    ),
    # ---- tied_embeddings
    single(
        "tied_embeddings_input_table_apart",
        "tied_embeddings",
        "        np.add.at(dE, tokens[:, t], da @ W.T)\n",
        "        np.add.at(dE_in, tokens[:, t], da @ W.T)\n",
        kind="never returned | missing path",
        steps="all | none",
        variable="dE",
        why="The gradient of the table as input is not added to that as output.",
        lines=(
            "np.add.at(dE_in, tokens[:, t], da @ W.T)",
            'return {"E": dE_out, "W": dW, "U": dU, "b": db, "bo": dbo}',
        ),
        more=(
            (
                "    dE = np.zeros_like(E)\n",
                "    dE_in, dE_out = np.zeros_like(E), np.zeros_like(E)\n",
            ),
            ("        dE += ds.T @ h\n", "        dE_out += ds.T @ h\n"),
            ('    return {"E": dE,', '    return {"E": dE_out,'),
        ),
    ),
    single(
        "tied_embeddings_number_of_tokens",
        "tied_embeddings",
        "    n = B * (T1 - 1)\n",
        "    n = tokens.size\n",
        kind="scale 1/B or 1/T | index off by one",
        steps="none",
        variable="n",
        why="The last word of each row is only a target.",
    ),
    single(
        "tied_embeddings_onehot_shifted",
        "tied_embeddings",
        "        np.add.at(dE, tokens[:, t], da @ W.T)\n",
        "        dE += np.eye(len(E))[tokens[:, t + 1]].T @ (da @ W.T)\n",
        kind="index off by one",
        steps="all",
        variable="dE",
        why="The word that went in at t is tokens[:, t].",
    ),
)
