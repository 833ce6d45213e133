"""Mistakes of students and of those who rewrite a library's cell by hand."""

from planting import single

MISTAKES = (
    # --- captions_attn_lstm
    single(
        "captions_attn_lstm_unpacked_over",
        "captions_attn_lstm",
        """        dprev_h_attn, dA_t = dot_product_attention_backward(dattn, attn_cache)
        dprev_h = dprev_h + dprev_h_attn
""",
        """        dprev_h, dA_t = dot_product_attention_backward(dattn, attn_cache)
""",
        kind="carry lost | = for += | overwritten too early | missing path",
        steps="all",
        variable="dprev_h",
        why="The gradient through Wh is overwritten by the one through the attention.",
    ),
    single(
        "captions_attn_lstm_scaled_late",
        "captions_attn_lstm",
        """    dscores /= np.sqrt(H)
    dprev_h = np.einsum("np,nhp->nh", dscores, A)
""",
        """    dprev_h = np.einsum("np,nhp->nh", dscores, A)
    dscores /= np.sqrt(H)
""",
        kind="wrong order | missing factor",
        steps="all",
        variable="dprev_h",
        why="dprev_h is made of the scores' gradient before its division by sqrt(H).",
        lines=('dprev_h = np.einsum("np,nhp->nh", dscores, A)', "dscores /= np.sqrt(H)"),
    ),
    single(
        "captions_attn_lstm_diagonal_softmax",
        "captions_attn_lstm",
        "dscores = weights * (dweights - (dweights * weights).sum(axis=1, keepdims=True))",
        "dscores = dweights * weights * (1 - weights)",
        kind="wrong derivative | missing path",
        steps="all",
        variable="dscores",
        why="Only the diagonal of the softmax's Jacobian is used.",
    ),
    single(
        "captions_attn_lstm_embed_fancy",
        "captions_attn_lstm",
        """np.add.at(grads["W_embed"], captions_in, dx)""",
        """grads["W_embed"][captions_in] += dx""",
        kind="repeated indices",
        steps="none | after an index repeats",
        variable="grads",
        why="Words that occur twice in captions_in get only their last row.",
    ),
    single(
        "captions_attn_lstm_cached_cell",
        "captions_attn_lstm",
        "return o * tanh_c, next_c, (x, prev_h, prev_c, attn, Wx, Wh, Wattn, i, f, o, g, tanh_c)",
        "return o * tanh_c, next_c, (x, prev_h, prev_c, attn, Wx, Wh, Wattn, i, f, o, g, next_c)",
        kind="wrong operand | derivative of an activated value",
        steps="all",
        variable="tanh_c",
        why="The cell is cached where the backward expects its tanh.",
        lines=(
            "return o * tanh_c, next_c, (x, prev_h, prev_c, attn, Wx, Wh, Wattn, i, f, o, g,"
            " next_c)",
            "x, prev_h, prev_c, attn, Wx, Wh, Wattn, i, f, o, g, tanh_c = cache",
        ),
    ),
    single(
        "captions_attn_lstm_dx_appended",
        "captions_attn_lstm",
        "dx.insert(0, dx_t)",
        "dx.append(dx_t)",
        kind="wrong order | forward order",
        steps="all | none",
        variable="dx",
        why="The steps are appended from the last to the first and never turned round.",
        lines=("dx.append(dx_t)", "return np.stack(dx, axis=1), dA"),
    ),
    # --- coursera_gru_cells
    single(
        "coursera_gru_cells_plain_concat",
        "coursera_gru_cells",
        "    dWc = np.dot(dcct, concat_r.T)\n    dWu = np.dot(dut, concat.T)\n",
        "    dWc = np.dot(dcct, concat.T)\n    dWu = np.dot(dut, concat.T)\n",
        kind="gate copied | wrong operand",
        steps="all",
        variable="dWc",
        why="The candidate saw the state after the reset gate, not the plain one.",
    ),
    single(
        "coursera_gru_cells_one_dconcat",
        "coursera_gru_cells",
        """    dconcat = np.dot(parameters["Wu"].T, dut) + np.dot(parameters["Wr"].T, drt)
    dc_prev = dconcat[:n_c, :] + rt * dconcat_r[:n_c, :] + (1 - ut) * dc_next
    dxt = dconcat[n_c:, :] + dconcat_r[n_c:, :]
""",
        """    dconcat = np.dot(parameters["Wu"].T, dut) + np.dot(parameters["Wr"].T, \
drt) + dconcat_r
    dc_prev = dconcat[:n_c, :] + (1 - ut) * dc_next
    dxt = dconcat[n_c:, :]
""",
        kind="missing factor",
        steps="all",
        variable="dc_prev",
        why="The candidate's part of dc_prev is not multiplied by the reset gate.",
        lines=(
            "dc_prev = dconcat[:n_c, :] + (1 - ut) * dc_next",
            'dconcat = np.dot(parameters["Wu"].T, dut) + np.dot(parameters["Wr"].T, drt) + '
            "dconcat_r",
        ),
    ),
    single(
        "coursera_gru_cells_carry_dedented",
        "coursera_gru_cells",
        """        dc_prevt = gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
        for name in ("dWu", "dWr", "dWc", "dbu", "dbr", "dbc"):
            grads[name] += gradients[name]

""",
        """        dx[:, :, t] = gradients["dxt"]
        for name in ("dWu", "dWr", "dWc", "dbu", "dbr", "dbc"):
            grads[name] += gradients[name]

    dc_prevt = gradients["dc_prev"]
""",
        kind="carry lost",
        steps="all but the last | all but t=0",
        variable="dc_prevt",
        why="The carry is set after the loop only, so that it is zero in all steps.",
        lines=(
            'dc_prevt = gradients["dc_prev"]',
            "gradients = gru_cell_backward(dc + dc_prevt, caches[t])",
        ),
    ),
    single(
        "coursera_gru_cells_m_per_weight",
        "coursera_gru_cells",
        """        dy = (y[:, :, t] - y_true[:, :, t]) / m
        grads["dWy"] += np.dot(dy, caches[t][0].T)
        grads["dby"] += np.sum(dy, axis=1, keepdims=True)
""",
        """        dy = y[:, :, t] - y_true[:, :, t]
        grads["dWy"] += np.dot(dy, caches[t][0].T) / m
        grads["dby"] += np.sum(dy, axis=1, keepdims=True) / m
""",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="dc",
        why="The output weights' gradients are divided by m, but not what goes on into the cell.",
        lines=('dc = np.dot(parameters["Wy"].T, dy)', "dy = y[:, :, t] - y_true[:, :, t]"),
    ),
    single(
        "coursera_gru_cells_cache_one",
        "coursera_gru_cells",
        """grads["dWy"] += np.dot(dy, caches[t][0].T)""",
        """grads["dWy"] += np.dot(dy, caches[t][1].T)""",
        kind="wrong operand | index off by one",
        steps="all",
        variable="grads",
        why="Entry 1 of the cache is the state before the step.",
    ),
    # --- torch_bigru_packed
    single(
        "torch_bigru_packed_view_saved",
        "torch_bigru_packed",
        "h = hx[:n].copy()",
        "h = hx[:n]",
        kind="aliasing",
        steps="all",
        variable="h",
        why="The saved h is a view of hx, which later steps write.",
    ),
    single(
        "torch_bigru_packed_saved_forward",
        "torch_bigru_packed",
        """        while self.saved:
            lo, hi, n, h, r, z, n_, ghn = self.saved.pop()
""",
        """        for lo, hi, n, h, r, z, n_, ghn in self.saved:
""",
        kind="forward order",
        steps="all",
        variable="dhx",
        why="The saved steps are gone through in the order of the forward.",
    ),
    single(
        "torch_bigru_packed_saved_product",
        "torch_bigru_packed",
        """            n_ = np.tanh(gi[:, 2 * H:] + r * gh[:, 2 * H:])
            hx[:n] = (1 - z) * n_ + z * h
            out[lo:hi] = hx[:n]
            self.saved.append((lo, hi, n, h, r, z, n_, gh[:, 2 * H:]))
""",
        """            rgh = r * gh[:, 2 * H:]
            n_ = np.tanh(gi[:, 2 * H:] + rgh)
            hx[:n] = (1 - z) * n_ + z * h
            out[lo:hi] = hx[:n]
            self.saved.append((lo, hi, n, h, r, z, n_, rgh))
""",
        kind="wrong operand | spurious factor",
        steps="all",
        variable="ghn",
        why="The product with r is saved where the backward expects the hidden part alone.",
        lines=("self.saved.append((lo, hi, n, h, r, z, n_, rgh))", "dr = dn * ghn * r * (1 - r)"),
    ),
    single(
        "torch_bigru_packed_own_final",
        "torch_bigru_packed",
        """    dx_f, dh0_f, g_f = fwd.backward(data, dout[:, :H], 0.5 * hn_b)
    dx_b, dh0_b, g_b = bwd.backward(data, dout[:, H:], 0.5 * hn_f)
""",
        """    dx_f, dh0_f, g_f = fwd.backward(data, dout[:, :H], 0.5 * hn_f)
    dx_b, dh0_b, g_b = bwd.backward(data, dout[:, H:], 0.5 * hn_b)
""",
        kind="wrong operand | wrong order",
        steps="none",
        variable="dx_f",
        why="The gradient of the product for one direction's last state is the other direction's.",
        lines=(
            "dx_f, dh0_f, g_f = fwd.backward(data, dout[:, :H], 0.5 * hn_f)",
            "dx_b, dh0_b, g_b = bwd.backward(data, dout[:, H:], 0.5 * hn_b)",
        ),
    ),
    single(
        "torch_bigru_packed_same_grad_both_biases",
        "torch_bigru_packed",
        """            g[bi] += dgi.sum(0)
            g[bh] += dgh.sum(0)
""",
        """            db = dgi.sum(0)
            g[bi] += db
            g[bh] += db
""",
        kind="wrong operand | missing factor",
        steps="all",
        variable="g",
        why="bias_hh of the candidate is multiplied by r, bias_ih is not.",
        lines=("g[bh] += db", "db = dgi.sum(0)"),
    ),
    # --- keras_gru_masked_longhand
    single(
        "keras_gru_masked_longhand_skip_dropped",
        "keras_gru_masked_longhand",
        """            d_skipped = np.where(m, 0.0, dh)
            d_new = np.where(m, dh, 0.0)
""",
        """            d_new = dh * m
""",
        kind="missing path | carry lost",
        steps="where the mask is 0",
        variable="dh",
        why="What a masked step hands through unchanged is lost.",
        lines=("dh = d_new * z", "d_new = dh * m"),
        more=(("dh = d_skipped + d_new * z", "dh = d_new * z"),),
    ),
    single(
        "keras_gru_masked_longhand_rebound_views",
        "keras_gru_masked_longhand",
        """            drz += h_tm1_z.T @ d_z
            drr += h_tm1_r.T @ d_r
            drh += h_tm1_h.T @ d_rec_h
""",
        """            drz = drz + h_tm1_z.T @ d_z
            drr = drr + h_tm1_r.T @ d_r
            drh = drh + h_tm1_h.T @ d_rec_h
""",
        kind="never returned | = for += | aliasing",
        steps="all",
        variable="d_recurrent",
        why="The sums are new arrays, and d_recurrent, which is returned, stays zero.",
        lines=(
            "drz = drz + h_tm1_z.T @ d_z",
            "drr = drr + h_tm1_r.T @ d_r",
            "drh = drh + h_tm1_h.T @ d_rec_h",
            "return d_kernel, d_recurrent, d_bias, d_inputs, dh",
        ),
    ),
    single(
        "keras_gru_masked_longhand_dropout_copied",
        "keras_gru_masked_longhand",
        "dh = dh + (d_r @ rr.T) * self.rec_dp_mask[1]",
        "dh = dh + (d_r @ rr.T) * self.rec_dp_mask[0]",
        kind="gate copied | wrong operand | index off by one",
        steps="all",
        variable="dh",
        why="The reset gate's part is multiplied by the update gate's dropout mask.",
    ),
    single(
        "keras_gru_masked_longhand_bias_broadcast",
        "keras_gru_masked_longhand",
        """            d_bias[0] += np.concatenate([d_z, d_r, d_hh], axis=1).sum(axis=0)
            d_bias[1] += np.concatenate([d_z, d_r, d_rec_h], axis=1).sum(axis=0)
""",
        """            d_bias += np.concatenate([d_z, d_r, d_hh], axis=1).sum(axis=0)
""",
        kind="wrong operand | missing factor",
        steps="all",
        variable="d_bias",
        why="The recurrent bias of the candidate is inside of the product with r.",
    ),
    single(
        "keras_gru_masked_longhand_tape_after",
        "keras_gru_masked_longhand",
        """            self.tape.append((h_tm1, h_tm1_z, h_tm1_r, h_tm1_h, z, r, recurrent_h, hh))
            h_tm1 = np.where(m, h, h_tm1)
""",
        """            h_tm1 = np.where(m, h, h_tm1)
            self.tape.append((h_tm1, h_tm1_z, h_tm1_r, h_tm1_h, z, r, recurrent_h, hh))
""",
        kind="overwritten too early | wrong order | index off by one",
        steps="all",
        variable="h_tm1",
        why="h_tm1 is already the new state when it is put on the tape.",
        lines=(
            "self.tape.append((h_tm1, h_tm1_z, h_tm1_r, h_tm1_h, z, r, recurrent_h, hh))",
            "h_tm1 = np.where(m, h, h_tm1)",
            "d_z = d_new * (h_tm1 - hh) * z * (1 - z)",
        ),
    ),
    # --- longhand_lstm_first_try
    single(
        "longhand_lstm_first_try_future_added_late",
        "longhand_lstm_first_try",
        """        grad_c_new = grad_c_new + grad_c_from_future
        # cell -> the gates and the old cell
        grad_forget = grad_c_new * v["c_old"]
        grad_c_old = grad_c_new * v["forget"]
        grad_input = grad_c_new * v["cand"]
        grad_cand = grad_c_new * v["input"]
""",
        """        # cell -> the gates and the old cell
        grad_forget = grad_c_new * v["c_old"]
        grad_input = grad_c_new * v["cand"]
        grad_cand = grad_c_new * v["input"]
        grad_c_new = grad_c_new + grad_c_from_future
        grad_c_old = grad_c_new * v["forget"]
""",
        kind="carry not added | wrong order",
        steps="all but the last",
        variable="grad_forget",
        why="The gates get the cell's gradient before the part from the future is added.",
        lines=(
            'grad_forget = grad_c_new * v["c_old"]',
            'grad_input = grad_c_new * v["cand"]',
            'grad_cand = grad_c_new * v["input"]',
            "grad_c_new = grad_c_new + grad_c_from_future",
        ),
    ),
    single(
        "longhand_lstm_first_try_cand_assigned",
        "longhand_lstm_first_try",
        """        grad_h_and_x += np.dot(grad_both_cand, params["W_cand"].T)""",
        """        grad_h_and_x = np.dot(grad_both_cand, params["W_cand"].T)""",
        kind="= for +=",
        steps="all",
        variable="grad_h_and_x",
        why="The candidate's part replaces the three gates' parts.",
    ),
    single(
        "longhand_lstm_first_try_one_dict",
        "longhand_lstm_first_try",
        """    for t in range(number_of_steps):
        v = {}
""",
        """    v = {}
    for t in range(number_of_steps):
""",
        kind="aliasing",
        steps="all but the last",
        variable="memory",
        why="All entries of the memory are one dict, which holds the last step.",
        lines=("v = {}", "memory.append(v)"),
    ),
    single(
        "longhand_lstm_first_try_x_first",
        "longhand_lstm_first_try",
        """        n_hidden = grad_h_new.shape[1]
        grad_h_old = grad_h_and_x[:, :n_hidden]
        grad_x = grad_h_and_x[:, n_hidden:]
""",
        """        n_in = inputs["X"].shape[2]
        grad_x = grad_h_and_x[:, :n_in]
        grad_h_old = grad_h_and_x[:, n_in:]
""",
        kind="wrong order",
        steps="all",
        variable="grad_x",
        why="The state comes first in h_and_x, not the input.",
        lines=("grad_x = grad_h_and_x[:, :n_in]", "grad_h_old = grad_h_and_x[:, n_in:]"),
    ),
    single(
        "longhand_lstm_first_try_while_positive",
        "longhand_lstm_first_try",
        "while t >= 0:",
        "while t > 0:",
        kind="loop bounds",
        steps="t=0",
        variable="t",
        why="The first step is left out.",
    ),
    # --- kaggle_store_sales_lstm
    single(
        "kaggle_store_sales_lstm_drop_before_layer",
        "kaggle_store_sales_lstm",
        """        dseq, out["h0"][k], out["c0"][k], g = lstm_layer_grad(dseq, *tape[k], \
layer_weights(params, k))
        if k > 0:
            dseq = dseq * inputs["drop"]
""",
        """        if k > 0:
            dseq = dseq * inputs["drop"]
        dseq, out["h0"][k], out["c0"][k], g = lstm_layer_grad(dseq, *tape[k], \
layer_weights(params, k))
""",
        kind="wrong order",
        steps="none",
        variable="dseq",
        why="The dropout mask belongs to the upper layer's input, but multiplies its "
        "output's gradient.",
        lines=(
            'dseq = dseq * inputs["drop"]',
            "if k > 0: @2",
            'dseq, out["h0"][k], out["c0"][k], g = lstm_layer_grad(dseq, *tape[k], '
            "layer_weights(params, k))",
        ),
    ),
    single(
        "kaggle_store_sales_lstm_tape_undropped",
        "kaggle_store_sales_lstm",
        """        if k > 0:
            seq = seq * inputs["drop"]
        hs, cs, act = lstm_layer(seq, inputs""",
        """        fed = seq if k == 0 else seq * inputs["drop"]
        hs, cs, act = lstm_layer(fed, inputs""",
        kind="wrong operand | missing factor",
        steps="none",
        variable="tape",
        why="The tape holds the upper layer's input before the dropout.",
        lines=("tape.append((seq, hs, cs, act))",),
    ),
    single(
        "kaggle_store_sales_lstm_int_buffer",
        "kaggle_store_sales_lstm",
        """    dseq = np.tile(dfeats[:, H:] / T, (T, 1, 1))
    dseq[-1] += dfeats[:, :H]
""",
        """    dseq = np.zeros_like(inputs["drop"])
    dseq[:] = dfeats[:, H:] / T
    dseq[-1] = dseq[-1] + dfeats[:, :H]
""",
        kind="wrong dtype",
        steps="none | all",
        variable="dseq",
        why="The buffer takes the dropout mask's integers and cuts the gradients off.",
        lines=(
            'dseq = np.zeros_like(inputs["drop"])',
            "dseq[:] = dfeats[:, H:] / T",
            "dseq[-1] = dseq[-1] + dfeats[:, :H]",
        ),
    ),
    single(
        "kaggle_store_sales_lstm_update_dedented",
        "kaggle_store_sales_lstm",
        """        out.update({f"{n}_l{k}": v for n, v in g.items()})
""",
        """    out.update({f"{n}_l{k}": v for n, v in g.items()})
""",
        kind="never returned | accumulation outside the loop",
        steps="none",
        variable="out",
        why="Only the lowest layer's gradients are put into the result.",
        shows=("names",),
    ),
    single(
        "kaggle_store_sales_lstm_gates_in_place",
        "kaggle_store_sales_lstm",
        """        dz[t, :, :H] = dc * g * i * (1 - i)
        dz[t, :, H:2 * H] = dc * cs[t] * f * (1 - f)
        dz[t, :, 2 * H:3 * H] = dc * i * (1 - g * g)
""",
        """        i *= 1 - i
        dz[t, :, :H] = dc * g * i
        dz[t, :, H:2 * H] = dc * cs[t] * f * (1 - f)
        dz[t, :, 2 * H:3 * H] = dc * i * (1 - g * g)
""",
        kind="overwritten too early",
        steps="all",
        variable="i",
        why="The input gate is overwritten by its derivative before the candidate's line uses it.",
        lines=("i *= 1 - i", "dz[t, :, 2 * H:3 * H] = dc * i * (1 - g * g)"),
    ),
    # --- bahdanau_date_notebook
    single(
        "bahdanau_date_notebook_dctx_replaced",
        "bahdanau_date_notebook",
        "dctx = dctx + dinp[m:]",
        "dctx = dinp[m:]",
        kind="= for += | missing path | overwritten too early",
        steps="all",
        variable="dctx",
        why="The context's gradient from the read-out is replaced by the one from the cell.",
    ),
    single(
        "bahdanau_date_notebook_outer_swapped",
        "bahdanau_date_notebook",
        """        G["U_d"] += np.outer(s_prev, dpre)""",
        """        G["U_d"] += np.outer(dpre, s_prev)""",
        kind="transposed | wrong order",
        steps="all",
        variable="G",
        why="The states multiply U_d from the left, so that s_prev is the first factor.",
    ),
    single(
        "bahdanau_date_notebook_zip_values",
        "bahdanau_date_notebook",
        """    for j in range(len(src) - 1, -1, -1):
        dh = dh + dvalues[j]
        dpre = dh * (1 - hs[j + 1] ** 2)
        G["W_e"] += np.outer(P["E_src"][src[j]], dpre)
        G["U_e"] += np.outer(hs[j], dpre)
        G["b_e"] += dpre
        G["E_src"][src[j]] += P["W_e"] @ dpre
""",
        """    for tok, h, h_prev, dv in zip(src[::-1], hs[:0:-1], hs[-2::-1], dvalues):
        dh = dh + dv
        dpre = dh * (1 - h ** 2)
        G["W_e"] += np.outer(P["E_src"][tok], dpre)
        G["U_e"] += np.outer(h_prev, dpre)
        G["b_e"] += dpre
        G["E_src"][tok] += P["W_e"] @ dpre
""",
        kind="forward order | wrong order",
        steps="all",
        variable="dv",
        why="All lists but dvalues are turned round.",
    ),
    single(
        "bahdanau_date_notebook_encoder_from_zero",
        "bahdanau_date_notebook",
        "    dh = ds\n    for j",
        "    dh = np.zeros_like(hs[-1])\n    for j",
        kind="initial value | missing path | carry lost",
        steps="none | the last",
        variable="dh",
        why="The decoder starts from the encoder's last state, but its gradient does not "
        "come back.",
        lines=("dh = np.zeros_like(hs[-1])",),
    ),
    single(
        "bahdanau_date_notebook_row_assigned",
        "bahdanau_date_notebook",
        """G["E_tgt"][prev] += dinp[:m]""",
        """G["E_tgt"][prev] = dinp[:m]""",
        kind="= for +=",
        steps="all | after an index repeats",
        variable="G",
        why="A token's row keeps only the last of its gradients.",
    ),
    # --- phased_lstm_sensors
    single(
        "phased_lstm_sensors_dh_reused",
        "phased_lstm_sensors",
        """        dh_tilde = s.k * dh
        dc_tilde = s.k * dc + dh_tilde * s.o * (1 - s.tanh_c**2)
""",
        """        dh = s.k * dh
        dc_tilde = s.k * dc + dh * s.o * (1 - s.tanh_c**2)
""",
        kind="overwritten too early",
        steps="all",
        variable="dh",
        why="The leak at the end needs dh before the product with k.",
        lines=("dh = s.k * dh", "dh = d_xh[:, D:] + (1 - s.k) * dh"),
        more=(("dh_tilde * s.tanh_c * s.o * (1 - s.o),", "dh * s.tanh_c * s.o * (1 - s.o),"),),
    ),
    single(
        "phased_lstm_sensors_cycles_forgotten",
        "phased_lstm_sensors",
        """grads["log_tau"] += np.sum(-dphi * (s.phi + s.cycles), axis=0)""",
        """grads["log_tau"] += np.sum(-dphi * s.phi, axis=0)""",
        kind="missing path | wrong derivative",
        steps="all | all but t=0",
        variable="grads",
        why="The turns gone by depend on the period too.",
    ),
    single(
        "phased_lstm_sensors_leak_slope",
        "phased_lstm_sensors",
        "np.where(falling, -2 / R_ON, LEAK))",
        "np.where(falling, -2 / R_ON, LEAK * phi))",
        kind="wrong derivative | spurious factor",
        steps="all",
        variable="slope",
        why="In the closed phase k is LEAK * phi, and its slope LEAK.",
    ),
    single(
        "phased_lstm_sensors_enumerate_reversed",
        "phased_lstm_sensors",
        "for n, s in reversed(list(enumerate(trace))):",
        "for n, s in enumerate(reversed(trace)):",
        kind="wrong order | forward order",
        steps="all",
        variable="n",
        why="The steps run backwards, but their numbers forwards.",
        lines=("for n, s in enumerate(reversed(trace)):", "dx[:, n] = d_xh[:, :D]"),
    ),
    # --- convgru_frames_taps
    single(
        "convgru_frames_taps_kernel_unflipped",
        "convgru_frames_taps",
        """    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    for k in range(K):
        dw[:, :, k] = np.einsum("nfl,ncl->fc", dout, xp[:, :, k:k + L])
        dxp[:, :, k:k + L] += np.einsum("nfl,fc->ncl", dout, w[:, :, k])
    db = dout.sum(axis=(0, 2))
    return dxp[:, :, pad:pad + L], dw, db
""",
        """    doutp = np.pad(dout, ((0, 0), (0, 0), (pad, pad)))
    dx = np.zeros((xp.shape[0], xp.shape[1], L))
    dw = np.zeros_like(w)
    for k in range(K):
        dw[:, :, k] = np.einsum("nfl,ncl->fc", dout, xp[:, :, k:k + L])
        dx += np.einsum("nfl,fc->ncl", doutp[:, :, k:k + L], w[:, :, k])
    db = dout.sum(axis=(0, 2))
    return dx, dw, db
""",
        kind="wrong order | wrong operand",
        steps="all",
        variable="dx",
        why="The kernel must be turned round for the input's gradient.",
        lines=('dx += np.einsum("nfl,fc->ncl", doutp[:, :, k:k + L], w[:, :, k])',),
    ),
    single(
        "convgru_frames_taps_reset_ungated",
        "convgru_frames_taps",
        """    dh = dh + dxr[:, C:] * reset
    dgates""",
        """    dh += dxr[:, C:]
    dgates""",
        kind="missing factor",
        steps="all",
        variable="dh",
        why="The candidate saw reset * h, so that its gradient for h needs the factor reset.",
        lines=("dh += dxr[:, C:]",),
    ),
    single(
        "convgru_frames_taps_step_indented",
        "convgru_frames_taps",
        """        dx, dh = convgru_step_backward(dh, cache, grads)
        dvideo[t] += dx
""",
        """            dx, dh = convgru_step_backward(dh, cache, grads)
            dvideo[t] += dx
""",
        kind="loop bounds | missing path",
        steps="t=0",
        variable="dh",
        why="The first frame has no loss, but its step must be gone through too.",
        lines=(
            "dx, dh = convgru_step_backward(dh, cache, grads)",
            "if t > 0:  # the first frame only warms the state up",
            "dvideo[t] += dx",
        ),
    ),
    single(
        "convgru_frames_taps_dx_assigned",
        "convgru_frames_taps",
        "dvideo[t] += dx\n",
        "dvideo[t] = dx\n",
        kind="= for +=",
        steps="all but t=0",
        variable="dvideo",
        why="The gradient of the residual from the same frame is lost.",
        lines=("dvideo[t] = dx",),
    ),
    single(
        "convgru_frames_taps_target_in_place",
        "convgru_frames_taps",
        """            dframe = inputs["discount"] * (frame - video[t + 1]) / video.shape[1]
""",
        """            dframe = video[t + 1]
            dframe -= frame
            dframe = -inputs["discount"] * dframe / video.shape[1]
""",
        kind="argument changed | aliasing",
        steps="all but t=0 | all",
        variable="dframe",
        why="dframe is the caller's frame itself, and is written.",
        lines=("dframe = video[t + 1]", "dframe -= frame"),
        shows=("argument", "repeat"),
    ),
    # --- qrnn_fo_pooling
    single(
        "qrnn_fo_pooling_roll_back",
        "qrnn_fo_pooling",
        """def unlag(g):
    out = np.zeros_like(g)
    out[:, :-1] = g[:, 1:]
    return out
""",
        """def unlag(g):
    return np.roll(g, -1, axis=1)
""",
        kind="index off by one | spurious term",
        steps="the last | none",
        variable="dx",
        why="The first step's gradient comes round to the last step.",
        lines=("return np.roll(g, -1, axis=1)",),
    ),
    single(
        "qrnn_fo_pooling_wraps",
        "qrnn_fo_pooling",
        "c_prev = self.c[:, t - 1] if t else self.c0",
        "c_prev = self.c[:, t - 1]",
        kind="index off by one | initial value",
        steps="t=0",
        variable="c_prev",
        why="At t=0 the index -1 takes the last cell instead of the initial one.",
    ),
    single(
        "qrnn_fo_pooling_padded_end",
        "qrnn_fo_pooling",
        """dx[rows, inputs["lengths"] - 1] = dscores @ params["out.w"].T""",
        """dx[:, -1] = dscores @ params["out.w"].T""",
        kind="wrong operand | index off by one",
        steps="none",
        variable="dx",
        why="The short sequences were read out at their own last step, not at the padded end.",
    ),
    single(
        "qrnn_fo_pooling_sigmoid_again",
        "qrnn_fo_pooling",
        """        dpre = {"z": dz * (1 - self.z ** 2), "f": df * self.f * (1 - self.f), \
"o": do * self.o * (1 - self.o)}
""",
        """        dsig = lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2
        dpre = {"z": dz * (1 - self.z ** 2), "f": df * dsig(self.f), "o": do * dsig(self.o)}
""",
        kind="derivative of an activated value",
        steps="none",
        variable="dpre",
        why="dsig wants what goes into the sigmoid, but gets what comes out.",
        lines=(
            'dpre = {"z": dz * (1 - self.z ** 2), "f": df * dsig(self.f), "o": do * dsig(self.o)}',
            "dsig = lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2",
        ),
    ),
    single(
        "qrnn_fo_pooling_late_lambdas",
        "qrnn_fo_pooling",
        """            dx += d @ now.T
            dx += unlag(d @ before.T)
        return dx, dc, grads
""",
        """            parts.append(lambda: d @ now.T + unlag(d @ before.T))
        return sum(part() for part in parts), dc, grads
""",
        kind="late binding",
        steps="none",
        variable="parts",
        why="All three functions see the last gate's d, now and before.",
        lines=(
            "parts.append(lambda: d @ now.T + unlag(d @ before.T))",
            "return sum(part() for part in parts), dc, grads",
        ),
        more=(
            ("        grads, dx = {}, np.zeros_like(self.x)\n", "        grads, parts = {}, []\n"),
        ),
    ),
    # --- d2l_layers_deep_rnn
    single(
        "d2l_layers_deep_rnn_pop_front",
        "d2l_layers_deep_rnn",
        "y = self.stack.pop()",
        "y = self.stack.pop(0)",
        kind="forward order | wrong order",
        steps="all",
        variable="y",
        why="The stack is taken from the front, so that the last step gets the first step's "
        "output.",
    ),
    single(
        "d2l_layers_deep_rnn_std_constant",
        "d2l_layers_deep_rnn",
        """        mean1 = dxhat.mean(axis=1, keepdims=True)
        mean2 = (dxhat * xhat).mean(axis=1, keepdims=True)
        return (dxhat - mean1 - xhat * mean2) / std
""",
        """        dxc = dxhat / std
        return dxc - dxc.mean(axis=1, keepdims=True)
""",
        kind="missing path",
        steps="all",
        variable="dxc",
        why="The way through the standard deviation is left out.",
        lines=("return dxc - dxc.mean(axis=1, keepdims=True)", "dxc = dxhat / std"),
    ),
    single(
        "d2l_layers_deep_rnn_residual_of_state",
        "d2l_layers_deep_rnn",
        "dbelow = dinput if k == 0 else dbelow + dinput",
        "dbelow = dinput if k == 0 else dstate[k] + dinput",
        kind="wrong operand | overwritten too early",
        steps="all",
        variable="dbelow",
        why="dstate[k] belongs to the step before by now; the residual's gradient is dbelow.",
    ),
    single(
        "d2l_layers_deep_rnn_list_times",
        "d2l_layers_deep_rnn",
        """    dstate = [np.zeros_like(h) for h in inputs["h0"]]
""",
        """    dstate = [np.zeros(inputs["h0"].shape[1:])] * L
""",
        kind="aliasing",
        steps="the last",
        variable="dstate",
        why="All layers begin with one array, and += writes into it.",
        lines=('dstate = [np.zeros(inputs["h0"].shape[1:])] * L', "dstate[k] += dbelow"),
        more=(("dstate[k] = dstate[k] + dbelow", "dstate[k] += dbelow"),),
    ),
    single(
        "d2l_layers_deep_rnn_centred_cached",
        "d2l_layers_deep_rnn",
        """        xhat = xc / std
        self.stack.append((xhat, std))
        return self.params["gain"] * xhat + self.params["shift"]
""",
        """        self.stack.append((xc, std))
        return self.params["gain"] * (xc / std) + self.params["shift"]
""",
        kind="wrong operand | missing factor",
        steps="all",
        variable="xhat",
        why="The centred values are cached, which are not divided by std.",
        lines=("self.stack.append((xc, std))", "xhat, std = self.stack.pop()"),
    ),
    # --- fastgrnn_wakeword
    single(
        "fastgrnn_wakeword_outer_after_loop",
        "fastgrnn_wakeword",
        """        dW += np.outer(dboth, frames[t])
        dU += np.outer(dboth, h[t])
        dframes[t] = W.T @ dboth
        dh = U.T @ dboth + z[t] * dh
""",
        """        dframes[t] = W.T @ dboth
        dh = U.T @ dboth + z[t] * dh
    dW += np.outer(dboth, frames[t])
    dU += np.outer(dboth, h[t])
""",
        kind="accumulation outside the loop",
        steps="none | all but t=0",
        variable="dW",
        why="Only the first frame's products are added.",
        lines=("dW += np.outer(dboth, frames[t])", "dU += np.outer(dboth, h[t])"),
    ),
    single(
        "fastgrnn_wakeword_h_init_kept_last",
        "fastgrnn_wakeword",
        """G["h_init"] += dh""",
        """G["h_init"] = dh""",
        kind="= for +=",
        steps="none",
        variable="G",
        why="All clips start from h_init, but only the last clip's gradient is kept.",
    ),
    single(
        "fastgrnn_wakeword_scalars_twice",
        "fastgrnn_wakeword",
        """    G["zeta"] += dZ * Z * (1 - Z)
    G["nu"] += dNu * Nu * (1 - Nu)
""",
        """    G["zeta"] += dZ * sg(Z) * (1 - sg(Z))
    G["nu"] += dNu * sg(Nu) * (1 - sg(Nu))
""",
        kind="derivative of an activated value",
        steps="none",
        variable="G",
        why="Z and Nu are sigmoids already.",
        lines=('G["zeta"] += dZ * sg(Z) * (1 - sg(Z))', 'G["nu"] += dNu * sg(Nu) * (1 - sg(Nu))'),
    ),
    single(
        "fastgrnn_wakeword_u2_untransposed",
        "fastgrnn_wakeword",
        """G["U2"] += dU.T @ q["U1"]""",
        """G["U2"] += dU @ q["U1"]""",
        kind="transposed",
        steps="none",
        variable="G",
        why="U is U1 U2^T, so that U2's gradient needs dU^T.",
    ),
    single(
        "fastgrnn_wakeword_pool_in_carry",
        "fastgrnn_wakeword",
        "    dh = np.zeros(h.shape[1])\n",
        "    dh = dpool.copy()\n",
        kind="spurious term",
        steps="t=0",
        variable="dh",
        why="The initial state is not among the pooled ones, but gets dpool too.",
        lines=("dh = U.T @ dboth + z[t] * dh + dpool",),
        more=(
            ("        dh = dh + dpool\n", ""),
            ("dh = U.T @ dboth + z[t] * dh\n", "dh = U.T @ dboth + z[t] * dh + dpool\n"),
        ),
    ),
)
