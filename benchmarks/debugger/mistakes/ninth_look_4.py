"""Mistakes of a person who takes up a stranger's program again after a year."""

from planting import single

MISTAKES = (
    # ---------------------------------------------------------------- attn_columns
    single(
        "attn_columns_tape_after_update",
        "attn_columns",
        "        tape.append((s, q, alpha, ctx, u, s_new, r))\n        s = s_new\n",
        "        s = s_new\n        tape.append((s, q, alpha, ctx, u, s_new, r))\n",
        kind="overwritten too early | wrong order | wrong operand",
        steps="all",
        variable="s",
        why="The tape is written after s has been replaced, so it holds the new state as "
        "the old one.",
        lines=("tape.append((s, q, alpha, ctx, u, s_new, r))", "s = s_new", 'g["Wq"] += dq @ s.T'),
    ),
    single(
        "attn_columns_memory_by_columns",
        "attn_columns",
        "        dH += dctx @ alpha.T + q @ dscore.T\n",
        "        for j in range(H.shape[1]):\n"
        "            dH[:, j:j + 1] = alpha[j] * dctx + dscore[j] * q\n",
        kind="= for +=",
        steps="all but the last",
        variable="dH",
        why="Every decoder step overwrites what the later steps had put into dH.",
        lines=("dH[:, j:j + 1] = alpha[j] * dctx + dscore[j] * q",),
    ),
    single(
        "attn_columns_before_first",
        "attn_columns",
        'before = H[:, j - 1:j] if j > 0 else th["e0"]',
        'before = H[:, j - 1:j] if j > 1 else th["e0"]',
        kind="index off by one | wrong operand",
        steps="t=1",
        variable="before",
        why="The state before step 1 is H[:, 0], not the initial state.",
    ),
    # ---------------------------------------------------------------- bidi_tagger_sents
    # ---------------------------------------------------------------- birnn_pos_tagger
    single(
        "birnn_pos_tagger_inner_product",
        "birnn_pos_tagger",
        "G['Ub'] += np.outer(da, h_prev)",
        "G['Ub'] += np.dot(da, h_prev.T)",
        kind="dot for outer",
        steps="all",
        variable="G['Ub']",
        why="The dot product of two vectors is a number, which is added to all entries.",
    ),
    # ---------------------------------------------------------------- c_gru_workspace
    single(
        "c_gru_workspace_gemv_out",
        "c_gru_workspace",
        "y += A.T.dot(x)",
        "np.dot(x, A, out=y)",
        kind="= for +=",
        steps="all",
        variable="y",
        why="The routine is to add to y, but overwrites it.",
    ),
    # ---------------------------------------------------------------- cifg_checkpoint
    single(
        "cifg_checkpoint_new_name",
        "cifg_checkpoint",
        "    dc2 = dc2 + dh2 * o * (1 - th * th)\n    dz = np.concatenate([dc2 * (c - j)",
        "    dc = dc2 + dh2 * o * (1 - th * th)\n    dz = np.concatenate([dc * (c - j)",
        kind="wrong operand | missing path",
        steps="all",
        variable="dc",
        why="What goes back is the incoming dc2 without the part from h.",
        lines=('return np.dot(dz, w["recurrent"].T), dc2 * f, np.dot(dz, w["kernel"].T)',),
        more=(("dc2 * (1 - f) * (1 - j * j)", "dc * (1 - f) * (1 - j * j)"),),
    ),
    # ---------------------------------------------------------------- course_peephole
    single(
        "course_peephole_peep_loop",
        "course_peephole",
        '    gradients["dpf"] = (dft * c_prev).sum(axis=1, keepdims=True)\n'
        '    gradients["dpi"] = (dit * c_prev).sum(axis=1, keepdims=True)\n'
        '    gradients["dpo"] = (dot * c_next).sum(axis=1, keepdims=True)\n',
        '    for gate, d in zip("fio", (dft, dit, dot)):\n'
        '        gradients["dp" + gate] = np.sum(d * c_prev, axis=1, keepdims=True)\n',
        kind="gate copied | wrong operand",
        steps="all",
        variable='gradients["dpo"]',
        why="The output gate looks at the new cell state, not at the old one.",
        lines=('gradients["dp" + gate] = np.sum(d * c_prev, axis=1, keepdims=True)',),
    ),
    # ---------------------------------------------------------------- ctrnn_closures
    single(
        "ctrnn_closures_readout_closure",
        "ctrnn_closures",
        '        trail.append((pull_step, pull_r, pull_z, data["dt"] * (z - goal)))\n',
        "\n        def pull_readout(dz):\n"
        "            dWout, dbout, dr = pull_z(dz)\n"
        "            return dWout, dbout, pull_r(dr)\n\n"
        '        trail.append((pull_step, pull_readout, data["dt"] * (z - goal)))\n',
        kind="late binding",
        steps="all but the last",
        variable="dWout",
        why="All closures call the pull_z and pull_r of the last step.",
        lines=(
            "dWout, dbout, dr = pull_z(dz)",
            "return dWout, dbout, pull_r(dr)",
            "def pull_readout(dz):",
            'trail.append((pull_step, pull_readout, data["dt"] * (z - goal)))',
        ),
        more=(
            (
                "    for pull_step, pull_r, pull_z, dz in reversed(trail):\n"
                "        dWout, dbout, dr = pull_z(dz)\n"
                "        g_v = g_v + pull_r(dr)\n",
                "    for pull_step, pull_readout, dz in reversed(trail):\n"
                "        dWout, dbout, dv = pull_readout(dz)\n"
                "        g_v = g_v + dv\n",
            ),
        ),
    ),
    single(
        "ctrnn_closures_tau_not_log",
        "ctrnn_closures",
        'total["log_tau"] = -alpha * total.pop("alpha")',
        'total["log_tau"] = -alpha / np.exp(net["log_tau"]) * total.pop("alpha")',
        kind="wrong derivative | spurious factor",
        steps="none",
        variable='total["log_tau"]',
        why="This is the derivative with respect to tau, but the parameter is its logarithm.",
    ),
    # ---------------------------------------------------------------- delta_memory
    single(
        "delta_memory_state_before_key",
        "delta_memory",
        '        dk = now.beta * np.einsum("bvk,bv->bk", dS, now.err) - np.einsum("bvk,'
        'bv->bk", before.S, derr)\n'
        '        dS = dS - np.einsum("bv,bk->bvk", derr, now.k)\n',
        '        dS = dS - np.einsum("bv,bk->bvk", derr, now.k)\n'
        '        dk = now.beta * np.einsum("bvk,bv->bk", dS, now.err)\n'
        '        dk = dk - np.einsum("bvk,bv->bk", before.S, derr)\n',
        kind="overwritten too early | wrong order",
        steps="all",
        variable="dS",
        why="dk needs the gradient of the new state, but dS is already that of the old one.",
        lines=(
            'dS = dS - np.einsum("bv,bk->bvk", derr, now.k)',
            'dk = now.beta * np.einsum("bvk,bv->bk", dS, now.err)',
        ),
    ),
    single(
        "delta_memory_beta_twice",
        "delta_memory",
        "        dzb = dbeta * (now.beta * (1 - now.beta))[:, 0]\n",
        "        gate = 1 / (1 + np.exp(-now.beta[:, 0]))\n"
        "        dzb = dbeta * gate * (1 - gate)\n",
        kind="derivative of an activated value",
        steps="all",
        variable="gate",
        why="now.beta has been through the sigmoid already.",
        lines=("gate = 1 / (1 + np.exp(-now.beta[:, 0]))", "dzb = dbeta * gate * (1 - gate)"),
    ),
    # ---------------------------------------------------------------- echo_feedback
    single(
        "echo_feedback_wraps",
        "echo_feedback",
        "        if k > 0:\n            dWfb = dWfb + ds @ d[:, :, k - 1].T\n",
        "        dWfb = dWfb + ds @ d[:, :, k - 1].T\n",
        kind="index off by one | spurious term",
        steps="t=0",
        variable="dWfb",
        why="At step 0 there is no feedback, but the index -1 takes the last target.",
    ),
    # ---------------------------------------------------------------- einsum_attention
    single(
        "einsum_attention_pool_by_length",
        "einsum_attention",
        'dM += E("bh,bs->bsh", dq, valid / valid.sum(1, keepdims=True))',
        "dM += dq[:, None, :] * valid[:, :, None] / S",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dM",
        why="The first query is the mean over the valid places, not over all S.",
    ),
    single(
        "einsum_attention_kernel_letters",
        "einsum_attention",
        'E("bs,hk,bsk->bh", dscore, P["K"], M)',
        'E("bs,kh,bsk->bh", dscore, P["K"], M)',
        kind="transposed",
        steps="all",
        variable="dq",
        why="The query is the first axis of K; here the transposed kernel is taken.",
    ),
    single(
        "einsum_attention_rolled",
        "einsum_attention",
        "    carry = np.zeros_like(h0)\n",
        "    carry = np.zeros_like(h0)\n    before = np.roll(M, 1, axis=1)\n",
        kind="index off by one | initial value | wrong operand",
        steps="t=0 | none",
        variable="before",
        why="Rolling puts the last state before the first step, where h0 belongs.",
        lines=(
            "before = np.roll(M, 1, axis=1)",
            'G["Ue"] += E("bh,bj->hj", before[:, s], dz)',
        ),
        more=(("M[:, s - 1] if s else h0, dz)", "before[:, s], dz)"),),
    ),
    # ---------------------------------------------------------------- generator_peephole
    single(
        "generator_peephole_po_to_before",
        "generator_peephole",
        '        dc = dh * st.o * (1 - tc**2) + do * w["po"] + dc_next\n',
        "        dc = dh * st.o * (1 - tc**2) + dc_next\n",
        kind="missing path | wrong order",
        steps="all",
        variable="dc",
        why="The output gate looks at the new cell, so its peephole belongs into dc and not "
        "to the step before.",
        lines=(
            "dc = dh * st.o * (1 - tc**2) + dc_next",
            'dc_next = dc * st.f + sum(d * w["p" + n] for n, d in zip("ifo", (di, df, do)))',
        ),
        more=(
            (
                'dc_next = dc * st.f + di * w["pi"] + df * w["pf"]',
                'dc_next = dc * st.f + sum(d * w["p" + n] for n, d in zip("ifo", (di, df, do)))',
            ),
        ),
    ),
    single(
        "generator_peephole_update",
        "generator_peephole",
        "    return reduce(add, drain()) | carry\n",
        "    total = {}\n    for grads in drain():\n        total.update(grads)\n"
        "    return total | carry\n",
        kind="= for +=",
        steps="all but the last",
        variable="total",
        why="Each step replaces the gradients of the later steps instead of being added.",
        lines=("total.update(grads)",),
    ),
    # ---------------------------------------------------------------- gru_char_script
    single(
        "gru_char_script_ways_back",
        "gru_char_script",
        "        dhnext = dh * zs[t]\n        dhnext += drh * rs[t]\n"
        "        dhnext += drraw @ Whr.T\n        dhnext += dzraw @ Whz.T\n",
        "        dhnext = dh * zs[t] + drh * rs[t]\n"
        "        dhnext += drraw @ Whr.T\n        dhnext += dzraw @ Whr.T\n",
        kind="gate copied | wrong operand",
        steps="all",
        variable="dhnext",
        why="The update gate goes back through the weights of the reset gate.",
        lines=("dhnext += dzraw @ Whr.T",),
    ),
    single(
        "gru_char_script_biases_together",
        "gru_char_script",
        "    dWxz, dWhz, dbz = np.zeros_like(Wxz), np.zeros_like(Whz), np.zeros_like(bz)\n"
        "    dWxr, dWhr, dbr = np.zeros_like(Wxr), np.zeros_like(Whr), np.zeros_like(br)\n"
        "    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)\n",
        "    dWxz, dWxr, dWxh = np.zeros_like(Wxz), np.zeros_like(Wxr), np.zeros_like(Wxh)\n"
        "    dWhz, dWhr, dWhh = np.zeros_like(Whz), np.zeros_like(Whr), np.zeros_like(Whh)\n"
        "    dbz = dbr = dbh = np.zeros_like(bh)\n",
        kind="aliasing",
        steps="all | none",
        variable="dbz",
        why="The three biases share one buffer.",
        lines=("dbz = dbr = dbh = np.zeros_like(bh)",),
    ),
    # ---------------------------------------------------------------- gru_translator
    single(
        "gru_translator_padding_drops",
        "gru_translator",
        "            demb, dh_cell = self.enc.backward(dh * live, cache)\n"
        "            dh = dh_cell + dh * ~live\n",
        "            demb, dh = self.enc.backward(np.where(live, dh, 0.0), cache)\n",
        kind="missing path | carry lost",
        steps="where the mask is 0",
        variable="dh",
        why="Where the source is padded the state passes through, and so must its gradient.",
    ),
    single(
        "gru_translator_one_dg",
        "gru_translator",
        "        dgx = np.concatenate([dr, dz, da], axis=1)\n"
        "        dgh = np.concatenate([dr, dz, da * r], axis=1)\n"
        "        self.Wx.grad += x.T @ dgx\n"
        "        self.Wh.grad += h.T @ dgh\n"
        "        self.b.grad += dgx.sum(axis=0)\n"
        "        return dgx @ self.Wx.data.T, dgh @ self.Wh.data.T + dh_new * z\n",
        "        dg = np.concatenate([dr, dz, da], axis=1)\n"
        "        self.Wx.grad += x.T @ dg\n"
        "        self.Wh.grad += h.T @ dg\n"
        "        self.b.grad += dg.sum(axis=0)\n"
        "        return dg @ self.Wx.data.T, dg @ self.Wh.data.T + dh_new * z\n",
        kind="missing factor | wrong operand",
        steps="all",
        variable="self.Wh.grad",
        why="On the side of h the candidate's part is to be multiplied by the reset gate.",
        lines=(
            "self.Wh.grad += h.T @ dg",
            "dg = np.concatenate([dr, dz, da], axis=1)",
            "return dg @ self.Wx.data.T, dg @ self.Wh.data.T + dh_new * z",
        ),
    ),
    # ---------------------------------------------------------------- hw_char_bits
    single(
        "hw_char_bits_one_dict",
        "hw_char_bits",
        '        cache[t] = {"x": x, "h_old": h_old, "h": h, "m": m, "p": p}\n',
        "        step.update(x=x, h_old=h_old, h=h, m=m, p=p)\n        cache[t] = step\n",
        kind="aliasing",
        steps="all but the last",
        variable="cache",
        why="All entries of the cache are the same dict, which holds the last step.",
        lines=("cache[t] = step", "step.update(x=x, h_old=h_old, h=h, m=m, p=p)", "step = {}"),
        more=(("    cache = {}\n", "    cache = {}\n    step = {}\n"),),
    ),
    single(
        "hw_char_bits_relu_late",
        "hw_char_bits",
        '        dm[c["m"] <= 0] = 0\n        g["Wm"] += dm @ c["h"].T\n        g["bm"] += dm\n',
        '        g["Wm"] += dm @ c["h"].T\n        g["bm"] += dm\n        dm[c["m"] <= 0] = 0\n',
        kind="wrong order | missing derivative",
        steps="all",
        variable='g["Wm"]',
        why="The units that are off are set to zero only after the weights have got their "
        "gradient.",
        lines=('g["Wm"] += dm @ c["h"].T', 'dm[c["m"] <= 0] = 0', 'g["bm"] += dm'),
    ),
    # ---------------------------------------------------------------- kalman_net
    single(
        "kalman_net_logvar_at_once",
        "kalman_net",
        '        d["logvar"] += 0.5 * (1 - prec * s.e**2)\n',
        "",
        kind="mean for sum | scale 1/B or 1/T",
        steps="none",
        variable='d["logvar"]',
        why="The likelihood is a sum over the steps, not a mean.",
        lines=('d["logvar"] = 0.5 * (1 - prec * np.mean(es**2, axis=0))',),
        more=(
            (
                "    dus, dys = [], []\n",
                "    es = np.array([s.e for s in steps])\n"
                '    d["logvar"] = 0.5 * (1 - prec * np.mean(es**2, axis=0))\n'
                "    dus, dys = [], []\n",
            ),
        ),
    ),
    single(
        "kalman_net_default_lists",
        "kalman_net",
        "def smooth_back(th, steps, m_end):",
        "def smooth_back(th, steps, m_end, dus=[], dys=[]):",
        kind="state between calls",
        steps="none",
        variable="dus",
        why="The lists are made once and keep what earlier calls appended.",
        lines=("def smooth_back(th, steps, m_end, dus=[], dys=[]):",),
        more=(("    dus, dys = [], []\n", ""),),
        shows=("gradient", "raises", "repeat"),
    ),
    # ---------------------------------------------------------------- mgu_layernorm
    single(
        "mgu_layernorm_h_rebound",
        "mgu_layernorm",
        "    return (1 - f) * h + f * c, pull\n",
        "    h = (1 - f) * h + f * c\n    return h, pull\n",
        kind="late binding | overwritten too early",
        steps="all",
        variable="h",
        why="The pullback sees h after it has become the new state.",
        lines=("h = (1 - f) * h + f * c", "df = dout * (c - h) + dxfh[:, nx:] * h"),
    ),
    single(
        "mgu_layernorm_gain_twice",
        "mgu_layernorm",
        "return (dhat - m1 - ahat * m2) / sd, (dy * ahat).sum(axis=0)",
        'return (dhat - m1 - ahat * m2) / sd, np.einsum("bh,bh->h", dhat, ahat)',
        kind="spurious factor | wrong operand",
        steps="all",
        variable='g["gc"]',
        why="dhat holds the gain already, which its own gradient must not.",
    ),
    single(
        "mgu_layernorm_mean_over_units",
        "mgu_layernorm",
        "        e = h - y\n"
        "        dx, dh, g = pull(dh + e / np.sqrt(1 + e * e) / (len(xs) * xs.shape[1]))\n",
        "        e = h - y\n"
        "        dout = e / np.sqrt(1 + e * e) / (len(xs) * e.size)\n"
        "        dx, dh, g = pull(dh + dout)\n",
        kind="scale 1/B or 1/T | spurious factor",
        steps="all",
        variable="dout",
        why="The loss is a sum over the units and a mean over steps and batch only.",
        lines=("dout = e / np.sqrt(1 + e * e) / (len(xs) * e.size)",),
    ),
    # ---------------------------------------------------------------- mi_charlm_batch
    single(
        "mi_charlm_batch_rows_at_once",
        "mi_charlm_batch",
        '            for i, k in enumerate(ids[:, t]):\n                d["W"][k] += dwx[i]\n',
        '            d["W"][ids[:, t]] += dwx\n',
        kind="repeated indices",
        steps="after an index repeats | all",
        variable='d["W"]',
        why="Where two sequences have the same character, one of the rows is lost.",
    ),
    single(
        "mi_charlm_batch_product_rule",
        "mi_charlm_batch",
        'duh = da * (th["alpha"] * wx + th["beta2"])',
        'duh = da * (th["alpha"] * uh + th["beta2"])',
        kind="gate copied | wrong operand",
        steps="all",
        variable="duh",
        why="The derivative of the product by uh has wx in it; the line was copied from dwx.",
    ),
    # ---------------------------------------------------------------- midpoint_spikes
    single(
        "midpoint_spikes_like_counts",
        "midpoint_spikes",
        "    deta = np.exp(eta) * dts[:, None] - counts\n",
        "    deta = np.empty_like(counts)\n"
        "    for t, dt in enumerate(dts):\n"
        "        deta[t] = dt * np.exp(eta[t]) - counts[t]\n",
        kind="wrong dtype",
        steps="all | none",
        variable="deta",
        why="counts are whole numbers, so the buffer cuts off the fractions.",
        lines=("deta = np.empty_like(counts)", "deta[t] = dt * np.exp(eta[t]) - counts[t]"),
    ),
    single(
        "midpoint_spikes_lam_reused",
        "midpoint_spikes",
        '        lam_in, part1 = field_adjoint(theta, step["s1"], us[t], 0.5 * dts[t] * lam_mid)\n'
        "        lam = lam + lam_mid + lam_in\n",
        '        lam, part1 = field_adjoint(theta, step["s1"], us[t], 0.5 * dts[t] * lam_mid)\n'
        "        lam = lam + lam_mid\n",
        kind="overwritten too early | missing path | carry lost",
        steps="all",
        variable="lam",
        why="The adjoint itself, which goes straight back, is overwritten by the part from "
        "the field.",
        lines=(
            'lam, part1 = field_adjoint(theta, step["s1"], us[t], 0.5 * dts[t] * lam_mid)',
            "lam = lam + lam_mid",
        ),
    ),
    # ---------------------------------------------------------------- mlab_lstm_fprop
    single(
        "mlab_lstm_fprop_dsigm",
        "mlab_lstm_fprop",
        "gA[:n] = gC * G * I * (1 - I)",
        "gA[:n] = gC * G * dsigm(I)",
        kind="derivative of an activated value",
        steps="all",
        variable="gA",
        why="dsigm takes pre-activations, but A holds the gates already.",
        lines=(
            "gA[:n] = gC * G * dsigm(I)",
            "gA[n:2 * n] = gC * C[:, :, t] * dsigm(F)",
            "gA[2 * n:3 * n] = gH * S * dsigm(O)",
            "S = sigm(A)",
        ),
        more=(
            ("gC * C[:, :, t] * F * (1 - F)", "gC * C[:, :, t] * dsigm(F)"),
            ("gH * S * O * (1 - O)", "gH * S * dsigm(O)"),
            (
                "    return 1 / (1 + exp(-A))\n",
                "    return 1 / (1 + exp(-A))\n\n\ndef dsigm(A):\n    S = sigm(A)\n"
                "    return S * (1 - S)\n",
            ),
        ),
    ),
    single(
        "mlab_lstm_fprop_gH_fresh",
        "mlab_lstm_fprop",
        'gH = gH + net["V"].T @ E',
        'gH = net["V"].T @ E',
        kind="carry not added | carry lost",
        steps="all but the last",
        variable="gH",
        why="What came from the step after is thrown away.",
    ),
    # ---------------------------------------------------------------- mult_lstm
    single(
        "mult_lstm_c_prev_wraps",
        "mult_lstm",
        "c_prev = self.cs[:, t - 1] if t > 0 else self.c0",
        "c_prev = self.cs[:, t - 1]",
        kind="index off by one | wrong operand",
        steps="t=0",
        variable="c_prev",
        why="At step 0 the index -1 takes the last cell state instead of c0.",
    ),
    single(
        "mult_lstm_readout_undropped",
        "mult_lstm",
        'g["Wy"] = np.tensordot(self.dropped, dY, axes=([0, 1], [0, 1]))',
        'g["Wy"] = np.einsum("bth,btk->hk", self.hs[:, 1:], dY)',
        kind="wrong operand | missing factor",
        steps="none",
        variable='g["Wy"]',
        why="The readout sees the states after dropout.",
    ),
    single(
        "mult_lstm_gates_cached_raw",
        "mult_lstm",
        '            a = X[:, t] @ p["Wx"] + m @ p["Wm"] + p["b"]\n',
        '            a = X[:, t] @ p["Wx"] + m @ p["Wm"] + p["b"]\n'
        "            self.gates[:, t], self.ms[:, t] = a, m\n",
        kind="wrong order | wrong operand | derivative of an activated value",
        steps="all",
        variable="self.gates",
        why="The buffer takes a copy of the pre-activations, and backward reads them as gates.",
        lines=(
            "self.gates[:, t], self.ms[:, t] = a, m",
            "i, f, o, u = np.split(self.gates[:, t], 4, axis=1)",
        ),
        more=(
            (
                "            self.cs[:, t], self.gates[:, t], self.ms[:, t] = c, a, m\n",
                "            self.cs[:, t] = c\n",
            ),
        ),
    ),
    # ---------------------------------------------------------------- nb_gru_sentiment
    single(
        "nb_gru_sentiment_emb_after",
        "nb_gru_sentiment",
        '        np.add.at(g["E"], tokens[:, t], dxrh[:, :D] + dxh[:, :D])\n',
        "        demb[:, t] = dxrh[:, :D] + dxh[:, :D]\n"
        "    for row, d in zip(tokens, demb):\n"
        '        g["E"][row] += d\n',
        kind="repeated indices",
        steps="after an index repeats | none",
        variable='g["E"]',
        why="A token that comes twice in a sentence gets one of its rows only.",
        lines=('g["E"][row] += d',),
        more=(
            (
                "    dh = np.zeros_like(dpool)\n",
                "    dh = np.zeros_like(dpool)\n    demb = np.zeros(tokens.shape + (D,))\n",
            ),
        ),
    ),
    # ---------------------------------------------------------------- nb_lstmp_tied
    single(
        "nb_lstmp_tied_chained",
        "nb_lstmp_tied",
        'dx, dr = np.zeros_like(k["x"]), np.zeros_like(dr)',
        'dx = dr = np.zeros_like(k["x"])',
        kind="aliasing",
        steps="all",
        variable="dx",
        why="dx and dr are one array, so each gets the sum of both.",
    ),
    # ---------------------------------------------------------------- packed_mgu
    single(
        "packed_mgu_in_place",
        "packed_mgu",
        "        dh = dhidden[:n]\n",
        "        dh = dhidden[:n]\n        dhidden[:n] *= 1 - f\n",
        kind="overwritten too early | aliasing",
        steps="all",
        variable="dh",
        why="dh is a view of the rows that are multiplied by 1 - f before dh is used.",
        lines=("dhidden[:n] *= 1 - f", "dh = dhidden[:n]"),
        more=(("dhidden[:n] = dh * (1 - f) + dhd * drop[:n]", "dhidden[:n] += dhd * drop[:n]"),),
    ),
    single(
        "packed_mgu_rows_turned",
        "packed_mgu",
        "np.concatenate(ddata[::-1]), dhidden",
        "np.concatenate(ddata)[::-1], dhidden",
        kind="wrong order",
        steps="none",
        variable="ddata",
        why="Turning the rows round also turns the sequences within each step.",
    ),
    # ---------------------------------------------------------------- resnorm_layers
    single(
        "resnorm_layers_state_in_place",
        "resnorm_layers",
        "        self.errors = []\n",
        "        self.errors, h = [], h.copy()\n",
        kind="aliasing",
        steps="all but the last",
        variable="h",
        why="The readout's tape holds one array for all steps, which is changed in place.",
        lines=(
            "h += self.act.forward(self.norm.forward(z))",
            "self.errors, h = [], h.copy()",
            "self.tape.append(x)",
        ),
        more=(
            (
                "h = h + self.act.forward(self.norm.forward(z))",
                "h += self.act.forward(self.norm.forward(z))",
            ),
        ),
    ),
    single(
        "resnorm_layers_split",
        "resnorm_layers",
        "            dxs.append(djoint[:, :-hidden])\n            dh = dh + djoint[:, -hidden:]\n",
        "            dx, dh = np.split(djoint, [-hidden], axis=1)\n            dxs.append(dx)\n",
        kind="missing path | carry lost | carry not added",
        steps="all",
        variable="dh",
        why="The way straight through the residual connection is lost.",
    ),
    # ---------------------------------------------------------------- s2s_dates
    single(
        "s2s_dates_context_reset",
        "s2s_dates",
        '    dctx = np.zeros_like(ctx)\n    ds = np.zeros_like(ctx @ w["bridge"])\n'
        "    while dec:\n        f = dec.pop()\n",
        '    ds = np.zeros_like(ctx @ w["bridge"])\n    while dec:\n'
        "        f = dec.pop()\n        dctx = np.zeros_like(ctx)\n",
        kind="carry lost | initial value",
        steps="all but the last",
        variable="dctx",
        why="The sum over the decoder's steps begins again at every step.",
        lines=("dctx = np.zeros_like(ctx)",),
    ),
    single(
        "s2s_dates_keep_at_the_end",
        "s2s_dates",
        '        ds = ds * f["k"]\n        de = ',
        "        de = ",
        kind="wrong order | spurious factor",
        steps="all",
        variable="ds",
        why="The keep gate belongs to the direct way only, but is multiplied to the ways "
        "through the gates too.",
        lines=('ds = ds * f["k"]', 'ds += d @ w[letter + "h"].T'),
        more=(
            (
                '        np.add.at(g["dec_emb"], f["ids"], de)\n',
                '        np.add.at(g["dec_emb"], f["ids"], de)\n        ds = ds * f["k"]\n',
            ),
        ),
    ),
    single(
        "s2s_dates_fed_or_wanted",
        "s2s_dates",
        'np.add.at(g["dec_emb"], f["ids"], de)',
        'np.add.at(g["dec_emb"], f["y"], de)',
        kind="wrong operand | index off by one",
        steps="all",
        variable='g["dec_emb"]',
        why="The embedding was looked up for the token that was fed, not for the one that "
        "is wanted.",
    ),
    # ---------------------------------------------------------------- scrn_chunks
    single(
        "scrn_chunks_no_start",
        "scrn_chunks",
        "ctx, hid = [chunk.start.ctx, *chunk.ctx], [chunk.start.hid, *chunk.hid]",
        "ctx, hid = chunk.ctx, chunk.hid",
        kind="index off by one | wrong operand",
        steps="t=0",
        variable="hid",
        why="At step 0 the index -1 takes the last state instead of the start of the chunk.",
        lines=(
            'out["R"] += np.outer(dz, hid[t - 1])',
            'out["alpha"] += ds @ (ctx[t - 1] - w["B"][now])',
            "ctx, hid = chunk.ctx, chunk.hid",
        ),
        more=(
            ("np.outer(dlogit, hid[t + 1])", "np.outer(dlogit, hid[t])"),
            ("np.outer(dlogit, ctx[t + 1])", "np.outer(dlogit, ctx[t])"),
            ("dh * hid[t + 1] * (1 - hid[t + 1])", "dh * hid[t] * (1 - hid[t])"),
            ("np.outer(dz, ctx[t + 1])", "np.outer(dz, ctx[t])"),
            ("np.outer(dz, hid[t])", "np.outer(dz, hid[t - 1])"),
            ("ds @ (ctx[t] - w", "ds @ (ctx[t - 1] - w"),
        ),
    ),
    single(
        "scrn_chunks_row_set",
        "scrn_chunks",
        'out["A"][now] += dz',
        'out["A"][now] = dz',
        kind="= for +=",
        steps="after an index repeats",
        variable='out["A"]',
        why="A character that comes again loses what its later place had given.",
    ),
    # ---------------------------------------------------------------- spikes_leaky
    single(
        "spikes_leaky_mask_in_C_only",
        "spikes_leaky",
        "    deta = seen[:, nx, :] * (np.exp(eta) - N) / seen.sum()\n"
        '    dC = np.einsum("tmk,tnk->mn", deta, R[1:])\n',
        "    deta = (np.exp(eta) - N) / seen.sum()\n"
        '    dC = np.einsum("tmk,tnk,tk->mn", deta, R[1:], seen)\n',
        kind="missing factor",
        steps="where the mask is 0 | none",
        variable="deta",
        why="The bins that were not seen are not in the loss, but are in deta.",
    ),
    single(
        "spikes_leaky_first_state_early",
        "spikes_leaky",
        "    for t in range(T, 0, -1):\n",
        "    dV[0] = dR[0] * (1 - R[0] ** 2)\n    for t in range(T, 0, -1):\n",
        kind="wrong order | missing path",
        steps="t=0 | none",
        variable="dV",
        why="dR[0] is still zero there; the first step adds to it in the loop only.",
        lines=("dV[0] = dR[0] * (1 - R[0] ** 2)",),
        more=(("    dV[0] += dR[0] * (1 - R[0] ** 2)\n", ""),),
    ),
    # ---------------------------------------------------------------- sru_crf_tagger
    single(
        "sru_crf_tagger_upwards",
        "sru_crf_tagger",
        "    for t in range(len(X) - 1, 0, -1):\n        dC[t - 1] += dC[t] * F[t]\n",
        "    for t, f in enumerate(F[1:]):\n        dC[t] += dC[t + 1] * f\n",
        kind="forward order",
        steps="all | all but the last",
        variable="dC",
        why="The recursion goes from the last step to the first, but the loop runs upwards.",
        lines=("for t, f in enumerate(F[1:]):", "dC[t] += dC[t + 1] * f"),
    ),
    single(
        "sru_crf_tagger_not_turned",
        "sru_crf_tagger",
        '    dfw, dbw = np.hsplit(dem @ q["E"].T, 2)\n'
        '    dx, gf = sru_back(_side(q, ">"), kf, dfw)\n'
        '    dxr, gb = sru_back(_side(q, "<"), kb, dbw[::-1])\n',
        '    dboth = np.hsplit(dem @ q["E"].T, 2)\n'
        '    (dx, gf), (dxr, gb) = (sru_back(_side(q, s), k, d) for s, k, d in zip("><",'
        " (kf, kb), dboth))\n",
        kind="wrong order | forward order",
        steps="none",
        variable="dxr",
        why="The right-to-left net ran over the turned sentence, so its gradients must be "
        "turned too.",
        lines=(
            '(dx, gf), (dxr, gb) = (sru_back(_side(q, s), k, d) for s, k, d in zip("><", '
            "(kf, kb), dboth))",
            'dboth = np.hsplit(dem @ q["E"].T, 2)',
        ),
    ),
    # ---------------------------------------------------------------- symplectic_spring
    single(
        "symplectic_spring_energy_indented",
        "symplectic_spring",
        '    grads["log_mass"] -= 0.5 * p[-1] ** 2 / mass\n'
        "    for n in range(N - 1, -1, -1):\n        lam_q = lam_q + source[n]\n",
        "    for n in range(N - 1, -1, -1):\n"
        '        grads["log_mass"] -= 0.5 * p[n + 1] ** 2 / mass\n'
        "        lam_q = lam_q + source[n]\n",
        kind="spurious term",
        steps="all but the last",
        variable='grads["log_mass"]',
        why="The kinetic energy is in the loss at the end only, not at every step.",
        lines=('grads["log_mass"] -= 0.5 * p[n + 1] ** 2 / mass',),
    ),
    # ---------------------------------------------------------------- ugrnn_stack_drop
    single(
        "ugrnn_stack_drop_shared_carry",
        "ugrnn_stack_drop",
        'dstate = [np.zeros_like(H) for H in inputs["H0"]]',
        'dstate = [np.zeros_like(inputs["H0"][0])] * LAYERS',
        kind="aliasing",
        steps="all | none",
        variable="dstate",
        why="Both layers' carries are one array.",
        lines=(
            'dstate = [np.zeros_like(inputs["H0"][0])] * LAYERS',
            'dstate[l][:] = dH * g + dg @ params["G"][l, 1].T + dc @ params["C"][l, 1].T',
        ),
        more=(
            (
                "            dstate[l] = dH * g",
                "            dstate[l][:] = dH * g",
            ),
        ),
    ),
    single(
        "ugrnn_stack_drop_no_residual_again",
        "ugrnn_stack_drop",
        'dinp = dinp + dg @ params["G"][l, 0].T + dc @ params["C"][l, 0].T',
        'dinp = sum(d @ params[name][l, 0].T for name, d in (("G", dg), ("C", dc)))',
        kind="missing path",
        steps="all",
        variable="dinp",
        why="The residual connection's way to the layer below is missing.",
    ),
)
