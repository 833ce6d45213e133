"""Mistakes of a stranger in a quarter of the programs: loops vectorised and rewritten."""

from planting import single

MISTAKES = (
    # ---- attention_pooling
    single(
        "attention_pooling_einsum_new_states",
        "attention_pooling",
        """            dWx += self.X[:, t].T @ dz
            dWh += self.H[:, t].T @ dz
            db += dz.sum(axis=0)
            dnext = dz @ self.Wh.T
""",
        """            dZ[:, t] = dz
            dnext = dz @ self.Wh.T
        dWx = np.einsum("btd,bth->dh", self.X, dZ)
        dWh = np.einsum("bth,btk->hk", states, dZ)
        db = dZ.sum(axis=(0, 1))
""",
        more=(
            (
                "dWx, dWh, db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), "
                "np.zeros_like(self.b)",
                "dZ = np.zeros_like(states)",
            ),
        ),
        lines=('dWh = np.einsum("bth,btk->hk", states, dZ)',),
        kind="index off by one | wrong operand",
        steps="none",
        variable="dWh",
        why="The recurrent weights saw the states before each step, not those after it.",
    ),
    single(
        "attention_pooling_score_path_replaces",
        "attention_pooling",
        "dstates = dstates + dpre @ self.Wa.T",
        'dstates = np.einsum("bta,ha->bth", dpre, self.Wa)',
        kind="= for += | missing path",
        steps="none",
        variable="dstates",
        why="The states' way through the weighted sum is thrown away.",
    ),
    # ---- bigru_average
    single(
        "bigru_average_one_einsum_for_recurrent",
        "bigru_average",
        """        dUzr += h.T @ dazr
        dUn += (r * h).T @ dan
""",
        "",
        more=(
            (
                "recurrent=np.hstack((dUzr, dUn)),",
                'recurrent=np.einsum("tbh,tbk->hk", tr.h[:-1], da),',
            ),
            ("    dUzr, dUn = np.zeros_like(Uzr), np.zeros_like(Un)\n", ""),
        ),
        lines=('recurrent=np.einsum("tbh,tbk->hk", tr.h[:-1], da),',),
        kind="missing factor | gate copied | wrong operand",
        steps="none",
        variable="recurrent",
        why="The candidate's weights saw r * h, not h.",
    ),
    single(
        "bigru_average_both_sides_in_one_go",
        "bigru_average",
        """    gf = gru_grads(fw, dside, params["kernel_fw"], params["recurrent_fw"])
    gb = gru_grads(bw, dside[::-1], params["kernel_bw"], params["recurrent_bw"])
""",
        """    gf, gb = (gru_grads(tr, dside, params["kernel_" + s], params["recurrent_" + s])
              for tr, s in ((fw, "fw"), (bw, "bw")))
""",
        kind="forward order | wrong order",
        steps="none",
        variable="gb",
        why="The backward direction needs the outer gradients in its own order of reading.",
    ),
    single(
        "bigru_average_candidate_in_place",
        "bigru_average",
        """        dh = dh + dout[t]
        dan = dh * z * (1 - n ** 2)
""",
        """        dh = dan = dh + dout[t]
        dan *= z * (1 - n ** 2)
""",
        lines=("dh = dan = dh + dout[t]", "dan *= z * (1 - n ** 2)"),
        kind="aliasing | overwritten too early",
        steps="all",
        variable="dh",
        why="dh and dan are one array, so dh is multiplied too.",
    ),
    # ---- char_gru_blog
    single(
        "char_gru_blog_stacked_blocks_swapped",
        "char_gru_blog",
        """        dhnext += np.dot(Ur.T, drraw)
        dhnext += np.dot(Uz.T, dzraw)
""",
        """        dhnext += np.dot(np.vstack((Uz, Ur)).T, np.vstack((drraw, dzraw)))
""",
        kind="wrong order",
        steps="all",
        variable="dhnext",
        why="The stacked weights are z, r, the stacked deltas are r, z.",
    ),
    single(
        "char_gru_blog_readout_after_loop",
        "char_gru_blog",
        """        dy = np.copy(ps[t])
        dy[targets[t]] -= 1  # backprop into y
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext  # backprop into h
""",
        """        dh = np.dot(Why.T, dys[:, t:t+1]) + dhnext  # backprop into h
""",
        more=(
            (
                """    dWhy, dby = np.zeros_like(Why), np.zeros_like(by)
""",
                """    # read-out, all steps at once
    dys = np.hstack([ps[t] for t in range(len(inputs))])
    dys[targets, np.arange(len(inputs))] -= 1  # backprop into y
    dWhy = np.dot(dys, np.hstack(list(hs.values())[:-1]).T)
    dby = dys.sum(axis=1, keepdims=True)
""",
            ),
        ),
        lines=("dWhy = np.dot(dys, np.hstack(list(hs.values())[:-1]).T)",),
        kind="index off by one | wrong operand",
        steps="none",
        variable="dWhy",
        why="The dictionary begins with the state -1, so all states are one step too early.",
    ),
    single(
        "char_gru_blog_gate_loop",
        "char_gru_blog",
        """        dWz += np.dot(dzraw, xs[t].T)
        dUz += np.dot(dzraw, hs[t-1].T)
        dbz += dzraw
""",
        "        for dW, dU, db, raw in ((dWz, dUz, dbz, dzraw), (dWr, dUr, dbr, drraw), "
        "(dWc, dUc, dbc, dcraw)):\n"
        "            dW += np.dot(raw, xs[t].T)\n"
        "            dU += np.dot(raw, hs[t-1].T)\n"
        "            db += raw\n",
        more=(
            (
                """        dWr += np.dot(drraw, xs[t].T)
        dUr += np.dot(drraw, hs[t-1].T)
        dbr += drraw
""",
                "",
            ),
            (
                """        dWc += np.dot(dcraw, xs[t].T)
        dUc += np.dot(dcraw, (rs[t] * hs[t-1]).T)
        dbc += dcraw
""",
                "",
            ),
        ),
        lines=("dU += np.dot(raw, hs[t-1].T)",),
        kind="gate copied | missing factor | wrong operand",
        steps="all",
        variable="dUc",
        why="The candidate's recurrent weights act on r * h, the loop takes h for all three.",
    ),
    # ---- chorale_two_heads
    single(
        "chorale_two_heads_slopes_by_comprehension",
        "chorale_two_heads",
        """        deltas = dict(
            f=df * fs[t] * (1 - fs[t]),
            i=di * is_[t] * (1 - is_[t]),
            o=do * os_[t] * (1 - os_[t]),
            c=dctil * (1 - ctils[t] ** 2),
        )
""",
        """        deltas = {k: d * a * (1 - a) for k, d, a in zip(
            "fioc", (df, di, do, dctil), (fs[t], is_[t], os_[t], ctils[t]))}
""",
        kind="wrong derivative",
        steps="all",
        variable="deltas",
        why="The candidate is a tanh, but gets the sigmoid's derivative like the gates.",
    ),
    single(
        "chorale_two_heads_embedding_rows_at_once",
        "chorale_two_heads",
        """        # embeddings
        pitch, dur = melody[t]
        G["Epitch"][pitch] += dx[:n_pitch]
        G["Edur"][dur] += dx[n_pitch:]
    return G, dh, dc
""",
        """        dX[t] = dx

    # embeddings
    pitches, durs = melody[:-1].T
    np.add.at(G["Epitch"], pitches, dX[:, :n_pitch])
    G["Edur"][durs] += dX[:, n_pitch:]
    return G, dh, dc
""",
        more=(
            (
                "    dc = np.zeros_like(cs[0])\n",
                "    dc = np.zeros_like(cs[0])\n    dX = np.zeros((n, len(xs[0])))\n",
            ),
        ),
        lines=('G["Edur"][durs] += dX[:, n_pitch:]',),
        kind="repeated indices",
        steps="after an index repeats | none",
        variable='G["Edur"]',
        why="A duration that occurs twice keeps only one of its rows.",
    ),
    single(
        "chorale_two_heads_sum_onto_old_dh",
        "chorale_two_heads",
        """        dh = np.zeros_like(dh)
        for k, delta in deltas.items():
            G["W" + k] += np.outer(delta, xs[t])
            G["U" + k] += np.outer(delta, hs[t])
            G["b" + k] += delta
            dx += P["W" + k].T.dot(delta)
            dh += P["U" + k].T.dot(delta)
""",
        """        for k, delta in deltas.items():
            G["W" + k] += np.outer(delta, xs[t])
            G["U" + k] += np.outer(delta, hs[t])
            G["b" + k] += delta
            dx += P["W" + k].T.dot(delta)
        dh += sum(P["U" + k].T.dot(delta) for k, delta in deltas.items())
""",
        lines=('dh += sum(P["U" + k].T.dot(delta) for k, delta in deltas.items())',),
        kind="+= for = | spurious term",
        steps="all",
        variable="dh",
        why="What goes to the step before must begin anew, not on top of this step's dh.",
    ),
    # ---- column_concat
    single(
        "column_concat_split_in_other_order",
        "column_concat",
        """    dWf = np.dot(dft, concat.T)
    dWi = np.dot(dit, concat.T)
    dWc = np.dot(dcct, concat.T)
    dWo = np.dot(dot, concat.T)
""",
        """    dgates = np.vstack((dft, dit, dcct, dot))
    dWf, dWi, dWo, dWc = np.vsplit(dgates @ concat.T, 4)
""",
        lines=("dWf, dWi, dWo, dWc = np.vsplit(dgates @ concat.T, 4)",),
        kind="wrong order | wrong name",
        steps="all",
        variable="dWo",
        why="The stack is f, i, c, o, and is taken apart as f, i, o, c.",
    ),
    single(
        "column_concat_bias_means",
        "column_concat",
        """    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)
""",
        """    dbf, dbi, dbc, dbo = (d.mean(axis=1, keepdims=True) for d in (dft, dit, dcct, dot))
""",
        kind="mean for sum | scale 1/B or 1/T",
        steps="all",
        variable="dbf",
        why="The loss is a sum over the batch, so biases get sums.",
    ),
    single(
        "column_concat_carry_in_another_name",
        "column_concat",
        """        da_prevt = gradients["da_prev"]
        dc_prevt = gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
""",
        "        dx[:, :, t], da_prev, dc_prevt = "
        '(gradients[k] for k in ("dxt", "da_prev", "dc_prev"))\n',
        kind="carry lost | wrong name",
        steps="all | all but t=0 | all but the last",
        variable="da_prevt",
        why="The loop reads da_prevt, which stays zero.",
    ),
    # ---- dropout_lstm
    single(
        "dropout_lstm_split_input_state",
        "dropout_lstm",
        """            dx[:, t] = np.dot(da, p['Wx'].T)
            dh_next = np.dot(da, p['Wh'].T) * self.h_scale
""",
        """            dx[:, t], dh_next = (np.dot(da, p[k].T) for k in ('Wx', 'Wh'))
""",
        kind="missing factor | missing derivative",
        steps="all but t=0 | all",
        variable="dh_next",
        why="The recurrent dropout is missing on the way back.",
    ),
    single(
        "dropout_lstm_tape_holds_new_state",
        "dropout_lstm",
        "            h_drop = h * self.h_scale\n"
        "            a = np.dot(self.x_drop[:, t], p['Wx']) + np.dot(h_drop, p['Wh']) + p['b']\n",
        "            a = np.dot(self.x_drop[:, t], p['Wx']) + np.dot(h * self.h_scale, "
        "p['Wh']) + p['b']\n",
        more=(("{'h_drop': h_drop, 'i': i,", "{'h_drop': h * self.h_scale, 'i': i,"),),
        lines=(
            "self.tape.append({'h_drop': h * self.h_scale, 'i': i, 'f': f, 'o': o, 'g': g,",
            "grads['Wh'] += np.dot(s['h_drop'].T, da)",
        ),
        kind="index off by one | overwritten too early | wrong operand",
        steps="all",
        variable="h_drop",
        why="h is the new state already when it is written down.",
    ),
    single(
        "dropout_lstm_tensordot_reversed_tape",
        "dropout_lstm",
        """            grads['Wx'] += np.dot(self.x_drop[:, t].T, da)
            grads['Wh'] += np.dot(s['h_drop'].T, da)
            grads['b'] += np.sum(da, axis=0)
            dx[:, t] = np.dot(da, p['Wx'].T)
""",
        """            dA[:, t] = da
""",
        more=(
            (
                "        dx = np.zeros_like(self.x_drop)\n",
                "        dA = np.zeros(dout.shape[:2] + p['b'].shape)\n",
            ),
            (
                "        grads['x'] = dx * x_mask / self.keep_prob\n",
                """        h_drop = np.stack([s['h_drop'] for s in self.tape[::-1]], axis=1)
        grads['Wx'] = np.tensordot(self.x_drop, dA, axes=([0, 1], [0, 1]))
        grads['Wh'] = np.tensordot(h_drop, dA, axes=([0, 1], [0, 1]))
        grads['b'] = dA.sum(axis=(0, 1))
        grads['x'] = np.dot(dA, p['Wx'].T) * x_mask / self.keep_prob
""",
            ),
        ),
        lines=(
            "h_drop = np.stack([s['h_drop'] for s in self.tape[::-1]], axis=1)",
            "grads['Wh'] = np.tensordot(h_drop, dA, axes=([0, 1], [0, 1]))",
        ),
        kind="wrong order | forward order",
        steps="none",
        variable="h_drop",
        why="dA is in the order of time, the states are stacked backwards.",
    ),
    # ---- gru_after_stacked
    single(
        "gru_after_stacked_same_array_scaled",
        "gru_after_stacked",
        "        dah = np.concatenate((dz, dr, dhh * r), axis=1)\n",
        "        dah = dax[:]\n        dah[:, 2 * H:] *= r\n",
        lines=("dah = dax[:]", "dah[:, 2 * H:] *= r"),
        kind="aliasing",
        steps="all",
        variable="dax",
        why="A slice of an array is a view, so dax is scaled by r too.",
    ),
    single(
        "gru_after_stacked_add_into_dout",
        "gru_after_stacked",
        "        dh = dhs[:, t] + dh_next\n",
        "        dh = dhs[:, t]\n        dh += dh_next\n",
        lines=("dh += dh_next", "dh = dhs[:, t]"),
        kind="argument changed | aliasing",
        steps="all but the last | all",
        variable="dhs",
        why="dh is a view of the caller's array.",
        shows=("argument", "repeat"),
    ),
    single(
        "gru_after_stacked_cached_product",
        "gru_after_stacked",
        "        ms[:, t] = ah[:, 2 * H:]\n"
        "        hhs[:, t] = np.tanh(ax[:, 2 * H:] + rs[:, t] * ms[:, t])\n",
        "        ms[:, t] = rs[:, t] * ah[:, 2 * H:]\n"
        "        hhs[:, t] = np.tanh(ax[:, 2 * H:] + ms[:, t])\n",
        lines=("ms[:, t] = rs[:, t] * ah[:, 2 * H:]", "dr = dhh * m * r * (1 - r)"),
        kind="spurious factor | wrong operand",
        steps="all",
        variable="ms",
        why="The backward takes ms for the product before it is gated, so r is in dr once more.",
    ),
    # ---- gru_coursework
    single(
        "gru_coursework_scale_in_place",
        "gru_coursework",
        """    dz = dnext_h * (prev_h - n)
    dn = dnext_h * (1 - z)
    dprev_h = dnext_h * z
""",
        """    dprev_h = dnext_h
    dprev_h *= z
    dz = dnext_h * (prev_h - n)
    dn = dnext_h * (1 - z)
""",
        lines=("dprev_h *= z", "dprev_h = dnext_h"),
        kind="aliasing | overwritten too early",
        steps="all",
        variable="dnext_h",
        why="dnext_h is multiplied by z before dz and dn are made of it.",
    ),
    single(
        "gru_coursework_update_of_dict",
        "gru_coursework",
        "            dx[t], dh, dWg, dbg, dWc, dbc = gru_step_backward(dout[:, t] + dh, "
        "caches[l][t])\n"
        '            grads["Wg%d" % l] += dWg\n'
        '            grads["bg%d" % l] += dbg\n'
        '            grads["Wc%d" % l] += dWc\n'
        '            grads["bc%d" % l] += dbc\n',
        """            dx[t], dh, *step = gru_step_backward(dout[:, t] + dh, caches[l][t])
            grads.update((k + str(l), g) for k, g in zip(("Wg", "bg", "Wc", "bc"), step))
""",
        lines=('grads.update((k + str(l), g) for k, g in zip(("Wg", "bg", "Wc", "bc"), step))',),
        kind="= for +=",
        steps="all but the last | all",
        variable="grads",
        why="An update replaces what the later steps gave.",
    ),
    single(
        "gru_coursework_zero_before_layers",
        "gru_coursework",
        """    dh0 = []
    for l in reversed(range(LAYERS)):
        T = len(caches[l])
        dh = np.zeros_like(dout[:, 0])
""",
        """    dh0, dh = [], np.zeros_like(dout[:, 0])
    for l in reversed(range(LAYERS)):
        T = len(caches[l])
""",
        kind="initial value | spurious term",
        steps="the last | none",
        variable="dh",
        why="The lower layer begins with what is left of the upper layer's dh.",
    ),
    # ---- gru_recompute
    single(
        "gru_recompute_all_gates_at_once",
        "gru_recompute",
        "        z, r, q, n = gates(x, h_prev, p)\n",
        "        z, r, q, n = Z[t], R[t], Q[t], N[t]\n",
        more=(
            (
                "    dh = np.zeros_like(all_h[0])\n",
                "    dh = np.zeros_like(all_h[0])\n"
                "    Z, R, Q, N = gates(xs, np.array(all_h[1:]), p)\n",
            ),
        ),
        lines=("Z, R, Q, N = gates(xs, np.array(all_h[1:]), p)",),
        kind="index off by one | wrong operand",
        steps="none | all",
        variable="Z",
        why="The gates come of the states before each step, all_h[:-1].",
    ),
    single(
        "gru_recompute_recurrent_in_gate_loop",
        "gru_recompute",
        """            g["b" + k] += d.sum(axis=0)
            dxs[t] += d @ p["W" + k].T
        g["Uz"] += h_prev.T @ dz
        g["Ur"] += h_prev.T @ dr
        g["Un"] += h_prev.T @ dq
""",
        """            g["U" + k] += h_prev.T @ d
            g["b" + k] += d.sum(axis=0)
            dxs[t] += d @ p["W" + k].T
""",
        kind="gate copied | wrong operand | missing factor",
        steps="all",
        variable='g["Un"]',
        why="Un acts behind the reset gate: its delta is dq, not dn.",
    ),
    single(
        "gru_recompute_residuals_by_size",
        "gru_recompute",
        "        dh = dh + 2 * (h - ys[t]) / T\n",
        "        dh = dh + dres[t]\n",
        more=(
            (
                "    dxs = np.zeros_like(xs)\n",
                "    dxs = np.zeros_like(xs)\n"
                "    dres = 2 * (np.array(all_h[1:]) - ys) / ys.size\n",
            ),
        ),
        lines=("dres = 2 * (np.array(all_h[1:]) - ys) / ys.size",),
        kind="scale 1/B or 1/T | mean for sum",
        steps="none | all",
        variable="dres",
        why="The loss is divided by the number of steps only.",
    ),
    # ---- gru_translate_teacher
    single(
        "gru_translate_teacher_scores_at_once",
        "gru_translate_teacher",
        """        dscores = probs[t].copy()
        dscores[np.arange(batch), target[:, t]] -= 1
        dscores *= (target[:, t] != PAD)[:, None] / n_words
        grads["W_out"]""",
        """        dscores = dlogits[t]
        grads["W_out"]""",
        more=(
            (
                "    dcontext = np.zeros_like(states[0])\n",
                """    dcontext = np.zeros_like(states[0])
    dlogits = (np.array(probs) - np.eye(len(p["b_out"]))[target.T]) / n_words
""",
            ),
        ),
        lines=('dlogits = (np.array(probs) - np.eye(len(p["b_out"]))[target.T]) / n_words',),
        kind="missing factor",
        steps="where the mask is 0 | none",
        variable="dlogits",
        why="Padded target words count too.",
    ),
    single(
        "gru_translate_teacher_context_each_step",
        "gru_translate_teacher",
        """    dh = dh + dcontext
    for t in range(n_src - 1, -1, -1):
        dx, dh = gru_cell_grad(dh, enc_caches[t], p, "enc", grads)
""",
        """    for t in range(n_src - 1, -1, -1):
        dx, dh = gru_cell_grad(dh + dcontext, enc_caches[t], p, "enc", grads)
""",
        lines=('dx, dh = gru_cell_grad(dh + dcontext, enc_caches[t], p, "enc", grads)',),
        kind="spurious term",
        steps="all but the last",
        variable="dh",
        why="The context is the last encoder state only.",
    ),
    single(
        "gru_translate_teacher_roll_without_start",
        "gru_translate_teacher",
        "    words_read = shift_right(target)\n",
        "    words_read = np.roll(target, 1, axis=1)\n",
        kind="index off by one | initial value | wrong operand",
        steps="t=0",
        variable="words_read",
        why="The roll brings the last word to the front, where <s> was read.",
    ),
    # ---- hyper_lstm_normalised_cell
    single(
        "hyper_lstm_normalised_cell_einsum_projection",
        "hyper_lstm_normalised_cell",
        "dc = dc + (dunit - unit * np.mean(dunit * unit, axis=1, keepdims=True)) / rms",
        'dc = dc + (dunit - unit * np.einsum("bh,bh->b", dunit, unit)[:, None]) / rms',
        kind="missing factor | scale 1/B or 1/T | mean for sum",
        steps="all",
        variable="dc",
        why="The rms is of a mean: the projection must be divided by the number of units.",
    ),
    single(
        "hyper_lstm_normalised_cell_counted_loop",
        "hyper_lstm_normalised_cell",
        "        while self.inputs:\n",
        "        for _ in range(1, len(self.inputs)):\n",
        kind="loop bounds",
        steps="t=0",
        variable="dxs",
        why="The loop makes one step too few, the first one is never undone.",
    ),
    single(
        "hyper_lstm_normalised_cell_decay_for_all",
        "hyper_lstm_normalised_cell",
        """        for name in self.decayed:
            d[name] += self.decay * self.p[name]
""",
        """        d = {name: g + self.decay * self.p[name] for name, g in d.items()}
""",
        kind="spurious term",
        steps="none",
        variable="d",
        why="Biases and the gain are not decayed.",
    ),
    # ---- keras_layout_lstm
    single(
        "keras_layout_lstm_stack_last_axis",
        "keras_layout_lstm",
        "            d_z = np.concatenate([d_i, d_f, d_cand, d_o], axis=1)\n",
        "            d_z = np.stack([d_i, d_f, d_cand, d_o], axis=-1).reshape(len(d_h), -1)\n",
        kind="wrong order",
        steps="all",
        variable="d_z",
        why="The gates lie interleaved, not in blocks.",
    ),
    single(
        "keras_layout_lstm_gates_before_cell",
        "keras_layout_lstm",
        """            d_o = d_h * tanh_c * o * (1.0 - o)
            d_c += d_h * o * (1.0 - tanh_c * tanh_c)
            d_i = d_c * cand * i * (1.0 - i)
            d_f = d_c * c_tm1 * f * (1.0 - f)
            d_cand = d_c * i * (1.0 - cand * cand)
""",
        """            d_i, d_f, d_o = (d * s * (1.0 - s) for d, s in (
                (d_c * cand, i), (d_c * c_tm1, f), (d_h * tanh_c, o)))
            d_c += d_h * o * (1.0 - tanh_c * tanh_c)
            d_cand = d_c * i * (1.0 - cand * cand)
""",
        kind="wrong order | missing path",
        steps="all",
        variable="d_i",
        why="d_c is used before the part that comes through h is added.",
    ),
    # ---- leaky_rnn
    single(
        "leaky_rnn_product_of_reversed_list",
        "leaky_rnn",
        """            gJ += np.outer(mu, self.rs[t - 1])
            gB += np.outer(mu, self.u[t - 1])
            gc += mu
""",
        """            mus.append(mu)
""",
        more=(
            (
                "        gJ, gB, gc, gW = (np.zeros_like(a) for a in (self.J, self.B, self.c, "
                "self.W))\n",
                "        gW, mus = np.zeros_like(self.W), []\n",
            ),
            (
                '        return {"J": gJ,',
                """        mus = np.array(mus)
        gJ, gB, gc = mus.T @ np.array(self.rs[:-1]), mus.T @ self.u, mus.sum(axis=0)
        return {"J": gJ,""",
            ),
        ),
        lines=(
            "gJ, gB, gc = mus.T @ np.array(self.rs[:-1]), mus.T @ self.u, mus.sum(axis=0)",
            "mus = np.array(mus)",
            "mus.append(mu)",
        ),
        kind="wrong order | forward order",
        steps="none | all",
        variable="mus",
        why="mus was gathered backwards in time, rates and inputs go forwards.",
    ),
    single(
        "leaky_rnn_drive_by_difference",
        "leaky_rnn",
        """            drive = self.J @ self.rs[t - 1] + self.B @ self.u[t - 1] + self.c
            galpha += lam * (drive - self.xs[t - 1])
""",
        """            galpha += lam * (self.xs[t] - self.xs[t - 1])
""",
        kind="missing factor | scale 1/B or 1/T",
        steps="all",
        variable="galpha",
        why="The difference of the states is alpha times what is needed.",
    ),
    single(
        "leaky_rnn_upward_range",
        "leaky_rnn",
        "for t in range(len(self.u), 0, -1):",
        "for t, _ in enumerate(self.u, start=1):",
        kind="forward order",
        steps="all",
        variable="t",
        why="The adjoint must run backwards in time.",
    ),
    # ---- lstm_attention_encoder
    single(
        "lstm_attention_encoder_stacked_gates",
        "lstm_attention_encoder",
        """        dz = np.zeros(z[k].size)
        for gate, d in delta.items():
            grads[side + gate] += np.outer(d, z[k])
            dz += params[side + gate].T.dot(d)
""",
        """        W = np.vstack([params[side + gate] for gate in ('_i', '_f', '_g', '_o')])
        dz = W.T.dot(np.hstack(list(delta.values())))
        for gate, d in delta.items():
            grads[side + gate] += np.outer(d, z[k])
""",
        lines=(
            "W = np.vstack([params[side + gate] for gate in ('_i', '_f', '_g', '_o')])",
            "dz = W.T.dot(np.hstack(list(delta.values())))",
        ),
        kind="wrong order",
        steps="all",
        variable="dz",
        why="The deltas are in the order i, f, o, g.",
    ),
    single(
        "lstm_attention_encoder_list_turned_for_both",
        "lstm_attention_encoder",
        "        dsent[t] = dz[1:-n]\n",
        "        dsent.append(dz[1:-n])\n",
        more=(
            ("    dsent = np.zeros((T, z[0].size - n - 1))\n", "    dsent = []\n"),
            ("    return dsent\n", "    return np.array(dsent[::-1])\n"),
        ),
        lines=("return np.array(dsent[::-1])", "dsent.append(dz[1:-n])"),
        kind="wrong order | forward order",
        steps="none | all",
        variable="dsent",
        why="The backward direction's list is in the order of the sentence already.",
    ),
    single(
        "lstm_attention_encoder_jacobian_of_softmax",
        "lstm_attention_encoder",
        "    de = alpha * (dalpha - alpha.dot(dalpha))\n",
        "    de = (np.diag(alpha) - alpha * alpha).dot(dalpha)\n",
        kind="dot for outer | wrong derivative | wrong shape",
        steps="none",
        variable="de",
        why="The Jacobian needs the outer product of alpha with itself.",
    ),
    # ---- lstm_dict_cache
    single(
        "lstm_dict_cache_zip_of_gates",
        "lstm_dict_cache",
        """        dz = (np.dot(p["Wf"].T, df) + np.dot(p["Wi"].T, di)
              + np.dot(p["WC"].T, dC_bar) + np.dot(p["Wo"].T, do))
""",
        """        dz = sum(p["W" + k].T @ da for k, da in zip("fiCo", (df, di, do, dC_bar)))
""",
        kind="wrong order | gate copied",
        steps="all",
        variable="dz",
        why="The letters are f, i, C, o, the deltas f, i, o, C.",
    ),
    single(
        "lstm_dict_cache_rows_from_the_end",
        "lstm_dict_cache",
        "        dh_next = dz[:H, :]\n",
        "        dh_next = dz[-H:]\n",
        kind="wrong order | wrong operand | index off by one",
        steps="all",
        variable="dh_next",
        why="The state is on top of z, the input below.",
    ),
    single(
        "lstm_dict_cache_readout_matrix",
        "lstm_dict_cache",
        """        dv = np.copy(y_s[t])
        dv[labels[t]] -= 1
        d["Wy"] += np.dot(dv, h_s[t].T)
        d["by"] += dv
        dh = np.dot(p["Wy"].T, dv)
""",
        """        dh = np.dot(p["Wy"].T, dV[:, [t]])
""",
        more=(
            (
                "    dh_next = np.zeros_like(h_s[0])\n",
                """    steps = np.arange(len(data))
    dV = np.hstack([y_s[t] for t in steps])
    dV[labels, steps] -= 1
    dV /= len(steps)
    d["Wy"] += dV @ np.hstack([h_s[t] for t in steps]).T
    d["by"] += dV.sum(axis=1, keepdims=True)
    dh_next = np.zeros_like(h_s[0])
""",
            ),
        ),
        lines=("dV /= len(steps)",),
        kind="scale 1/B or 1/T | spurious factor",
        steps="none",
        variable="dV",
        why="The loss is a sum over the steps.",
    ),
    # ---- lstm_gate_objects
    single(
        "lstm_gate_objects_slope_table",
        "lstm_gate_objects",
        "SLOPE = {sigmoid: lambda y: y * (1 - y), np.tanh: lambda y: 1 - y * y}\n",
        """SLOPE = {act: lambda y: 1 - y * y if square else y * (1 - y)
         for act, square in ((sigmoid, False), (np.tanh, True))}
""",
        kind="late binding | wrong derivative",
        steps="all | none",
        variable="SLOPE",
        why="Every lambda sees the last value of square.",
    ),
    single(
        "lstm_gate_objects_mixed_reversals",
        "lstm_gate_objects",
        "for y, p, h in zip(labels[::-1], self.ps[::-1], self.hs[::-1]):",
        "for (y, p), h in zip(reversed(list(zip(labels, self.ps))), self.hs):",
        kind="forward order | wrong order",
        steps="all",
        variable="h",
        why="The states go forwards while labels and probabilities go back.",
    ),
    single(
        "lstm_gate_objects_mean_over_gates",
        "lstm_gate_objects",
        """        dx, dh_prev = 0, 0
        for name, gate in self.gates.items():
            dxg, dhg = gate.backward(d[name])
            dx = dx + dxg
            dh_prev = dh_prev + dhg
        return dx, dh_prev, dc * f
""",
        """        dxs, dhs = zip(*(gate.backward(d[name]) for name, gate in self.gates.items()))
        return sum(dxs), np.mean(dhs, axis=0), dc * f
""",
        lines=("return sum(dxs), np.mean(dhs, axis=0), dc * f",),
        kind="mean for sum",
        steps="all",
        variable="dh_prev",
        why="The ways through the four gates add up.",
    ),
    # ---- lstm_learned_states
    single(
        "lstm_learned_states_einsum_without_first",
        "lstm_learned_states",
        """        dWx += np.dot(X[t].T, dA[t])
        dWh += np.dot(hp.T, dA[t])
        db += dA[t].sum(0)
        dX[t] = np.dot(dA[t], Wx.T)
        dh_rec = np.dot(dA[t], Wh.T)
        dc_rec = dC[t] * F
""",
        """        dh_rec = np.dot(dA[t], Wh.T)
        dc_rec = dC[t] * F
    dX = np.dot(dA, Wx.T)
    dWx = np.einsum('tni,tna->ia', X, dA)
    dWh = np.einsum('tnh,tna->ha', Hout[:-1], dA[1:])
    db = dA.sum((0, 1))
""",
        more=(
            (
                "    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * d)\n"
                "    dX = np.zeros_like(X)\n",
                "",
            ),
        ),
        lines=("dWh = np.einsum('tnh,tna->ha', Hout[:-1], dA[1:])",),
        kind="missing path | loop bounds",
        steps="t=0 | none",
        variable="dWh",
        why="At the first step the weights act on the learned initial state, which is not zero.",
    ),
    single(
        "lstm_learned_states_mean_over_batch",
        "lstm_learned_states",
        "    return dX, dWx, dWh, db, dh_rec.sum(0), dc_rec.sum(0)\n",
        "    dh_init, dc_init = np.mean([dh_rec, dc_rec], axis=1)\n"
        "    return dX, dWx, dWh, db, dh_init, dc_init\n",
        kind="mean for sum | scale 1/B or 1/T",
        steps="none",
        variable="dh_init",
        why="One row serves the whole batch, so its gradient is the sum.",
    ),
    # ---- lstm_nodes
    single(
        "lstm_nodes_shared_zero_buffers",
        "lstm_nodes",
        """        for name, value in values.items():
            setattr(self, name + "_diff", np.zeros_like(value))
""",
        """        w_zero, b_zero = np.zeros_like(self.wg), np.zeros_like(self.bg)
        for name in values:
            setattr(self, name + "_diff", w_zero if name.startswith("w") else b_zero)
""",
        lines=(
            'setattr(self, name + "_diff", w_zero if name.startswith("w") else b_zero)',
            "w_zero, b_zero = np.zeros_like(self.wg), np.zeros_like(self.bg)",
        ),
        kind="aliasing",
        steps="none | all",
        variable="wi_diff",
        why="All four gates add into the same two arrays.",
    ),
    single(
        "lstm_nodes_sum_of_three",
        "lstm_nodes",
        """        dxc = np.zeros_like(self.xc)
        dxc += np.dot(p.wi.T, di_input)
        dxc += np.dot(p.wf.T, df_input)
        dxc += np.dot(p.wo.T, do_input)
        dxc += np.dot(p.wg.T, dg_input)
""",
        "        dxc = sum(w.T @ d for w, d in zip((p.wi, p.wf, p.wo, p.wg), (di_input, "
        "df_input, do_input)))\n",
        kind="missing path",
        steps="all | all but t=0",
        variable="dxc",
        why="The way through g is missing: zip ends with the shorter tuple.",
    ),
    single(
        "lstm_nodes_labels_forward",
        "lstm_nodes",
        """    for idx in range(len(nodes) - 1, -1, -1):
        node = nodes[idx]
        diff_h = diff_h.copy()
        diff_h[0] += 2 * (node.h[0] - y_list[idx])
""",
        """    for node, y in zip(nodes[::-1], y_list):
        diff_h = diff_h.copy()
        diff_h[0] += 2 * (node.h[0] - y)
""",
        kind="forward order | wrong order",
        steps="all",
        variable="y",
        why="The nodes go backwards, the labels forwards.",
    ),
    # ---- lstm_partial
    single(
        "lstm_partial_sorted_stack",
        "lstm_partial",
        """    dhx = sum(np.dot(v, p["W" + k].T) for k, v in raw.items())
""",
        """    W = np.hstack([p["W" + k] for k in sorted(raw)])
    dhx = np.hstack(list(raw.values())) @ W.T
""",
        lines=(
            'W = np.hstack([p["W" + k] for k in sorted(raw)])',
            "dhx = np.hstack(list(raw.values())) @ W.T",
        ),
        kind="wrong order",
        steps="all",
        variable="dhx",
        why="The weights are sorted f, g, i, o, the deltas are i, f, o, g.",
    ),
    single(
        "lstm_partial_append_at_the_end",
        "lstm_partial",
        "    return dhx[:, :n], dc * f, new, [dhx[:, n:]] + dxs\n",
        "    dh, dx = np.split(dhx, [n], axis=1)\n    return dh, dc * f, new, [*dxs, dx]\n",
        lines=("return dh, dc * f, new, [*dxs, dx]",),
        kind="wrong order | forward order",
        steps="all",
        variable="dxs",
        why="The fold goes backwards, so each dx belongs in front.",
    ),
    single(
        "lstm_partial_start_with_outer_gradient",
        "lstm_partial",
        '    start = (np.zeros_like(inputs["h0"]), np.zeros_like(inputs["c0"]), zero, [])\n',
        '    start = (inputs["v"][-1], np.zeros_like(inputs["c0"]), zero, [])\n',
        kind="initial value | spurious term",
        steps="the last | none",
        variable="start",
        why="The step adds v itself, so the last one counts twice.",
    ),
    # ---- lstm_two_layers
    single(
        "lstm_two_layers_list_of_one_array",
        "lstm_two_layers",
        "        dxs = [None] * len(dhs)\n",
        "        dxs = [np.zeros_like(self.xs[0])] * len(dhs)\n",
        more=(
            (
                "            dxs[t] = da @ self.W.T\n",
                "            np.dot(da, self.W.T, out=dxs[t])\n",
            ),
        ),
        lines=("dxs = [np.zeros_like(self.xs[0])] * len(dhs)", "np.dot(da, self.W.T, out=dxs[t])"),
        kind="aliasing",
        steps="all but t=0 | none | all",
        variable="dxs",
        why="All entries of the list are one array.",
    ),
    single(
        "lstm_two_layers_bias_one_number",
        "lstm_two_layers",
        "            self.db += da.sum(0)\n",
        "            self.db += np.einsum('bk->', da)\n",
        kind="wrong shape | spurious term",
        steps="all",
        variable="self.db",
        why="The sum goes over the units too.",
    ),
    single(
        "lstm_two_layers_slopes_of_the_slab",
        "lstm_two_layers",
        """            da = np.hstack([
                dc * g * i * (1 - i),
                dc * self.cs[t - 1] * f * (1 - f),
                dh * tc * o * (1 - o),
                dc * i * (1 - g ** 2),
            ])
""",
        """            act = np.hstack(self.acts[t])
            slope = act * (1 - act)
            slope[:, 3 * self.n:] = 1 - act[:, 3 * self.n:]
            da = np.hstack([dc * g, dc * self.cs[t - 1], dh * tc, dc * i]) * slope
""",
        lines=("slope[:, 3 * self.n:] = 1 - act[:, 3 * self.n:]",),
        kind="wrong derivative",
        steps="all",
        variable="slope",
        why="The derivative of tanh is 1 - g ** 2.",
    ),
    # ---- lstm_wub_sequence_to_vector
    single(
        "lstm_wub_sequence_to_vector_rows_of_h",
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

""",
        """        da["f"][t], da["i"][t], da["o"][t], da["c"][t] = da_f, da_i, da_o, da_c

""",
        more=(
            (
                "    dc_next = np.zeros_like(c[0])\n",
                "    dc_next = np.zeros_like(c[0])\n"
                '    da = {k: np.zeros_like(f) for k in "fioc"}\n',
            ),
            (
                """    grads["h0"] = dh_next
""",
                """    for k in da:
        grads["W_" + k] = np.einsum("tnd,tnh->dh", x, da[k])
        grads["U_" + k] = np.einsum("tng,tnh->gh", h[:-1], da[k])
        grads["b_" + k] = da[k].sum(axis=(0, 1))
    grads["h0"] = dh_next
""",
            ),
        ),
        lines=('grads["U_" + k] = np.einsum("tng,tnh->gh", h[:-1], da[k])',),
        kind="index off by one | wrong operand",
        steps="none | all",
        variable='grads["U_f"]',
        why="The initial state is in the last row of h, so h[:-1] are the states after each step.",
    ),
    single(
        "lstm_wub_sequence_to_vector_per_example",
        "lstm_wub_sequence_to_vector",
        "    dy = 2.0 * (y_pred - y_true) / y_true.size\n",
        "    dy = 2.0 * (y_pred - y_true) / len(y_true)\n",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dy",
        why="The mean goes over all numbers of y, not over the examples only.",
    ),
    single(
        "lstm_wub_sequence_to_vector_cell_in_place",
        "lstm_wub_sequence_to_vector",
        """        dc = dc_next + dh * o[t] * (1 - tanh_c ** 2)
""",
        """        dc_next += dh * o[t] * (1 - tanh_c ** 2)
        dc = dc_next
        dc_next *= f[t]
""",
        more=(("        dc_next = dc * f[t]\n", ""),),
        lines=("dc_next *= f[t]", "dc = dc_next"),
        kind="aliasing | overwritten too early",
        steps="all",
        variable="dc",
        why="dc and dc_next are one array, so the gates get dc times f.",
    ),
    # ---- mgu
    single(
        "mgu_carry_kept_in_dh_all",
        "mgu",
        "        dh = dh * (1 - f[t]) + dfh * f[t] + df_pre @ Uf.T\n",
        "        dh_all[:, t - 1] += dh * (1 - f[t]) + dfh * f[t] + df_pre @ Uf.T\n",
        more=(
            ("        dh += dh_all[:, t]\n", "        dh = dh_all[:, t]\n"),
            ("    dh = np.zeros_like(h[0])\n", ""),
            ('"x": dx, "h0": dh}', '"x": dx, "h0": dh_all[:, -1]}'),
        ),
        lines=(
            "dh_all[:, t - 1] += dh * (1 - f[t]) + dfh * f[t] + df_pre @ Uf.T",
            'return {"Wf": dWf, "Uf": dUf, "bf": dbf, "Wh": dWh, "Uh": dUh, "bh": dbh, "x": '
            'dx, "h0": dh_all[:, -1]}',
        ),
        kind="index off by one | spurious term | += for =",
        steps="t=0",
        variable="dh_all",
        why="At t = 0 the index wraps to the last step, whose gradient is still there.",
    ),
    single(
        "mgu_forget_gate_direct_only",
        "mgu",
        "        df = dh * (hc[t] - h[t]) + dfh * h[t]\n        df_pre = df * f[t] * (1 - f[t])\n",
        "        df_pre = dh * (hc[t] - h[t]) * f[t] * (1 - f[t])\n",
        kind="missing path",
        steps="all",
        variable="df_pre",
        why="The gate acts within the candidate too.",
    ),
    single(
        "mgu_subtract_before_gate",
        "mgu",
        "        dhc = dh * f[t]\n        dhc_pre = dhc * (1 - hc[t] ** 2)\n",
        "        dhc = dh * f[t]\n        dh -= dhc\n        dhc_pre = dhc * (1 - hc[t] ** 2)\n",
        more=(
            (
                "        dh = dh * (1 - f[t]) + dfh * f[t] + df_pre @ Uf.T\n",
                "        dh += dfh * f[t] + df_pre @ Uf.T\n",
            ),
        ),
        lines=("dh -= dhc",),
        kind="overwritten too early",
        steps="all",
        variable="dh",
        why="dh is made dh * (1 - f) before df is computed of it.",
    ),
    # ---- origin_nested_loop
    single(
        "origin_nested_loop_einsum_axes",
        "origin_nested_loop",
        """            dU[0][:, x[bptt_step]] += di
            dU[1][:, x[bptt_step]] += df
            dU[2][:, x[bptt_step]] += do
            dU[3][:, x[bptt_step]] += dg
            dW[0] += np.outer(di, ht[bptt_step - 1])
            dW[1] += np.outer(df, ht[bptt_step - 1])
            dW[2] += np.outer(do, ht[bptt_step - 1])
            dW[3] += np.outer(dg, ht[bptt_step - 1])
            dht = Wi.T.dot(di) + Wf.T.dot(df) + Wo.T.dot(do) + Wg.T.dot(dg)
""",
        """            d = np.array([di, df, do, dg])
            dU[:, :, x[bptt_step]] += d
            dW += np.einsum("gh,k->ghk", d, ht[bptt_step - 1])
            dht = np.einsum("ghk,gk->h", W, d)
""",
        lines=('dht = np.einsum("ghk,gk->h", W, d)',),
        kind="transposed",
        steps="all | all but t=0",
        variable="dht",
        why="The sum must go over the rows of each gate's matrix.",
    ),
    single(
        "origin_nested_loop_cell_one_line",
        "origin_nested_loop",
        """            dc = dc * f[bptt_step]
            dc = dc + dht * o[bptt_step - 1] * (1 - np.tanh(ct[bptt_step - 1]) ** 2)
""",
        "            dc = dc * f[bptt_step] + dht * o[bptt_step - 1] * (1 - "
        "np.tanh(ct[bptt_step]) ** 2)\n",
        kind="index off by one",
        steps="all | all but t=0",
        variable="dc",
        why="The output gate is of the step before, the cell is not.",
    ),
    single(
        "origin_nested_loop_stops_above_zero",
        "origin_nested_loop",
        "for bptt_step in np.arange(0, t + 1)[::-1]:",
        "for bptt_step in range(t, 0, -1):",
        kind="loop bounds",
        steps="t=0",
        variable="bptt_step",
        why="The first step is left out.",
    ),
    # ---- peephole_class
    single(
        "peephole_class_rolled_outputs",
        "peephole_class",
        """            grads["R" + g] = d[g][1:].T @ self.y[:-1]
""",
        """            grads["R" + g] = d[g].T @ np.roll(self.y, 1, axis=0)
""",
        kind="index off by one | spurious term",
        steps="t=0 | none",
        variable='grads["Rz"]',
        why="The roll brings the last output to the first step, where there was zero.",
    ),
    single(
        "peephole_class_fromkeys",
        "peephole_class",
        "        d = {g: np.zeros((T, N)) for g in self.gates}\n",
        "        d = dict.fromkeys(self.gates, np.zeros((T, N)))\n",
        kind="aliasing",
        steps="none | all",
        variable="d",
        why="All gates share one array.",
    ),
    single(
        "peephole_class_forget_without_condition",
        "peephole_class",
        """            if t > 0:
                d["f"][t] = dc[t] * self.c[t - 1] * self.f[t] * (1 - self.f[t])
            d["i"][t] = dc[t] * self.z[t] * self.i[t] * (1 - self.i[t])
""",
        '            for g, other, s in (("f", self.c[t - 1], self.f[t]), ("i", '
        "self.z[t], self.i[t])):\n"
        "                d[g][t] = dc[t] * other * s * (1 - s)\n",
        kind="index off by one | wrong operand",
        steps="t=0",
        variable='d["f"]',
        why="At t = 0 the index wraps to the last cell.",
    ),
    # ---- rnn_bidirectional
    single(
        "rnn_bidirectional_derivative_before_loop",
        "rnn_bidirectional",
        "        dz = (dhs[t] + carry) * (1 - hs[t + 1] ** 2)\n",
        "        dz = dzs[t] + carry\n",
        more=(
            (
                "    carry = np.zeros_like(hs[0])\n",
                "    carry = np.zeros_like(hs[0])\n    dzs = dhs * (1 - np.array(hs[1:]) ** 2)\n",
            ),
        ),
        lines=("dz = dzs[t] + carry", "dzs = dhs * (1 - np.array(hs[1:]) ** 2)"),
        kind="missing derivative | missing factor | wrong order",
        steps="all but the last | all",
        variable="dz",
        why="What is carried must go through the tanh too.",
    ),
    single(
        "rnn_bidirectional_halves_by_reshape",
        "rnn_bidirectional",
        """    dWf, dUf, dbf, dx_f = rnn_grad(djoint[:, :, :H], xs, fw, p["Wf"], p["Uf"])
    dWb, dUb, dbb, dx_b = rnn_grad(djoint[::-1, :, H:], xs[::-1], bw, p["Wb"], p["Ub"])
""",
        """    d_fw, d_bw = np.moveaxis(djoint.reshape(y.shape + (H, 2)), -1, 0)
    dWf, dUf, dbf, dx_f = rnn_grad(d_fw, xs, fw, p["Wf"], p["Uf"])
    dWb, dUb, dbb, dx_b = rnn_grad(d_bw[::-1], xs[::-1], bw, p["Wb"], p["Ub"])
""",
        kind="wrong order",
        steps="none",
        variable="d_fw",
        why="The halves lie in blocks, not interleaved.",
    ),
    # ---- rnn_lossfun
    single(
        "rnn_lossfun_helper_on_state",
        "rnn_lossfun",
        "        dhraw = (1 - hs[t] * hs[t]) * dh\n",
        "        dhraw = tanh_prime(hs[t]) * dh\n",
        more=(
            (
                "def lossFun(",
                "def tanh_prime(z):\n    return 1 - np.tanh(z) ** 2\n\n\ndef lossFun(",
            ),
        ),
        lines=("dhraw = tanh_prime(hs[t]) * dh",),
        kind="derivative of an activated value",
        steps="all",
        variable="dhraw",
        why="The helper wants the pre-activation, hs[t] is activated already.",
    ),
    single(
        "rnn_lossfun_column_assigned",
        "rnn_lossfun",
        "        dWxh += np.dot(dhraw, xs[t].T)\n",
        "        dWxh[:, [inputs[t]]] = dhraw\n",
        kind="= for +=",
        steps="after an index repeats",
        variable="dWxh",
        why="A character that comes twice keeps only its first place's gradient.",
    ),
    # ---- rnn_relu
    single(
        "rnn_relu_zip_of_reversed_lists",
        "rnn_relu",
        """        for t in range(len(self.pre) - 1, -1, -1):
            delta_z = delta_h * (self.pre[t] > 0)
            grad_Wxh += delta_z.dot(self.seq[t].T)
            grad_Whh += delta_z.dot(self.hidden[t].T)
""",
        """        for z, x, h in zip(self.pre[::-1], self.seq[::-1], self.hidden[::-1]):
            delta_z = delta_h * (z > 0)
            grad_Wxh += delta_z.dot(x.T)
            grad_Whh += delta_z.dot(h.T)
""",
        lines=(
            "for z, x, h in zip(self.pre[::-1], self.seq[::-1], self.hidden[::-1]):",
            "grad_Whh += delta_z.dot(h.T)",
        ),
        kind="index off by one",
        steps="all",
        variable="h",
        why="hidden has one more entry, so from the end it is one step too late.",
    ),
    single(
        "rnn_relu_sign_as_slope",
        "rnn_relu",
        "            delta_z = delta_h * (self.pre[t] > 0)\n",
        "            delta_z = delta_h * np.sign(self.pre[t])\n",
        kind="wrong derivative",
        steps="all",
        variable="delta_z",
        why="Where the unit is off the slope is 0, not -1.",
    ),
    # ---- rnn_two_layers_dropout
    single(
        "rnn_two_layers_dropout_sum_then_drop",
        "rnn_two_layers_dropout",
        '        dh2 = drop(np.outer(dpred[t], p["v"]), m_out[t]) + back2\n',
        '        dh2 = drop(np.outer(dpred[t], p["v"]) + back2, m_out[t])\n',
        kind="spurious factor | wrong order",
        steps="all but the last | all",
        variable="dh2",
        why="The recurrent way does not go through this dropout.",
    ),
    single(
        "rnn_two_layers_dropout_upper_weights_after_loop",
        "rnn_two_layers_dropout",
        """        g["W2"] += drop(h1[t], m_mid[t]).T @ da2
        g["U2"] += h2[t - 1].T @ da2
        g["b2"] += da2.sum(0)
""",
        """        das[t] = da2
        g["U2"] += h2[t - 1].T @ da2
""",
        more=(
            (
                "    dx = np.empty_like(x)\n",
                "    dx = np.empty_like(x)\n    das = np.empty_like(h2[:T])\n",
            ),
            (
                '    g["x"], g["h1_init"]',
                """    g["W2"] = np.einsum("tbh,tbk->hk", h1[:T], das)
    g["b2"] = das.sum(axis=(0, 1))
    g["x"], g["h1_init"]""",
            ),
        ),
        lines=('g["W2"] = np.einsum("tbh,tbk->hk", h1[:T], das)',),
        kind="missing factor | wrong operand",
        steps="none | all",
        variable='g["W2"]',
        why="W2 saw the lower states after dropout.",
    ),
    # ---- show_attend_tell
    single(
        "show_attend_tell_fancy_rows",
        "show_attend_tell",
        '            np.add.at(grad["Wemb"], w, dx[:, :E])\n'
        '            dctx = dx[:, E:] + dlogit @ p["L_z"]\n',
        "            dw, dctx = np.split(dx, [E], axis=1)\n"
        '            grad["Wemb"][w] += dw\n            dctx = dctx + dlogit @ p["L_z"]\n',
        lines=('grad["Wemb"][w] += dw',),
        kind="repeated indices",
        steps="after an index repeats | all",
        variable='grad["Wemb"]',
        why="The same word twice in a batch counts once.",
    ),
    single(
        "show_attend_tell_einsum_of_gated",
        "show_attend_tell",
        "            dalpha = (ann @ dz[:, :, None])[:, :, 0] + dcover\n",
        '            dalpha = np.einsum("nld,nd->nl", ann, dctx) + dcover\n',
        kind="wrong operand | missing factor",
        steps="all",
        variable="dalpha",
        why="The attended vector is gated by beta: dz, not dctx.",
    ),
    single(
        "show_attend_tell_broadcast_mean",
        "show_attend_tell",
        '        dann += (dh @ p["init_h"] + dc @ p["init_c"])[:, None, :] / L\n',
        '        dmean = np.hstack([dh, dc]) @ np.vstack([p["init_h"], p["init_c"]])\n'
        "        dann += dmean[:, None]\n",
        lines=("dann += dmean[:, None]",),
        kind="scale 1/B or 1/T | missing factor",
        steps="none",
        variable="dann",
        why="The initial states see the mean over L places.",
    ),
    # ---- step_cell
    single(
        "step_cell_tuple_in_gate_order",
        "step_cell",
        "    return h, c, StepCache(x, h_prev, c_prev, i, f, g, o, c, tanh_c)\n",
        "    return h, c, StepCache(x, h_prev, c_prev, i, f, o, g, c, tanh_c)\n",
        kind="wrong order",
        steps="all",
        variable="cache",
        why="The fields are g, o and get o, g.",
    ),
    single(
        "step_cell_cell_gradient_in_place",
        "step_cell",
        "    dc = dc + dh * cache.o * (1 - cache.tanh_c ** 2)\n",
        "    dc += dh * cache.o * (1 - cache.tanh_c ** 2)\n",
        kind="argument changed | aliasing",
        steps="the last | all",
        variable='inputs["dcT"]',
        why="At the last step dc is the caller's own array.",
        shows=("argument", "repeat"),
    ),
    single(
        "step_cell_carries_both_zero",
        "step_cell",
        """    dh = np.zeros_like(inputs["h0"])
    dc = inputs["dcT"]
""",
        """    dh, dc = (np.zeros_like(inputs[k]) for k in ("h0", "c0"))
""",
        kind="initial value | missing path",
        steps="the last | none",
        variable="dc",
        why="The last cell state is in the loss itself.",
    ),
    # ---- toxic_comments_lstm
    single(
        "toxic_comments_lstm_max_overwrites_mean",
        "toxic_comments_lstm",
        "    dout[np.arange(n)[:, None], idx, np.arange(hidden)] += dmax\n",
        "    np.put_along_axis(dout, idx[:, None, :], dmax[:, None, :], axis=1)\n",
        kind="= for +=",
        steps="none",
        variable="dout",
        why="Where the maximum is, the mean's part is overwritten.",
    ),
    single(
        "toxic_comments_lstm_repeat_then_reshape",
        "toxic_comments_lstm",
        "    dout = np.repeat(dmean[:, None, :] / t_steps, t_steps, axis=1)\n",
        "    dout = np.repeat(dmean / t_steps, t_steps, axis=1).reshape(n, t_steps, hidden)\n",
        kind="wrong order",
        steps="none",
        variable="dout",
        why="Repeat puts copies of each unit next to each other, so time and units are mixed.",
    ),
)
