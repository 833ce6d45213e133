"""Mistakes of a stranger in a quarter of the programs: what is forgotten or misplaced."""

from planting import single

MISTAKES = (
    # ------------------------------------------------------------- attention_over_past_states
    single(
        "attention_over_past_states_cell_read_set",
        "attention_over_past_states",
        "        dcs[:, :t + 1] += att[:, :, None] * dcr[:, None]",
        '        dcs[:, :t + 1] = np.einsum("bs,bh->bsh", att, dcr)',
        kind="= for +=",
        steps="all but the last",
        variable="dcs",
        why="What later steps have given to the past cells is thrown away by the assignment.",
    ),
    single(
        "attention_over_past_states_softmax_jacobian_axis",
        "attention_over_past_states",
        "        de = att * (datt - np.sum(att * datt, axis=1, keepdims=True))",
        "        jac = att[:, :, None] * (np.eye(t + 1) - att[:, :, None])\n"
        '        de = np.einsum("bs,bsr->br", datt, jac)',
        kind="wrong operand | wrong derivative | wrong order | transposed",
        steps="all but t=0",
        variable="jac",
        why="The Jacobian of the softmax is a_s (delta_sr - a_r), the second factor needs "
        "att[:, None].",
    ),
    single(
        "attention_over_past_states_einsum_letters",
        "attention_over_past_states",
        '        dhr = np.einsum("bgh,gmh->bm", da, P["U"])',
        '        dhr = np.einsum("bgm,gmh->bh", da, P["U"])',
        kind="transposed",
        steps="all",
        variable="dhr",
        why="The sum runs over the input axis of U in place of its output axis.",
    ),
    # ------------------------------------------------------------- bidirectional_lstm_lengths
    single(
        "bidirectional_lstm_lengths_right_not_turned_back",
        "bidirectional_lstm_lengths",
        "            dx[k, :length] += right.backward([s * v[n:] for s in w[::-1]])[::-1]",
        "            dx_right = right.backward([s * v[n:] for s in w[::-1]])\n"
        "            dx[k, :length] += np.array(dx_right)",
        kind="wrong order | forward order",
        steps="none | all",
        variable="dx",
        why="The right-to-left gradients come back in reading order of the reversed sequence.",
        lines=(
            "dx[k, :length] += np.array(dx_right)",
            "dx_right = right.backward([s * v[n:] for s in w[::-1]])",
        ),
    ),
    single(
        "bidirectional_lstm_lengths_cell_after_gates",
        "bidirectional_lstm_lengths",
        "            dc = dc + dh * o * (1 - t * t)\n"
        "            da = np.r_[dc * g * i * (1 - i), dc * c_old * f * (1 - f), dh * t "
        "* o * (1 - o),\n"
        "                       dc * i * (1 - g * g)]\n",
        "            da = np.r_[dc * g * i * (1 - i), dc * c_old * f * (1 - f), dh * t "
        "* o * (1 - o),\n"
        "                       dc * i * (1 - g * g)]\n"
        "            dc = dc + dh * o * (1 - t * t)\n",
        kind="wrong order | missing path",
        steps="all",
        variable="da",
        why="The gates get the gradient of the cell before the part through h was added to it.",
        lines=(
            "da = np.r_[dc * g * i * (1 - i), dc * c_old * f * (1 - f), dh * t * o * (1 - o),",
            "dc = dc + dh * o * (1 - t * t)",
        ),
    ),
    single(
        "bidirectional_lstm_lengths_readout_after_loop",
        "bidirectional_lstm_lengths",
        "                dv += s * np.r_[a, b]\n",
        "                both = np.r_[a, b]\n            dv += s * both\n",
        kind="accumulation outside the loop",
        steps="all but the last",
        variable="dv",
        why="Only the last step of each sequence is added, as the sum stands under the "
        "wrong indent.",
        lines=("dv += s * both",),
    ),
    # ------------------------------------------------------------- birnn_pos_tagger
    single(
        "birnn_pos_tagger_prevs_not_reversed",
        "birnn_pos_tagger",
        "    prevs = [P['h0_f']] + fwd[:-1]\n"
        "    for w, e, h, h_prev, dh in zip(reversed(words), reversed(embs), reversed(fwd),\n"
        "                                   reversed(prevs), reversed(dfwd)):\n",
        "    prevs = [P['h0_f']] + fwd\n"
        "    for w, e, h, h_prev, dh in zip(words[::-1], embs[::-1], fwd[::-1], prevs, "
        "dfwd[::-1]):\n",
        kind="forward order | wrong order",
        steps="all",
        variable="h_prev",
        why="All lists run backwards but the one of the previous states.",
        lines=(
            "for w, e, h, h_prev, dh in zip(words[::-1], embs[::-1], fwd[::-1], prevs, "
            "dfwd[::-1]):",
        ),
    ),
    single(
        "birnn_pos_tagger_carry_dedented",
        "birnn_pos_tagger",
        "        dh_next = P['Uf'].T.dot(da)\n    G['h0_f'] += dh_next\n",
        "    dh_next = P['Uf'].T.dot(da)\n    G['h0_f'] += dh_next\n",
        kind="carry lost",
        steps="all but the last | all but t=0",
        variable="dh_next",
        why="The carry is computed only once, after the loop, so it stays zero within it.",
        lines=("dh_next = P['Uf'].T.dot(da)", "da = (dh + dh_next) * (1 - h ** 2) @1"),
    ),
    # ------------------------------------------------------------- charlm_namedtuple
    single(
        "charlm_namedtuple_cache_by_position",
        "charlm_namedtuple",
        "    cache = StepCache(x=x, h_prev=h_prev, c_prev=c_prev, i=i, f=f, o=o, g=g, "
        "c_tanh=c_tanh)",
        "    cache = StepCache(x, h_prev, c_prev, f, i, o, g, c_tanh)",
        kind="wrong order",
        steps="all",
        variable="cache",
        why="By position the forget gate lands in the field i and the input gate in f.",
    ),
    single(
        "charlm_namedtuple_lost_parenthesis",
        "charlm_namedtuple",
        "        dlogits = (probs[t] - ys[:, t]) / (N * T)",
        "        dlogits = probs[t].copy()\n        dlogits -= ys[:, t] / (N * T)",
        kind="scale 1/B or 1/T | missing factor",
        steps="all",
        variable="dlogits",
        why="Only the one-hot targets are divided by N T, the probabilities are not.",
        lines=("dlogits -= ys[:, t] / (N * T)", "dlogits = probs[t].copy()"),
    ),
    single(
        "charlm_namedtuple_dc_prev_of_incoming",
        "charlm_namedtuple",
        "    dc_prev = dc * cache.f\n",
        "    dc_prev = dc_next * cache.f\n",
        kind="wrong operand | missing path",
        steps="all | all but t=0",
        variable="dc_prev",
        why="What comes through h at this step is not in dc_next and never reaches the older cell.",
    ),
    # ------------------------------------------------------------- clockwork_rnn
    single(
        "clockwork_rnn_parenthesis_of_where",
        "clockwork_rnn",
        "        dh = np.where(masks[t], 0.0, dh) + W_rec.T.dot(dact)",
        "        dh = np.where(masks[t], 0.0, dh + W_rec.T.dot(dact))",
        kind="missing path | carry lost",
        steps="all | all but t=0",
        variable="dh",
        why="The recurrent part is cut off for all units that are active.",
    ),
    single(
        "clockwork_rnn_masked_in_place",
        "clockwork_rnn",
        "        dact = np.where(masks[t], dh * (1 - hs[t + 1] ** 2), 0.0)\n",
        "        dact = dh\n"
        "        dact[~masks[t]] = 0.0\n"
        "        dact = dact * (1 - hs[t + 1] ** 2)\n",
        kind="aliasing | overwritten too early",
        steps="where the mask is 0",
        variable="dh",
        why="dact is dh itself, so setting the sleeping units to zero wipes out their carry.",
        lines=("dact[~masks[t]] = 0.0", "dact = dh"),
    ),
    single(
        "clockwork_rnn_while_positive",
        "clockwork_rnn",
        "    t = len(xs) - 1\n    while t >= 0:\n",
        "    t = len(xs) - 1\n    while t:\n",
        kind="loop bounds",
        steps="t=0",
        variable="t",
        why="The loop ends when t has come to 0, so the first step is never undone.",
        lines=("while t:",),
    ),
    # ------------------------------------------------------------- ctrnn_adjoint
    single(
        "ctrnn_adjoint_state_set",
        "ctrnn_adjoint",
        "                ad_y[k, i] += (1.0 - rate) * ad_y[k + 1, i]",
        "                ad_y[k, i] = ad_y[k + 1, i] * (1.0 - rate)",
        kind="= for +=",
        steps="all",
        variable="ad_y",
        why="The forcing and what units with a smaller i have given is overwritten.",
    ),
    single(
        "ctrnn_adjoint_rates_once_per_sample",
        "ctrnn_adjoint",
        "        h = dt[it] / M\n"
        "        for _ in range(M):\n"
        "            k -= 1\n"
        "            r = s(y[k] + theta)\n",
        "        h = dt[it] / M\n"
        "        r = s(y[k] + theta)\n"
        "        for _ in range(M):\n"
        "            k -= 1\n",
        kind="wrong operand | index off by one",
        steps="all",
        variable="r",
        why="The firing rates are of the state at the end of the sample, each sub-step "
        "needs its own.",
        lines=("r = s(y[k] + theta)",),
    ),
    single(
        "ctrnn_adjoint_forcing_one_early",
        "ctrnn_adjoint",
        "    ad_y[M::M] = np.outer(ad_z, c)",
        "    ad_y[M - 1::M] = ad_z[:, None] * c",
        kind="index off by one",
        steps="none | all",
        variable="ad_y",
        why="Observations force the state one sub-step before the one that was observed.",
    ),
    # ------------------------------------------------------------- exp_identities
    single(
        "exp_identities_sech_factor",
        "exp_identities",
        "    s = np.exp(a) + np.exp(-a)\n    return 4.0 / (s * s)\n",
        "    s = (np.exp(a) + np.exp(-a)) / 2.0\n    return 1.0 / s\n",
        kind="wrong derivative | missing factor",
        steps="all | none",
        variable="dtanh_",
        why="The derivative of tanh is 1 / cosh ** 2; the square was forgotten.",
        lines=("return 1.0 / s",),
    ),
    single(
        "exp_identities_bias_in_carry",
        "exp_identities",
        "        eh = ev[D:D + H]",
        "        eh = ev[-H:]",
        kind="index off by one",
        steps="all but t=0 | all",
        variable="eh",
        why="The last entry belongs to the constant 1, so the slice is moved by one.",
    ),
    single(
        "exp_identities_forget_applied_early",
        "exp_identities",
        "        ec = ec + eh * sig(ao[t]) * dtanh_(c[t])\n",
        "        ec = ec + eh * sig(ao[t]) * dtanh_(c[t])\n        ec = ec * sig(af[t])\n",
        more=(
            (
                "        eh = ev[D:D + H]\n        ec = ec * sig(af[t])\n",
                "        eh = ev[D:D + H]\n",
            ),
        ),
        kind="overwritten too early | wrong order",
        steps="all",
        variable="ec",
        why="ec is made ready for the step before while the gates of this one still need it.",
        lines=("ec = ec * sig(af[t])",),
    ),
    # ------------------------------------------------------------- gru_columns
    single(
        "gru_columns_ds_in_place",
        "gru_columns",
        "            ds = dc * r\n",
        "            ds = dc\n            ds *= r\n",
        kind="aliasing",
        steps="all",
        variable="dc",
        why="ds is no copy, so dc is multiplied by the reset gate too.",
        lines=("ds *= r", "ds = dc"),
    ),
    single(
        "gru_columns_first_state_twice",
        "gru_columns",
        "            a_prev = self.a[:, :, t - 1] if t else self.a0\n            u, r, s, c",
        "            a_prev = self.a[:, :, t - 1] if t > 1 else self.a0\n            u, r, s, c",
        kind="index off by one | wrong operand",
        steps="t=1",
        variable="a_prev",
        why="At t = 1 the state before is a[0], not the initial one.",
    ),
    single(
        "gru_columns_loop_takes_the_name",
        "gru_columns",
        '            self.grads["Wc"] += dc @ xt.T\n'
        '            self.grads["Wu"] += du @ xt.T\n'
        '            self.grads["Wr"] += dr @ xt.T\n',
        '            for k, d in zip("cur", (dc, du, dr)):\n'
        '                self.grads["W" + k] += d @ xt.T\n',
        kind="overwritten too early | wrong operand",
        steps="all",
        variable="d",
        why="The loop variable takes the name of the state's gradient, which da_next needs later.",
        lines=(
            'for k, d in zip("cur", (dc, du, dr)):',
            'da_next = d * u + P["Rc"].T @ ds + P["Ru"].T @ du + P["Rr"].T @ dr',
        ),
    ),
    # ------------------------------------------------------------- gru_outer_1d
    single(
        "gru_outer_1d_candidate_state",
        "gru_outer_1d",
        '            for gate, delta, state in (("u", du, h), ("r", dr, h), ("k", dk, r * h)):\n'
        '                g["W" + gate] += np.outer(delta, x)\n'
        '                g["R" + gate] += np.outer(delta, state)\n',
        '            for gate, delta in zip("urk", (du, dr, dk)):\n'
        '                g["W" + gate] += np.outer(delta, x)\n'
        '                g["R" + gate] += np.outer(delta, h)\n',
        kind="missing factor | wrong operand",
        steps="all",
        variable="g",
        why="The candidate sees r * h, not h, so Rk gets the wrong outer product.",
        lines=('g["R" + gate] += np.outer(delta, h)',),
    ),
    single(
        "gru_outer_1d_new_state_recorded",
        "gru_outer_1d",
        "            h, record = self.step(x, h)\n            self.history.append(record)\n",
        "            h, (_, _, *gates) = self.step(x, h)\n"
        "            self.history.append((x, h, *gates))\n",
        kind="wrong operand | index off by one | overwritten too early",
        steps="all",
        variable="history",
        why="The record holds the state after the step where the one before it belongs.",
        lines=("self.history.append((x, h, *gates))", "h, (_, _, *gates) = self.step(x, h)"),
    ),
    # ------------------------------------------------------------- gru_torch_layout
    single(
        "gru_torch_layout_enumerate_from_the_end",
        "gru_torch_layout",
        "    grad_x = []\n",
        '    grad_x = np.zeros_like(inputs["x"])\n',
        more=(
            (
                '    for s, g in zip(reversed(saved), inputs["grad_output"][::-1]):\n'
                "        gx, grad_h, *gw = cell.grad(grad_h + g, s)\n"
                "        grad_x.insert(0, gx)\n",
                "    for t, (s, g) in enumerate(zip(reversed(saved), "
                'inputs["grad_output"][::-1])):\n'
                "        gx, grad_h, *gw = cell.grad(grad_h + g, s)\n"
                "        grad_x[t] = gx\n",
            ),
            ('"x": np.array(grad_x)', '"x": grad_x'),
        ),
        kind="wrong order | forward order",
        steps="all",
        variable="grad_x",
        why="The counter goes up while the lists go backwards, so the rows are in reversed order.",
        lines=(
            "grad_x[t] = gx",
            'for t, (s, g) in enumerate(zip(reversed(saved), inputs["grad_output"][::-1])):',
        ),
    ),
    single(
        "gru_torch_layout_total_dedented",
        "gru_torch_layout",
        "        for name, value in zip(NAMES, gw):\n"
        "            total[name] = total[name] + value\n",
        "    for name, value in zip(NAMES, gw):\n        total[name] = total[name] + value\n",
        kind="accumulation outside the loop",
        steps="all but t=0",
        variable="total",
        why="Only what the loop has left at the end, that of the first step, is summed.",
        lines=("total[name] = total[name] + value", "for name, value in zip(NAMES, gw):"),
    ),
    # ------------------------------------------------------------- highway_rnn
    single(
        "highway_rnn_clip_between_steps",
        "highway_rnn",
        "            ds = ds * (1 - t) + dah @ Rh[l].T + dat @ Rt[l].T\n",
        "            ds = ds * (1 - t) + dah @ Rh[l].T + dat @ Rt[l].T\n"
        "        np.clip(ds, -1, 1, out=ds)\n",
        kind="clipped",
        steps="all | all but t=0",
        variable="ds",
        why="The gradient that goes to the step before is cut to [-1, 1].",
        lines=("np.clip(ds, -1, 1, out=ds)",),
    ),
    single(
        "highway_rnn_output_added_per_layer",
        "highway_rnn",
        "        ds = ds + dys[n]\n        for l in reversed(range(len(Rh))):\n",
        "        for l in reversed(range(len(Rh))):\n            ds = ds + dys[n]\n",
        kind="spurious term",
        steps="all",
        variable="ds",
        why="The output is read after the last micro-step only, but it is added at each of them.",
        lines=("ds = ds + dys[n]",),
    ),
    single(
        "highway_rnn_sum_in_the_weights",
        "highway_rnn",
        "        ds = ds + dys[n]\n",
        "        dys[n] += ds\n        ds = dys[n]\n",
        kind="argument changed | aliasing",
        steps="all but the last | all",
        variable="dys",
        why="dys is the array of the caller, and the carry is added into it.",
        lines=("dys[n] += ds",),
        shows=("argument", "repeat"),
    ),
    # ------------------------------------------------------------- jordan_network
    single(
        "jordan_network_deltas_in_backward_order",
        "jordan_network",
        "    y_back = np.zeros_like(ys[-1])\n",
        "    y_back = np.zeros_like(ys[-1])\n    deltas = []\n",
        more=(
            ("        W1_grad += np.outer(delta_h, X[t])\n", "        deltas.append(delta_h)\n"),
            (
                "        y_back = np.dot(R1.T, delta_h)\n",
                "        y_back = np.dot(R1.T, delta_h)\n    W1_grad += np.array(deltas).T @ X\n",
            ),
        ),
        kind="wrong order | forward order",
        steps="none | all",
        variable="W1_grad",
        why="The deltas lie in the order of the backward loop, the inputs in that of time.",
        lines=("W1_grad += np.array(deltas).T @ X", "deltas.append(delta_h)"),
    ),
    single(
        "jordan_network_range_stops_at_one",
        "jordan_network",
        "    for t in range(N - 1, -1, -1):\n        delta_y",
        "    for t in range(N)[:0:-1]:\n        delta_y",
        kind="loop bounds",
        steps="t=0",
        variable="t",
        why="The slice stops before index 0, so the first step is left out.",
    ),
    # ------------------------------------------------------------- layernorm_lstm_scan
    single(
        "layernorm_lstm_scan_sum_for_mean",
        "layernorm_lstm_scan",
        "    dsd = -(dxhat * xc).sum(axis=-1, keepdims=True) / sd ** 2\n"
        "    dxc = dxhat / sd + dsd * xc / (sd * xc.shape[-1])\n",
        "    dvar = -0.5 * (dxhat * xc).sum(axis=-1, keepdims=True) / sd ** 3\n"
        "    dxc = dxhat / sd + 2 * xc * dvar\n",
        kind="mean for sum | missing factor | scale 1/B or 1/T",
        steps="none | all",
        variable="dxc",
        why="The variance is a mean, so its gradient must be divided by the width.",
        lines=(
            "dxc = dxhat / sd + 2 * xc * dvar",
            "dvar = -0.5 * (dxhat * xc).sum(axis=-1, keepdims=True) / sd ** 3",
        ),
    ),
    single(
        "layernorm_lstm_scan_cell_cached_for_previous",
        "layernorm_lstm_scan",
        "        c = f * c_prev + i * g\n        zc, xc_c, sd_c = layer_norm(c, p.gain_c)\n",
        "        c_prev = f * c_prev + i * g\n"
        "        zc, xc_c, sd_c = layer_norm(c_prev, p.gain_c)\n",
        more=(("        return (h, c), (h, h_prev,", "        return (h, c_prev), (h, h_prev,"),),
        kind="overwritten too early | wrong operand",
        steps="all",
        variable="c_prev",
        why="c_prev holds the new cell when it is saved, but the forget gate needs the old one.",
        lines=(
            "c_prev = f * c_prev + i * g",
            "return (h, c_prev), (h, h_prev, c_prev, xc_h, sd_h, f, i, o, g, xc_c, sd_c, tc)",
        ),
    ),
    # ------------------------------------------------------------- lstm_assignment_class
    single(
        "lstm_assignment_class_zeros_in_gate_loop",
        "lstm_assignment_class",
        '        dx = np.zeros_like(cache["x"])\n'
        '        dh_prev = np.zeros_like(cache["h_prev"])\n'
        "        for k in GATES:\n",
        '        dx = np.zeros_like(cache["x"])\n'
        "        for k in GATES:\n"
        '            dh_prev = np.zeros_like(cache["h_prev"])\n',
        kind="initial value | = for += | overwritten too early | carry lost",
        steps="all | all but t=0",
        variable="dh_prev",
        why="The sum over the gates begins anew at each gate, only the last one is left.",
        lines=('dh_prev = np.zeros_like(cache["h_prev"])',),
    ),
    single(
        "lstm_assignment_class_tanh_twice",
        "lstm_assignment_class",
        '        tanh_c = cache["tanh_c"]\n',
        '        tanh_c = np.tanh(cache["tanh_c"])\n',
        kind="derivative of an activated value | spurious factor",
        steps="all",
        variable="tanh_c",
        why="The cache holds the tanh already.",
    ),
    single(
        "lstm_assignment_class_fromkeys",
        "lstm_assignment_class",
        "        self.grads = {name: np.zeros_like(value) for name, value in "
        "self.params.items()}\n",
        '        self.grads = {"Wy": np.zeros_like(self.params["Wy"]),\n'
        '                      "by": np.zeros_like(self.params["by"])}\n'
        '        for w in ("Wx_", "Wh_", "b_"):\n'
        '            zeros = np.zeros_like(self.params[w + "i"])\n'
        "            for k in GATES:\n"
        "                self.grads[w + k] = zeros\n",
        kind="aliasing",
        steps="none | all",
        variable="grads",
        why="The four gates share one array, which gets the sum of all four.",
        lines=("self.grads[w + k] = zeros", 'zeros = np.zeros_like(self.params[w + "i"])'),
    ),
    # ------------------------------------------------------------- lstm_deque
    single(
        "lstm_deque_halves_exchanged",
        "lstm_deque",
        "        H = len(dh)\n        return dxh[:-H], dxh[-H:], dc * f\n",
        "        H = len(dh)\n        dh_prev, dx = dxh[:H], dxh[H:]\n"
        "        return dx, dh_prev, dc * f\n",
        kind="wrong order",
        steps="all",
        variable="dh_prev",
        why="x stands before h in the concatenated vector.",
        lines=("dh_prev, dx = dxh[:H], dxh[H:]",),
    ),
    single(
        "lstm_deque_dh_named_anew",
        "lstm_deque",
        "        dx, dh, dc = cell.backward(dh - np.sin(h) * w, dc)\n",
        "        dh = -np.sin(h) * w\n        dx, dh, dc = cell.backward(dh, dc)\n",
        kind="carry not added | carry lost | = for +=",
        steps="all but the last",
        variable="dh",
        why="The gradient that comes from the next step is overwritten by that of the output.",
        lines=("dh = -np.sin(h) * w",),
    ),
    # ------------------------------------------------------------- lstm_gate_dicts
    single(
        "lstm_gate_dicts_lambda_in_comprehension",
        "lstm_gate_dicts",
        "dact = {\n"
        '    "i": lambda y: y * (1 - y),\n'
        '    "f": lambda y: y * (1 - y),\n'
        '    "o": lambda y: y * (1 - y),\n'
        '    "g": lambda y: 1 - y * y,\n'
        "}\n",
        'dact = {k: lambda y: 1 - y * y if k == "g" else y * (1 - y) for k in GATES}\n',
        kind="late binding | wrong derivative",
        steps="all | none",
        variable="dact",
        why="k is looked up when the functions are called, and is then always g.",
    ),
    single(
        "lstm_gate_dicts_carry_not_cleared",
        "lstm_gate_dicts",
        "            dh_next = np.zeros_like(dh)\n            for k in GATES:\n",
        "            for k in GATES:\n",
        kind="+= for = | initial value | spurious term",
        steps="all but the last",
        variable="dh_next",
        why="The sum over the gates begins with what the step after has handed over.",
        lines=("dh_next += self.Wh[k].T @ dz", "dh_next = np.zeros_like(hs[-1])"),
    ),
    single(
        "lstm_gate_dicts_per_text_count",
        "lstm_gate_dicts",
        "            dy = (ps[t] - one_hot(targets[t], self.vocab)) / count\n",
        "            dy = ps[t] - one_hot(targets[t], self.vocab)\n"
        "            dy /= len(targets[t])\n",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="dy",
        why="The loss is divided by all characters, not only by those of one step.",
        lines=("dy /= len(targets[t])",),
    ),
    # ------------------------------------------------------------- lstm_layer_stack
    single(
        "lstm_layer_stack_blocks_exchanged",
        "lstm_layer_stack",
        "        da = np.hstack((dc * g * i * (1 - i), dc * c * f * (1 - f),\n"
        "                        dc * i * (1 - g ** 2), dh * tanh_c * o * (1 - o)))\n",
        "        di = dc * g * i * (1 - i)\n"
        "        df = dc * c * f * (1 - f)\n"
        "        do = dh * tanh_c * o * (1 - o)\n"
        "        dg = dc * i * (1 - g ** 2)\n"
        "        da = np.hstack((di, df, do, dg))\n",
        kind="wrong order",
        steps="all",
        variable="da",
        why="The forward has g in the third block and o in the fourth.",
        lines=("da = np.hstack((di, df, do, dg))",),
    ),
    single(
        "lstm_layer_stack_cell_carry_dropped",
        "lstm_layer_stack",
        "            dx, dh, dc = self.step_back(dout[:, t] + dh, dc)\n",
        "            dx, dh, _ = self.step_back(dout[:, t] + dh, dc)\n",
        kind="carry lost",
        steps="all but the last | all | all but t=0",
        variable="dc",
        why="The gradient of the cell is not handed on, dc stays zero.",
    ),
    # ------------------------------------------------------------- lstm_nested_helpers
    single(
        "lstm_nested_helpers_outer_c",
        "lstm_nested_helpers",
        "        inp, f, i, g, o, c_old, c_new, _, _ = step\n        tc = np.tanh(c_new)\n",
        "        _, f, i, g, o, c_old, _, _, _ = step\n        tc = np.tanh(c)\n",
        kind="wrong operand | late binding",
        steps="all but the last",
        variable="tc",
        why="c is the variable of the enclosing function, which holds the last cell.",
        lines=("tc = np.tanh(c)",),
    ),
    single(
        "lstm_nested_helpers_state_before",
        "lstm_nested_helpers",
        "        err, h_t = trace[t][8], trace[t][7]\n        dWout += h_t.T @ err\n",
        "        inp, *_, err = trace[t]\n        dWout += inp[:, D:].T @ err\n",
        kind="index off by one | wrong operand",
        steps="all",
        variable="dWout",
        why="The state within inp is the one before the step, the read-out sees the one after it.",
        lines=("dWout += inp[:, D:].T @ err",),
    ),
    single(
        "lstm_nested_helpers_dtanh_of_cell",
        "lstm_nested_helpers",
        "        dc = dc + dh * o * dtanh(tc)\n",
        "        dc = dc + dh * o * dtanh(c_new)\n",
        kind="wrong operand | wrong derivative | derivative of an activated value",
        steps="all",
        variable="dc",
        why="dtanh is written in terms of the tanh, but it gets the cell itself.",
    ),
    # ------------------------------------------------------------- lstm_padded_token_ce
    single(
        "lstm_padded_token_ce_masked_in_place",
        "lstm_padded_token_ce",
        "    dh_new = m * dh\n    dc_new = m * dc\n",
        "    dh *= m\n    dh_new, dc_new = dh, m * dc\n",
        kind="overwritten too early | aliasing",
        steps="where the mask is 0",
        variable="dh",
        why="The whole dh is needed later for the way past the step, but it is masked in place.",
        lines=("dh *= m",),
    ),
    single(
        "lstm_padded_token_ce_rows_by_index",
        "lstm_padded_token_ce",
        '        np.add.at(grads["E"], tokens[:, t], dx)\n',
        '        ids = tokens[:, t]\n        grads["E"][ids] += dx\n',
        kind="repeated indices",
        steps="all | after an index repeats",
        variable="grads",
        why="Where two rows of the batch have the same token, only one of them is added.",
        lines=('grads["E"][ids] += dx',),
    ),
    single(
        "lstm_padded_token_ce_valid_of_the_step",
        "lstm_padded_token_ce",
        "        dlogits *= mask[:, t][:, None] / n_valid\n",
        "        m = mask[:, t][:, None]\n        dlogits *= m / m.sum()\n",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="dlogits",
        why="The cost is divided by all valid tokens, not by those of one step.",
        lines=("dlogits *= m / m.sum()",),
    ),
    # ------------------------------------------------------------- lstm_review_weighted_sum
    single(
        "lstm_review_weighted_sum_enumerate_reversed",
        "lstm_review_weighted_sum",
        "    for t, (w, hx, f, i, o, g, c_old, tc) in reversed(list(enumerate(tape))):\n",
        "    for t, (w, hx, f, i, o, g, c_old, tc) in enumerate(tape[::-1]):\n",
        kind="forward order | wrong order",
        steps="all",
        variable="t",
        why="t counts up from 0 while the tape is read from its end.",
    ),
    single(
        "lstm_review_weighted_sum_mean_in_loop",
        "lstm_review_weighted_sum",
        "        read_backward(dstates, tape, P, G)\n"
        "    m = len(reviews)\n"
        "    for k in G:\n"
        "        G[k] /= m\n",
        "        read_backward(dstates, tape, P, G)\n"
        "        for k in G:\n"
        "            G[k] /= len(reviews)\n"
        "    m = len(reviews)\n",
        kind="scale 1/B or 1/T | spurious factor",
        steps="none",
        variable="G",
        why="The sums are divided after each review, so the earlier ones are divided repeatedly.",
        lines=("G[k] /= len(reviews)", "for k in G:"),
    ),
    single(
        "lstm_review_weighted_sum_carry_starts_at_start",
        "lstm_review_weighted_sum",
        "    dh = np.zeros(n_hid)\n    dc = np.zeros(n_hid)\n",
        '    dh = np.zeros(n_hid)\n    dc = P["c0"].copy()\n',
        kind="initial value",
        steps="none | the last",
        variable="dc",
        why="No gradient comes from after the last word, so the carry begins with zeros.",
        lines=('dc = P["c0"].copy()',),
    ),
    # ------------------------------------------------------------- lstm_window_forecast
    single(
        "lstm_window_forecast_cell_in_place",
        "lstm_window_forecast",
        "        c_new = f * c + i * cand\n"
        "        history.append(dict(inp=inp, f=f, i=i, o=o, cand=cand, c_old=c, c=c_new))\n"
        "        c = c_new\n",
        "        s = dict(inp=inp, f=f, i=i, o=o, cand=cand, c_old=c)\n"
        "        c *= f\n"
        "        c += i * cand\n"
        '        s["c"] = c.copy()\n'
        "        history.append(s)\n",
        kind="aliasing",
        steps="all",
        variable="c_old",
        why="c_old is the same array as c and is changed with it, up to the last step.",
        lines=(
            "s = dict(inp=inp, f=f, i=i, o=o, cand=cand, c_old=c)",
            "c *= f",
            "c += i * cand",
        ),
    ),
    single(
        "lstm_window_forecast_targets_overlap",
        "lstm_window_forecast",
        '    np.add.at(grad["load"], y_idx, d_err.sum(axis=2))\n',
        '    grad["load"][y_idx] += d_err.sum(axis=2)\n',
        kind="repeated indices",
        steps="none",
        variable="grad",
        why="An hour is the target of several windows, of which only one is counted.",
    ),
    # ------------------------------------------------------------- memory_bank_lstm
    single(
        "memory_bank_lstm_keep_before_use",
        "memory_bank_lstm",
        "        dkeep = dM * M_old\n"
        "        dw = dw + np.dot(dM, add) - np.dot(dkeep, erase)\n"
        "        derase = -np.dot(w, dkeep)\n"
        "        dadd = np.dot(w, dM)\n"
        "        dM = dM * (1 - np.outer(w, erase))\n",
        "        dkeep = dM * M_old\n"
        "        dM = dM * (1 - np.outer(w, erase))\n"
        "        dw = dw + np.dot(dM, add) - np.dot(dkeep, erase)\n"
        "        derase = -np.dot(w, dkeep)\n"
        "        dadd = np.dot(w, dM)\n",
        kind="overwritten too early | wrong order",
        steps="all",
        variable="dM",
        why="dM is already that of the old memory when the added vector is differentiated.",
        lines=(
            "dM = dM * (1 - np.outer(w, erase))",
            "dw = dw + np.dot(dM, add) - np.dot(dkeep, erase)",
            "dadd = np.dot(w, dM)",
        ),
    ),
    single(
        "memory_bank_lstm_sharp_cached_soft",
        "memory_bank_lstm",
        "        sharp = np.dot(p['Ws'], h) + p['bs']\n",
        "        sharp = softplus(np.dot(p['Ws'], h) + p['bs'])\n",
        more=(
            ("        w = softmax(softplus(sharp) * cos)\n", "        w = softmax(sharp * cos)\n"),
            (
                "dcosine(k, M_old, cos, softplus(sharp) * dscore)",
                "dcosine(k, M_old, cos, sharp * dscore)",
            ),
        ),
        kind="derivative of an activated value",
        steps="all",
        variable="dsharp",
        why="sharp is the softplus already, its derivative is taken as if it came before it.",
        lines=(
            "dsharp = np.dot(dscore, cos) * sigmoid(sharp)",
            "sharp = softplus(np.dot(p['Ws'], h) + p['bs'])",
        ),
    ),
    single(
        "memory_bank_lstm_integer_buffer",
        "memory_bank_lstm",
        "    douts = [m * (sigmoid(y) - b) for y, b, m in zip(outs, inputs['target'], "
        "inputs['recall'])]\n"
        "    return run_backward(params, douts, tape, inputs['bits'].shape[1])\n",
        "    douts = np.zeros_like(inputs['target'])\n"
        "    for t, y in enumerate(outs):\n"
        "        douts[t] = inputs['recall'][t] * (sigmoid(y) - inputs['target'][t])\n"
        "    return run_backward(params, list(douts), tape, inputs['bits'].shape[1])\n",
        kind="wrong dtype",
        steps="none | all",
        variable="douts",
        why="The targets are integers, so the buffer cuts the errors to zero.",
        lines=(
            "douts = np.zeros_like(inputs['target'])",
            "douts[t] = inputs['recall'][t] * (sigmoid(y) - inputs['target'][t])",
        ),
    ),
    # ------------------------------------------------------------- ntd_tuples
    single(
        "ntd_tuples_carry_into_used_slot",
        "ntd_tuples",
        "        dnext_h = dh[:, t, :] + dprev_h\n"
        "        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(\n"
        "            dnext_h, dprev_c, cache[t])\n",
        "        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(\n"
        "            dh[:, t, :], dprev_c, cache[t])\n"
        "        dh[:, t, :] += dprev_h\n",
        kind="carry lost | index off by one",
        steps="all but t=0 | all | all but the last",
        variable="dh",
        why="The carry is added to the slot of the step that is done, not to the one before it.",
        lines=("dh[:, t, :] += dprev_h",),
    ),
    single(
        "ntd_tuples_h_and_c_exchanged",
        "ntd_tuples",
        "        dnext_h = dh[:, t, :] + dprev_h\n"
        "        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(\n"
        "            dnext_h, dprev_c, cache[t])\n",
        "        dnext_h = dh[:, t, :] + dprev_h\n"
        "        step_grads = lstm_step_backward(dnext_h, dprev_c, cache[t])\n"
        "        dx[:, t, :], dprev_c, dprev_h, dWx_t, dWh_t, db_t = step_grads\n",
        kind="wrong order",
        steps="all | all but t=0",
        variable="dprev_h",
        why="The step function returns the gradient of h before that of c.",
        lines=("dx[:, t, :], dprev_c, dprev_h, dWx_t, dWh_t, db_t = step_grads",),
    ),
    single(
        "ntd_tuples_mean_over_steps_too",
        "ntd_tuples",
        "    dflat = probs.copy()\n    dflat[np.arange(N * T), target] -= 1\n    dflat /= N\n",
        "    dflat = (probs - np.eye(V)[target]) / len(target)\n",
        kind="scale 1/B or 1/T",
        steps="none | all",
        variable="dflat",
        why="The flat targets are N T long, but the loss is divided by N only.",
    ),
    # ------------------------------------------------------------- peephole_batch
    single(
        "peephole_batch_factored_peephole",
        "peephole_batch",
        "        dc = dy * o * (1 - np.tanh(c) ** 2) + po * do + dc_rec\n",
        "        tc = np.tanh(c)\n        dc = dy * (o * (1 - tc ** 2) + po * tc) + dc_rec\n",
        kind="missing derivative | missing factor",
        steps="all",
        variable="dc",
        why="The peephole of o goes through the sigmoid, whose derivative o (1 - o) is missing.",
        lines=("dc = dy * (o * (1 - tc ** 2) + po * tc) + dc_rec",),
    ),
    single(
        "peephole_batch_saved_after_renaming",
        "peephole_batch",
        "        states.append((x, h, c, z, i, f, o, c_new, h_new))\n        h, c = h_new, c_new\n",
        "        h, c = h_new, c_new\n        states.append((x, h, c, z, i, f, o, c_new, h_new))\n",
        kind="overwritten too early | wrong order",
        steps="all",
        variable="h",
        why="h and c are those of this step already when they are saved as the previous ones.",
        lines=("h, c = h_new, c_new", "states.append((x, h, c, z, i, f, o, c_new, h_new))"),
    ),
    single(
        "peephole_batch_output_peephole_copied",
        "peephole_batch",
        "        dpi += (c_prev * di).sum(axis=0)\n"
        "        dpf += (c_prev * df).sum(axis=0)\n"
        "        dpo += (c * do).sum(axis=0)\n",
        "        for dp, da in ((dpi, di), (dpf, df), (dpo, do)):\n"
        '            dp += np.einsum("bh,bh->h", c_prev, da)\n',
        kind="wrong operand | gate copied",
        steps="all",
        variable="dpo",
        why="The output gate looks at the new cell, not at the previous one.",
        lines=(
            'dp += np.einsum("bh,bh->h", c_prev, da)',
            "for dp, da in ((dpi, di), (dpf, df), (dpo, do)):",
        ),
    ),
    single(
        "peephole_batch_names_out_of_order",
        "peephole_batch",
        '    return dict(zip(("W", "R", "pi", "pf", "po", "b", "xs", "h0", "c0"), grads))',
        '    return dict(zip(("W", "R", "pi", "po", "pf", "b", "xs", "h0", "c0"), grads))',
        kind="wrong name | wrong order",
        steps="none",
        variable="po",
        why="bptt returns the forget peephole before that of the output.",
    ),
    # ------------------------------------------------------------- rnn_autoencoder_reversed
    single(
        "rnn_autoencoder_reversed_targets_forward",
        "rnn_autoencoder_reversed",
        "    dout = [(o - x) / n for o, x in zip(out, xs[::-1])]\n",
        "    dout = [(out[t] - xs[t]) / n for t in range(len(xs))]\n",
        kind="forward order | wrong order",
        steps="all | none",
        variable="dout",
        why="The decoder writes the sequence in reverse, so its targets must be reversed.",
    ),
    single(
        "rnn_autoencoder_reversed_a0_in_loop",
        "rnn_autoencoder_reversed",
        '        da = theta["Wa"].T @ delta\n    grad["a0"] += da.sum(axis=1, keepdims=True)\n',
        '        da = theta["Wa"].T @ delta\n        grad["a0"] += da.sum(axis=1, keepdims=True)\n',
        kind="spurious term",
        steps="all but t=0",
        variable="grad",
        why="Only the gradient that leaves the first step belongs to the start state.",
        lines=('grad["a0"] += da.sum(axis=1, keepdims=True)',),
    ),
    # ------------------------------------------------------------- rnn_leap_layernorm
    single(
        "rnn_leap_layernorm_slope_of_state",
        "rnn_leap_layernorm",
        "        dN[t] = D[t + 2] * (1 - q[t] ** 2)  # before the tanh\n",
        "        dN[t] = D[t + 2] * (1 - h[t + 2] ** 2)  # before the tanh\n",
        kind="wrong operand | derivative of an activated value | wrong derivative",
        steps="all",
        variable="dN",
        why="The state is not the tanh alone, the leap is in it too.",
    ),
    single(
        "rnn_leap_layernorm_state_row_set",
        "rnn_leap_layernorm",
        "        D[t + 1] += dA[t] @ U.T\n",
        '        D[t + 1] = np.einsum("bj,ij->bi", dA[t], U)\n',
        kind="= for +=",
        steps="all",
        variable="D",
        why="What the outputs and the leap have given to this row is overwritten.",
    ),
    single(
        "rnn_leap_layernorm_lam_rows",
        "rnn_leap_layernorm",
        '        "lam": (D[2:] * h[:-2]).sum(axis=(0, 1)),\n',
        '        "lam": np.einsum("tbh,tbh->h", D[2:], h[1:-1]),\n',
        kind="index off by one",
        steps="none",
        variable="lam",
        why="The leap is over two steps, so the rows must be two apart.",
    ),
    # ------------------------------------------------------------- rnn_recursion
    single(
        "rnn_recursion_result_overwrites",
        "rnn_recursion",
        "    dh = bptt(p, xs, ys, h, grads, t + 1)\n    _, prob = readout_loss(h, ys[t], p)\n",
        "    _, prob = readout_loss(h, ys[t], p)\n",
        more=(
            (
                '    dh = dh + p["Wy"].T @ dz\n',
                '    dh = p["Wy"].T @ dz\n    dh = bptt(p, xs, ys, h, grads, t + 1)\n',
            ),
        ),
        kind="= for += | missing path",
        steps="all",
        variable="dh",
        why="The gradient of this step's output is overwritten by that of the rest.",
        lines=("dh = bptt(p, xs, ys, h, grads, t + 1)",),
    ),
    single(
        "rnn_recursion_elementwise_for_outer",
        "rnn_recursion",
        '    grads["Wh"] += np.outer(da, h_prev)\n',
        '    grads["Wh"] += da * h_prev\n',
        kind="dot for outer | wrong shape",
        steps="all",
        variable="grads",
        why="The product of the vectors is broadcast to all rows in place of the outer product.",
    ),
    # ------------------------------------------------------------- rnn_surnames_theta
    single(
        "rnn_surnames_theta_letters_set",
        "rnn_surnames_theta",
        '        np.add.at(grad["In"], letters, deltas)\n',
        "        for letter in set(letters):\n"
        '            grad["In"][letter] = deltas[letters == letter].sum(axis=0)\n',
        kind="= for +=",
        steps="none",
        variable="grad",
        why="A letter's row is set anew by each name, so only the last name with it counts.",
        lines=('grad["In"][letter] = deltas[letters == letter].sum(axis=0)',),
    ),
    single(
        "rnn_surnames_theta_bias_row_at_the_end",
        "rnn_surnames_theta",
        "        dState = thetaRec[1:] @ deltas[t]\n",
        "        dState = thetaRec[:-1] @ deltas[t]\n",
        kind="index off by one",
        steps="all | all but t=0",
        variable="dState",
        why="The bias is row 0, not the last one.",
    ),
    # ------------------------------------------------------------- seq2seq_rnn
    single(
        "seq2seq_rnn_dlast_again",
        "seq2seq_rnn",
        "    dh = dlast\n"
        "    for t in reversed(range(x.shape[1])):\n"
        "        if dhs is not None:\n"
        "            dh = dh + dhs[t]\n",
        "    dh = dlast\n"
        "    for t in reversed(range(x.shape[1])):\n"
        "        if dhs is not None:\n"
        "            dh = dlast + dhs[t]\n",
        kind="carry not added | wrong operand | carry lost",
        steps="all but the last",
        variable="dh",
        why="dlast is not updated in the loop, so what comes from the next step is lost.",
        lines=("dh = dlast + dhs[t]",),
    ),
    # ------------------------------------------------------------- stacked_gru_clones
    single(
        "stacked_gru_clones_below_set",
        "stacked_gru_clones",
        "            if L > 0:\n"
        '                dx = dgates @ p[f"i2h{L}"].T + dc @ p[f"i2c{L}"].T\n'
        "                dnext_h[L - 1] += dx * self.mask[L - 1]\n",
        '            dx = dgates @ p[f"i2h{L}"].T + dc @ p[f"i2c{L}"].T\n'
        "            if L > 0:\n"
        "                dnext_h[L - 1] = dx * self.mask[L - 1]\n",
        kind="= for += | carry lost",
        steps="all but the last",
        variable="dnext_h",
        why="What the next step wants of the lower layer is overwritten.",
        lines=("dnext_h[L - 1] = dx * self.mask[L - 1]",),
    ),
    # ------------------------------------------------------------- time_aware_lstm
    single(
        "time_aware_lstm_softplus_slope",
        "time_aware_lstm",
        "        grads['rate'] -= dfade * S['fade' + now] * days[t - 1] * sigmoid(p['rate'])\n",
        "        dlog_fade = -dfade * S['fade' + now]\n"
        "        grads['rate'] += dlog_fade * days[t - 1] * d_sigmoid(sigmoid(p['rate']))\n",
        kind="wrong derivative | derivative of an activated value | spurious factor",
        steps="all",
        variable="grads",
        why="The derivative of the softplus is the sigmoid, not the derivative of the sigmoid.",
        lines=("grads['rate'] += dlog_fade * days[t - 1] * d_sigmoid(sigmoid(p['rate']))",),
    ),
    single(
        "time_aware_lstm_only_through_short",
        "time_aware_lstm",
        "        dadj = dc * S['f' + now]\n",
        "        dc = dc * S['f' + now]\n",
        more=(
            (
                "        dfade = dadj * S['short' + now]\n",
                "        dfade = dc * S['short' + now]\n",
            ),
            (
                "        dshort = dadj * (S['fade' + now] - 1.0) * d_tanh(S['short' + now])\n",
                "        dshort = dc * (S['fade' + now] - 1.0) * d_tanh(S['short' + now])\n",
            ),
            ("        dc = dadj + p['Wd'].T @ dshort\n", "        dc = p['Wd'].T @ dshort\n"),
        ),
        kind="= for += | missing path | carry lost",
        steps="all | all but t=0",
        variable="dc",
        why="The direct way from the adjusted cell to the old one is overwritten.",
        lines=("dc = p['Wd'].T @ dshort",),
    ),
    single(
        "time_aware_lstm_start_in_loop",
        "time_aware_lstm",
        "        dc = dadj + p['Wd'].T @ dshort\n"
        "    grads['h_start'] += dh\n"
        "    grads['c_start'] += dc\n",
        "        dc = dadj + p['Wd'].T @ dshort\n"
        "        grads['h_start'] += dh\n"
        "    grads['c_start'] += dc\n",
        kind="spurious term",
        steps="all but t=0",
        variable="grads",
        why="Each visit adds its gradient to the start state, which only the first one reads.",
        lines=("grads['h_start'] += dh",),
    ),
)
