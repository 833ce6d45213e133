"""Mistakes in new programs of a stranger who writes notebooks, MATLAB and C."""

from planting import single

MISTAKES = (
    # hw_char_bits
    single(
        "hw_char_bits_cached_new_h",
        "hw_char_bits",
        '"h_old": h_old, "h": h,',
        '"h_old": h, "h": h,',
        kind="wrong operand | index off by one",
        steps="all",
        variable="cache",
        why="the cache holds the new state under h_old",
    ),
    single(
        "hw_char_bits_relu_by_dm",
        "hw_char_bits",
        'dm[c["m"] <= 0] = 0',
        "dm = np.where(dm > 0, dm, 0)",
        kind="wrong derivative | wrong operand",
        steps="all",
        variable="dm",
        why="ReLU's derivative is taken by the sign of the gradient, not of the activation",
    ),
    single(
        "hw_char_bits_items",
        "hw_char_bits",
        "    for t in range(n - 1, -1, -1):\n        c = cache[t]\n",
        "    for t, c in cache.items():\n",
        kind="forward order",
        steps="all",
        variable="t",
        why="the dict gives its steps in the order in which the forward pass wrote them",
    ),
    single(
        "hw_char_bits_dedent",
        "hw_char_bits",
        '        dh_future = model["Wh"].T @ dz\n    return',
        '    dh_future = model["Wh"].T @ dz\n    return',
        kind="carry lost | accumulation outside the loop",
        steps="all but the last | all but t=0",
        variable="dh_future",
        why="dh_future is set after the loop only, so that it is zero within",
    ),
    single(
        "hw_char_bits_late_scale",
        "hw_char_bits",
        """        dy /= n * np.log(2)
        g["Wo"] += dy @ c["m"].T
        g["bo"] += dy
""",
        """        g["Wo"] += dy @ c["m"].T
        g["bo"] += dy
        dy /= n * np.log(2)
""",
        kind="wrong order | missing factor | scale 1/B or 1/T",
        steps="all",
        variable="g",
        why="the gradients of the output layer are summed up before dy is scaled",
    ),
    single(
        "hw_char_bits_clip",
        "hw_char_bits",
        'dh_future = model["Wh"].T @ dz',
        'dh_future = np.clip(model["Wh"].T @ dz, -0.05, 0.05)',
        kind="clipped",
        steps="all | all but t=0",
        variable="dh_future",
        why="what is handed on is clipped within the recursion",
    ),
    # mlab_lstm_fprop
    single(
        "mlab_lstm_fprop_gA_view",
        "mlab_lstm_fprop",
        "gA = zeros((4 * n, M))",
        "gA = A[:, :, t]",
        kind="aliasing | overwritten too early",
        steps="all",
        variable="I",
        why="gA is a view of the buffer that I, F, O, G are views of, so that writing it "
        "changes them",
    ),
    single(
        "mlab_lstm_fprop_gC_fresh",
        "mlab_lstm_fprop",
        "gC = gC + gH * O * (1 - S ** 2)",
        "gC = gH * O * (1 - S ** 2)",
        kind="carry not added",
        steps="all but the last",
        variable="gC",
        why="the cell gradient of step t + 1 is not added",
    ),
    single(
        "mlab_lstm_fprop_gH_early",
        "mlab_lstm_fprop",
        """        gA[3 * n:] = gC * I * (1 - G ** 2)
        gW = gW + gA @ X[:, :, t].T
        gR = gR + gA @ H[:, :, t].T
        gb = gb + np.sum(gA, axis=1, keepdims=True)
        gX[:, :, t] = net["W"].T @ gA
        gH = net["R"].T @ gA
""",
        """        gH = net["R"].T @ gA
        gA[3 * n:] = gC * I * (1 - G ** 2)
        gW = gW + gA @ X[:, :, t].T
        gR = gR + gA @ H[:, :, t].T
        gb = gb + np.sum(gA, axis=1, keepdims=True)
        gX[:, :, t] = net["W"].T @ gA
""",
        kind="wrong order | missing path",
        steps="all | all but t=0",
        variable="gH",
        why="gH is computed before the candidate's block of gA is filled",
    ),
    single(
        "mlab_lstm_fprop_while",
        "mlab_lstm_fprop",
        "while t >= 0:",
        "while t > 0:",
        kind="loop bounds",
        steps="t=0",
        variable="t",
        why="the loop stops before step 0",
    ),
    single(
        "mlab_lstm_fprop_gates_swapped",
        "mlab_lstm_fprop",
        "I, F = A[:n, :, t], A[n:2 * n, :, t]",
        "F, I = A[:n, :, t], A[n:2 * n, :, t]",
        kind="wrong order",
        steps="all",
        variable="F",
        why="input and forget gate are taken out of each other's block",
    ),
    single(
        "mlab_lstm_fprop_return_states",
        "mlab_lstm_fprop",
        '"H0": gH, "C0": gC}',
        '"H0": gC, "C0": gH}',
        kind="wrong name | wrong order",
        steps="none",
        variable="H0",
        why="the gradients of the initial states are returned under each other's name",
    ),
    # c_gru_workspace
    single(
        "c_gru_workspace_dh_is_dhp",
        "c_gru_workspace",
        "dh[:] = dhp",
        "dh = dhp",
        more=(
            (
                """        hp = ws.h[t]
        du[:] = dh""",
                """        hp = ws.h[t]
        dhp[:] = dh * ws.u[t]
        du[:] = dh""",
            ),
            (
                "        dq[:] = dn * ws.r[t]\n        dhp[:] = dh * ws.u[t]\n",
                "        dq[:] = dn * ws.r[t]\n",
            ),
        ),
        lines=("dh = dhp", "dhp[:] = dh * ws.u[t]"),
        kind="aliasing | overwritten too early",
        steps="all but the last",
        variable="dh",
        why="dh and dhp are one buffer, so that filling dhp overwrites dh before its use",
    ),
    single(
        "c_gru_workspace_dhp_summed",
        "c_gru_workspace",
        "dhp[:] = dh * ws.u[t]",
        "dhp += dh * ws.u[t]",
        kind="+= for =",
        steps="all but the last",
        variable="dhp",
        why="dhp still holds what step t + 1 put there",
    ),
    single(
        "c_gru_workspace_gemv_t_sets",
        "c_gru_workspace",
        "y += A.T.dot(x)",
        "y[:] = A.T.dot(x)",
        kind="= for +=",
        steps="all",
        variable="y",
        why="the routine overwrites its output where the callers rely on accumulation",
    ),
    single(
        "c_gru_workspace_one_buffer",
        "c_gru_workspace",
        "dr, du, dn, dq, dhp = np.zeros((5, nh))",
        "dr = du = dn = dq = dhp = np.zeros(nh)",
        kind="aliasing",
        steps="all | none",
        variable="du",
        why="five names for one buffer",
    ),
    single(
        "c_gru_workspace_q_row",
        "c_gru_workspace",
        "self.q = np.zeros((T, nh))",
        "self.q = np.zeros(nh)",
        more=(
            ('gemv(ws.q[t], P["Un"], hp)', 'ws.q[:] = P["Un"].dot(hp)'),
            ('P["bn"] + ws.r[t] * ws.q[t]', 'P["bn"] + ws.r[t] * ws.q'),
            ("dr[:] = dn * ws.q[t] *", "dr[:] = dn * ws.q *"),
        ),
        lines=(
            "self.q = np.zeros(nh)",
            'ws.q[:] = P["Un"].dot(hp)',
            "dr[:] = dn * ws.q * ws.r[t] * (1.0 - ws.r[t])",
        ),
        kind="overwritten too early | aliasing",
        steps="all but the last",
        variable="q",
        why="q has room for one step, so that the backward pass meets the last step's value "
        "at all steps",
    ),
    single(
        "c_gru_workspace_hinge_minus_one",
        "c_gru_workspace",
        'ds[np.arange(len(ds)), inputs["label"]] = -ds.sum(axis=1)',
        'ds[np.arange(len(ds)), inputs["label"]] = -1.0',
        kind="wrong derivative | wrong operand",
        steps="none",
        variable="ds",
        why="the true class gets -1 rather than minus the number of violated margins",
    ),
    # course_peephole
    single(
        "course_peephole_dc_prev",
        "course_peephole",
        'gradients["dc_prev"] = dc * ft',
        'gradients["dc_prev"] = dc_next * ft',
        kind="wrong operand",
        steps="all | all but t=0",
        variable="gradients",
        why="dc_next misses the way through a_next and the output gate's peephole",
    ),
    single(
        "course_peephole_loop_of_peepholes",
        "course_peephole",
        """    gradients["dpf"] = (dft * c_prev).sum(axis=1, keepdims=True)
    gradients["dpi"] = (dit * c_prev).sum(axis=1, keepdims=True)
    gradients["dpo"] = (dot * c_next).sum(axis=1, keepdims=True)
""",
        """    for gate, d in zip("fio", (dft, dit, dot)):
        gradients["dp" + gate] = (d * c_prev).sum(axis=1, keepdims=True)
""",
        lines=(
            'gradients["dp" + gate] = (d * c_prev).sum(axis=1, keepdims=True)',
            'for gate, d in zip("fio", (dft, dit, dot)):',
        ),
        kind="gate copied | wrong operand | index off by one",
        steps="all",
        variable="gradients",
        why="the output gate peeps at c_next, not at c_prev as the other two",
    ),
    single(
        "course_peephole_x_first",
        "course_peephole",
        """    gradients["da_prev"] = dconcat[:n_a]
    gradients["dxt"] = dconcat[n_a:]
""",
        """    n_x = concat.shape[0] - n_a
    gradients["dxt"] = dconcat[:n_x]
    gradients["da_prev"] = dconcat[n_x:]
""",
        lines=('gradients["dxt"] = dconcat[:n_x]', 'gradients["da_prev"] = dconcat[n_x:]'),
        kind="wrong order",
        steps="all",
        variable="gradients",
        why="dconcat is split as though x came before a_prev",
    ),
    single(
        "course_peephole_totals_dedent",
        "course_peephole",
        """        for k in total:
            total[k] += gradients[k]
""",
        """    for k in total:
        total[k] += gradients[k]
""",
        lines=("total[k] += gradients[k]", "for k in total:"),
        kind="accumulation outside the loop",
        steps="all but t=0",
        variable="total",
        why="only the gradients of step 0 are added",
    ),
    single(
        "course_peephole_zip_caches",
        "course_peephole",
        "for t in reversed(range(T_x)):",
        "for t, cache in zip(reversed(range(T_x)), caches):",
        more=(("dc_prevt, caches[t], parameters)", "dc_prevt, cache, parameters)"),),
        kind="forward order | wrong order",
        steps="all",
        variable="cache",
        why="t runs backwards and the list of caches forwards",
    ),
    # nb_gru_sentiment
    single(
        "nb_gru_sentiment_fancy",
        "nb_gru_sentiment",
        'np.add.at(g["E"], tokens[:, t], dxrh[:, :D] + dxh[:, :D])',
        'g["E"][tokens[:, t]] += dxrh[:, :D] + dxh[:, :D]',
        kind="repeated indices",
        steps="after an index repeats | all",
        variable="g",
        why="of equal tokens in a column only one is added",
    ),
    single(
        "nb_gru_sentiment_pool_everywhere",
        "nb_gru_sentiment",
        "dh = dh + m * dpool",
        "dh += dpool",
        kind="missing factor",
        steps="where the mask is 0",
        variable="dh",
        why="padded steps are not in the pool, yet get its gradient",
    ),
    single(
        "nb_gru_sentiment_dh_begun",
        "nb_gru_sentiment",
        "dh = np.zeros_like(dpool)",
        "dh = dpool.copy()",
        kind="initial value | spurious term",
        steps="the last | none",
        variable="dh",
        why="the pool's gradient is added at each step already",
    ),
    single(
        "nb_gru_sentiment_gates",
        "nb_gru_sentiment",
        "dzr = np.hstack([dz, dr])",
        "dzr = np.hstack([dr, dz])",
        kind="wrong order",
        steps="all",
        variable="dzr",
        why="the blocks are joined in another order than they were split in",
    ),
    single(
        "nb_gru_sentiment_cached_after",
        "nb_gru_sentiment",
        """        steps.append((h, m, xh, z, r, xrh, cand))
        h = m * new + (1 - m) * h
""",
        """        h = m * new + (1 - m) * h
        steps.append((h, m, xh, z, r, xrh, cand))
""",
        lines=("steps.append((h, m, xh, z, r, xrh, cand))", "h = m * new + (1 - m) * h"),
        kind="overwritten too early | wrong order | index off by one",
        steps="all",
        variable="steps",
        why="h is the new state already when it is cached",
    ),
    # bidi_tagger_sents
    single(
        "bidi_tagger_sents_fancy",
        "bidi_tagger_sents",
        """        for w, a, b in zip(words, dxl, reversed(dxr)):
            G["emb"][w] += a + b
""",
        """        G["emb"][words] += np.array(dxl) + np.array(dxr[::-1])
""",
        kind="repeated indices",
        steps="after an index repeats | none",
        variable="G",
        why="a word that comes twice in a sentence gets one of its gradients only",
    ),
    single(
        "bidi_tagger_sents_shared_zeros",
        "bidi_tagger_sents",
        "dxs = [None] * len(xs)",
        "dxs = [np.zeros(W.shape[1])] * len(xs)",
        more=(("dxs[i] = np.dot(da, W)", "dxs[i] += np.dot(da, W)"),),
        lines=("dxs = [np.zeros(W.shape[1])] * len(xs)", "dxs[i] += np.dot(da, W)"),
        kind="aliasing",
        steps="all | none",
        variable="dxs",
        why="all entries of the list are one array",
    ),
    single(
        "bidi_tagger_sents_zip_loop",
        "bidi_tagger_sents",
        """    dxs = [None] * len(xs)
    carry = np.zeros(len(U))
    for i in range(len(xs) - 1, -1, -1):
        da = (dhs[i] + carry) * (1 - hs[i + 1] ** 2)
        dW += np.outer(da, xs[i])
        dU += np.outer(da, hs[i])
        db += da
        dxs[i] = np.dot(da, W)
""",
        """    dxs = []
    carry = np.zeros(len(U))
    for dh, x, h in zip(dhs[::-1], xs[::-1], hs[::-1]):
        da = (dh + carry) * (1 - h ** 2)
        dW += np.outer(da, x)
        dU += np.outer(da, h)
        db += da
        dxs.insert(0, np.dot(da, W))
""",
        lines=("dU += np.outer(da, h)", "for dh, x, h in zip(dhs[::-1], xs[::-1], hs[::-1]):"),
        kind="index off by one | wrong operand",
        steps="all",
        variable="dU",
        why="the recurrent weights' gradient needs the state before, h is the one after",
    ),
    single(
        "bidi_tagger_sents_per_sentence",
        "bidi_tagger_sents",
        """            d = q / count
            d[y] -= 1 / count
""",
        """            d = q / n
            d[y] -= 1 / n
""",
        lines=("d = q / n", "d[y] -= 1 / n"),
        kind="scale 1/B or 1/T",
        steps="all",
        variable="d",
        why="divided by the length of the sentence rather than the number of all words",
    ),
    single(
        "bidi_tagger_sents_carry",
        "bidi_tagger_sents",
        "carry = np.dot(da, U)",
        "carry = np.dot(U, da)",
        kind="transposed",
        steps="all | all but t=0",
        variable="carry",
        why="U where U.T is needed",
    ),
    single(
        "bidi_tagger_sents_unreversed",
        "bidi_tagger_sents",
        "elman_back(dright[::-1], xs[::-1],",
        "elman_back(dright, xs[::-1],",
        kind="forward order | wrong order",
        steps="none",
        variable="dW",
        why="the right-to-left net saw the words in reverse, its gradients are given in "
        "reading order",
    ),
    # s2s_dates
    single(
        "s2s_dates_ds_scaled_first",
        "s2s_dates",
        """        dk = ds * (f["prev"] - f["c"]) * f["k"] * (1 - f["k"])
        dc = ds * (1 - f["k"]) * (1 - f["c"] ** 2)
        ds = ds * f["k"]
""",
        """        ds = ds * f["k"]
        dk = ds * (f["prev"] - f["c"]) * f["k"] * (1 - f["k"])
        dc = ds * (1 - f["k"]) * (1 - f["c"] ** 2)
""",
        lines=(
            'ds = ds * f["k"]',
            'dk = ds * (f["prev"] - f["c"]) * f["k"] * (1 - f["k"])',
            'dc = ds * (1 - f["k"]) * (1 - f["c"] ** 2)',
        ),
        kind="overwritten too early | wrong order",
        steps="all",
        variable="ds",
        why="ds is replaced by its part for the step before, dk and dc still need it whole",
    ),
    single(
        "s2s_dates_no_live",
        "s2s_dates",
        'do *= f["live"][:, None] / np.sum(tgt >= 0)',
        "do /= np.sum(tgt >= 0)",
        kind="missing factor",
        steps="where the mask is 0",
        variable="do",
        why="padded targets give a gradient",
    ),
    single(
        "s2s_dates_dctx_dedent",
        "s2s_dates",
        '            dctx += d @ w[letter + "c"].T\n',
        '        dctx += d @ w[letter + "c"].T\n',
        kind="accumulation outside the loop | missing path",
        steps="all",
        variable="dctx",
        why="after the loop over the two gates only the candidate's part is added",
    ),
    single(
        "s2s_dates_pop_first",
        "s2s_dates",
        "f = dec.pop()\n",
        "f = dec.pop(0)\n",
        kind="forward order",
        steps="all",
        variable="f",
        why="the trace is read from its beginning",
    ),
    single(
        "s2s_dates_ids_of_next",
        "s2s_dates",
        """        trace.append(dict(ids=inp, prev=prev, e=e, k=k, c=c, s=s, q=q, live=live, y=y))
        inp = y
""",
        """        inp = y
        trace.append(dict(ids=inp, prev=prev, e=e, k=k, c=c, s=s, q=q, live=live, y=y))
""",
        lines=(
            "inp = y",
            "trace.append(dict(ids=inp, prev=prev, e=e, k=k, c=c, s=s, q=q, live=live, y=y))",
        ),
        kind="overwritten too early | wrong order | index off by one",
        steps="all",
        variable="inp",
        why="the trace holds the ids of the next step's input",
    ),
    # attn_columns
    single(
        "attn_columns_softmax",
        "attn_columns",
        "dscore = alpha * (dalpha - np.sum(alpha * dalpha))",
        "dscore = alpha * dalpha - np.sum(alpha * dalpha)",
        kind="wrong derivative | missing factor",
        steps="all",
        variable="dscore",
        why="alpha belongs to the sum too",
    ),
    single(
        "attn_columns_before_wraps",
        "attn_columns",
        'before = H[:, j - 1:j] if j > 0 else th["e0"]',
        "before = H[:, [j - 1]]",
        kind="index off by one | wrong operand | initial value",
        steps="t=0",
        variable="before",
        why="at the first column the index is -1, which is the last",
    ),
    single(
        "attn_columns_ds_summed",
        "attn_columns",
        'ds = du[:ns] + th["Wq"].T @ dq',
        'ds += du[:ns] + th["Wq"].T @ dq',
        kind="+= for =",
        steps="all | all but t=0",
        variable="ds",
        why="the gradient of s_new is left in that of s",
    ),
    single(
        "attn_columns_dA_ahead",
        "attn_columns",
        """    for j in range(X.shape[1] - 1, -1, -1):
        dh = dh + dH[:, j:j + 1]
        da = dh * (1 - H[:, j:j + 1] ** 2)
""",
        """    dA = dH * (1 - H ** 2)
    for j in range(X.shape[1] - 1, -1, -1):
        da = dA[:, j:j + 1] + dh
""",
        lines=("da = dA[:, j:j + 1] + dh",),
        kind="missing derivative | missing factor",
        steps="all but the last",
        variable="da",
        why="what comes from step j + 1 is not multiplied by tanh's derivative",
    ),
    single(
        "attn_columns_slice",
        "attn_columns",
        "dctx = dv[ns:] + du[ns:]",
        "dctx = dv[ns:] + du[:-ns]",
        kind="wrong order | wrong operand | index off by one",
        steps="all",
        variable="dctx",
        why="the context is the lower block of u",
    ),
    single(
        "attn_columns_X_buffer",
        "attn_columns",
        "dX = np.zeros_like(X)",
        "dX = np.asarray(X)",
        kind="argument changed | aliasing",
        steps="all | none",
        variable="dX",
        why="the gradient is written into the caller's X",
        shows=("argument", "repeat"),
    ),
    # mgu_layernorm
    single(
        "mgu_layernorm_no_m2",
        "mgu_layernorm",
        """        m2 = (dhat * ahat).mean(axis=1, keepdims=True)
        return (dhat - m1 - ahat * m2) / sd,""",
        """        return (dhat - m1) / sd,""",
        kind="missing path | wrong derivative",
        steps="all",
        variable="dhat",
        why="the standard deviation is taken for a constant",
    ),
    single(
        "mgu_layernorm_lambda",
        "mgu_layernorm",
        "pulls.append(pull)",
        "pulls.append(lambda d: pull(d))",
        kind="late binding",
        steps="all but the last",
        variable="pulls",
        why="each lambda looks up the last step's pull",
    ),
    single(
        "mgu_layernorm_gain_by_y",
        "mgu_layernorm",
        "(dy * ahat).sum(axis=0)",
        "(dy * y).sum(axis=0)",
        more=(("    return gain * ahat, pull", "    y = gain * ahat\n    return y, pull"),),
        kind="wrong operand | spurious factor",
        steps="all",
        variable="y",
        why="the gain's gradient needs the normalised value before the gain",
    ),
    single(
        "mgu_layernorm_joint_dxh",
        "mgu_layernorm",
        """        dh = dout * (1 - f) + dxfh[:, nx:] * f + dxh[:, nx:]
        return dxfh[:, :nx] + dxh[:, :nx], dh, g
""",
        """        dxh = dxh + dxfh
        dh = dout * (1 - f) + dxh[:, nx:]
        return dxh[:, :nx], dh, g
""",
        lines=("dh = dout * (1 - f) + dxh[:, nx:]", "dxh = dxh + dxfh"),
        kind="missing factor",
        steps="all | all but t=0",
        variable="dh",
        why="the candidate sees f * h, the factor f is missing",
    ),
    single(
        "mgu_layernorm_update",
        "mgu_layernorm",
        "total = {k: total[k] + g[k] for k in total}",
        "total.update(g)",
        kind="= for +=",
        steps="all but t=0",
        variable="total",
        why="each step replaces the sums",
    ),
    single(
        "mgu_layernorm_dxs_order",
        "mgu_layernorm",
        "dxs.insert(0, dx)",
        "dxs.append(dx)",
        kind="wrong order | forward order",
        steps="all | none",
        variable="dxs",
        why="the gradients of the inputs are listed from the last step on",
    ),
    # ugrnn_stack_drop
    single(
        "ugrnn_stack_drop_shared_dstate",
        "ugrnn_stack_drop",
        'dstate = [np.zeros_like(H) for H in inputs["H0"]]',
        'dstate = [np.zeros_like(inputs["H0"][0])] * LAYERS',
        more=(
            (
                "            dH = dstate[l] + dinp * drop[l, :, t] / keep\n",
                "            dH = dstate[l]\n            dH += dinp * drop[l, :, t] / keep\n",
            ),
        ),
        lines=(
            'dstate = [np.zeros_like(inputs["H0"][0])] * LAYERS',
            "dH += dinp * drop[l, :, t] / keep",
        ),
        kind="aliasing",
        steps="the last | none",
        variable="dstate",
        why="both layers begin with one array, to which dH += adds",
    ),
    single(
        "ugrnn_stack_drop_batch_mean",
        "ugrnn_stack_drop",
        "-y / (1 + np.exp(margin)) / y.size",
        "-y / (1 + np.exp(margin)) / len(y)",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="ds",
        why="divided by the batch only, not by the steps",
    ),
    single(
        "ugrnn_stack_drop_layers_up",
        "ugrnn_stack_drop",
        "for l in reversed(range(LAYERS)):",
        "for l in range(LAYERS):",
        kind="forward order",
        steps="all",
        variable="l",
        why="the layers are gone through from below",
    ),
    single(
        "ugrnn_stack_drop_inplace_residual",
        "ugrnn_stack_drop",
        "inp = state[l] * drop[l, :, t] / keep + inp",
        "inp += state[l] * drop[l, :, t] / keep",
        kind="aliasing | overwritten too early",
        steps="all",
        variable="inp",
        why="the cached input is changed in place by the residual",
    ),
    single(
        "ugrnn_stack_drop_win_in_layers",
        "ugrnn_stack_drop",
        """        grads["Win"] += X[:, t].T @ dinp
        dX[:, t] =""",
        """            grads["Win"] += X[:, t].T @ dinp
        dX[:, t] =""",
        kind="spurious term | accumulation outside the loop",
        steps="all",
        variable="grads",
        why="the input weights' gradient is added once a layer",
    ),
    single(
        "ugrnn_stack_drop_no_residual",
        "ugrnn_stack_drop",
        """            dinp = dinp + dg @ params["G"][l, 0].T + dc @ params["C"][l, 0].T
""",
        """            dinp = sum(d @ params[k][l, 0].T for k, d in (("G", dg), ("C", dc)))
""",
        kind="missing path",
        steps="all",
        variable="dinp",
        why="the residual's way past the layer is missing",
    ),
    # cifg_checkpoint
    single(
        "cifg_checkpoint_reset",
        "cifg_checkpoint",
        """    dh, dc = np.zeros(h.shape), np.zeros(c.shape)
    while starts:
        lo = starts.pop()
""",
        """    while starts:
        lo = starts.pop()
        dh, dc = np.zeros(h.shape), np.zeros(c.shape)
""",
        lines=("dh, dc = np.zeros(h.shape), np.zeros(c.shape)",),
        kind="carry lost | initial value",
        steps="all but the last | t=1",
        variable="dh",
        why="the carries are zeroed at each chunk",
    ),
    single(
        "cifg_checkpoint_kept_after",
        "cifg_checkpoint",
        """        if t % k == 0:
            kept.append((h, c))
        h, c, _ = step(w, x[t], h, c)
""",
        """        h, c, _ = step(w, x[t], h, c)
        if t % k == 0:
            kept.append((h, c))
""",
        lines=("kept.append((h, c))", "h, c, _ = step(w, x[t], h, c)"),
        kind="overwritten too early | wrong order | index off by one",
        steps="all",
        variable="kept",
        why="kept are the states after the first step of the chunk",
    ),
    single(
        "cifg_checkpoint_hi",
        "cifg_checkpoint",
        "hi = min(lo + k, T)",
        "hi = min(lo + k, T - 1)",
        kind="loop bounds",
        steps="the last",
        variable="hi",
        why="the last step is never gone through",
    ),
    single(
        "cifg_checkpoint_unpack",
        "cifg_checkpoint",
        "dh, dc, dx[t] = step_back(w, g, saved, dh, dc)",
        "dc, dh, dx[t] = step_back(w, g, saved, dh, dc)",
        kind="wrong order",
        steps="all | all but t=0",
        variable="dh",
        why="the two carries are unpacked into each other",
    ),
    single(
        "cifg_checkpoint_uncoupled",
        "cifg_checkpoint",
        "dz = np.concatenate([dc2 * (c - j) * f * (1 - f),",
        "dz = np.concatenate([dc2 * c * f * (1 - f),",
        kind="missing path",
        steps="all",
        variable="dz",
        why="f also acts through the input gate 1 - f",
    ),
    single(
        "cifg_checkpoint_no_c0",
        "cifg_checkpoint",
        "g.update(signal=dx, h0=dh, c0=dc)",
        "g.update(signal=dx, h0=dh)",
        kind="never returned",
        steps="none",
        variable="dc",
        why="the gradient of c0 is not returned",
        shows=("names",),
    ),
    # spikes_leaky
    single(
        "spikes_leaky_range",
        "spikes_leaky",
        "for t in range(T, 0, -1):",
        "for t in range(T - 1, 0, -1):",
        kind="loop bounds",
        steps="the last",
        variable="t",
        why="the last step is left out",
    ),
    single(
        "spikes_leaky_dR_set",
        "spikes_leaky",
        'dR[t - 1] += p["W"].T @ ddrive',
        'dR[t - 1] = p["W"].T @ ddrive',
        kind="= for +=",
        steps="all but t=0 | all but the last",
        variable="dR",
        why="the likelihood's own part of dR is overwritten",
    ),
    single(
        "spikes_leaky_one_buffer",
        "spikes_leaky",
        """    dR = np.zeros_like(R)
    dR[1:] =""",
        """    dR = dV = np.zeros_like(R)
    dR[1:] =""",
        more=(("    dV = np.zeros_like(V)\n", ""),),
        kind="aliasing",
        steps="none | all",
        variable="dV",
        why="dR and dV are one array",
    ),
    single(
        "spikes_leaky_int_buffer",
        "spikes_leaky",
        "    deta = seen[:, nx, :] * (np.exp(eta) - N) / seen.sum()\n",
        "    deta = np.zeros_like(N)\n"
        "    deta[:] = seen[:, nx, :] * (np.exp(eta) - N) / seen.sum()\n",
        lines=(
            "deta = np.zeros_like(N)",
            "deta[:] = seen[:, nx, :] * (np.exp(eta) - N) / seen.sum()",
        ),
        kind="wrong dtype",
        steps="none | all",
        variable="deta",
        why="the counts are integers, so the buffer is too, and cuts off the fractions",
    ),
    single(
        "spikes_leaky_mask_paren",
        "spikes_leaky",
        "    deta = seen[:, nx, :] * (np.exp(eta) - N) / seen.sum()\n",
        "    deta = (seen[:, nx, :] * np.exp(eta) - N) / seen.sum()\n",
        kind="missing factor",
        steps="where the mask is 0 | none",
        variable="deta",
        why="the counts are not masked",
    ),
    single(
        "spikes_leaky_v0_tail",
        "spikes_leaky",
        "dV[0] += dR[0] * (1 - R[0] ** 2)",
        "dV[0] += dR[0]",
        kind="missing derivative",
        steps="t=0 | none",
        variable="dV",
        why="the initial rate is a tanh of the initial state too",
    ),
    # mi_charlm_batch
    single(
        "mi_charlm_batch_eye",
        "mi_charlm_batch",
        """            for i, k in enumerate(ids[:, t]):
                d["W"][k] += dwx[i]
""",
        """            onehot = np.eye(len(th["W"]))[nxt]
            d["W"] += onehot.T.dot(dwx)
""",
        kind="index off by one | wrong operand",
        steps="all",
        variable="onehot",
        why="the rows are those of the targets, not of the inputs",
    ),
    single(
        "mi_charlm_batch_pad_first",
        "mi_charlm_batch",
        """            dl[rows, nxt] -= 1.0
            dl[nxt == PAD] = 0.0
""",
        """            dl[nxt == PAD] = 0.0
            dl[rows, nxt] -= 1.0
""",
        lines=("dl[rows, nxt] -= 1.0", "dl[nxt == PAD] = 0.0"),
        kind="wrong order",
        steps="where the mask is 0",
        variable="dl",
        why="one is subtracted in padded rows after they were zeroed",
    ),
    single(
        "mi_charlm_batch_count",
        "mi_charlm_batch",
        "dl /= self.count",
        "dl /= nxt.size * self.T",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="dl",
        why="padded characters are counted in the divisor",
    ),
    single(
        "mi_charlm_batch_duh",
        "mi_charlm_batch",
        'duh = da * (th["alpha"] * wx + th["beta2"])',
        'duh = da * th["alpha"] * wx',
        kind="missing path",
        steps="all",
        variable="duh",
        why="the additive way beta2 * Uh is missing",
    ),
    single(
        "mi_charlm_batch_uh_out",
        "mi_charlm_batch",
        "        for t in range(self.T):\n",
        "        uh = np.zeros(self.h[0].shape)\n        for t in range(self.T):\n",
        more=(('uh = self.h[-1].dot(th["U"])', 'self.h[-1].dot(th["U"], out=uh)'),),
        lines=(
            "self.uh.append(uh)",
            'self.h[-1].dot(th["U"], out=uh)',
            "uh = np.zeros(self.h[0].shape)",
        ),
        kind="aliasing",
        steps="all but the last",
        variable="uh",
        why="the list holds one buffer many times, with the last step's value",
    ),
    single(
        "mi_charlm_batch_class_lists",
        "mi_charlm_batch",
        "    def __init__(self, theta):\n",
        "    wx, uh, prob = [], [], []\n\n    def __init__(self, theta):\n",
        more=(("        self.wx, self.uh, self.prob = [], [], []\n", ""),),
        lines=("wx, uh, prob = [], [], []", "self.wx.append(wx)"),
        kind="state between calls",
        steps="none | all",
        variable="wx",
        why="the lists belong to the class and keep the values of earlier calls",
        shows=("gradient", "raises"),
    ),
    # nb_lstmp_tied
    single(
        "nb_lstmp_tied_dr_kept",
        "nb_lstmp_tied",
        'dx, dr = np.zeros_like(k["x"]), np.zeros_like(dr)',
        'dx = np.zeros_like(k["x"])',
        lines=('dr += da[n] @ P["Wr_" + n].T', 'dx = np.zeros_like(k["x"])'),
        kind="+= for = | spurious term",
        steps="all | all but t=0",
        variable="dr",
        why="dr is not begun anew before the gates are summed up",
    ),
    single(
        "nb_lstmp_tied_wp_early",
        "nb_lstmp_tied",
        """        dr = dr + dlogit @ P["Emb"]
        G["Wp"] += k["m"].T @ dr
""",
        """        G["Wp"] += k["m"].T @ dr
        dr = dr + dlogit @ P["Emb"]
""",
        kind="wrong order | missing path",
        steps="all",
        variable="G",
        why="the projection's gradient is taken before the softmax's part is in dr",
    ),
    single(
        "nb_lstmp_tied_dc_in_gates",
        "nb_lstmp_tied",
        """        np.add.at(G["Emb"], k["now"], dx)
        dc = dc * k["f"]
""",
        """            dc = dc * k["f"]
        np.add.at(G["Emb"], k["now"], dx)
""",
        kind="spurious factor",
        steps="all | all but t=0",
        variable="dc",
        why="dc is multiplied by the forget gate once for each gate",
    ),
    single(
        "nb_lstmp_tied_r_key",
        "nb_lstmp_tied",
        "prob=prob, r_new=r)",
        "prob=prob, r=r)",
        more=(('dlogit.T @ k["r_new"]', 'dlogit.T @ k["r"]'),),
        kind="overwritten too early | index off by one",
        steps="all",
        variable="r",
        why="the cached input state is overwritten by the new one of the same key",
    ),
    single(
        "nb_lstmp_tied_f_c",
        "nb_lstmp_tied",
        '"f": dc * k["c_old"]',
        '"f": dc * k["c"]',
        kind="wrong operand | index off by one",
        steps="all",
        variable="da",
        why="the forget gate multiplies the old cell",
    ),
    single(
        "nb_lstmp_tied_scatter_next",
        "nb_lstmp_tied",
        'np.add.at(G["Emb"], k["now"], dx)',
        'G["Emb"] += np.eye(len(P["Emb"]))[k["now"]].T @ dx / len(ks)',
        kind="scale 1/B or 1/T | spurious factor",
        steps="all",
        variable="G",
        why="divided by the number of steps a second time",
    ),
)
