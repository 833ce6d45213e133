"""Mistakes of a student who derives the backward pass by hand for the first time."""

from planting import single

MISTAKES = (
    single(
        "bidirectional_lstm_lengths_right_not_turned",
        "bidirectional_lstm_lengths",
        "            dx[k, :length] += left.backward([s * v[:n] for s in w])\n"
        "            dx[k, :length] += right.backward([s * v[n:] for s in w[::-1]])[::-1]\n",
        "            dx_left = left.backward([s * v[:n] for s in w])\n"
        "            dx_right = right.backward([s * v[n:] for s in w[::-1]])\n"
        "            for t in range(length):\n"
        "                dx[k, t] += dx_left[t] + dx_right[t]\n",
        lines=(
            "dx[k, t] += dx_left[t] + dx_right[t]",
            "dx_right = right.backward([s * v[n:] for s in w[::-1]])",
        ),
        kind="wrong order | forward order",
        steps="all | none",
        variable="dx",
        why="The gradients of the right-to-left direction come in its reading order and are "
        "not turned back.",
    ),
    single(
        "bigru_average_blocks_of_da",
        "bigru_average",
        "        da[t] = np.hstack((dazr, dan))",
        "        da[t] = np.hstack((dan, dazr))",
        kind="wrong order",
        steps="all",
        variable="da",
        why="The kernel's columns are z, r, n, but the candidate's block is put first.",
    ),
    single(
        "bigru_classifier_update_path_on_padding",
        "bigru_classifier",
        "dh = dh * (1 - on) + dnew * z + duh @ self.U.T",
        "dh = dh * (1 - on) + dh * z + duh @ self.U.T",
        kind="wrong operand | missing factor | spurious term",
        steps="where the mask is 0",
        variable="dh",
        why="The path through z exists only where the step is alive, so it needs dnew, not dh.",
    ),
    single(
        "bilstm_ner_residual_dropout_on_skip",
        "bilstm_ner_residual",
        '    gy1 = bilstm_back(gfeat, I["m"], P, 2, tapes2, G) * drop\n    gy1 += gfeat\n',
        '    gy1 = bilstm_back(gfeat, I["m"], P, 2, tapes2, G) + gfeat\n    gy1 *= drop\n',
        lines=("gy1 *= drop", 'gy1 = bilstm_back(gfeat, I["m"], P, 2, tapes2, G) + gfeat'),
        kind="spurious factor | wrong order",
        steps="none",
        variable="gy1",
        why="The skip goes around the dropout, its gradient must not be multiplied by drop.",
    ),
    single(
        "birnn_pos_tagger_embedding_rows_at_once",
        "birnn_pos_tagger",
        "    dh_next = np.zeros_like(P['bb'])\n",
        "    dh_next = np.zeros_like(P['bb'])\n    demb = []\n",
        more=(
            (
                "        G['emb'][w] += P['Wb'].T.dot(da)\n",
                "        demb.append(P['Wb'].T.dot(da))\n",
            ),
            (
                "    G['h0_b'] += dh_next\n",
                "    G['emb'][words] += np.array(demb)\n    G['h0_b'] += dh_next\n",
            ),
        ),
        lines=("G['emb'][words] += np.array(demb)",),
        kind="repeated indices",
        steps="after an index repeats | none",
        variable="G",
        why="With a list of indices += adds only one row for a word that occurs twice in "
        "the sentence.",
    ),
    single(
        "char_gru_blog_clip_in_loop",
        "char_gru_blog",
        "        dhnext += np.dot(Uz.T, dzraw)\n",
        "        dhnext += np.dot(Uz.T, dzraw)\n        np.clip(dhnext, -1, 1, out=dhnext)\n",
        lines=("np.clip(dhnext, -1, 1, out=dhnext)",),
        kind="clipped",
        steps="all",
        variable="dhnext",
        why="The carry is clipped at every step, inside of the recursion.",
    ),
    single(
        "char_lstm_guarded_outer_by_broadcasting",
        "char_lstm_guarded",
        "dW += da[:, :, None] * h_prev",
        "dW += da[:, None, :] * h_prev[:, None]",
        kind="transposed",
        steps="all",
        variable="dW",
        why="The new axes are at the wrong places, which gives each outer product transposed.",
    ),
    single(
        "charlm_namedtuple_c_tanh_without_tanh",
        "charlm_namedtuple",
        "g=g, c_tanh=c_tanh)",
        "g=g, c_tanh=c_next)",
        kind="wrong operand",
        steps="all",
        variable="cache",
        why="The cache holds the cell itself where the backward expects its tanh.",
    ),
    single(
        "charlm_namedtuple_weights_after_loop",
        "charlm_namedtuple",
        '        grads["Wx"] += dWx\n        grads["Wh"] += dWh\n        grads["b"] += db\n',
        '    grads["Wx"] += dWx\n    grads["Wh"] += dWh\n    grads["b"] += db\n',
        lines=('grads["Wx"] += dWx', 'grads["Wh"] += dWh', 'grads["b"] += db'),
        kind="accumulation outside the loop",
        steps="none | all but t=0",
        variable="grads",
        why="The sums are taken after the loop, so only the first step's gradients are added.",
    ),
    single(
        "chorale_two_heads_dh_begun_for_each_gate",
        "chorale_two_heads",
        "        dh = np.zeros_like(dh)\n        for k, delta in deltas.items():\n",
        "        for k, delta in deltas.items():\n            dh = np.zeros_like(dh)\n",
        lines=("dh = np.zeros_like(dh)",),
        kind="= for += | overwritten too early | carry lost | initial value",
        steps="all",
        variable="dh",
        why="dh is set to zero for every gate, so that only the last gate's part is left.",
    ),
    single(
        "class_attributes_bias_mean",
        "class_attributes",
        "self.dby += dY[:, t].sum(axis=0)",
        "self.dby += np.mean(dY[:, t], axis=0)",
        kind="mean for sum",
        steps="all",
        variable="self.dby",
        why="The bias gradient is the sum over the batch, not the mean.",
    ),
    single(
        "column_concat_slices_exchanged",
        "column_concat",
        "    da_prev = dconcat[:n_a, :]\n    dxt = dconcat[n_a:, :]\n",
        "    n_x = xt.shape[0]\n    dxt = dconcat[:n_x, :]\n    da_prev = dconcat[n_x:, :]\n",
        lines=("dxt = dconcat[:n_x, :]", "da_prev = dconcat[n_x:, :]"),
        kind="wrong order | wrong operand",
        steps="all",
        variable="dxt",
        why="concat begins with a_prev, not with xt.",
    ),
    single(
        "column_concat_forget_from_input",
        "column_concat",
        "dft = dc * c_prev * ft * (1 - ft)",
        "dft = dc * c_prev * it * (1 - it)",
        kind="gate copied | wrong operand",
        steps="all",
        variable="dft",
        why="The line was copied from dit and the sigmoid's derivative is still that of the "
        "input gate.",
    ),
    single(
        "embedding_rnn_carry_after_derivative",
        "embedding_rnn",
        "            dh = dout[t] + dh_next\n            da = dh * (1 - self.h[t + 1] ** 2)\n",
        "            da = dout[t] * (1 - self.h[t + 1] ** 2) + dh_next\n",
        kind="missing derivative | wrong order | missing factor",
        steps="all but the last",
        variable="da",
        why="The carry arrives at h, so it has to go through the tanh too.",
    ),
    single(
        "exp_identities_two_over_cosh",
        "exp_identities",
        "    return 4.0 / (s * s)\n",
        "    return 2.0 / (s * s)\n",
        kind="wrong derivative | missing factor",
        steps="all",
        variable="dtanh_",
        why="1 / cosh^2 is (2 / s)^2, the 2 has to be squared as well.",
    ),
    single(
        "gru_char_script_list_by_kind",
        "gru_char_script",
        "    return dict(zip(names, [dWxz, dWhz, dbz, dWxr, dWhr, dbr, dWxh, dWhh, dbh, "
        "dWhy, dby])), dhnext\n",
        "    return dict(zip(names, [dWxz, dWxr, dWxh, dWhz, dWhr, dWhh, dbz, dbr, dbh, "
        "dWhy, dby])), dhnext\n",
        kind="wrong order | wrong name",
        steps="none",
        variable="dWxr",
        why="names goes gate by gate, the list of the gradients does not.",
    ),
    single(
        "gru_char_script_candidate_minus_state",
        "gru_char_script",
        "        dz = dh * (hs[t-1] - cs[t])\n",
        "        dz = dh * cs[t] - dh * hs[t-1]\n",
        kind="wrong sign",
        steps="all",
        variable="dz",
        why="z multiplies the old state and 1 - z the candidate, so the difference is the "
        "other way.",
    ),
    single(
        "gru_columns_biases_in_a_loop",
        "gru_columns",
        '            self.grads["bc"] += dc.sum(axis=1, keepdims=True)\n'
        '            self.grads["bu"] += du.sum(axis=1, keepdims=True)\n'
        '            self.grads["br"] += dr.sum(axis=1, keepdims=True)\n'
        '            self.grads["sc"] += ds.sum(axis=1, keepdims=True)\n',
        '            for name, g in (("bc", dc), ("bu", du), ("br", dr), ("sc", ds)):\n'
        "                self.grads[name] = self.grads[name] + g.sum(axis=1)\n",
        lines=("self.grads[name] = self.grads[name] + g.sum(axis=1)",),
        kind="wrong shape",
        steps="all",
        variable="self.grads",
        why="A column plus a vector broadcasts to a matrix; keepdims is missing.",
    ),
    single(
        "gru_dataclass_update_as_tanh",
        "gru_dataclass",
        "d_update = dh * (fr.h_in - fr.cand) * fr.update * (1 - fr.update)",
        "d_update = dh * (fr.h_in - fr.cand) * (1 - fr.update ** 2)",
        kind="wrong derivative",
        steps="all",
        variable="d_update",
        why="The update gate is a logistic, this is the derivative of a tanh.",
    ),
    single(
        "hard_gates_cell_skip_slope_everywhere",
        "hard_gates_cell_skip",
        "        d[:G] *= 0.2 * ((gate[:G] > 0.0) & (gate[:G] < 1.0))\n",
        "        d[:G] *= 0.2\n",
        kind="wrong derivative | missing factor",
        steps="all",
        variable="d",
        why="Where the gate is at its limits the slope is 0, not 0.2.",
    ),
    single(
        "layer_graph_one_sigmoid_again",
        "layer_graph",
        '        self.gates = {k: Gate(Tanh() if k == "g" else Sigmoid()) for k in "ifog"}\n',
        "        sig = Sigmoid()\n"
        '        self.gates = {k: Gate(Tanh() if k == "g" else sig) for k in "ifog"}\n',
        lines=(
            'self.gates = {k: Gate(Tanh() if k == "g" else sig) for k in "ifog"}',
            "sig = Sigmoid()",
        ),
        kind="aliasing | overwritten too early",
        steps="all",
        variable="self.y",
        why="All three gates share one Sigmoid, whose y is that of the last one.",
    ),
    single(
        "layernorm_lstm_gamma_in_front",
        "layernorm_lstm",
        "    dxhat = dout * gamma\n"
        "    da = inv_std * (\n"
        "        dxhat\n"
        "        - dxhat.mean(axis=1, keepdims=True)\n"
        "        - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True)\n",
        "    da = gamma * inv_std * (\n"
        "        dout\n"
        "        - dout.mean(axis=1, keepdims=True)\n"
        "        - xhat * np.mean(dout * xhat, axis=1, keepdims=True)\n",
        kind="wrong order | wrong operand",
        steps="all",
        variable="da",
        why="gamma differs between the features, so it cannot be taken out of the means.",
    ),
    single(
        "learned_h0_gru_mean_of_rows",
        "learned_h0_gru",
        "self.h0.grad += dh.sum(axis=0)",
        "self.h0.grad += dh.mean(0)",
        kind="mean for sum",
        steps="none",
        variable="self.h0",
        why="h0 was tiled over the batch, so its gradient is the sum of the rows.",
    ),
    single(
        "lstm_attention_encoder_softmax_as_sigmoid",
        "lstm_attention_encoder",
        "de = alpha * (dalpha - alpha.dot(dalpha))",
        "de = dalpha * alpha * (1 - alpha)",
        kind="wrong derivative | missing path",
        steps="none",
        variable="de",
        why="Only the diagonal of the softmax's Jacobian is used.",
    ),
    single(
        "lstm_closures_lambda_in_loop",
        "lstm_closures",
        '        a, lin[k] = linear(p["w" + k], p["u" + k], p["b" + k], x, h)\n',
        '        a = x @ p["w" + k] + h @ p["u" + k] + p["b" + k]\n'
        '        lin[k] = lambda dy: ({"w": x.T @ dy, "u": h.T @ dy, "b": dy.sum(0)},\n'
        '                             dy @ p["w" + k].T, dy @ p["u" + k].T)\n',
        more=(
            (
                "def linear(w, u, b, x, h):\n"
                "    y = x @ w + h @ u + b\n"
                "\n"
                "    def pull(dy):\n"
                '        return {"w": x.T @ dy, "u": h.T @ dy, "b": dy.sum(0)}, dy @ w.T, dy @ '
                "u.T\n"
                "\n"
                "    return y, pull\n\n\n",
                "",
            ),
        ),
        lines=(
            'dy @ p["w" + k].T, dy @ p["u" + k].T)',
            'lin[k] = lambda dy: ({"w": x.T @ dy, "u": h.T @ dy, "b": dy.sum(0)},',
        ),
        kind="late binding",
        steps="all",
        variable="lin",
        why='k is looked up when the lambda is called, by then it is "g" for all of them.',
    ),
    single(
        "lstm_last_step_mse_one_zeros_for_all",
        "lstm_last_step_mse",
        "        self.dWf = self.dWi = self.dWc = self.dWo = 0\n"
        "        self.dbf = self.dbi = self.dbc = self.dbo = 0\n",
        "        self.dWf = self.dWi = self.dWc = self.dWo = np.zeros_like(self.Wf)\n"
        "        self.dbf = self.dbi = self.dbc = self.dbo = 0\n",
        more=(
            (
                "            self.dWf = self.dWf + z.T @ df_raw\n"
                "            self.dWi = self.dWi + z.T @ di_raw\n"
                "            self.dWc = self.dWc + z.T @ dc_raw\n"
                "            self.dWo = self.dWo + z.T @ do_raw\n",
                "            self.dWf += z.T @ df_raw\n"
                "            self.dWi += z.T @ di_raw\n"
                "            self.dWc += z.T @ dc_raw\n"
                "            self.dWo += z.T @ do_raw\n",
            ),
        ),
        kind="aliasing",
        steps="none | all",
        variable="self.dWf",
        why="All four names are one array, to which every gate's gradient is added.",
    ),
    single(
        "lstm_layer_stack_pop_from_front",
        "lstm_layer_stack",
        "self.stack.pop()",
        "self.stack.pop(0)",
        kind="forward order | wrong order",
        steps="all",
        variable="self.stack",
        why="The records are taken from the first step on, the loop runs from the last.",
    ),
    single(
        "lstm_nested_helpers_dc_before_the_sum",
        "lstm_nested_helpers",
        "        dc = dc + dh * o * dtanh(tc)\n"
        "        da = np.concatenate(\n"
        "            [dc * c_old * dsig(f), dc * g * dsig(i), dc * i * dtanh(g), dh * "
        "tc * dsig(o)], axis=1)\n"
        "        return da, dc * f\n",
        "        dct = dc + dh * o * dtanh(tc)\n"
        "        da = np.concatenate(\n"
        "            [dct * c_old * dsig(f), dct * g * dsig(i), dct * i * dtanh(g), dh "
        "* tc * dsig(o)], axis=1)\n"
        "        return da, dc * f\n",
        lines=("return da, dc * f",),
        kind="wrong operand | missing path | carry lost",
        steps="all | all but t=0",
        variable="dc",
        why="What goes on to the step before is the old dc, without the part by h.",
    ),
    single(
        "lstm_out_buffers_gates_reused",
        "lstm_out_buffers",
        "self.dgates = np.zeros((T, B, 4 * H))",
        "self.dgates = self.gates",
        kind="aliasing",
        steps="none | all",
        variable="self.dgates",
        why="The gradients are written over the gates that are still to be read.",
    ),
    single(
        "lstm_out_buffers_reshape_for_transpose",
        "lstm_out_buffers",
        "        dW = self.x.reshape(T * B, -1).T @ flat\n",
        "        dW = self.x.reshape(-1, T * B) @ flat\n",
        kind="transposed | wrong shape | wrong order",
        steps="none",
        variable="dW",
        why="Reshaping to (D, T * B) fits the product but is not the transpose.",
    ),
    single(
        "lstm_packed_tagger_states_saved_late",
        "lstm_packed_tagger",
        "        h_in[rows], c_in[rows] = h[:n], c[:n]\n        a = xw[rows]",
        "        a = xw[rows]",
        more=(
            (
                "        out[rows] = h[:n]\n",
                "        out[rows] = h[:n]\n        h_in[rows], c_in[rows] = h[:n], c[:n]\n",
            ),
        ),
        lines=("h_in[rows], c_in[rows] = h[:n], c[:n]",),
        kind="wrong order | overwritten too early | index off by one",
        steps="all",
        variable="h_in",
        why="The states are saved after they have been updated.",
    ),
    single(
        "lstm_padded_token_ce_kept_state_forgotten",
        "lstm_padded_token_ce",
        "    dh_prev = dh_prev + (1 - m) * dh\n    dc_prev",
        "    dc_prev",
        lines=(
            "dx, dh_prev = dxh[:, :x.shape[1]], dxh[:, x.shape[1]:]",
            "return dx, dh_prev, dc_prev",
        ),
        kind="missing path | carry lost",
        steps="where the mask is 0",
        variable="dh_prev",
        why="Where the mask is 0 the state is kept, this way back is missing.",
    ),
    single(
        "lstm_padded_token_ce_words_of_the_step",
        "lstm_padded_token_ce",
        "dlogits *= mask[:, t][:, None] / n_valid",
        "dlogits *= mask[:, t][:, None] / mask[:, t].sum()",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="dlogits",
        why="The cost is divided by the number of all words, not by those of the step.",
    ),
    single(
        "lstm_partial_bias_not_folded",
        "lstm_partial",
        'new["b" + k] = grads["b" + k] + v.sum(axis=0)',
        'new["b" + k] = v.sum(axis=0)',
        kind="= for +=",
        steps="all but the last",
        variable="new",
        why="The bias gradients of the steps done before are not added.",
    ),
    single(
        "lstm_partial_tape_reversed_alone",
        "lstm_partial",
        '    items = list(zip(tape, inputs["v"]))\n',
        '    items = zip(tape[::-1], inputs["v"])\n',
        more=(("reversed(items), start)", "items, start)"),),
        kind="forward order | wrong order",
        steps="none | all",
        variable="items",
        why="The tape is reversed, the gradients it is zipped with are not.",
    ),
    single(
        "lstm_projection_weight_from_outer_gradient",
        "lstm_projection",
        '        dWp += k["m"].T @ dr\n',
        '        dWp += k["m"].T @ dR[len(tape) - 1 - len(dX)]\n',
        kind="wrong operand | carry not added | missing path",
        steps="all but the last",
        variable="dWp",
        why="The recurrent part of the gradient of r belongs to Wp as well.",
    ),
    single(
        "lstm_projection_enumerate_reversed_tape",
        "lstm_projection",
        "    for k in tape[::-1]:\n        dr = dR[len(tape) - 1 - len(dX)] + dr_rec\n",
        "    for n, k in enumerate(tape[::-1]):\n        dr = dR[n] + dr_rec\n",
        lines=("dr = dR[n] + dr_rec", "for n, k in enumerate(tape[::-1]):"),
        kind="forward order | wrong order | wrong operand",
        steps="all",
        variable="dr",
        why="n counts up while the tape goes backwards, so dR is read in forward order.",
    ),
    single(
        "matrix_memory_lstm_quotient_rule",
        "matrix_memory_lstm",
        "    dden = -np.sum(dread * m['read'], axis=1) / m['den'][:, 0]\n",
        "    dden = -np.sum(dread * m['read'], axis=1) / m['den'][:, 0] ** 2\n",
        kind="spurious factor | wrong derivative",
        steps="all",
        variable="dden",
        why="read is already divided by den once, so the square divides once too often.",
    ),
    single(
        "memory_bank_lstm_dM_before_add",
        "memory_bank_lstm",
        "        dkeep = dM * M_old\n"
        "        dw = dw + np.dot(dM, add) - np.dot(dkeep, erase)\n"
        "        derase = -np.dot(w, dkeep)\n"
        "        dadd = np.dot(w, dM)\n"
        "        dM = dM * (1 - np.outer(w, erase))\n",
        "        dkeep = dM * M_old\n"
        "        derase = -np.dot(w, dkeep)\n"
        "        dM = dM * (1 - np.outer(w, erase))\n"
        "        dadd = np.dot(w, dM)\n"
        "        dw = dw + np.dot(dM, add) - np.dot(dkeep, erase)\n",
        lines=("dM = dM * (1 - np.outer(w, erase))",),
        kind="overwritten too early | wrong order",
        steps="all",
        variable="dM",
        why="dM becomes the gradient of the old memory before the added vector has read it.",
    ),
    single(
        "origin_single_loop_all_rows_all_targets",
        "origin_single_loop",
        "        delta_y[np.arange(T), target] -= 1\n",
        "        delta_y[:, target] -= 1\n",
        kind="spurious term | wrong operand",
        steps="none | all",
        variable="delta_y",
        why="The slice takes all rows for every target, so 1 is subtracted at other steps' "
        "targets too.",
    ),
    single(
        "regularised_lstm_sigmoid_of_the_gate",
        "regularised_lstm",
        "        delta_f = delta_c * c_prev * f * (1 - f)\n",
        "        sf = sigmoid(f + FORGET_BIAS)\n"
        "        delta_f = delta_c * c_prev * sf * (1 - sf)\n",
        lines=("sf = sigmoid(f + FORGET_BIAS)", "delta_f = delta_c * c_prev * sf * (1 - sf)"),
        kind="derivative of an activated value",
        steps="all",
        variable="sf",
        why="f is the gate after the sigmoid already, with the bias in it.",
    ),
    single(
        "rnn_column_major_carry_by_another_name",
        "rnn_column_major",
        '        da_prevt = gradients["da_prev"]\n',
        '        da_prev = gradients["da_prev"]\n',
        more=(("    da0 = da_prevt\n", "    da0 = da_prev\n"),),
        kind="carry lost",
        steps="all but the last | all | all but t=0",
        variable="da_prevt",
        why="da_prevt is never updated, so each step gets zeros from the one after it.",
    ),
    single(
        "rnn_column_major_square_as_product",
        "rnn_column_major",
        "    dtanh = (1 - a_next * a_next) * da_next\n",
        "    dtanh = np.dot(1 - np.dot(a_next, a_next.T), da_next)\n",
        kind="wrong derivative",
        steps="all",
        variable="dtanh",
        why="The derivative of tanh is elementwise, matrix products only happen to fit.",
    ),
    single(
        "rnn_ntd_captioning_rows_assigned",
        "rnn_ntd_captioning",
        "    np.add.at(dW, x, dout)\n",
        "    for words, rows in zip(x, dout):\n"
        "        for w, row in zip(words, rows):\n"
        "            dW[w] = row\n",
        lines=("dW[w] = row",),
        kind="= for += | repeated indices",
        steps="after an index repeats | all",
        variable="dW",
        why="A word that occurs twice keeps only the gradient of its last occurrence.",
    ),
    single(
        "rnn_recursion_dot_of_vectors",
        "rnn_recursion",
        'grads["Wh"] += np.outer(da, h_prev)',
        'grads["Wh"] += np.dot(da, h_prev)',
        kind="dot for outer",
        steps="all",
        variable="grads",
        why="The dot of two vectors is a number, which is added to all of the matrix.",
    ),
    single(
        "rnn_reversed_views_zeros_like_signs",
        "rnn_reversed_views",
        "    dlogits = -sign / (1 + np.exp(sign * logits)) / logits.size\n",
        "    dlogits = np.zeros_like(sign)\n"
        "    for t in range(len(sign)):\n"
        "        dlogits[t] = -sign[t] / (1 + np.exp(sign[t] * logits[t])) / logits.size\n",
        lines=("dlogits = np.zeros_like(sign)",),
        kind="wrong dtype",
        steps="none | all",
        variable="dlogits",
        why="sign is an integer array, so the gradients are cut to integers.",
    ),
    single(
        "sentiment_mean_pool_state_before_first",
        "sentiment_mean_pool",
        "            prev = self.states[t - 1] if t > 0 else np.zeros_like(dz)\n"
        "            dW_in += self.e[:, t].T @ dz\n"
        "            dW_rec += prev.T @ dz\n",
        "            dW_in += self.e[:, t].T @ dz\n"
        "            dW_rec += self.states[t - 1].T @ dz\n",
        lines=("dW_rec += self.states[t - 1].T @ dz",),
        kind="index off by one | initial value | wrong operand",
        steps="t=0",
        variable="dW_rec",
        why="At t = 0 the index is -1, which is the last state instead of the zeros.",
    ),
    single(
        "seq2seq_lstm_dates_one_name_for_two",
        "seq2seq_lstm_dates",
        "            dh_new = m * dh\n            dc_new = m * dc + dh_new * o * (1 - tc ** 2)\n",
        "            dh = m * dh\n            dc_new = m * dc + dh * o * (1 - tc ** 2)\n",
        more=(("dh_new * tc * o * (1 - o)], axis=1)", "dh * tc * o * (1 - o)], axis=1)"),),
        kind="overwritten too early",
        steps="where the mask is 0",
        variable="dh",
        why="dh is masked in place, (1 - m) * dh is then always 0.",
    ),
    single(
        "show_attend_tell_context_to_words",
        "show_attend_tell",
        '            dctx = dx[:, E:] + dlogit @ p["L_z"]\n',
        "            dctx = dx[:, E:]\n",
        kind="missing path",
        steps="all",
        variable="dctx",
        why="The context also goes into the logits directly.",
    ),
    single(
        "tied_embeddings_second_table",
        "tied_embeddings",
        "    dE = np.zeros_like(E)\n",
        "    dE = np.zeros_like(E)\n    demb = np.zeros_like(E)\n",
        more=(
            ("np.add.at(dE, tokens[:, t], da @ W.T)", "np.add.at(demb, tokens[:, t], da @ W.T)"),
        ),
        lines=(
            'return {"E": dE, "W": dW, "U": dU, "b": db, "bo": dbo}',
            "np.add.at(demb, tokens[:, t], da @ W.T)",
        ),
        kind="never returned | missing path",
        steps="none | all",
        variable="dE",
        why="The input side's gradients are collected in demb and never given back.",
    ),
    single(
        "toxic_comments_lstm_weight_in_difference",
        "toxic_comments_lstm",
        "    dlogit = ((1 - y) * prob - POS_WEIGHT * y * (1 - prob)) / y.size\n",
        "    dlogit = (prob - POS_WEIGHT * y) / y.size\n",
        kind="wrong derivative",
        steps="none",
        variable="dlogit",
        why="prob - y with a weight put in front of y is not the gradient of the weighted cost.",
    ),
)
