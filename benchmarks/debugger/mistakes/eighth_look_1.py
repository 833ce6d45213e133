"""Mistakes of a person in a hurry who makes working code shorter."""

from planting import single

MISTAKES = (
    single(
        "attention_over_past_states_slope_buffer",
        "attention_over_past_states",
        "        da[:, :G] *= gates[:, :G] * (1 - gates[:, :G])\n        da[:, G] *= 1 - g ** 2\n",
        "        slope = gates\n        slope[:, G] = 1 - g ** 2\n"
        "        slope[:, :G] *= 1 - slope[:, :G]\n        da *= slope\n",
        kind="aliasing | overwritten too early",
        steps="all",
        variable="f",
        why="slope is gates itself and f a view of it, so dcr = dc * f reads f * (1 - f).",
        lines=("slope = gates", "slope[:, :G] *= 1 - slope[:, :G]", "dcr = dc * f"),
    ),
    single(
        "attention_pooling_slopes_ahead",
        "attention_pooling",
        "            dz = (dstates[:, t] + dnext) * (1 - states[:, t] ** 2)",
        "            dz = dlocal[:, t] + dnext",
        kind="missing derivative | wrong order",
        steps="all but the last",
        variable="dz",
        why="The slope is multiplied in before the loop, so what comes from step t + 1 misses it.",
        more=(
            (
                "        dnext = np.zeros_like(states[:, 0])\n",
                "        dlocal = dstates * (1 - states ** 2)\n"
                "        dnext = np.zeros_like(states[:, 0])\n",
            ),
        ),
    ),
    single(
        "awd_lstm_tied_slow_size",
        "awd_lstm_tied",
        "    draw[1:] += 2 * BETA * diff / diff.size\n"
        "    draw[:-1] -= 2 * BETA * diff / diff.size\n",
        "    slow = 2 * BETA * diff / raw.size\n    draw[1:] += slow\n    draw[:-1] -= slow\n",
        kind="scale 1/B or 1/T | wrong operand",
        steps="none",
        variable="slow",
        why="There is one difference less than there are states, and the mean is over diff.",
    ),
    single(
        "awd_lstm_tied_collected_words",
        "awd_lstm_tied",
        "        de = dz @ Wih.T\n        np.add.at(dE_drop, tokens[t], de * lock_in)\n",
        "        des.append(dz @ Wih.T)\n",
        kind="forward order | wrong order",
        steps="none | all",
        variable="dE_drop",
        why="des was filled from the last step to the first, the tokens stand in forward order.",
        lines=(
            "np.add.at(dE_drop, tokens[:-1], np.array(des) * lock_in)",
            "des.append(dz @ Wih.T)",
        ),
        more=(
            ("    dh = dc = 0\n", "    des = []\n    dh = dc = 0\n"),
            (
                "        dc = dc * f\n\n    # back",
                "        dc = dc * f\n"
                "    np.add.at(dE_drop, tokens[:-1], np.array(des) * lock_in)\n\n    # back",
            ),
        ),
    ),
    single(
        "batched_ifog_rolled_cells",
        "batched_ifog",
        "        if t > 0:\n            dIFOGf[t, :, d:2 * d] = C[t - 1] * dC[t]\n"
        "            dC[t - 1]",
        "        dIFOGf[t, :, d:2 * d] = Cprev[t] * dC[t]\n        if t > 0:\n"
        "            dC[t - 1]",
        kind="initial value | index off by one | wrong operand",
        steps="t=0",
        variable="Cprev",
        why="Rolling puts the last cell where c0 belongs.",
        lines=(
            "Cprev = np.roll(C, 1, axis=0)",
            "dIFOGf[t, :, d:2 * d] = Cprev[t] * dC[t]",
        ),
        more=(
            (
                "            dIFOGf[t, :, d:2 * d] = c0 * dC[t]\n",
                "",
            ),
            (
                "    n, b, d = dHout_in.shape\n",
                "    n, b, d = dHout_in.shape\n    Cprev = np.roll(C, 1, axis=0)\n",
            ),
        ),
    ),
    single(
        "char_lstm_batch_first_fancy_rows",
        "char_lstm_batch_first",
        "            np.add.at(self.grad_Wf, x, df)\n"
        "            np.add.at(self.grad_Wi, x, di)\n"
        "            np.add.at(self.grad_Wo, x, do)\n"
        "            np.add.at(self.grad_Wg, x, dg)\n",
        '            for gate, da in zip("fiog", (df, di, do, dg)):\n'
        '                getattr(self, "grad_W" + gate)[x] += da\n',
        kind="repeated indices",
        steps="all | after an index repeats",
        variable="grad_Wf",
        why="Of rows of the batch with the same character only one is added.",
        lines=('getattr(self, "grad_W" + gate)[x] += da',),
    ),
    single(
        "cifg_prealloc_einsum_wrapped_carry",
        "cifg_prealloc_einsum",
        '            dh = np.einsum("knh,kjh->nj", delta[t], self.Wh)\n',
        '            dh_above[t - 1] += np.einsum("knh,kjh->nj", delta[t], self.Wh)\n',
        kind="index off by one | spurious term | initial value",
        steps="t=0",
        variable="dh_above",
        why="At t=0 the index wraps, the gradient of h0 is added to the row of the last step.",
        more=(
            ("            dh += dh_above[t]\n", "            dh = dh_above[t]\n"),
            ('            "h0": dh,\n', '            "h0": dh_above[-1],\n'),
            ("        dh = np.zeros_like(self.h[0])\n", ""),
        ),
        lines=(
            'dh_above[t - 1] += np.einsum("knh,kjh->nj", delta[t], self.Wh)',
            '"h0": dh_above[-1],',
        ),
    ),
    single(
        "clockwork_rnn_held_units",
        "clockwork_rnn",
        "        dact = np.where(masks[t], dh * (1 - hs[t + 1] ** 2), 0.0)\n",
        "        dact = masks[t] * dh * (1 - hs[t + 1] ** 2)\n",
        kind="spurious term | missing factor",
        steps="all",
        variable="dh",
        why="Units that were active hold nothing, their dh must not go on as it is.",
        lines=("dh = dh + W_rec.T.dot(dact)",),
        more=(
            (
                "        dh = np.where(masks[t], 0.0, dh) + W_rec.T.dot(dact)\n",
                "        dh = dh + W_rec.T.dot(dact)\n",
            ),
        ),
    ),
    single(
        "clockwork_rnn_zipped_masks",
        "clockwork_rnn",
        "    t = len(xs) - 1\n    while t >= 0:\n",
        "    for t, active in zip(reversed(range(len(xs))), masks):\n",
        kind="forward order | wrong order",
        steps="all",
        variable="active",
        why="t runs backwards, the masks beside it run forwards.",
        more=(
            ("np.where(masks[t], dh * (", "np.where(active, dh * ("),
            (
                "        dh = np.where(masks[t], 0.0, dh) + W_rec.T.dot(dact)\n        t -= 1\n",
                "        dh = np.where(active, 0.0, dh) + W_rec.T.dot(dact)\n",
            ),
        ),
    ),
    single(
        "ctrnn_adjoint_vectorised",
        "ctrnn_adjoint",
        "            for i in range(n):\n"
        "                rate = h * np.exp(-lt[i])\n"
        "                step = y[k + 1, i] - y[k, i]\n"
        "                ad_total = rate * ad_y[k + 1, i]\n"
        "                ad_lt[i] -= step * ad_y[k + 1, i]\n"
        "                ad_y[k, i] += (1.0 - rate) * ad_y[k + 1, i]\n"
        "                for j in range(n):\n"
        "                    ad_w[i, j] += ad_total * r[j]\n"
        "                    ad_arg = ad_total * w[i, j] * r[j] * (1.0 - r[j])\n"
        "                    ad_theta[j] += ad_arg\n"
        "                    ad_y[k, j] += ad_arg\n"
        "                ad_drive[it, i] += ad_total\n",
        "            rate = h * np.exp(-lt)\n"
        "            ad_total = rate * ad_y[k + 1]\n"
        "            ad_lt -= (y[k + 1] - y[k]) * ad_y[k + 1]\n"
        "            ad_w += np.outer(ad_total, r)\n"
        "            ad_arg = (w @ ad_total) * r * (1.0 - r)\n"
        "            ad_theta += ad_arg\n"
        "            ad_y[k] += (1.0 - rate) * ad_y[k + 1] + ad_arg\n"
        "            ad_drive[it] += ad_total\n",
        kind="transposed",
        steps="all",
        variable="ad_arg",
        why="The way back is through the transpose of w.",
        lines=("ad_arg = (w @ ad_total) * r * (1.0 - r)",),
    ),
    single(
        "dropout_lstm_one_record",
        "dropout_lstm",
        "            self.tape.append({'h_drop': h_drop, 'i': i, 'f': f, 'o': o, 'g': g,\n"
        "                              'c_prev': c_prev, 'c': c})\n",
        "            step.update(h_drop=h_drop, i=i, f=f, o=o, g=g, c_prev=c_prev, c=c)\n"
        "            self.tape.append(step)\n",
        kind="aliasing",
        steps="all but the last",
        variable="tape",
        why="The tape holds one and the same dict at every step, with the values of the last.",
        lines=(
            "self.tape.append(step)",
            "step = {}",
            "step.update(h_drop=h_drop, i=i, f=f, o=o, g=g, c_prev=c_prev, c=c)",
        ),
        more=(("        self.tape = []\n", "        self.tape = []\n        step = {}\n"),),
    ),
    single(
        "elman_two_lags_one_loop",
        "elman_two_lags",
        "    for t in range(n_steps):\n"
        "        gy = 2 * (y[t] - targets[t]) / (n_steps * n_samples)\n"
        "        gWy += np.dot(gy, h[t].T)\n"
        "        gby += np.sum(gy, axis=1, keepdims=True)\n"
        "        gh[t] += np.dot(Wy.T, gy)\n"
        "\n"
        "    # then back through time: step t feeds from t-1 and t-2\n"
        "    for t in range(n_steps - 1, -1, -1):\n",
        "    for t in range(n_steps - 1, -1, -1):\n"
        "        gy = 2 * (y[t] - targets[t]) / (n_steps * n_samples)\n"
        "        gWy += np.dot(gy, h[t].T)\n"
        "        gby += np.sum(gy, axis=1, keepdims=True)\n"
        "        gh[t] = np.dot(Wy.T, gy)\n",
        kind="= for += | carry lost",
        steps="all but the last",
        variable="gh",
        why="In one loop gh[t] holds already what came from t + 1 and t + 2.",
        lines=("gh[t] = np.dot(Wy.T, gy)",),
    ),
    single(
        "gru_after_stacked_shared_preactivation",
        "gru_after_stacked",
        "        dah = np.concatenate((dz, dr, dhh * r), axis=1)\n",
        "        dah = dax\n        dah[:, 2 * H:] *= r\n",
        kind="aliasing",
        steps="all",
        variable="dax",
        why="dah is dax, so dax gets the reset gate too.",
        lines=("dah = dax", "dah[:, 2 * H:] *= r"),
    ),
    single(
        "gru_globals_gated_delta",
        "gru_globals",
        "        dUh += np.outer(dhbar, rs[t] * hs[t])\n",
        "        gated = rs[t] * dhbar\n        dUh += np.outer(gated, hs[t])\n",
        kind="wrong operand | wrong order | transposed",
        steps="all but t=0",
        variable="gated",
        why="The gate belongs to the state, i.e. to the columns, and not to the rows.",
        lines=("gated = rs[t] * dhbar", "dUh += np.outer(gated, hs[t])"),
    ),
    single(
        "gru_outer_1d_same_state",
        "gru_outer_1d",
        '            for gate, delta, state in (("u", du, h), ("r", dr, h), ("k", dk, r * h)):\n',
        '            for gate, delta in (("u", du), ("r", dr), ("k", dk)):\n',
        kind="missing factor | gate copied | wrong operand",
        steps="all",
        variable="g",
        why="The candidate sees r * h and not h.",
        lines=('g["R" + gate] += np.outer(delta, h)',),
        more=(
            (
                '                g["R" + gate] += np.outer(delta, state)\n',
                '                g["R" + gate] += np.outer(delta, h)\n',
            ),
        ),
    ),
    single(
        "gru_recompute_zip",
        "gru_recompute",
        "        x, h_prev, h = xs[t], all_h[t], all_h[t + 1]\n"
        "        z, r, q, n = gates(x, h_prev, p)\n",
        "        x, h = xs[t], all_h[t + 1]\n"
        "        z, r, q, n = gates(x, h, p)\n"
        "        h_prev = all_h[t]\n",
        kind="index off by one | wrong operand",
        steps="all",
        variable="z",
        why="The gates of step t come from the state before it.",
        lines=("z, r, q, n = gates(x, h, p)",),
    ),
    single(
        "gru_reset_before_next_outside",
        "gru_reset_before",
        '        dh = dh * (1 - s["z"]) + drh * s["r"] + dz @ P["Uz"].T + dr @ P["Ur"].T\n',
        '        dh = dh * (1 - s["z"]) + drh * s["r"] + dz @ P["Uz"].T + dr @ P["Ur"].T\n'
        "        dh += dout[t - 1]\n",
        kind="index off by one | spurious term",
        steps="t=0",
        variable="dh",
        why="There is no output before step 0, dout[-1] is that of the last step.",
        lines=("dh += dout[t - 1]",),
        more=(
            ("    dh = np.zeros_like(dout[0])\n", "    dh = dout[-1]\n"),
            ("        dh = dh + dout[t]\n", ""),
        ),
    ),
    single(
        "gru_tagger_fit_penalty_indent",
        "gru_tagger_fit",
        "        self.dUz += self.l2 * self.Uz\n"
        "        self.dUr += self.l2 * self.Ur\n"
        "        self.dUc += self.l2 * self.Uc\n",
        '            for U in ("Uz", "Ur", "Uc"):\n'
        '                grad = getattr(self, "d" + U)\n'
        "                grad += self.l2 * getattr(self, U)\n",
        kind="spurious term | spurious factor | scale 1/B or 1/T",
        steps="all | all but the last",
        variable="grad",
        why="The penalty is added at every step and counts T times.",
        lines=("grad += self.l2 * getattr(self, U)", 'for U in ("Uz", "Ur", "Uc"):'),
    ),
    single(
        "gru_tagger_fit_errors_ahead",
        "gru_tagger_fit",
        "        dh = np.zeros_like(self.h[0])\n",
        "        errors = (np.stack(self.p, axis=1) - y) / B\n"
        "        dh = np.zeros_like(self.h[0])\n",
        kind="scale 1/B or 1/T",
        steps="none | all",
        variable="errors",
        why="The loss is the mean over examples and steps.",
        lines=("errors = (np.stack(self.p, axis=1) - y) / B",),
        more=(
            (
                "            err = (self.p[t] - y[:, t]) / (B * T)\n",
                "            err = errors[:, t]\n",
            ),
        ),
    ),
    single(
        "gru_torch_layout_tuple",
        "gru_torch_layout",
        "        return (grad_x, grad_hx, grad_gi.T @ x, grad_gh.T @ hx,\n"
        "                grad_gi.sum(axis=0), grad_gh.sum(axis=0))\n",
        "        weights = [d.T @ v for d, v in ((grad_gi, x), (grad_gh, hx))]\n"
        "        biases = [d.sum(axis=0) for d in (grad_gh, grad_gi)]\n"
        "        return (grad_x, grad_hx, *weights, *biases)\n",
        kind="wrong order | wrong name",
        steps="all",
        variable="biases",
        why="The two biases are handed back in the other order.",
        lines=("biases = [d.sum(axis=0) for d in (grad_gh, grad_gi)]",),
    ),
    single(
        "gru_var_tape_stack_order",
        "gru_var_tape",
        "        order, seen = [], set()\n\n"
        "        def visit(v):\n"
        "            if id(v) not in seen:\n"
        "                seen.add(id(v))\n"
        "                for p in v.parents:\n"
        "                    visit(p)\n"
        "                order.append(v)\n\n"
        "        visit(self)\n"
        "        self.grad = np.ones_like(self.data)\n"
        "        for v in reversed(order):\n"
        "            v._backward()\n",
        "        order, seen, stack = [], set(), [self]\n"
        "        while stack:\n"
        "            v = stack.pop()\n"
        "            if id(v) not in seen:\n"
        "                seen.add(id(v))\n"
        "                order.append(v)\n"
        "                stack.extend(v.parents)\n"
        "        self.grad = np.ones_like(self.data)\n"
        "        for v in order:\n"
        "            v._backward()\n",
        kind="wrong order",
        steps="all | none | all but the last",
        variable="order",
        why="A node may be visited before all who use it, its gradient is not complete then.",
        lines=("order.append(v)", "stack.extend(v.parents)", "for v in order:"),
    ),
    single(
        "indrnn_recurrent_vector",
        "indrnn",
        "        du += (da * h[t - 1]).sum(axis=0)\n",
        "",
        kind="index off by one",
        steps="none",
        variable="du",
        why="u multiplies the state before, i.e. h[:-1].",
        lines=('du = np.einsum("tbh,tbh->h", dproj, h[1:])',),
        more=(
            ("    du = np.zeros_like(u)\n", ""),
            (
                "    db = dproj.sum(axis=(0, 1))\n",
                '    du = np.einsum("tbh,tbh->h", dproj, h[1:])\n    db = dproj.sum(axis=(0, 1))\n',
            ),
        ),
    ),
    single(
        "janet_one_slope",
        "janet",
        "    ds = dh_new * h * f * (1 - f) + dh_new * c * i * (1 - i)\n",
        "    slope = f * (1 - f)\n    ds = dh_new * (h + c) * slope\n",
        kind="wrong derivative | gate copied | wrong operand",
        steps="all",
        variable="ds",
        why="i is the sigmoid of s - 1 and has a slope of its own.",
        lines=("ds = dh_new * (h + c) * slope", "slope = f * (1 - f)"),
    ),
    single(
        "jordan_network_one_array",
        "jordan_network",
        "        delta_y = (2 * (ys[t] - D[t]) / N + y_back) * (1 - ys[t] ** 2)\n",
        "        delta_y = (2 * (outs[t + 1] - D[t]) / N + y_back) * (1 - outs[t] ** 2)\n",
        kind="index off by one",
        steps="all",
        variable="delta_y",
        why="outs begins with y0, the output of step t is outs[t + 1].",
        more=(
            (
                "        R1_grad += np.outer(delta_h, ys[t - 1])\n",
                "        R1_grad += np.outer(delta_h, outs[t])\n",
            ),
            (
                "    y_back = np.zeros_like(ys[-1])\n",
                "    outs = np.array(list(ys.values()))\n    y_back = np.zeros_like(outs[0])\n",
            ),
        ),
    ),
    single(
        "keras_layout_lstm_stacked_gates",
        "keras_layout_lstm",
        "            d_z = np.concatenate([d_i, d_f, d_cand, d_o], axis=1)\n",
        "            d_z = np.stack([d_i, d_f, d_cand, d_o], axis=-1).reshape(len(c), 4 "
        "* self.units)\n",
        kind="wrong order | wrong shape",
        steps="all",
        variable="d_z",
        why="The gates are interleaved unit by unit instead of lying in blocks.",
    ),
    single(
        "layernorm_lstm_scan_short_scan",
        "layernorm_lstm_scan",
        "    for t in range(len(xs[0]))[::-1 if reverse else 1]:\n"
        "        carry, y = f(carry, *(x[t] for x in xs))\n"
        "        ys.append(y)\n"
        "    if reverse:\n"
        "        ys.reverse()\n",
        "    for args in zip(*(x[::-1] if reverse else x for x in xs)):\n"
        "        carry, y = f(carry, *args)\n"
        "        ys.append(y)\n",
        kind="forward order | wrong order",
        steps="none | all",
        variable="ys",
        why="In a reverse scan what comes back is stacked from the last step to the first.",
        lines=(
            "return carry, [np.stack(field) for field in zip(*ys)]",
            "ys.append(y)",
            "for args in zip(*(x[::-1] if reverse else x for x in xs)):",
        ),
    ),
    single(
        "layernorm_lstm_scan_short_vjp",
        "layernorm_lstm_scan",
        "    dsd = -(dxhat * xc).sum(axis=-1, keepdims=True) / sd ** 2\n"
        "    dxc = dxhat / sd + dsd * xc / (sd * xc.shape[-1])\n"
        "    return dxc - dxc.mean(axis=-1, keepdims=True)\n",
        "    inner = (dxhat * xc).mean(axis=-1, keepdims=True)\n"
        "    return (dxhat - dxhat.mean(axis=-1, keepdims=True) - xc * inner / sd) / sd\n",
        kind="missing factor | wrong derivative",
        steps="all | none",
        variable="dxc",
        why="xc stands twice where the normalised value should, so sd is to be divided by twice.",
        lines=(
            "return (dxhat - dxhat.mean(axis=-1, keepdims=True) - xc * inner / sd) / sd",
            "inner = (dxhat * xc).mean(axis=-1, keepdims=True)",
        ),
    ),
    single(
        "leaky_rnn_mu_in_place",
        "leaky_rnn",
        "            mu = lam * self.alpha\n",
        "            mu = lam\n            mu *= self.alpha\n",
        kind="aliasing",
        steps="all",
        variable="lam",
        why="mu is lam, so lam is multiplied with alpha too before it is handed on.",
        lines=("mu = lam", "mu *= self.alpha"),
    ),
    single(
        "list_offset_lstm_stored_output_gate",
        "list_offset_lstm",
        "        o_s.append(np.dot(W_o, z) + b_o)\n",
        "        o_s.append(sigmoid(np.dot(W_o, z) + b_o))\n",
        kind="derivative of an activated value",
        steps="all",
        variable="do",
        why="o_s holds the gate itself now, and sigmoid'( ) wants what goes into it.",
        lines=(
            "do = dh * tanh(C[t + 1]) * sigmoid(o_s[t], derivative=True)",
            "o_s.append(sigmoid(np.dot(W_o, z) + b_o))",
        ),
        more=(
            (
                "        h.append(sigmoid(o_s[-1]) * tanh(C[-1]))\n",
                "        h.append(o_s[-1] * tanh(C[-1]))\n",
            ),
            ("dC = dh * sigmoid(o_s[t]) * tanh", "dC = dh * o_s[t] * tanh"),
        ),
    ),
    single(
        "lstm_assignment_class_all_sigmoid",
        "lstm_assignment_class",
        "        da = {\n"
        '            "i": di * i * (1 - i),\n'
        '            "f": df * f * (1 - f),\n'
        '            "o": do * o * (1 - o),\n'
        '            "g": dg * (1 - g ** 2),\n'
        "        }\n",
        "        da = {k: d * cache[k] * (1 - cache[k]) for k, d in zip(GATES, (di, df, "
        "do, dg))}\n",
        kind="wrong derivative | gate copied",
        steps="all",
        variable="da",
        why="g is a tanh and has another slope than the three gates.",
    ),
    single(
        "lstm_deque_lambdas",
        "lstm_deque",
        "        dxh = np.zeros_like(xh)\n        for g, delta in d.items():\n",
        '        ways = [lambda: self.theta["W" + g].T @ delta for g, delta in d.items()]\n'
        "        dxh = sum(way() for way in ways)\n        for g, delta in d.items():\n",
        kind="late binding",
        steps="all",
        variable="dxh",
        why="All the lambdas see the last gate only.",
        more=(('            dxh += self.theta["W" + g].T @ delta\n', ""),),
        lines=(
            'ways = [lambda: self.theta["W" + g].T @ delta for g, delta in d.items()]',
            "dxh = sum(way() for way in ways)",
        ),
    ),
    single(
        "lstm_dict_cache_tanh_once",
        "lstm_dict_cache",
        "        do = dh * np.tanh(C_s[t])\n",
        "        do = dh * C_s[t]\n",
        kind="overwritten too early | wrong operand",
        steps="all",
        variable="df",
        why="C_s holds the tanh of the cells, but df wants the cell before as it was.",
        lines=(
            "df = dC * C_s[t - 1]",
            "C_s = {t: np.tanh(C) for t, C in C_s.items()}",
        ),
        more=(
            (
                "    for t in reversed(range(len(data))):\n",
                "    C_s = {t: np.tanh(C) for t, C in C_s.items()}\n"
                "    for t in reversed(range(len(data))):\n",
            ),
            ("(1 - np.tanh(C_s[t]) ** 2)", "(1 - C_s[t] ** 2)"),
        ),
    ),
    single(
        "lstm_einsum_slopes_slice",
        "lstm_einsum",
        "        da[t, :G] *= s[t, :G] * (1 - s[t, :G])\n",
        "        da[t, I:O] *= s[t, I:O] * (1 - s[t, I:O])\n",
        kind="missing derivative | index off by one",
        steps="all",
        variable="da",
        why="The slice ends before the output gate.",
    ),
    single(
        "lstm_einsum_letters",
        "lstm_einsum",
        '        dh = np.einsum("knh,kmh->nm", da[t], R)\n',
        "        dh = np.tensordot(da[t], R, axes=([0, 2], [0, 1]))\n",
        kind="transposed | wrong order",
        steps="all",
        variable="dh",
        why="The hidden axis of da belongs to the last axis of R.",
    ),
    single(
        "lstm_gate_dicts_fromkeys",
        "lstm_gate_dicts",
        "        self.db = {k: np.zeros_like(self.b[k]) for k in GATES}\n",
        "        self.db = dict.fromkeys(GATES, np.zeros((self.hidden, 1)))\n",
        kind="aliasing",
        steps="none | all",
        variable="db",
        why="All gates share one array of bias gradients.",
    ),
    single(
        "lstm_gate_objects_preactivation",
        "lstm_gate_objects",
        "        y = self.activation(x.dot(self.Wx) + h.dot(self.Wh) + self.b)\n"
        "        self.history.append((x, h, y))\n"
        "        return y\n",
        "        a = x.dot(self.Wx) + h.dot(self.Wh) + self.b\n"
        "        self.history.append((x, h, a))\n"
        "        return self.activation(a)\n",
        kind="derivative of an activated value | wrong derivative | wrong operand",
        steps="all",
        variable="da",
        why="SLOPE wants the value of the activation, and gets what goes into it.",
        lines=("da = dy * SLOPE[self.activation](a)", "self.history.append((x, h, a))"),
        more=(
            ("        x, h, y = self.history.pop()\n", "        x, h, a = self.history.pop()\n"),
            (
                "        da = dy * SLOPE[self.activation](y)\n",
                "        da = dy * SLOPE[self.activation](a)\n",
            ),
        ),
    ),
    single(
        "lstm_learned_states_mean",
        "lstm_learned_states",
        "    return dX, dWx, dWh, db, dh_rec.sum(0), dc_rec.sum(0)\n",
        "    dh_init, dc_init = (rec.mean(axis=0) for rec in (dh_rec, dc_rec))\n"
        "    return dX, dWx, dWh, db, dh_init, dc_init\n",
        kind="mean for sum | scale 1/B or 1/T",
        steps="none",
        variable="dh_init",
        why="One row is used by the whole batch, so its gradient is the sum.",
    ),
    single(
        "lstm_learned_states_minus_one",
        "lstm_learned_states",
        "        dht = dH[t] + dh_rec\n",
        "        hp, cp = Hout[t - 1], C[t - 1]\n        dht = dH[t] + dh_rec\n",
        kind="index off by one | initial value",
        steps="t=0",
        variable="hp",
        why="At t=0 the index -1 gives the last state in place of the learned one.",
        lines=("hp, cp = Hout[t - 1], C[t - 1]",),
        more=(
            (
                "        O, G = IFOG[t, :, 2 * d:3 * d], IFOG[t, :, 3 * d:]\n"
                "        hp = Hout[t - 1] if t > 0 else np.tile(h_init, (n, 1))\n"
                "        cp = C[t - 1] if t > 0 else np.tile(c_init, (n, 1))\n",
                "        O, G = IFOG[t, :, 2 * d:3 * d], IFOG[t, :, 3 * d:]\n",
            ),
        ),
    ),
    single(
        "lstm_masked_states_skip_forgotten",
        "lstm_masked_states",
        "        dh_cand = np.where(valid, dh, 0.0)\n"
        "        dc_cand = np.where(valid, dc, 0.0)\n"
        "        dh_skip = np.where(valid, 0.0, dh)\n"
        "        dc_skip = np.where(valid, 0.0, dc)\n",
        "        dh_cand, dc_cand = dh * valid, dc * valid\n",
        kind="missing path | carry lost",
        steps="where the mask is 0",
        variable="dh",
        why="On padded steps the state is held and dh has to go through as it is.",
        lines=("dh = dgates @ Wh.T",),
        more=(
            (
                "        dh = dh_skip + dgates @ Wh.T\n        dc = dc_skip + dc_cand * f\n",
                "        dh = dgates @ Wh.T\n        dc = dc * ~valid + dc_cand * f\n",
            ),
        ),
    ),
    single(
        "lstm_matlab_columns_slopes_last",
        "lstm_matlab_columns",
        "        D[0 * nh:1 * nh, now] = dC[:, nxt] * cd * dlogsig(ig)\n"
        "        D[1 * nh:2 * nh, now] = dC[:, nxt] * C[:, now] * dlogsig(fg)\n"
        "        D[2 * nh:3 * nh, now] = dH[:, nxt] * tc * dlogsig(og)\n"
        "        D[3 * nh:4 * nh, now] = dC[:, nxt] * ig * dtansig(cd)\n",
        "        D[:, now] = np.concatenate((dC[:, nxt] * cd, dC[:, nxt] * C[:, now],\n"
        "                                    dH[:, nxt] * tc, dC[:, nxt] * ig))\n",
        kind="missing derivative | wrong order",
        steps="all",
        variable="dH",
        why="The slopes are multiplied in after the loop, but dH needs them at every step.",
        lines=(
            'dH[:, now] += net["LW"].T @ D[:, now]',
            "D[:, now] = np.concatenate((dC[:, nxt] * cd, dC[:, nxt] * C[:, now],",
            "D[:3 * nh] *= dlogsig(A[:3 * nh])",
        ),
        more=(
            (
                "    g = {}\n",
                "    D[:3 * nh] *= dlogsig(A[:3 * nh])\n    D[3 * nh:] *= dtansig(A[3 * nh:])\n"
                "    g = {}\n",
            ),
        ),
    ),
    single(
        "lstm_residual_normed_output_dx_at_once",
        "lstm_residual_normed_output",
        "            dx[:, t] += da @ self.W.T\n",
        "            das[t] = da\n",
        kind="missing path | missing factor",
        steps="none | all",
        variable="dx",
        why="The residual connection carries dy itself to x.",
        lines=('dx = np.einsum("tbk,hk->bth", das, self.W)',),
        more=(
            ("        dx = dy.copy()  # residual\n", "        das = np.zeros((T, B, 4 * H))\n"),
            (
                '        self.grads = {"W": dW,',
                '        dx = np.einsum("tbk,hk->bth", das, self.W)\n'
                '        self.grads = {"W": dW,',
            ),
        ),
    ),
    single(
        "lstm_residual_normed_output_gamma_after",
        "lstm_residual_normed_output",
        "            dgamma += (dn * self.chat[t]).sum(axis=0)\n"
        "            dbeta += dn.sum(axis=0)\n",
        "            dbeta += dn.sum(axis=0)\n",
        kind="accumulation outside the loop | wrong operand",
        steps="none | all but t=0",
        variable="dgamma",
        why="After the loop dn is that of step 0 only.",
        lines=("dgamma = (dn * self.chat).sum(axis=(0, 1))",),
        more=(
            (
                "        dgamma, dbeta = np.zeros_like(self.gamma), np.zeros_like(self.beta)\n",
                "        dbeta = np.zeros_like(self.beta)\n",
            ),
            (
                '        self.grads = {"W": dW,',
                "        dgamma = (dn * self.chat).sum(axis=(0, 1))\n"
                '        self.grads = {"W": dW,',
            ),
        ),
    ),
    single(
        "lstm_review_weighted_sum_rows_at_once",
        "lstm_review_weighted_sum",
        '        dh, demb = dhx[:n_hid], dhx[n_hid:]\n        G["emb"][w] += demb\n'
        "        dc = dc * f\n",
        "        dh = dhx[:n_hid]\n        words.append(w)\n"
        "        rows.append(dhx[n_hid:])\n        dc = dc * f\n"
        '    G["emb"][words] += np.array(rows)\n',
        kind="repeated indices",
        steps="after an index repeats | none",
        variable="G",
        why="A word that stands twice in the review gets only one of its rows.",
        lines=('G["emb"][words] += np.array(rows)',),
        more=(
            ("    dc = np.zeros(n_hid)\n", "    dc = np.zeros(n_hid)\n    words, rows = [], []\n"),
        ),
    ),
    single(
        "lstm_review_weighted_sum_mean_indent",
        "lstm_review_weighted_sum",
        "        read_backward(dstates, tape, P, G)\n    m = len(reviews)\n"
        "    for k in G:\n        G[k] /= m\n",
        "        read_backward(dstates, tape, P, G)\n        for k in G:\n            G[k] /= m\n",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="G",
        why="The sums are divided after every review, the first ones again and again.",
        lines=("G[k] /= m", "for k in G:"),
        more=(("    total = 0.0\n", "    total, m = 0.0, len(reviews)\n"),),
    ),
    single(
        "lstm_two_layers_list_times_n",
        "lstm_two_layers",
        "        dxs = [None] * len(dhs)\n",
        "        dxs = [np.zeros_like(self.xs[0])] * len(dhs)\n",
        kind="aliasing",
        steps="none | all",
        variable="dxs",
        why="Every entry is the same array, so all steps are summed in it.",
        lines=("dxs = [np.zeros_like(self.xs[0])] * len(dhs)", "dxs[t] += da @ self.W.T"),
        more=(("            dxs[t] = da @ self.W.T\n", "            dxs[t] += da @ self.W.T\n"),),
    ),
    single(
        "lstm_two_layers_zip_acts",
        "lstm_two_layers",
        "            i, f, o, g = self.acts[t]\n            dh = dhs[t] + dh_next\n"
        "            tc = np.tanh(self.cs[t])\n",
        "            i, f, o, g = self.acts[t]\n"
        "            c_prev, tc = tanh_cs[t], tanh_cs[t + 1]\n"
        "            dh = dhs[t] + dh_next\n",
        kind="wrong operand | derivative of an activated value",
        steps="all but t=0",
        variable="c_prev",
        why="The forget gate multiplies the cell itself and not its tanh.",
        lines=("c_prev, tc = tanh_cs[t], tanh_cs[t + 1]",),
        more=(
            (
                "                dc * self.cs[t - 1] * f * (1 - f),\n",
                "                dc * c_prev * f * (1 - f),\n",
            ),
            (
                "        dc_next = 0.0\n",
                "        dc_next = 0.0\n        tanh_cs = np.tanh(list(self.cs.values()))\n",
            ),
        ),
    ),
    single(
        "lstm_unit_loops_buffer_once",
        "lstm_unit_loops",
        "    dc = np.zeros(n_cell)\n    for t in range(T - 1, -1, -1):\n"
        "        dh_prev = np.zeros(n_cell)\n",
        "    dc = np.zeros(n_cell)\n    dh_prev = np.zeros(n_cell)\n"
        "    for t in range(T - 1, -1, -1):\n",
        kind="aliasing | initial value | spurious term",
        steps="all but the last | none",
        variable="dh_prev",
        why="From the second turn on dh and dh_prev are one array that is never cleared.",
        lines=(
            "dh_prev = np.zeros(n_cell)",
            "dh = dh_prev",
            "dh_prev[k] += delta[q] * w[row + n_in + k]",
        ),
    ),
    single(
        "lstm_weight_vector_pairs",
        "lstm_weight_vector",
        '        d["Wx"] += xt.T @ da\n        d["Wh"] += h.T @ da\n'
        '        d["b"] += da.sum(axis=0)\n',
        '        step = {"Wx": xt.T @ da, "Wh": h.T @ da, "b": da.sum(axis=0)}\n'
        "        d.update((k, d[k] + step[k]) for k in step)\n",
        kind="never returned | aliasing",
        steps="all | none",
        variable="d",
        why="The entries are new arrays and no longer views into dtheta.",
        lines=("d.update((k, d[k] + step[k]) for k in step)",),
    ),
    single(
        "lstm_wub_sequence_to_vector_gate_loop",
        "lstm_wub_sequence_to_vector",
        """        grads["W_f"] += x[t].T @ da_f
        grads["U_f"] += h[t - 1].T @ da_f
        grads["b_f"] += np.sum(da_f, axis=0)

        grads["W_i"] += x[t].T @ da_i
        grads["U_i"] += h[t - 1].T @ da_i
        grads["b_i"] += np.sum(da_i, axis=0)

        grads["W_o"] += x[t].T @ da_o
        grads["U_o"] += h[t - 1].T @ da_o
        grads["b_o"] += np.sum(da_o, axis=0)

        grads["W_c"] += x[t].T @ da_c
        grads["U_c"] += h[t - 1].T @ da_c
        grads["b_c"] += np.sum(da_c, axis=0)

        dh_next = (da_f @ params["U_f"].T + da_i @ params["U_i"].T
                   + da_o @ params["U_o"].T + da_c @ params["U_c"].T)
""",
        """        for gate, da in zip("fioc", (da_f, da_i, da_o, da_c)):
            grads["W_" + gate] += x[t].T @ da
            grads["U_" + gate] += h[t - 1].T @ da
            grads["b_" + gate] += np.sum(da, axis=0)
            dh_next = da @ params["U_" + gate].T
""",
        kind="= for += | missing path",
        steps="all",
        variable="dh_next",
        why="Only the last gate's part of dh_next is left.",
        lines=('dh_next = da @ params["U_" + gate].T',),
    ),
    single(
        "mgu_gated_state",
        "mgu",
        "        df = dh * (hc[t] - h[t]) + dfh * h[t]\n",
        "        fh = f[t] * h[t]\n        df = dh * (hc[t] - h[t]) + dfh * fh\n",
        kind="wrong operand | spurious factor",
        steps="all",
        variable="df",
        why="The derivative of f * h by f is h.",
        lines=("df = dh * (hc[t] - h[t]) + dfh * fh",),
        more=(("        dUh += (f[t] * h[t]).T @ dhc_pre\n", "        dUh += fh.T @ dhc_pre\n"),),
    ),
    single(
        "mgu_accumulate_slice",
        "mgu_accumulate",
        "    deltas = back[:0:-1]\n",
        "    _, *deltas = back\n",
        kind="forward order | wrong order",
        steps="none | all",
        variable="deltas",
        why="The fold went backwards, so the deltas begin with the last step.",
        more=(('    g["h0"] = deltas[0].dh\n', '    g["h0"] = deltas[-1].dh\n'),),
    ),
    single(
        "ntd_tuples_starred",
        "ntd_tuples",
        "        dnext_h = dh[:, t, :] + dprev_h\n"
        "        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(\n"
        "            dnext_h, dprev_c, cache[t])\n",
        "        dx[:, t], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(\n"
        "            dh[:, t], dprev_c, cache[t])\n",
        kind="carry not added",
        steps="all but the last",
        variable="dnext_h",
        why="What comes from step t + 1 is not added to the error of step t.",
        lines=(
            "dh[:, t], dprev_c, cache[t])",
            "dx[:, t], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(",
        ),
    ),
    single(
        "ntd_tuples_statement_moved",
        "ntd_tuples",
        "    dnext_c = dnext_c + dnext_h * o * (1 - tanh_c ** 2)\n"
        "    dai = dnext_c * g * i * (1 - i)\n",
        "    dai = dnext_c * g * i * (1 - i)\n"
        "    dnext_c = dnext_c + dnext_h * o * (1 - tanh_c ** 2)\n",
        kind="wrong order | missing path",
        steps="all",
        variable="dai",
        why="dai is taken before the way through the output has been added to dnext_c.",
    ),
    single(
        "peephole_class_no_condition",
        "peephole_class",
        "            if t > 0:\n"
        '                d["f"][t] = dc[t] * self.c[t - 1] * self.f[t] * (1 - self.f[t])\n',
        '            d["f"][t] = dc[t] * self.c[t - 1] * self.f[t] * (1 - self.f[t])\n',
        kind="index off by one | initial value",
        steps="t=0",
        variable="d",
        why="Before step 0 the cell is zero, c[-1] is the last cell.",
    ),
    single(
        "peephole_class_peep_after",
        "peephole_class",
        '                dc[t] += (w["pi"] * d["i"][t + 1] + w["pf"] * d["f"][t + 1]\n'
        "                          + dc[t + 1] * self.f[t + 1])\n",
        "                dc[t] += dc[t + 1] * self.f[t]\n"
        '                for g in "if":\n'
        '                    dc[t] += w["p" + g] * d[g][t + 1]\n',
        kind="index off by one",
        steps="all but the last",
        variable="dc",
        why="The forget gate between c[t] and c[t + 1] is that of step t + 1.",
    ),
    single(
        "rnn_bidirectional_split",
        "rnn_bidirectional",
        '    dWb, dUb, dbb, dx_b = rnn_grad(djoint[::-1, :, H:], xs[::-1], bw, p["Wb"], p["Ub"])\n',
        '    dWb, dUb, dbb, dx_b = rnn_grad(d_b, xs[::-1], bw, p["Wb"], p["Ub"])\n',
        kind="forward order | wrong order",
        steps="none | all",
        variable="d_b",
        why="The second direction reads from the end, so its errors have to be turned round.",
        lines=(
            'dWb, dUb, dbb, dx_b = rnn_grad(d_b, xs[::-1], bw, p["Wb"], p["Ub"])',
            "d_f, d_b = np.split(djoint, 2, axis=2)",
        ),
        more=(
            (
                '    dWf, dUf, dbf, dx_f = rnn_grad(djoint[:, :, :H], xs, fw, p["Wf"], p["Uf"])\n',
                "    d_f, d_b = np.split(djoint, 2, axis=2)\n"
                '    dWf, dUf, dbf, dx_f = rnn_grad(d_f, xs, fw, p["Wf"], p["Uf"])\n',
            ),
        ),
    ),
    single(
        "rnn_leap_layernorm_one_hot",
        "rnn_leap_layernorm",
        "    dlogits = (P - np.eye(K)[nexts]) * real[..., None] / real.sum()\n",
        "    hot = np.eye(K)[nexts]\n    dlogits = (P - hot) * real[..., None] / real.sum()\n",
        kind="wrong operand",
        steps="none",
        variable="dE",
        why="The embedding was looked up with words and not with nexts.",
        lines=("dE = np.tensordot(hot, dA, axes=([0, 1], [0, 1]))",),
        more=(
            (
                "    dE = np.zeros_like(E)\n    np.add.at(dE, words, dA)\n",
                "    dE = np.tensordot(hot, dA, axes=([0, 1], [0, 1]))\n",
            ),
        ),
    ),
    single(
        "rnn_leap_layernorm_du_in_place",
        "rnn_leap_layernorm",
        "        du = dN[t] * gain\n",
        "        du = dN[t]\n        du *= gain\n",
        kind="aliasing",
        steps="all",
        variable="dN",
        why="du is a view, so the row of dN is multiplied with gain too.",
        lines=("du = dN[t]", "du *= gain"),
    ),
    single(
        "rnn_lossfun_clip",
        "rnn_lossfun",
        "        dhnext = np.dot(Whh.T, dhraw)\n",
        "        dhnext = np.dot(Whh.T, dhraw)\n        np.clip(dhnext, -0.5, 0.5, out=dhnext)\n",
        kind="clipped",
        steps="all",
        variable="dhnext",
        why="Clipping is for the finished gradients and not for the recursion.",
        lines=("np.clip(dhnext, -0.5, 0.5, out=dhnext)",),
    ),
    single(
        "rnn_lossfun_readout_at_once",
        "rnn_lossfun",
        "        dWhy += np.dot(dy, hs[t].T)\n        dby += dy\n",
        "        dys[:, t:t + 1] = dy\n        dby += dy\n",
        kind="index off by one",
        steps="none | all",
        variable="dWhy",
        why="hs begins with the state before the text, so the first column is one too early.",
        lines=("dWhy = np.dot(dys, np.hstack([hs[t - 1] for t in range(len(inputs))]).T)",),
        more=(
            (
                "    dhnext = np.zeros_like(hs[0])\n",
                "    dhnext = np.zeros_like(hs[0])\n"
                "    dys = np.zeros((vocab_size, len(inputs)))\n",
            ),
            (
                "    return loss, dWxh,",
                "    dWhy = np.dot(dys, np.hstack([hs[t - 1] for t in range(len(inputs))]).T)\n"
                "    return loss, dWxh,",
            ),
        ),
    ),
    single(
        "rnn_scalar_units_zip_row",
        "rnn_scalar_units",
        "            back = e * v[j]\n"
        "            for k in range(n_hidden):\n"
        "                back += w_rec[k][j] * delta_next[k]\n",
        "            back = e * v[j] + sum(w * d for w, d in zip(w_rec[j], delta_next))\n",
        kind="transposed",
        steps="all but the last",
        variable="back",
        why="The way back runs over column j of w_rec and not over its row j.",
    ),
    single(
        "rnn_surnames_theta_ones_column",
        "rnn_surnames_theta",
        '        grad["Rec"][1:] += states[:-1].T @ deltas\n'
        '        grad["Rec"][0] += np.sum(deltas, axis=0)\n',
        "        padded = np.insert(states[1:], 0, 1.0, axis=1)\n"
        '        grad["Rec"] += padded.T @ deltas\n',
        kind="index off by one",
        steps="none",
        variable="padded",
        why="The states before the letters are wanted, i.e. states[:-1].",
        lines=(
            "padded = np.insert(states[1:], 0, 1.0, axis=1)",
            'grad["Rec"] += padded.T @ deltas',
        ),
    ),
    single(
        "rnn_two_layers_dropout_dropped_once",
        "rnn_two_layers_dropout",
        '        g["W2"] += drop(h1[t], m_mid[t]).T @ da2\n',
        '        g["W2"] += below[t].T @ da2\n',
        kind="derivative of an activated value | wrong operand | wrong derivative",
        steps="all",
        variable="da1",
        why="The slope of the tanh is to be taken of h1 before it is dropped and scaled.",
        lines=("da1 = dh1 * (1 - below[t] ** 2)",),
        more=(
            ("        da1 = dh1 * (1 - h1[t] ** 2)\n", "        da1 = dh1 * (1 - below[t] ** 2)\n"),
            (
                "    dx = np.empty_like(x)\n",
                "    dx = np.empty_like(x)\n    below = drop(h1[:-1], m_mid)\n",
            ),
        ),
    ),
    single(
        "rnn_two_layers_dropout_bracket",
        "rnn_two_layers_dropout",
        '        dh2 = drop(np.outer(dpred[t], p["v"]), m_out[t]) + back2\n',
        '        back2 += np.outer(dpred[t], p["v"])\n        dh2 = drop(back2, m_out[t])\n',
        kind="spurious factor | wrong order",
        steps="all but the last",
        variable="dh2",
        why="Only the way to the read-out is dropped, the recurrence is not.",
        lines=("dh2 = drop(back2, m_out[t])",),
    ),
    single(
        "seq2seq_rnn_both_nets",
        "seq2seq_rnn",
        '    grads["dec_Wx"], grads["dec_Wh"], grads["dec_b"], dcontext = rnn_backward(\n'
        '        ddec, np.zeros_like(dec[0]), dec_in, dec, params["dec_Wx"], params["dec_Wh"])\n'
        '    grads["enc_Wx"], grads["enc_Wh"], grads["enc_b"], _ = rnn_backward(\n'
        '        None, dcontext, src, enc, params["enc_Wx"], params["enc_Wh"])\n',
        "    dlast = np.zeros_like(dec[0])\n"
        '    for net, dhs, x, hs in (("dec_", ddec, dec_in, dec), ("enc_", None, src, enc)):\n'
        '        out = rnn_backward(dhs, dlast, x, hs, params[net + "Wx"], params[net + "Wh"])\n'
        '        grads.update({net + k: g for k, g in zip(("Wx", "Wh", "b"), out)})\n',
        kind="carry lost | missing path | never returned",
        steps="none",
        variable="dlast",
        why="What the decoder hands to the last encoder state is not taken out of the result.",
        lines=(
            'out = rnn_backward(dhs, dlast, x, hs, params[net + "Wx"], params[net + "Wh"])',
            "dlast = np.zeros_like(dec[0])",
            'grads.update({net + k: g for k, g in zip(("Wx", "Wh", "b"), out)})',
        ),
    ),
    single(
        "slstm_exponential_gates_reused_dc",
        "slstm_exponential_gates",
        "    dn = dn - dh * o * new['c'] / new['n'] ** 2\n",
        "    dn = dn - dc * new['c'] / new['n']\n",
        kind="wrong operand | overwritten too early | spurious term",
        steps="all but the last",
        variable="dn",
        why="dc holds the carry of step t + 1 too, only dh * o / n is wanted.",
    ),
    single(
        "sru_slope_indent",
        "sru",
        "        dc = dc * f[t]\n    df *= f * (1 - f)\n",
        "        dc = dc * f[t]\n        df *= f * (1 - f)\n",
        kind="spurious factor",
        steps="all but t=0",
        variable="df",
        why="Every turn of the loop multiplies the whole array again.",
        lines=("df *= f * (1 - f)",),
    ),
    single(
        "stacked_gru_clones_zipped_states",
        "stacked_gru_clones",
        "        for L in reversed(range(self.n_layers)):\n"
        "            x, h, z, r, rh, c = self.saved[L]\n"
        "            dh = dnext_h[L]\n",
        "        layers = list(enumerate(zip(dnext_h, self.saved)))\n"
        "        for L, (dh, (x, h, z, r, rh, c)) in layers[::-1]:\n",
        kind="missing path | overwritten too early | aliasing",
        steps="all",
        variable="dh",
        why="dh was taken from the list before the layer above had put its part there.",
        lines=(
            "dnext_h[L - 1] = dnext_h[L - 1] + dx * self.mask[L - 1]",
            "layers = list(enumerate(zip(dnext_h, self.saved)))",
            "for L, (dh, (x, h, z, r, rh, c)) in layers[::-1]:",
        ),
        more=(
            (
                "                dnext_h[L - 1] += dx * self.mask[L - 1]\n",
                "                dnext_h[L - 1] = dnext_h[L - 1] + dx * self.mask[L - 1]\n",
            ),
        ),
    ),
    single(
        "tensor_rnn_whole_word",
        "tensor_rnn",
        "            gA[s] += np.outer(g, hs[t - 1])\n            gb[s] += g\n"
        "            g = A[s].T @ g\n",
        "            gs[t - 1] = g\n            gb[s] += g\n            g = A[s].T @ g\n"
        '        gA[word] += np.einsum("ti,tj->tij", gs, hs[:-1])\n',
        kind="repeated indices",
        steps="after an index repeats | none",
        variable="gA",
        why="A symbol that stands twice in the word gets only one of its products.",
        lines=('gA[word] += np.einsum("ti,tj->tij", gs, hs[:-1])',),
        more=(
            (
                "        g = err * w\n",
                "        g = err * w\n        gs = np.zeros((len(word), len(w)))\n",
            ),
        ),
    ),
    single(
        "time_aware_lstm_rate_after",
        "time_aware_lstm",
        "        grads['rate'] -= dfade * S['fade' + now] * days[t - 1] * sigmoid(p['rate'])\n",
        "        faded = faded + dfade * days[t - 1]\n",
        kind="accumulation outside the loop | wrong operand",
        steps="none | all but t=0",
        variable="faded",
        why="After the loop the fade of the first visit stands for that of all visits.",
        lines=(
            "grads['rate'] -= faded * S['fade' + now] * sigmoid(p['rate'])",
            "faded = faded + dfade * days[t - 1]",
        ),
        more=(
            ("    dc = np.zeros_like(dh)\n", "    dc = np.zeros_like(dh)\n    faded = 0.0\n"),
            (
                "    grads['h_start'] += dh\n",
                "    grads['rate'] -= faded * S['fade' + now] * sigmoid(p['rate'])\n"
                "    grads['h_start'] += dh\n",
            ),
        ),
    ),
    single(
        "time_aware_lstm_short_sign",
        "time_aware_lstm",
        "        dshort = dadj * (S['fade' + now] - 1.0) * d_tanh(S['short' + now])\n",
        "        dshort = dadj * (1.0 - S['fade' + now]) * d_tanh(S['short' + now])\n",
        kind="wrong sign",
        steps="all",
        variable="dshort",
        why="The short-term part is taken off the cell: its factor is fade - 1.",
    ),
    single(
        "zoneout_lstm_keep_names",
        "zoneout_lstm",
        "        dh_new = (1 - zone_h[t]) * dh\n        dc_new = (1 - zone_c[t]) * dc + dh_new",
        "        keep_h, keep_c = 1 - zone_h[t], 1 - zone_c[t]\n"
        "        dh_new = keep_h * dh\n        dc_new = keep_c * dc + dh_new",
        kind="wrong operand",
        steps="all but t=0 | all",
        variable="dh",
        why="Where the unit keeps its old value zone_h is 1, keep_h is 0 there.",
        lines=("dh = keep_h * dh + dv @ R.T",),
        more=(
            ("        dh = zone_h[t] * dh + dv @ R.T\n", "        dh = keep_h * dh + dv @ R.T\n"),
        ),
    ),
)
