"""Mistakes planted at a fifth look: refactorings gone half way, NumPy misread, first attempts."""

from __future__ import annotations

from planting import Part, several, single

MISTAKES = (
    single(
        "awd_output_penalty_added_after_the_mask",
        "awd_lstm_tied",
        "    ddropped = dproj @ P.T + 2 * ALPHA * dropped / dropped.size\n"
        "    draw = ddropped * lock_out\n",
        "    ddropped = dproj @ P.T\n"
        "    draw = ddropped * lock_out + 2 * ALPHA * dropped / dropped.size\n",
        lines=(
            "draw = ddropped * lock_out + 2 * ALPHA * dropped / dropped.size",
            "ddropped = dproj @ P.T",
        ),
        kind="missing factor | wrong order | wrong operand",
        steps="none | all",
        variable="draw",
        why="The penalty is on the dropped outputs, so its gradient goes through the mask as well.",
    ),
    single(
        "bigru_weights_in_one_product_of_two_layouts",
        "bigru_classifier",
        "            dW += self.x[:, t].T @ da\n",
        "            da_all[t] = da\n",
        more=(
            (
                "        dW, dU = np.zeros_like(self.W), np.zeros_like(self.U)\n",
                "        dU = np.zeros_like(self.U)\n        da_all = np.zeros((T, B, 3 * H))\n",
            ),
            (
                '        grads = {"W": dW,',
                "        dW = self.x.reshape(B * T, D).T @ da_all.reshape(B * T, 3 * H)\n"
                '        grads = {"W": dW,',
            ),
        ),
        lines=(
            "dW = self.x.reshape(B * T, D).T @ da_all.reshape(B * T, 3 * H)",
            "da_all[t] = da",
            "da_all = np.zeros((T, B, 3 * H))",
        ),
        kind="wrong order | wrong shape | transposed | wrong operand",
        steps="none | all",
        variable="dW",
        why="The inputs are flattened batch first and the deltas time first, so the rows differ.",
    ),
    single(
        "guarded_dot_of_three_axes",
        "char_lstm_guarded",
        "            dh = np.sum([self.W[k].T @ da[k] for k in range(4)], axis=0)\n",
        "            dh = np.dot(da, self.W).sum(axis=(0, 1))\n",
        kind="spurious term | wrong operand | wrong shape",
        steps="all",
        variable="dh",
        why="np.dot pairs every gate's delta with every gate's matrix instead of its own.",
    ),
    single(
        "guarded_initial_states_taken_too_soon",
        "char_lstm_guarded",
        "            dc = dc + dh * self.o[t] * (1 - th ** 2)\n",
        "            dc = dc + dh * self.o[t] * (1 - th ** 2)\n"
        "            if t == 0:\n"
        "                dh_init, dc_init = dh, dc\n",
        more=(('"h_init": dh, "c_init": dc}', '"h_init": dh_init, "c_init": dc_init}'),),
        lines=(
            "dh_init, dc_init = dh, dc",
            "if t == 0:",
            'return {"U": dU, "W": dW, "V": dV, "h_init": dh_init, "c_init": dc_init}',
        ),
        kind="wrong operand | missing path | wrong order | initial value",
        steps="t=0 | none",
        variable="dh_init",
        why="At that point they are the gradients of the first states that the cell has made.",
    ),
    several(
        "clockwork_first_two_slips",
        "clockwork_rnn",
        Part(
            "        dact = np.where(masks[t], dh * (1 - hs[t + 1] ** 2), 0.0)\n",
            "        dact = dh * (1 - hs[t + 1] ** 2)\n",
            "missing factor | spurious term",
            "where the mask is 0 | all but t=0 | all",
            "dact",
            "Units that sleep have no pre-activation that matters.",
        ),
        Part(
            "        dxs.insert(0, W_in.T.dot(dact))\n",
            "        dxs.append(W_in.T.dot(dact))\n",
            "wrong order | forward order",
            "all | none",
            "dxs",
            "The loop runs backwards, so the list does too.",
            ("dxs.append(W_in.T.dot(dact))", '"xs": np.array(dxs), "h0": dh}'),
        ),
    ),
    single(
        "coupled_output_gate_before_the_loss_joins",
        "coupled_gates",
        "        gh = gh + douts[:, t]\n"
        "        tanhc = np.tanh(c)\n"
        "        go = gh * tanhc\n"
        "        gc = gc",
        "        tanhc = np.tanh(c)\n"
        "        go = gh * tanhc\n"
        "        gh = gh + douts[:, t]\n"
        "        gc = gc",
        lines=("go = gh * tanhc", "gh = gh + douts[:, t]"),
        kind="wrong order | missing path | wrong operand",
        steps="all",
        variable="go",
        why="The gate sees only what comes from later steps, as the line was moved up.",
    ),
    single(
        "coupled_bias_sum_without_an_axis",
        "coupled_gates",
        "        gb += gpre.sum(0)\n",
        "        gb += gpre.sum()\n",
        kind="wrong shape | spurious term | wrong operand",
        steps="all",
        variable="gb",
        why="The sum of everything is broadcast to all entries of the bias.",
    ),
    single(
        "embedding_deltas_turned_tokens_not",
        "embedding_rnn",
        '            demb[:, t] = da @ p["Wx"].T\n',
        '            demb[t] = da @ p["Wx"].T\n',
        more=(
            (
                "        demb = np.zeros_like(self.emb)\n",
                '        demb = np.zeros((T, B, p["E"].shape[1]))\n',
            ),
            (
                '        np.add.at(g["E"], self.tokens, demb)\n',
                '        np.add.at(g["E"], self.tokens.ravel(), demb.reshape(B * T, -1))\n',
            ),
        ),
        lines=(
            'np.add.at(g["E"], self.tokens.ravel(), demb.reshape(B * T, -1))',
            'demb[t] = da @ p["Wx"].T',
            'demb = np.zeros((T, B, p["E"].shape[1]))',
        ),
        kind="wrong order | wrong shape | transposed | wrong operand",
        steps="none | all",
        variable="g",
        why="The buffer is time-major now, the tokens that it is scattered to are not.",
    ),
    single(
        "blend_direct_path_moved_to_the_top",
        "gru_blend_reset_after",
        "            dhh = dh * (1 - z) * (1 - hh ** 2)\n"
        "            dz = dh * (h - hh) * z * (1 - z)\n"
        "            dh = dh * z\n",
        "            dh = dh * z\n"
        "            dhh = dh * (1 - z) * (1 - hh ** 2)\n"
        "            dz = dh * (h - hh) * z * (1 - z)\n",
        lines=(
            "dh = dh * z",
            "dhh = dh * (1 - z) * (1 - hh ** 2)",
            "dz = dh * (h - hh) * z * (1 - z)",
        ),
        kind="overwritten too early | wrong order | spurious factor",
        steps="all",
        variable="dh",
        why="The candidate and the gate need the gradient of the new state, not its kept part.",
    ),
    single(
        "dataclass_state_gradient_in_the_loop_of_the_gates",
        "gru_dataclass",
        "        for k, d, state in ((0, d_update, fr.h_in),",
        "        dh = dh * fr.update + d_rh * fr.reset\n"
        "        for k, d, state in ((0, d_update, fr.h_in),",
        more=(
            (
                "            g.b[k] += d.sum(axis=0)\n"
                "        dh = dh * fr.update + d_rh * fr.reset + d_update @ w.U[0].T"
                " + d_reset @ w.U[1].T\n",
                "            g.b[k] += d.sum(axis=0)\n            dh = dh + d @ w.U[k].T\n",
            ),
        ),
        lines=("dh = dh + d @ w.U[k].T", "dh = dh * fr.update + d_rh * fr.reset"),
        kind="spurious term",
        steps="all",
        variable="dh",
        why="The candidate's part is there already, behind its reset gate; the loop adds it again.",
    ),
    several(
        "dataclass_states_in_and_out_mixed",
        "gru_dataclass",
        Part(
            "        g.V += fr.h_out.T @ dscore\n",
            "        g.V += fr.h_in.T @ dscore\n",
            "index off by one | wrong operand",
            "all",
            "g",
            "The scores are read from the state that the step has made.",
        ),
        Part(
            "        d_update = dh * (fr.h_in - fr.cand) * fr.update * (1 - fr.update)\n",
            "        d_update = dh * (fr.h_in - fr.h_out) * fr.update * (1 - fr.update)\n",
            "wrong operand | wrong derivative",
            "all",
            "d_update",
            "The gate blends the old state with the candidate.",
        ),
    ),
    single(
        "recompute_inputs_assigned_gate_by_gate",
        "gru_recompute",
        '            dxs[t] += d @ p["W" + k].T\n',
        '            dxs[t] = d @ p["W" + k].T\n',
        kind="= for += | missing path",
        steps="all",
        variable="dxs",
        why="Only the candidate, the last of the loop, is left.",
    ),
    several(
        "recompute_first_evening",
        "gru_recompute",
        Part(
            "        dh = dh + 2 * (h - ys[t]) / T\n",
            "        dh = 2 * (h - ys[t]) / T\n",
            "carry not added | carry lost",
            "all but the last",
            "dh",
            "What later steps want of the state is dropped.",
        ),
        Part(
            "        dn = dh * (1 - z) * (1 - n ** 2)\n",
            "        dn = dh * z * (1 - n ** 2)\n",
            "wrong operand | wrong derivative",
            "all",
            "dn",
            "The new value enters with 1 - z.",
        ),
        Part(
            '        g["cn"] += dq.sum(axis=0)\n',
            '        g["cn"] += dn.sum(axis=0)\n',
            "missing factor | wrong operand",
            "all",
            "g",
            "This bias is inside of what the reset gate multiplies.",
        ),
    ),
    single(
        "tape_walked_breadth_first",
        "gru_var_tape",
        "        order, seen = [], set()\n"
        "\n"
        "        def visit(v):\n"
        "            if id(v) not in seen:\n"
        "                seen.add(id(v))\n"
        "                for p in v.parents:\n"
        "                    visit(p)\n"
        "                order.append(v)\n"
        "\n"
        "        visit(self)\n"
        "        self.grad = np.ones_like(self.data)\n"
        "        for v in reversed(order):\n",
        "        order, seen = [self], {id(self)}\n"
        "        for v in order:\n"
        "            for p in v.parents:\n"
        "                if id(p) not in seen:\n"
        "                    seen.add(id(p))\n"
        "                    order.append(p)\n"
        "        self.grad = np.ones_like(self.data)\n"
        "        for v in order:\n",
        lines=(
            "order.append(p)",
            "for v in order: @1",
            "for v in order: @2",
            "order, seen = [self], {id(self)}",
            "for p in v.parents:",
            "if id(p) not in seen:",
            "seen.add(id(p))",
            "v._backward()",
        ),
        kind="wrong order",
        steps="all | none | all but the last",
        variable="order",
        why="A state is passed on before all that use it have sent their parts.",
    ),
    single(
        "hyper_biases_and_gain_decayed_too",
        "hyper_lstm_normalised_cell",
        "        for name in self.decayed:\n            d[name] +=",
        "        for name in self.p:\n            d[name] +=",
        lines=("for name in self.p:", "d[name] += self.decay * self.p[name]"),
        kind="spurious term | loop bounds",
        steps="none",
        variable="d",
        why="The penalty is on the matrices only.",
    ),
    several(
        "hyper_two_factors",
        "hyper_lstm_normalised_cell",
        Part(
            "        dscale = da * rec\n",
            "        dscale = drec * rec\n",
            "spurious factor | wrong operand",
            "all",
            "dscale",
            "drec has the scale in it already.",
        ),
        Part(
            "np.mean(dunit * unit, axis=1, keepdims=True)) / rms\n",
            "np.mean(dunit * unit, axis=1, keepdims=True))\n",
            "missing factor | wrong derivative",
            "all",
            "dc",
            "The cell is divided by its root mean square.",
            ("dc = dc + (dunit - unit * np.mean(dunit * unit, axis=1, keepdims=True))",),
        ),
    ),
    single(
        "jordan_feedback_piles_up",
        "jordan_network",
        "        y_back = np.dot(R1.T, delta_h)\n",
        "        y_back += np.dot(R1.T, delta_h)\n",
        kind="+= for = | spurious term",
        steps="all but the last | all",
        variable="y_back",
        why="What comes back belongs to one output only, and is used up at the next step.",
    ),
    single(
        "layernorm_in_stages_with_a_power_too_many",
        "layernorm_lstm",
        "    da = inv_std * (\n"
        "        dxhat\n"
        "        - dxhat.mean(axis=1, keepdims=True)\n"
        "        - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True)\n"
        "    )\n",
        "    n = xhat.shape[1]\n"
        "    xc = xhat / inv_std\n"
        "    dvar = -0.5 * np.sum(dxhat * xhat, axis=1, keepdims=True) * inv_std ** 3\n"
        "    dmu = -np.sum(dxhat * inv_std, axis=1, keepdims=True)\n"
        "    da = dxhat * inv_std + dvar * 2 * xc / n + dmu / n\n",
        lines=("dvar = -0.5 * np.sum(dxhat * xhat, axis=1, keepdims=True) * inv_std ** 3",),
        kind="wrong operand | spurious factor | wrong derivative",
        steps="all",
        variable="dvar",
        why="The third power goes with the centred value; xhat is divided already.",
    ),
    several(
        "layernorm_norm_skipped_and_new_cell",
        "layernorm_lstm",
        Part(
            '    grads["Wx"] += x.T @ da\n',
            '    grads["Wx"] += x.T @ dz\n',
            "wrong operand | missing path | missing derivative",
            "all",
            "grads",
            "dz is behind the normalisation, the product with Wx before it.",
        ),
        Part(
            "dc * c * f * (1 - f),\n",
            "dc * c2 * f * (1 - f),\n",
            "index off by one | wrong operand",
            "all",
            "dz",
            "The forget gate multiplies the cell that came in.",
            ("dz = np.concatenate([dc * g * i * (1 - i), dc * c2 * f * (1 - f),",),
        ),
    ),
    single(
        "learned_h0_softmax_slope_once_more",
        "learned_h0_gru",
        "        d_logits[np.arange(n), labels] -= 1\n",
        "        d_logits[np.arange(n), labels] -= 1\n"
        "        d_logits *= self.prob * (1 - self.prob)\n",
        lines=("d_logits *= self.prob * (1 - self.prob)",),
        kind="spurious factor | wrong derivative",
        steps="none",
        variable="d_logits",
        why="Probabilities minus labels is the gradient behind the softmax already.",
    ),
    several(
        "closures_gate_forgotten_and_totals_replaced",
        "lstm_closures",
        Part(
            '        dc = dc + pull_tc(dh * acts["o"])\n',
            "        dc = dc + pull_tc(dh)\n",
            "missing factor",
            "all",
            "dc",
            "Between the output and the squashed cell is the output gate.",
        ),
        Part(
            "            for k, v in dp.items():\n                total[k] += v\n",
            "            total.update(dp)\n",
            "= for +=",
            "all but t=0 | all but the last | all",
            "total",
            "An update replaces what later steps have given.",
        ),
    ),
    single(
        "einsum_slope_of_all_four_gates_alike",
        "lstm_einsum",
        "        da[t, :G] *= s[t, :G] * (1 - s[t, :G])\n"
        "        da[t, G] = dc * s[t, I] * (1 - s[t, G] ** 2)\n",
        "        da[t, G] = dc * s[t, I]\n        da[t] *= s[t] * (1 - s[t])\n",
        lines=("da[t] *= s[t] * (1 - s[t])", "da[t, G] = dc * s[t, I]"),
        kind="wrong derivative",
        steps="all",
        variable="da",
        why="The candidate is a tanh.",
    ),
    single(
        "generator_expit_value_taken_for_the_tanh",
        "lstm_generator",
        "    return 0.5 * (1 + np.tanh(0.5 * a))\n",
        "    return 0.5 * (1 + np.tanh(0.5 * a))\n"
        "\n"
        "\n"
        "def dexpit(y):\n"
        "    return 0.25 * (1 - y * y)\n",
        more=(
            (
                '            "i": dc * s.g * s.i * (1 - s.i),\n'
                '            "f": dc * s.c_prev * s.f * (1 - s.f),\n'
                '            "o": dh * tc * s.o * (1 - s.o),\n',
                '            "i": dc * s.g * dexpit(s.i),\n'
                '            "f": dc * s.c_prev * dexpit(s.f),\n'
                '            "o": dh * tc * dexpit(s.o),\n',
            ),
        ),
        lines=(
            "return 0.25 * (1 - y * y)",
            '"i": dc * s.g * dexpit(s.i),',
            '"f": dc * s.c_prev * dexpit(s.f),',
            '"o": dh * tc * dexpit(s.o),',
        ),
        kind="wrong derivative | derivative of an activated value",
        steps="all",
        variable="delta",
        why="The formula wants the tanh of half the argument, but gets the gate.",
    ),
    single(
        "generator_last_cell_begins_with_zeros",
        "lstm_generator",
        "    dh, dc = dh_last, dc_last\n",
        "    dh, dc = dh_last, np.zeros_like(dc_last)\n",
        kind="initial value | missing path",
        steps="the last | none",
        variable="dc",
        why="The loss reads the last cell too.",
    ),
    single(
        "masked_lstm_padded_rows_cleared_in_place",
        "lstm_masked_states",
        "        dh_cand = np.where(valid, dh, 0.0)\n",
        "        dh_cand = dh\n        dh_cand[~valid[:, 0]] = 0.0\n",
        lines=(
            "dh_cand[~valid[:, 0]] = 0.0",
            "dh_cand = dh",
            "dh_skip = np.where(valid, 0.0, dh)",
        ),
        kind="aliasing | argument changed | overwritten too early",
        steps="where the mask is 0 | all",
        variable="dh_cand",
        why="dh is the same array, so nothing is left for the skipped rows.",
        shows=("gradient", "argument", "repeat"),
    ),
    single(
        "masked_lstm_reshape_for_swapaxes",
        "lstm_masked_states",
        "    return dWx, dWh, db, np.stack(dx[::-1], axis=1)\n",
        "    dx = np.array(dx[::-1])\n"
        "    T, B, D = dx.shape\n"
        "    return dWx, dWh, db, dx.reshape(B, T, D)\n",
        lines=("return dWx, dWh, db, dx.reshape(B, T, D)", "dx = np.array(dx[::-1])"),
        kind="wrong shape | transposed | wrong order",
        steps="none | all",
        variable="dx",
        why="A reshape gives the right shape, but deals the rows out to the wrong sequences.",
    ),
    single(
        "nodes_error_given_to_every_unit",
        "lstm_nodes",
        "        diff_h = diff_h.copy()\n        diff_h[0] += 2 * (node.h[0] - y_list[idx])\n",
        "        diff_h = diff_h + 2 * (node.h[0] - y_list[idx])\n",
        kind="spurious term | wrong shape | wrong operand",
        steps="all",
        variable="diff_h",
        why="The loss reads the first unit only; the number is broadcast to all of them.",
    ),
    single(
        "partial_both_halves_of_hx_exchanged",
        "lstm_partial",
        "    return dhx[:, :n], dc * f, new, [dhx[:, n:]] + dxs\n",
        "    return dhx[:, -n:], dc * f, new, [dhx[:, :-n]] + dxs\n",
        kind="wrong order | wrong operand",
        steps="all",
        variable="dhx",
        why="The state stands in front of the input here.",
    ),
    several(
        "partial_first_evening",
        "lstm_partial",
        Part(
            '        new["W" + k] = grads["W" + k] + np.dot(hx.T, v)\n',
            '        new["W" + k] = np.dot(hx.T, v)\n',
            "= for += | carry not added",
            "all but t=0 | all but the last | all",
            "new",
            "The sum begins anew at every step.",
        ),
        Part(
            '        "o": dh * t * o * (1 - o),\n',
            '        "o": dc * t * o * (1 - o),\n',
            "wrong operand | gate copied",
            "all",
            "raw",
            "The output gate belongs to the state; dc was copied from the lines above.",
        ),
        Part(
            '        "g": dc * i * (1 - g ** 2),\n',
            '        "g": dc * i * (1 - t ** 2),\n',
            "wrong operand | wrong derivative",
            "all",
            "raw",
            "t is the tanh of the cell.",
        ),
    ),
    single(
        "unit_loops_two_buffers_that_are_one",
        "lstm_unit_loops",
        "    for t in range(T - 1, -1, -1):\n        dh_prev = np.zeros(n_cell)\n",
        "    dh_prev = np.zeros(n_cell)\n"
        "    for t in range(T - 1, -1, -1):\n"
        "        dh_prev[:] = 0.0\n",
        lines=(
            "dh = dh_prev",
            "dh_prev[:] = 0.0",
            "dh_prev = np.zeros(n_cell)",
            "e = dh[u] + dout[t, u]",
            "dh_prev[k] += delta[q] * w[row + n_in + k]",
        ),
        kind="aliasing | overwritten too early",
        steps="all but the last | all | all but t=0",
        variable="dh",
        why="After the first pass dh is dh_prev, which is cleared and filled while dh is read.",
    ),
    single(
        "lstmp_projection_before_the_outputs_join",
        "lstmp_peephole_norm",
        "        dr = dr + dy_t.dot(P['W_yr'].T)\n        G['W_rm'] += m.T.dot(dr)\n",
        "        G['W_rm'] += m.T.dot(dr)\n        dr = dr + dy_t.dot(P['W_yr'].T)\n",
        lines=("G['W_rm'] += m.T.dot(dr)", "dr = dr + dy_t.dot(P['W_yr'].T)"),
        kind="wrong order | missing path | wrong operand",
        steps="all",
        variable="G",
        why="dr has only the later steps' part when the product is taken.",
    ),
    several(
        "mgu_second_use_forgotten",
        "mgu",
        Part(
            "        dbf += df_pre.sum(axis=0)\n",
            "        dbf += df.sum(axis=0)\n",
            "missing derivative | wrong operand",
            "all",
            "dbf",
            "The bias is inside of the gate's sigmoid.",
        ),
        Part(
            "        dh = dh * (1 - f[t]) + dfh * f[t] + df_pre @ Uf.T\n",
            "        dh = dh * (1 - f[t]) + df_pre @ Uf.T\n",
            "missing path",
            "all",
            "dh",
            "The candidate reads the gated state.",
        ),
    ),
    single(
        "ntd_states_reshaped_for_transposed",
        "ntd_tuples",
        "h.reshape(N * T, H).T.dot(dscores.reshape(N * T, -1))\n",
        "h.reshape(H, N * T).dot(dscores.reshape(N * T, -1))\n",
        lines=('grads["Wv"] = h.reshape(H, N * T).dot(dscores.reshape(N * T, -1))',),
        kind="transposed | wrong shape | wrong order",
        steps="none | all",
        variable="grads",
        why="A reshape to (H, N * T) is no transpose.",
    ),
    several(
        "ntd_first_attempt",
        "ntd_tuples",
        Part(
            "    dnext_c = dnext_c + dnext_h * o * (1 - tanh_c ** 2)\n",
            "    dnext_c = dnext_c + dnext_h * (1 - tanh_c ** 2)\n",
            "missing factor",
            "all",
            "dnext_c",
            "The output gate multiplies the squashed cell.",
        ),
        Part(
            "    dai = dnext_c * g * i * (1 - i)\n",
            "    dai = dnext_c * i * (1 - i)\n",
            "missing factor",
            "all",
            "dai",
            "The input gate multiplies the candidate.",
        ),
        Part(
            "        dWx += dWx_t\n",
            "        dWx = dWx_t\n",
            "= for +=",
            "all but t=0 | all but the last | all",
            "dWx",
            "Only the first step's part remains.",
        ),
        Part(
            '    grads["bv"] = dscores.sum(axis=(0, 1))\n',
            '    grads["bv"] = dscores.mean(axis=(0, 1))\n',
            "mean for sum | scale 1/B or 1/T",
            "none",
            "grads",
            "The scores' gradient has its 1 / N already.",
        ),
    ),
    single(
        "peephole_all_cell_paths_behind_the_forget_gate",
        "peephole_batch",
        "        dc_rec = dc * f + pi * di + pf * df\n",
        "        dc_rec = (dc + pi * di + pf * df) * f\n",
        kind="spurious factor | wrong derivative",
        steps="all",
        variable="dc_rec",
        why="The peepholes read the old cell directly.",
    ),
    single(
        "residual_deltas_written_over_the_skip_gradient",
        "residual_rnn",
        "    dz = np.zeros_like(dh)\n",
        "    dz = dh\n",
        lines=(
            "dz = dh",
            "dz[t] = (dh[t] + carry) * (1 - h[t + 1] ** 2)",
            "dh1 = dh1 + dtop",
            'dtop, h1[1:], h2, params["W2"], params["U2"])',
        ),
        kind="aliasing | argument changed | overwritten too early",
        steps="none | all",
        variable="dtop",
        why="The second layer writes its deltas into dtop, which the skip connection needs later.",
    ),
    single(
        "free_running_first_share_twice",
        "rnn_free_running",
        "    G[name] = G.get(name, 0) + value\n",
        "    G.setdefault(name, value)\n    G[name] += value\n",
        lines=("G.setdefault(name, value)", "G[name] += value"),
        kind="spurious term | initial value | aliasing",
        steps="the last | all",
        variable="G",
        why="The default should be a zero; it is the value itself, and even the same array.",
    ),
    single(
        "masked_rnn_target_overwritten_with_minus_one",
        "rnn_masked_ce",
        "    tt, bb = np.indices((T, B))\n    dlogits[tt, bb, tags] -= 1\n",
        "    np.put_along_axis(dlogits, tags[:, :, None], -1, axis=2)\n",
        kind="= for += | missing path | wrong derivative",
        steps="none | all",
        variable="dlogits",
        why="One is to be subtracted from the probability, not put in its place.",
    ),
    several(
        "masked_rnn_gap_and_output_weights",
        "rnn_masked_ce",
        Part(
            '        "Why": np.einsum("tbh,tbk->hk", h[1:], dlogits),\n',
            '        "Why": np.einsum("tbh,tbk->hk", h[:-1], dlogits),\n',
            "index off by one | wrong operand",
            "none | all",
            "grads",
            "The scores are read from the new states.",
        ),
        Part(
            "        da = m * dh * (1 - a[t] ** 2)\n",
            "        da = dh * (1 - a[t] ** 2)\n",
            "missing factor | spurious term",
            "where the mask is 0 | all",
            "da",
            "In a gap the candidate is thrown away.",
        ),
    ),
    single(
        "relu_clipped_on_the_way_back",
        "rnn_relu",
        "            delta_h = self.Whh.T.dot(delta_z)\n",
        "            delta_h = np.clip(self.Whh.T.dot(delta_z), -0.1, 0.1)\n",
        kind="clipped",
        steps="all but t=0 | all but the last | all",
        variable="delta_h",
        why="A clip between the steps is no gradient of anything.",
    ),
    several(
        "surnames_sums_over_the_names",
        "rnn_surnames_theta",
        Part(
            '        grad["Start"] += dStart\n',
            '        grad["Start"] = dStart\n',
            "= for +=",
            "none | t=0 | all",
            "grad",
            "All names begin with the same state.",
        ),
        Part(
            "        grad[layer] += LAMBDA / m * withoutBias(theta[layer])\n",
            "        grad[layer] += LAMBDA * withoutBias(theta[layer])\n",
            "scale 1/B or 1/T | missing factor",
            "none",
            "grad",
            "The penalty is averaged over the names as well.",
        ),
    ),
    single(
        "captions_coverage_felt_by_the_last_look_only",
        "show_attend_tell",
        "            dalpha = (ann @ dz[:, :, None])[:, :, 0] + dcover\n",
        "            dalpha = (ann @ dz[:, :, None])[:, :, 0]\n"
        "            if t == T - 1:\n"
        "                dalpha += dcover\n",
        lines=(
            "if t == T - 1:",
            "dalpha += dcover",
            "dalpha = (ann @ dz[:, :, None])[:, :, 0]",
        ),
        kind="missing path | loop bounds",
        steps="all but the last",
        variable="dalpha",
        why="The coverage is a sum of the weights of all steps, so each of them gets its gradient.",
    ),
    single(
        "clones_are_one_and_the_same",
        "stacked_gru_clones",
        "    clones = [StepNet(params, grad_params, n_layers) for _ in range(seq_length)]\n",
        "    clones = [StepNet(params, grad_params, n_layers)] * seq_length\n",
        lines=(
            "clones = [StepNet(params, grad_params, n_layers)] * seq_length",
            "doutput = np.exp(clones[t].prediction)",
            "drnn_state[t - 1] = clones[t].backward(doutput, drnn_state[t])",
            "x, h, z, r, rh, c = self.saved[L]",
            "self.saved.append((x, h, z, r, rh, c))",
            "self.saved = []",
        ),
        kind="aliasing | state between calls",
        steps="all but the last",
        variable="clones",
        why="The list repeats one object, which remembers the last step only.",
    ),
    several(
        "tied_first_evening",
        "tied_embeddings",
        Part(
            "        ds /= n\n",
            "        ds /= B\n",
            "scale 1/B or 1/T | wrong operand",
            "all",
            "ds",
            "The loss is a mean over the steps too.",
        ),
        Part(
            "        dU += h_prev.T @ da\n",
            "        dU += h.T @ da\n",
            "index off by one | wrong operand",
            "all",
            "dU",
            "U multiplies the state before.",
        ),
        Part(
            "        dh_next = da @ U.T\n",
            "        dh_next = dh @ U.T\n",
            "missing derivative | wrong operand",
            "all but t=0 | all but the last | all",
            "dh_next",
            "The product with U is inside of the tanh.",
        ),
    ),
    single(
        "zoneout_output_taken_behind_the_zone",
        "zoneout_lstm",
        "        dc_new = (1 - zone_c[t]) * dc + dh_new * o * (1 - tc ** 2)\n",
        "        dc_new = (1 - zone_c[t]) * (dc + dh_new * o * (1 - tc ** 2))\n",
        kind="spurious factor | missing path | wrong derivative",
        steps="all | where the mask is 1",
        variable="dc_new",
        why="The output reads the cell before its zone is applied.",
    ),
)
