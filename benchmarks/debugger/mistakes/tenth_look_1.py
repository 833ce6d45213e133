"""Mistakes of a writer who never saw the debugger, in programs that are new with them (1)."""

from planting import single

MISTAKES = (
    # ---------------------------------------------------------------- adder_bits_blog
    single(
        "adder_bits_blog.future_delta_begun_in_loop",
        "adder_bits_blog",
        """    future_layer_1_delta = np.zeros_like(start)
    for position in range(binary_dim):
        X = np.array([[a[position], b[position]]])
""",
        """    for position in range(binary_dim):
        future_layer_1_delta = np.zeros_like(start)
        X = np.array([[a[position], b[position]]])
""",
        kind="carry lost",
        steps="all but the last",
        variable="future_layer_1_delta",
        why="The delta of the step after is set to zero at the beginning of every step.",
        lines=("future_layer_1_delta = np.zeros_like(start)",),
    ),
    single(
        "adder_bits_blog.helper_squashes_again",
        "adder_bits_blog",
        "    return output * (1 - output)",
        "    return sigmoid(output) * (1 - sigmoid(output))",
        kind="derivative of an activated value",
        steps="all",
        variable="sigmoid_output_to_derivative",
        why="The helper is given outputs of the sigmoid but squashes them once more.",
    ),
    single(
        "adder_bits_blog.deltas_inserted_in_front",
        "adder_bits_blog",
        "layer_2_deltas.append(np.array([[layer_2_error * sigmoid_output_to_derivative(guess)]]))",
        "layer_2_deltas.insert(0, np.array([[layer_2_error * "
        "sigmoid_output_to_derivative(guess)]]))",
        kind="forward order | wrong order",
        steps="all",
        variable="layer_2_deltas",
        why="The list is built in reverse and then read from its end, so the deltas come in "
        "forward order.",
        lines=(
            "layer_2_deltas.insert(0, np.array([[layer_2_error * "
            "sigmoid_output_to_derivative(guess)]]))",
            "layer_2_delta = layer_2_deltas[-position - 1]",
        ),
    ),
    single(
        "adder_bits_blog.prev_is_the_same",
        "adder_bits_blog",
        "prev_layer_1 = layer_1_values[-position - 2]",
        "prev_layer_1 = layer_1_values[-position - 1]",
        kind="index off by one",
        steps="all",
        variable="prev_layer_1",
        why="The layer of the same step is taken for that of the step before.",
    ),
    single(
        "adder_bits_blog.bits_as_in_forward",
        "adder_bits_blog",
        "        X = np.array([[a[position], b[position]]])",
        "        X = np.array([[a[binary_dim - 1 - position], b[binary_dim - 1 - position]]])",
        kind="forward order | wrong order",
        steps="all",
        variable="X",
        why="The bits are read in the order of the forward loop while the rest goes backwards.",
    ),
    single(
        "adder_bits_blog.start_not_transposed",
        "adder_bits_blog",
        "start_update = future_layer_1_delta.dot(synapse_h.T)",
        "start_update = future_layer_1_delta.dot(synapse_h)",
        kind="transposed",
        steps="none",
        variable="start_update",
        why="The recurrent weights are not transposed for the start state.",
    ),
    # ---------------------------------------------------------------- handwriting_mdn
    single(
        "handwriting_mdn.grad_of_sigma_not_log",
        "handwriting_mdn",
        "            d_logs = gamma * (1 - z**2)",
        "            d_logs = gamma * (1.0 / s - z**2 / s)",
        kind="missing derivative | missing factor | spurious factor",
        steps="all",
        variable="d_logs",
        why="This is the gradient by s; the factor s of s = exp(log_s) is missing.",
    ),
    single(
        "handwriting_mdn.blocks_exchanged",
        "handwriting_mdn",
        "np.concatenate([d_pi, d_mu, d_logs], axis=1)",
        "np.concatenate([d_pi, d_logs, d_mu], axis=1)",
        kind="wrong order",
        steps="all",
        variable="do",
        why="The blocks of mu and log s are exchanged against split().",
    ),
    single(
        "handwriting_mdn.one_state_buffer",
        "handwriting_mdn",
        "            h, o = self.step(strokes[:, t], h)",
        "            h[...], o = self.step(strokes[:, t], h)",
        kind="aliasing",
        steps="all | all but the last",
        variable="hs",
        why="All entries of self.hs are the one buffer that each step overwrites.",
        lines=(
            "h[...], o = self.step(strokes[:, t], h)",
            "self.hs.append(h)",
            "self.hs, self.mix = [h], []",
        ),
    ),
    single(
        "handwriting_mdn.average_of_last_block_only",
        "handwriting_mdn",
        "[d_pi, d_mu, d_logs], axis=1) / (N * T)",
        "[d_pi, d_mu, d_logs / (N * T)], axis=1)",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="do",
        why="Only the block of log s is divided by N * T.",
    ),
    single(
        "handwriting_mdn.carry_of_dh",
        "handwriting_mdn",
        """            da = dh * (1 - self.hs[t + 1] ** 2)
            g["Wx"] += strokes[:, t] @ da
            g["Wh"] += self.hs[t].T @ da
            g["bh"] += da.sum(axis=0)
            dh_next = da @ p["Wh"].T
""",
        """            dh_next = dh @ p["Wh"].T
            dh *= 1 - self.hs[t + 1] ** 2
            g["Wx"] += strokes[:, t] @ dh
            g["Wh"] += self.hs[t].T @ dh
            g["bh"] += dh.sum(axis=0)
""",
        kind="missing derivative | wrong order",
        steps="all | all but t=0",
        variable="dh_next",
        why="The carry is taken before the derivative of tanh is multiplied in.",
    ),
    # ---------------------------------------------------------------- narx_tapped_delays
    single(
        "narx_tapped_delays.first_delay_assigned",
        "narx_tapped_delays",
        "        dY[:, k + 1] += dP[nU:nU + nY]",
        "        dY[:, k + 1] = dP[nU:nU + nY]",
        kind="= for +=",
        steps="all",
        variable="dY",
        why="The error of the output itself and the other delay's part are overwritten.",
    ),
    single(
        "narx_tapped_delays.delays_exchanged",
        "narx_tapped_delays",
        """        dY[:, k + 1] += dP[nU:nU + nY]
        dY[:, k] += dP[nU + nY:]
""",
        """        dY[:, k:k + 2] += dP[nU:].reshape(2, nY).T
""",
        kind="wrong order",
        steps="all",
        variable="dY",
        why="The first block belongs to y(t-1), that is column k + 1, and not to column k.",
    ),
    single(
        "narx_tapped_delays.while_greater",
        "narx_tapped_delays",
        "    while k >= 0:",
        "    while k > 0:",
        kind="loop bounds",
        steps="t=0",
        variable="k",
        why="The loop ends before the first time step (MATLAB counts from one).",
    ),
    single(
        "narx_tapped_delays.output_weights_before_loop",
        "narx_tapped_delays",
        """    dU = np.zeros(U.shape)
    k = nT - 1
""",
        """    dU = np.zeros(U.shape)
    dW2 = dY[:, 2:] @ A1.T
    db2 = np.sum(dY[:, 2:], axis=1, keepdims=True)
    k = nT - 1
""",
        more=(
            (
                """    db1 = np.sum(D1, axis=1, keepdims=True)
    dW2 = dY[:, 2:] @ A1.T
    db2 = np.sum(dY[:, 2:], axis=1, keepdims=True)
""",
                """    db1 = np.sum(D1, axis=1, keepdims=True)
""",
            ),
        ),
        kind="wrong order | missing path",
        steps="none",
        variable="dW2",
        why="dY does not yet hold what comes back through the delays.",
        lines=("dW2 = dY[:, 2:] @ A1.T", "db2 = np.sum(dY[:, 2:], axis=1, keepdims=True)"),
    ),
    single(
        "narx_tapped_delays.cosh_of_activation",
        "narx_tapped_delays",
        "D1[:, k] = dA1 * (1 - A1[:, k] ** 2)",
        "D1[:, k] = dA1 / np.cosh(A1[:, k]) ** 2",
        kind="derivative of an activated value",
        steps="all",
        variable="D1",
        why="1 / cosh**2 is to be taken of the pre-activation, but A1 is tanh of it.",
    ),
    single(
        "narx_tapped_delays.initial_delays_flipped",
        "narx_tapped_delays",
        "    dYinit = dY[:, :2]",
        "    dYinit = np.stack((dY[:, 1], dY[:, 0]), axis=1)",
        kind="wrong order",
        steps="none",
        variable="dYinit",
        why="The two initial columns are exchanged.",
    ),
    # ---------------------------------------------------------------- poetry_gru_while
    single(
        "poetry_gru_while.dhprev_not_picked_up",
        "poetry_gru_while",
        """        dh = dh * z + drh * r + m["Ur"].T @ dr + m["Uz"].T @ dz
    return d, dh
""",
        """        dhprev = dh * z + drh * r + m["Ur"].T @ dr + m["Uz"].T @ dz
    return d, dhprev
""",
        kind="carry lost",
        steps="all but the last | all but t=0",
        variable="dh",
        why="The next turn reads dh, but what is handed on is in dhprev.",
        lines=(
            'dhprev = dh * z + drh * r + m["Ur"].T @ dr + m["Uz"].T @ dz',
            'dh = dh + m["V"].T @ dy',
        ),
    ),
    single(
        "poetry_gru_while.h_updated_before_push",
        "poetry_gru_while",
        """        hnew = z * h + (1 - z) * c
        p = softmax""",
        """        hnew = z * h + (1 - z) * c
        h = hnew
        p = softmax""",
        more=(
            (
                """        stack.append((tokens[i], tokens[i + 1], x, h, r, z, rh, c, hnew, p))
        h = hnew
""",
                """        stack.append((tokens[i], tokens[i + 1], x, h, r, z, rh, c, hnew, p))
""",
            ),
        ),
        kind="overwritten too early",
        steps="all",
        variable="h",
        why="The stack gets the new state where the backward pass wants the old one.",
        lines=("h = hnew", "stack.append((tokens[i], tokens[i + 1], x, h, r, z, rh, c, hnew, p))"),
    ),
    single(
        "poetry_gru_while.embedding_row_set",
        "poetry_gru_while",
        """        dx = m["Wr"].T @ dr + m["Wz"].T @ dz + m["Wc"].T @ dc
        d["E"][tok] += dx.ravel()
""",
        """        d["E"][tok] = sum(m["W" + g].T @ dg for g, dg in zip("rzc", (dr, dz, dc)))[:, 0]
""",
        kind="= for +=",
        steps="after an index repeats",
        variable="d['E']",
        why="A word that comes twice keeps only what was written last.",
    ),
    single(
        "poetry_gru_while.stack_as_list",
        "poetry_gru_while",
        """    while stack:
        tok, nxt, x, h, r, z, rh, c, hnew, p = stack.pop()
""",
        """    for tok, nxt, x, h, r, z, rh, c, hnew, p in stack:
""",
        kind="forward order",
        steps="all",
        variable="stack",
        why="The loop goes over the stack from its bottom.",
    ),
    single(
        "poetry_gru_while.all_gates_alike",
        "poetry_gru_while",
        """        dh = dh * z + drh * r + m["Ur"].T @ dr + m["Uz"].T @ dz
""",
        """        dh = dh * z
        for gate, dg in (("r", dr), ("z", dz), ("c", dc)):
            dh += m["U" + gate].T @ dg
""",
        kind="missing factor",
        steps="all | all but t=0",
        variable="dh",
        why="The way through the candidate lacks the factor r.",
        lines=(
            'dh += m["U" + gate].T @ dg',
            'for gate, dg in (("r", dr), ("z", dz), ("c", dc)):',
            "dh = dh * z",
        ),
    ),
    # ---------------------------------------------------------------- pianoroll_stack_mask
    single(
        "pianoroll_stack_mask.mask_forgotten",
        "pianoroll_stack_mask",
        """    probs = 1 / (1 + np.exp(-logits))
    dlogits = (probs - roll[:, 1:]) * mask[:, :, None] / mask.sum()
""",
        """    dlogits = 1 / (1 + np.exp(-logits)) - roll[:, 1:]
    dlogits /= mask.sum()
""",
        kind="missing factor",
        steps="where the mask is 0 | none",
        variable="dlogits",
        why="The padded steps are not masked in the gradient.",
        lines=("dlogits = 1 / (1 + np.exp(-logits)) - roll[:, 1:]", "dlogits /= mask.sum()"),
    ),
    single(
        "pianoroll_stack_mask.carry_from_the_end",
        "pianoroll_stack_mask",
        "        dcarry = drow[:, D:D + H]",
        "        dcarry = drow[:, -H:]",
        kind="index off by one | wrong operand",
        steps="all | all but t=0",
        variable="dcarry",
        why="The last H columns take in that of the bias.",
    ),
    single(
        "pianoroll_stack_mask.weights_after_the_loop",
        "pianoroll_stack_mask",
        """        row = np.hstack([X[:, t], S[:, t], ones])
        dW += row.T @ da
        drow = da @ W.T
""",
        """        das.append(da)
        drow = da @ W.T
""",
        more=(
            (
                """    dW = np.zeros_like(W)
    dX = np.empty_like(X)
""",
                """    das = []
    dX = np.empty_like(X)
""",
            ),
            (
                """    return dW, dcarry.sum(axis=0), dX
""",
                """    rows = np.concatenate([X, S[:, :-1], np.ones((B, T, 1))], axis=2)
    dW = np.einsum("btr,bth->rh", rows, np.stack(das, axis=1))
    return dW, dcarry.sum(axis=0), dX
""",
            ),
        ),
        kind="forward order | wrong order",
        steps="none | all",
        variable="dW",
        why="das was filled from the last step on and is not turned round.",
        lines=(
            'dW = np.einsum("btr,bth->rh", rows, np.stack(das, axis=1))',
            "das.append(da)",
        ),
    ),
    single(
        "pianoroll_stack_mask.carry_past_the_tanh",
        "pianoroll_stack_mask",
        """        dtot = dS[:, t] + dcarry
        da = dtot * (1 - S[:, t + 1] ** 2)
""",
        """        da = dS[:, t] * (1 - S[:, t + 1] ** 2) + dcarry
""",
        kind="missing derivative",
        steps="all but the last",
        variable="da",
        why="The carry is added after the derivative of tanh instead of before.",
    ),
    single(
        "pianoroll_stack_mask.target_not_shifted",
        "pianoroll_stack_mask",
        "    dlogits = (probs - roll[:, 1:]) * mask[:, :, None] / mask.sum()",
        "    dlogits = (probs - roll[:, :-1]) * mask[:, :, None] / mask.sum()",
        kind="index off by one | wrong operand",
        steps="none | all",
        variable="dlogits",
        why="The targets are the notes of the step after.",
    ),
    # ---------------------------------------------------------------- traffic_encdec_lstm
    single(
        "traffic_encdec_lstm.fed_prediction_ignored",
        "traffic_encdec_lstm",
        "        dy = dpred[:, k:k + 1] + dy_fed\n",
        "        dy = dpred[:, [k]]\n",
        kind="carry not added | missing path",
        steps="all but the last",
        variable="dy",
        why="The prediction is the next input too.",
    ),
    single(
        "traffic_encdec_lstm.encoder_begins_at_zero",
        "traffic_encdec_lstm",
        """    dvisits = np.zeros_like(visits)
    dvisits[:, -1] += dy_fed[:, 0]
""",
        """    dvisits = np.zeros_like(visits)
    dvisits[:, -1] += dy_fed[:, 0]
    dh = np.zeros((B, H))
    dc = np.zeros_like(dh)
""",
        kind="carry lost | initial value | missing path",
        steps="none | the last",
        variable="dh",
        why="The gradient of the state that the decoder began with does not reach the encoder.",
        lines=("dh = np.zeros((B, H))", "dc = np.zeros_like(dh)"),
    ),
    single(
        "traffic_encdec_lstm.new_cell_cached",
        "traffic_encdec_lstm",
        """    c2 = f * c + i * g
    tc = np.tanh(c2)
    return o * tc, c2, (xh, i, f, o, g, c, tc)
""",
        """    c = f * c + i * g
    tc = np.tanh(c)
    return o * tc, c, (xh, i, f, o, g, c, tc)
""",
        kind="overwritten too early | wrong operand",
        steps="all",
        variable="c",
        why="The cache holds the new cell where the old one is wanted for the forget gate.",
        lines=("c = f * c + i * g", "return o * tc, c, (xh, i, f, o, g, c, tc)"),
    ),
    single(
        "traffic_encdec_lstm.visits_assigned",
        "traffic_encdec_lstm",
        "        dvisits[:, t] += dx[:, 0]",
        "        dvisits[:, t:t + 1] = dx",
        kind="= for +=",
        steps="the last",
        variable="dvisits",
        why="The last visits were fed to the decoder too, and that part is overwritten.",
    ),
    single(
        "traffic_encdec_lstm.decoder_weights_dedented",
        "traffic_encdec_lstm",
        """        G["Wd"] += dW
        G["bd"] += db
    dvisits""",
        """    G["Wd"] += dW
    G["bd"] += db
    dvisits""",
        kind="accumulation outside the loop",
        steps="all but t=0",
        variable="G['Wd']",
        why="Only the step that is run last is added.",
        lines=('G["Wd"] += dW', 'G["bd"] += db'),
    ),
    single(
        "traffic_encdec_lstm.readout_of_old_state",
        "traffic_encdec_lstm",
        """        cache, h = dec[k]
        dy = dpred""",
        """        cache, _ = dec[k]
        h = cache[0][:, 1:]
        dy = dpred""",
        kind="index off by one | wrong operand",
        steps="all",
        variable="h",
        why="The state in the cell's input is that of the step before, the readout sees the "
        "new one.",
        lines=("h = cache[0][:, 1:]", 'G["Wy"] += h.T @ dy'),
    ),
    # ---------------------------------------------------------------- crypto_lstm_windows
    single(
        "crypto_lstm_windows.cell_carry_before_gates",
        "crypto_lstm_windows",
        """            dc += dh * o * (1 - tanh_c**2)
            dh_o = self.gates["o"].back(dh * tanh_c)
""",
        """            dc += dh * o * (1 - tanh_c**2)
            dh_o = self.gates["o"].back(dh * tanh_c)
            dc *= f
""",
        more=(
            (
                """            dh = dh_i + dh_f + dh_o + dh_g
            dc *= f
""",
                """            dh = dh_i + dh_f + dh_o + dh_g
""",
            ),
        ),
        kind="overwritten too early | wrong order",
        steps="all",
        variable="dc",
        why="The gates still need dc before it is multiplied by f.",
        lines=("dc *= f",),
    ),
    single(
        "crypto_lstm_windows.lists_as_defaults",
        "crypto_lstm_windows",
        "    def __init__(self, W, U, b, act):",
        "    def __init__(self, W, U, b, act, out=[], ins=[]):",
        more=(("        self.out, self.ins = [], []", "        self.out, self.ins = out, ins"),),
        kind="aliasing | state between calls",
        steps="all | none",
        variable="out",
        why="All gates push to and pop from the same two default lists.",
        lines=(
            "def __init__(self, W, U, b, act, out=[], ins=[]):",
            "self.out, self.ins = out, ins",
        ),
    ),
    single(
        "crypto_lstm_windows.one_derivative_for_all",
        "crypto_lstm_windows",
        '        dz = da * (1 - a**2) if self.act == "tanh" else da * a * (1 - a)',
        "        dz = da * a * (1 - a)",
        kind="wrong derivative",
        steps="all",
        variable="dz",
        why="The candidate is a tanh.",
    ),
    single(
        "crypto_lstm_windows.divided_by_len",
        "crypto_lstm_windows",
        "    return net.backward(e / np.sqrt(1 + e**2) / ys.shape[1])",
        "    return net.backward(e / np.sqrt(1 + e**2) / len(ys))",
        kind="scale 1/B or 1/T",
        steps="none",
        variable="dys",
        why="len(ys) is the number of steps, the loss is divided by the batch.",
    ),
    single(
        "crypto_lstm_windows.cells_without_initial",
        "crypto_lstm_windows",
        '            dh_f = self.gates["f"].back(dc * self.cells[t])',
        '            dh_f = self.gates["f"].back(dc * self.cells[t - 1])',
        more=(
            (
                "        self.cells, self.hiddens = [c], []",
                "        self.cells, self.hiddens = [], []",
            ),
            ("tanh_c = np.tanh(self.cells[t + 1])", "tanh_c = np.tanh(self.cells[t])"),
        ),
        kind="index off by one | initial value",
        steps="t=0",
        variable="self.cells[t - 1]",
        why="At t = 0 the index wraps to the last cell, the initial one is not in the list.",
        lines=(
            'dh_f = self.gates["f"].back(dc * self.cells[t - 1])',
            "self.cells, self.hiddens = [], []",
        ),
    ),
    single(
        "crypto_lstm_windows.inputs_as_queue",
        "crypto_lstm_windows",
        """        a = self.out.pop()
        x, h = self.ins.pop()
""",
        """        a = self.out.pop()
        x, h = self.ins.pop(0)
""",
        kind="forward order",
        steps="all",
        variable="x",
        why="The inputs are taken from the front of the list, that is in forward order.",
        lines=("x, h = self.ins.pop(0)",),
    ),
    # ---------------------------------------------------------------- digits_ctc_toy
    single(
        "digits_ctc_toy.beta_with_emission",
        "digits_ctc_toy",
        """    beta[T - 1, S - 1] = 1.0
    beta[T - 1, S - 2] = 1.0
""",
        """    beta[T - 1, S - 1] = probs[T - 1, BLANK]
    beta[T - 1, S - 2] = probs[T - 1, ext[S - 2]]
""",
        more=(
            (
                """            b = beta[t + 1, s] * probs[t + 1, ext[s]]
            if s + 1 < S:
                b += beta[t + 1, s + 1] * probs[t + 1, ext[s + 1]]
            if s + 2 < S and can_skip(ext, s + 2):
                b += beta[t + 1, s + 2] * probs[t + 1, ext[s + 2]]
            beta[t, s] = b
""",
                """            b = beta[t + 1, s]
            if s + 1 < S:
                b += beta[t + 1, s + 1]
            if s + 2 < S and can_skip(ext, s + 2):
                b += beta[t + 1, s + 2]
            beta[t, s] = b * probs[t, ext[s]]
""",
            ),
        ),
        kind="spurious factor | missing factor",
        steps="all | none",
        variable="post",
        why="alpha and beta now both hold the emission of frame t, and post does not divide "
        "one out.",
        lines=(
            "post = ctc_alpha(probs, ext) * ctc_beta(probs, ext)",
            "beta[t, s] = b * probs[t, ext[s]]",
            "beta[T - 1, S - 1] = probs[T - 1, BLANK]",
            "beta[T - 1, S - 2] = probs[T - 1, ext[S - 2]]",
        ),
    ),
    single(
        "digits_ctc_toy.fancy_minus",
        "digits_ctc_toy",
        """    for s, ch in enumerate(ext):
        dlogits[:, ch] -= post[:, s]
""",
        """    dlogits[:, ext] -= post
""",
        kind="repeated indices",
        steps="none | all",
        variable="dlogits",
        why="The blank stands several times in ext, and only one of its states is subtracted.",
    ),
    single(
        "digits_ctc_toy.skip_asked_of_wrong_state",
        "digits_ctc_toy",
        "            if s + 2 < S and can_skip(ext, s + 2):",
        "            if s + 2 < S and can_skip(ext, s):",
        kind="index off by one | wrong operand",
        steps="all but the last",
        variable="b",
        why="Whether the jump is allowed depends on the state that is jumped to.",
    ),
    single(
        "digits_ctc_toy.leak_multiplied_in_first",
        "digits_ctc_toy",
        """        dh = dh + p["Wout"].T @ dlogits[t]
""",
        """        dh = (1 - LEAK) * (dh + p["Wout"].T @ dlogits[t])
""",
        more=(
            (
                """        dh = (1 - LEAK) * dh + p["Wrec"].T @ dpre
""",
                """        dh += p["Wrec"].T @ dpre
""",
            ),
        ),
        kind="overwritten too early | spurious factor | wrong order",
        steps="all",
        variable="dh",
        why="dpre needs the whole dh, before the factor 1 - LEAK.",
    ),
    single(
        "digits_ctc_toy.posterior_over_everything",
        "digits_ctc_toy",
        "    post = post / post.sum(axis=1, keepdims=True)",
        "    post /= post.sum()",
        kind="scale 1/B or 1/T",
        steps="none | all",
        variable="post",
        why="Every frame's row sums to P, the sum of all is T times P.",
    ),
    single(
        "digits_ctc_toy.derivative_at_leaky_state",
        "digits_ctc_toy",
        "        dpre = LEAK * dh * (1 - us[t] ** 2)",
        "        dpre = LEAK * dh * (1 - np.square(hs[t + 1]))",
        kind="derivative of an activated value | wrong operand | wrong derivative",
        steps="all",
        variable="dpre",
        why="The tanh is in u, h is the leaky average.",
    ),
    # ---------------------------------------------------------------- imdb_lstm_hinge
    single(
        "imdb_lstm_hinge.rows_written_by_zip",
        "imdb_lstm_hinge",
        """    np.add.at(grads["emb"], ids, dX)
""",
        """    for word, row in zip(ids.flatten(), dX.reshape(-1, dX.shape[2])):
        grads["emb"][word] = row
""",
        kind="= for +=",
        steps="after an index repeats | none",
        variable="grads['emb']",
        why="A word that occurs again overwrites its row.",
        lines=('grads["emb"][word] = row',),
    ),
    single(
        "imdb_lstm_hinge.states_without_spare_row",
        "imdb_lstm_hinge",
        """    h = np.zeros((T + 1, B, H))
    c = np.zeros((T + 1, B, H))
""",
        """    h, c = np.zeros((2, T, B, H))
""",
        kind="overwritten too early | index off by one | wrong shape | initial value",
        steps="t=0",
        variable="h",
        why="The initial states lie in the last row, which the last step overwrites.",
        lines=(
            "h, c = np.zeros((2, T, B, H))",
            'h[-1], c[-1] = params["h_init"], params["c_init"]',
            'grads["Wh"] += h[t - 1].T @ dz',
            "dz = np.hstack([dc * g, dc * c[t - 1], dh * tc, dc * i]) * act_grad(A[t], H)",
        ),
    ),
    single(
        "imdb_lstm_hinge.two_sigmoids_in_helper",
        "imdb_lstm_hinge",
        """    G[:, : 3 * H] = A[:, : 3 * H] * (1 - A[:, : 3 * H])
    G[:, 3 * H:] = 1 - A[:, 3 * H:] ** 2
    return G""",
        """    gates, rest = A[:, : 2 * H], A[:, 2 * H:]
    G[:, : 2 * H] = gates * (1 - gates)
    G[:, 2 * H:] = 1 - rest**2
    return G""",
        kind="wrong derivative",
        steps="all",
        variable="G",
        why="The output gate is a sigmoid but gets the derivative of tanh.",
        lines=(
            "G[:, 2 * H:] = 1 - rest**2",
            "gates, rest = A[:, : 2 * H], A[:, 2 * H:]",
            "G[:, : 2 * H] = gates * (1 - gates)",
        ),
    ),
    single(
        "imdb_lstm_hinge.decay_in_the_loop",
        "imdb_lstm_hinge",
        """        dc_next = dc * f
    grads["Wh"] += 0.02 * params["Wh"]
""",
        """        dc_next = dc * f
        grads["Wh"] += 0.02 * params["Wh"]
""",
        kind="spurious term | spurious factor",
        steps="all | all but the last",
        variable="grads['Wh']",
        why="The weight decay is added once a step.",
        lines=('grads["Wh"] += 0.02 * params["Wh"]',),
    ),
    single(
        "imdb_lstm_hinge.ends_one_late",
        "imdb_lstm_hinge",
        """        ends = lengths - 1 == t
        dh[ends] += dlast[ends]
""",
        """        dh += dlast * (lengths == t)[:, None]
""",
        kind="index off by one",
        steps="all",
        variable="dh",
        why="The last word of a review is at lengths - 1.",
    ),
    single(
        "imdb_lstm_hinge.labels_not_signed",
        "imdb_lstm_hinge",
        """    dscore = -2 * np.maximum(0, margins(score, labels)) * (2 * labels - 1) / B
""",
        "    dscore = np.where(margins(score, labels) > 0, "
        "-2 * margins(score, labels) * labels, 0.0) / B\n",
        kind="wrong operand",
        steps="none",
        variable="dscore",
        why="The factor is the signed label, not 0 or 1.",
    ),
    # ---------------------------------------------------------------- reverse_digits_attn
    single(
        "reverse_digits_attn.softmax_diagonal_only",
        "reverse_digits_attn",
        "        dscore = att * (datt - att @ datt)",
        "        dscore = datt * att * (1 - att)",
        kind="wrong derivative | missing path",
        steps="all",
        variable="dscore",
        why="Softmax is differentiated as if its outputs did not hang together.",
    ),
    single(
        "reverse_digits_attn.handover_every_step",
        "reverse_digits_attn",
        """        ds_next = P["Wd"].T @ dpre

    denc[-1] += ds_next
""",
        """        ds_next = P["Wd"].T @ dpre
        denc[-1] += ds_next
""",
        kind="spurious term",
        steps="all but t=0",
        variable="denc",
        why="Only the first decoder step begins with the last state of the encoder.",
        lines=("denc[-1] += ds_next",),
    ),
    single(
        "reverse_digits_attn.targets_by_enumerate",
        "reverse_digits_attn",
        "    for (tok, s_prev, s, att, feat, probs), want "
        "in zip(reversed(tape), reversed(tgt_out)):\n"
        "        dlogit = probs.copy()\n"
        "        dlogit[want] -= 1.0\n",
        """    for n, (tok, s_prev, s, att, feat, probs) in enumerate(reversed(tape)):
        dlogit = probs.copy()
        dlogit[tgt_out[n]] -= 1.0
""",
        kind="forward order | wrong order",
        steps="all",
        variable="dlogit",
        why="n counts from the end of the tape, but the targets are read from their beginning.",
        lines=(
            "dlogit[tgt_out[n]] -= 1.0",
            "for n, (tok, s_prev, s, att, feat, probs) in enumerate(reversed(tape)):",
        ),
    ),
    single(
        "reverse_digits_attn.h_prev_wraps",
        "reverse_digits_attn",
        """        h_prev = enc[k - 1] if k > 0 else P["h0"]
        dpre = (denc[k] + dh_next) * (1 - enc[k] ** 2)
        G["Ee"][src[k]] += dpre
        G["We"] += np.outer(dpre, h_prev)
""",
        """        dpre = (denc[k] + dh_next) * (1 - enc[k] ** 2)
        G["Ee"][src[k]] += dpre
        G["We"] += np.outer(dpre, enc[k - 1])
""",
        kind="index off by one | initial value | wrong operand",
        steps="t=0",
        variable="G['We']",
        why="At k = 0 the index wraps to the last state where h0 is wanted.",
        lines=('G["We"] += np.outer(dpre, enc[k - 1])',),
    ),
    single(
        "reverse_digits_attn.average_after_the_readout",
        "reverse_digits_attn",
        """        dlogit /= len(tgt_out)
        G["Wo"] += np.outer(dlogit, feat)
        G["bo"] += dlogit
        dfeat = P["Wo"].T @ dlogit
""",
        """        G["Wo"] += np.outer(dlogit, feat)
        G["bo"] += dlogit
        dfeat = P["Wo"].T @ dlogit / len(tgt_out)
""",
        kind="scale 1/B or 1/T | missing factor",
        steps="all",
        variable="G['Wo']",
        why="The readout's gradients are not divided by the number of steps.",
        lines=('G["Wo"] += np.outer(dlogit, feat)', 'G["bo"] += dlogit'),
    ),
    single(
        "reverse_digits_attn.embedding_at_once",
        "reverse_digits_attn",
        """        G["Ee"][src[k]] += dpre
""",
        """        denc[k] = dpre
""",
        more=(
            (
                """    G["h0"] = dh_next
""",
                """    G["Ee"][src] += denc
    G["h0"] = dh_next
""",
            ),
        ),
        kind="repeated indices",
        steps="none | after an index repeats",
        variable="G['Ee']",
        why="A digit that occurs twice gets only one of its rows.",
        lines=('G["Ee"][src] += denc',),
    ),
    # ---------------------------------------------------------------- treebank_postorder
    single(
        "treebank_postorder.err_assigned",
        "treebank_postorder",
        """        node.err += Ws.T @ delta
        dz = node.err * (1 - node.h ** 2)
""",
        """        node.err = Ws.T @ delta
        dz = node.err * (1 - node.h ** 2)
""",
        kind="= for += | carry lost | carry not added",
        steps="all but the last",
        variable="node.err",
        why="What the parent left in err is overwritten.",
    ),
    single(
        "treebank_postorder.one_zero_for_all",
        "treebank_postorder",
        """    cost = 0.0
    for node in nodes:
""",
        """    cost, zero = 0.0, np.zeros_like(b)
    for node in nodes:
""",
        more=(("        node.err = np.zeros_like(node.h)\n", "        node.err = zero\n"),),
        kind="aliasing",
        steps="all | all but the last",
        variable="node.err",
        why="All nodes share one array of zeros, into which they add.",
        lines=("node.err = zero", "cost, zero = 0.0, np.zeros_like(b)"),
    ),
    single(
        "treebank_postorder.word_gradients_in_a_dict",
        "treebank_postorder",
        "            dL[node.word] += dz\n",
        "            words[node.word] = dz\n",
        more=(
            ("    n = len(nodes)\n", "    n, words = len(nodes), {}\n"),
            (
                "    return dL, dWl, dWr, db, dWs, dbs\n",
                "    for w, row in words.items():\n        dL[w] += row\n"
                "    return dL, dWl, dWr, db, dWs, dbs\n",
            ),
        ),
        kind="= for +=",
        steps="after an index repeats",
        variable="words",
        why="A word that stands at two leaves keeps the gradient of one.",
    ),
    single(
        "treebank_postorder.leaves_without_tanh",
        "treebank_postorder",
        """        dz = node.err * (1 - node.h ** 2)
        if node.is_leaf:
            dL[node.word] += dz
            continue
""",
        """        if node.is_leaf:
            dL[node.word] += node.err
            continue
        dz = node.err * (1 - node.h ** 2)
""",
        kind="missing derivative",
        steps="all",
        variable="dL",
        why="Leaves are tanh of their word vectors too.",
        lines=("dL[node.word] += node.err",),
    ),
    single(
        "treebank_postorder.loop_over_kids",
        "treebank_postorder",
        """        node.left.err += Wl.T @ dz
        node.right.err += Wr.T @ dz
""",
        """        for kid in (node.left, node.right):
            kid.err += dz @ Wl
""",
        kind="gate copied | wrong operand",
        steps="all | all but the last",
        variable="kid.err",
        why="The right child has weights of its own.",
        lines=("kid.err += dz @ Wl", "for kid in (node.left, node.right):"),
    ),
    # ---------------------------------------------------------------- bike_rental_poisson
    single(
        "bike_rental_poisson.carry_not_dropped",
        "bike_rental_poisson",
        '            carry = (W.T @ da) * step["m"] / keep',
        "            carry = W.T @ da / keep",
        kind="missing factor",
        steps="where the mask is 0 | all | all but t=0",
        variable="carry",
        why="Dropped units get a gradient.",
    ),
    single(
        "bike_rental_poisson.undropped_state_cached",
        "bike_rental_poisson",
        """            hd = h * m / keep
            a = U @ x + W @ hd + b
""",
        """            a = U @ x + W @ (h * m / keep) + b
""",
        more=(
            (
                "dict(x=x, y=y, m=m, hd=hd, a=a, h=h_new, eta=eta)",
                "dict(x=x, y=y, m=m, hd=h, a=a, h=h_new, eta=eta)",
            ),
        ),
        kind="wrong operand | missing factor",
        steps="all",
        variable="hd",
        why="The trace holds the state before the dropout.",
        lines=(
            "trace.append(dict(x=x, y=y, m=m, hd=h, a=a, h=h_new, eta=eta))",
            'gW += da @ step["hd"].T',
        ),
    ),
    single(
        "bike_rental_poisson.lambda_of_the_mask",
        "bike_rental_poisson",
        "dict(x=x, y=y, m=m, hd=hd, a=a, h=h_new, eta=eta)",
        "dict(x=x, y=y, undrop=lambda d: d * m / keep, hd=hd, a=a, h=h_new, eta=eta)",
        more=(('carry = (W.T @ da) * step["m"] / keep', 'carry = step["undrop"](W.T @ da)'),),
        kind="late binding",
        steps="all but the last",
        variable="m",
        why="When they are called, all the lambdas see the mask of the last step.",
        lines=(
            "trace.append(dict(x=x, y=y, undrop=lambda d: d * m / keep, hd=hd, a=a, h=h_new,"
            " eta=eta))",
            'carry = step["undrop"](W.T @ da)',
        ),
    ),
    single(
        "bike_rental_poisson.trace_lives_on",
        "bike_rental_poisson",
        """def make_model(U, W, b, v, k, h_start, keep):
    trace = []

    def forward(hours, rentals, drop):
        trace.clear()
""",
        """def make_model(U, W, b, v, k, h_start, keep, trace=[]):
    def forward(hours, rentals, drop):
""",
        kind="state between calls",
        steps="none | all",
        variable="trace",
        why="The default list is never emptied, so the hours of former calls are counted again.",
        shows=("gradient", "raises", "repeat"),
    ),
    single(
        "bike_rental_poisson.grad_of_the_rate",
        "bike_rental_poisson",
        """            deta = (np.exp(step["eta"]) - step["y"]) / B
""",
        """            rate = np.exp(step["eta"])
            deta = (1 - step["y"] / rate) / B
""",
        kind="missing derivative | missing factor",
        steps="all",
        variable="deta",
        why="This is the gradient by the rate; the factor exp(eta) is missing.",
        lines=('deta = (1 - step["y"] / rate) / B',),
    ),
    single(
        "bike_rental_poisson.softplus_from_output",
        "bike_rental_poisson",
        '            da = dh * logistic(step["a"])',
        '            da = dh * (1 - np.exp(-step["h"]))',
        kind="wrong derivative | wrong operand",
        steps="all",
        variable="da",
        why="1 - exp(-softplus) is right, but h is softplus less 0.5.",
    ),
    # ---------------------------------------------------------------- batchnorm_rnn_blog
    single(
        "batchnorm_rnn_blog.std_taken_as_constant",
        "batchnorm_rnn_blog",
        """    dzhat = dout * gamma
    dz = dzhat - dzhat.mean(axis=0) - zhat * np.mean(dzhat * zhat, axis=0)
    return dz / std, dgamma, dbeta
""",
        """    dz = dout * gamma / std
    dz -= np.mean(dz, axis=0)
    return dz, dgamma, dbeta
""",
        kind="missing path",
        steps="all",
        variable="dz",
        why="The way through the standard deviation is missing.",
        lines=("dz -= np.mean(dz, axis=0)", "dz = dout * gamma / std"),
    ),
    single(
        "batchnorm_rnn_blog.only_the_last_std",
        "batchnorm_rnn_blog",
        "        out, zhats[t], stds[t] = batchnorm(z, gamma, beta)\n",
        "        out, zhats[t], std = batchnorm(z, gamma, beta)\n",
        more=(
            ("    zhats, stds = {}, {}\n", "    zhats = {}\n"),
            ("    return y, summary, hs, zhats, stds\n", "    return y, summary, hs, zhats, std\n"),
            (
                "    y, summary, hs, zhats, stds = forward(x, theta)\n",
                "    y, summary, hs, zhats, std = forward(x, theta)\n",
            ),
            (
                "batchnorm_grad(dout, gamma, zhats[t], stds[t])",
                "batchnorm_grad(dout, gamma, zhats[t], std)",
            ),
        ),
        kind="overwritten too early | wrong operand",
        steps="all but the last",
        variable="std",
        why="Only the std of the last step is kept, but each step has its own.",
        lines=(
            "out, zhats[t], std = batchnorm(z, gamma, beta)",
            "dz, dg, dbt = batchnorm_grad(dout, gamma, zhats[t], std)",
            "return y, summary, hs, zhats, std",
        ),
    ),
    single(
        "batchnorm_rnn_blog.gamma_unpacked_into_sum",
        "batchnorm_rnn_blog",
        """        dz, dg, dbt = batchnorm_grad(dout, gamma, zhats[t], stds[t])
        dgamma += dg
        dbeta += dbt
""",
        """        dz, dgamma, dbeta = batchnorm_grad(dout, gamma, zhats[t], stds[t])
""",
        kind="= for +=",
        steps="all but the last | all but t=0",
        variable="dgamma",
        why="The sums over the steps are overwritten by the tuple assignment.",
    ),
    single(
        "batchnorm_rnn_blog.pool_added_in_place",
        "batchnorm_rnn_blog",
        """        dh = dpool + dhnext
""",
        """        dh = dpool
        dh += dhnext
""",
        kind="aliasing",
        steps="all but the last | all",
        variable="dpool",
        why="dh is dpool itself, so what comes back piles up in it.",
        lines=("dh = dpool", "dh += dhnext"),
    ),
    single(
        "batchnorm_rnn_blog.beta_before_gamma",
        "batchnorm_rnn_blog",
        "    return [dWx, dWh, dgamma, dbeta, dWy, dby, dh0, dx]",
        "    return [dWx, dWh, dbeta, dgamma, dWy, dby, dh0, dx]",
        kind="wrong order | wrong name",
        steps="none",
        variable="dgamma",
        why="The list is read by KEYS, where gamma comes first.",
    ),
    single(
        "batchnorm_rnn_blog.pool_as_first_carry",
        "batchnorm_rnn_blog",
        "    dhnext = np.zeros_like(hs[0])",
        "    dhnext = dpool.copy()",
        kind="initial value | spurious term",
        steps="the last | none",
        variable="dhnext",
        why="The pooled gradient is added in every step, at the last one it now counts twice.",
    ),
    # ---------------------------------------------------------------- quora_siamese
    single(
        "quora_siamese.first_question_twice",
        "quora_siamese",
        """    ga = unread(w, ta, ddiff)
    gb = unread(w, tb, -ddiff)
""",
        """    ga, gb = (unread(w, ta, d) for d in (ddiff, -ddiff))
""",
        kind="wrong operand | gate copied",
        steps="none",
        variable="gb",
        why="The second question's gradient is run through the first one's trace.",
    ),
    single(
        "quora_siamese.padding_stops_the_carry",
        "quora_siamese",
        """        dnew = dh * alive
        da = dnew * (1 - c**2)
""",
        """        dh = dh * alive
        dnew = dh
        da = dnew * (1 - c**2)
""",
        kind="missing path | carry lost | overwritten too early",
        steps="where the mask is 0",
        variable="dh",
        why="Through padding dh is to be handed on unchanged, but it is zeroed.",
        lines=("dh = dh * alive", "dh = dh * ~alive + dnew * k + dk * w.u + da @ w.Wh.T"),
    ),
    single(
        "quora_siamese.one_set_of_sums",
        "quora_siamese",
        """def unread(w, tr, dh):
    g = Weights(*(np.zeros_like(a) for a in w))
""",
        """def unread(w, tr, dh, g):
""",
        more=(
            (
                """    ga = unread(w, ta, ddiff)
    gb = unread(w, tb, -ddiff)
""",
                """    g = Weights(*(np.zeros_like(a) for a in w))
    ga = unread(w, ta, ddiff, g)
    gb = unread(w, tb, -ddiff, g)
""",
            ),
        ),
        kind="aliasing | spurious factor",
        steps="none",
        variable="ga",
        why="ga and gb are the same sums of both questions, which are then added to themselves.",
        lines=(
            "return Weights(*(a + b for a, b in zip(ga, gb)))",
            "ga = unread(w, ta, ddiff, g)",
            "gb = unread(w, tb, -ddiff, g)",
            "g = Weights(*(np.zeros_like(a) for a in w))",
        ),
    ),
    single(
        "quora_siamese.alive_one_longer",
        "quora_siamese",
        "        alive = (t < tr.lens)[:, None]",
        "        alive = (tr.lens >= t)[:, None]",
        kind="index off by one",
        steps="where the mask is 0",
        variable="alive",
        why="The step right after the last word counts as a word.",
    ),
    single(
        "quora_siamese.trace_fields_exchanged",
        "quora_siamese",
        "    return Trace(words, hs, cand, keep, lens)",
        "    return Trace(words, hs, keep, cand, lens)",
        kind="wrong order",
        steps="none | all",
        variable="cand",
        why="The fields are in another order in the namedtuple.",
    ),
    single(
        "quora_siamese.rows_added_by_index",
        "quora_siamese",
        "        np.add.at(g.emb, tr.words[:, t], da @ w.Wx.T)",
        "        g.emb[tr.words[:, t]] += da @ w.Wx.T",
        kind="repeated indices",
        steps="all | after an index repeats",
        variable="g.emb",
        why="Where two questions have the same word at a step, only one is added.",
    ),
)
