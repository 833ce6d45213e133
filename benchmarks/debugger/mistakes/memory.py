"""Views that are overwritten, arguments that are changed, state that outlives a call."""

from planting import single

MISTAKES = (
    single(
        "column_c_next_is_a_view",
        "column_concat",
        "    c_next = c0\n    for t",
        "    c[:, :, 0] = c0\n    c_next = c[:, :, 0]\n    for t",
        lines=("c_next = c[:, :, 0]", "c[:, :, t] = c_next"),
        kind="aliasing",
        steps="t=0",
        variable="c_prev",
        why="The cached c_prev of step 0 is a view into c, which step 0 overwrites with c_1.",
    ),
    single(
        "step_cell_hidden_buffer_reused",
        "step_cell",
        '    h, c = inputs["h0"], inputs["c0"]\n',
        '    h, c = inputs["h0"].copy(), inputs["c0"]\n',
        more=(
            (
                "        h, c, cache = lstm_step(",
                "        h[:], c, cache = lstm_step(",
            ),
            ("        hs.append(h)\n", "        hs.append(h.copy())\n"),
        ),
        lines=(
            'h[:], c, cache = lstm_step(x, h, c, params["Wx"], params["Wh"], params["b"])',
            'h, c = inputs["h0"].copy(), inputs["c0"]',
        ),
        kind="aliasing",
        steps="all",
        variable="h_prev",
        why="Every cached h_prev is one and the same buffer, which each step overwrites.",
    ),
    single(
        "gru_torch_accumulates_into_first_gradient",
        "gru_torch_layout",
        '    for s, g in zip(reversed(saved), inputs["grad_output"][::-1]):\n'
        "        gx, grad_h, *gw = cell.grad(grad_h + g, s)\n",
        '    for s, g in zip(reversed(saved), inputs["grad_output"][::-1]):\n'
        "        g += grad_h\n"
        "        gx, grad_h, *gw = cell.grad(g, s)\n",
        lines=("g += grad_h",),
        kind="argument changed",
        steps="all but the last",
        variable="g",
        why="g is a view into the caller's grad_output; += changes it.",
        shows=("argument", "repeat"),
    ),
    single(
        "column_major_first_state_is_a_view",
        "rnn_column_major",
        "    a_next = a0\n",
        "    a[:, :, 0] = a0\n    a_next = a[:, :, 0]\n",
        lines=("a_next = a[:, :, 0]", "a[:, :, t] = a_next"),
        kind="aliasing",
        steps="t=0",
        variable="a_prev",
        why="The cached a_prev of step 0 is a view into a, which step 0 overwrites with a_1.",
    ),
    single(
        "guarded_initial_state_in_the_last_row",
        "char_lstm_guarded",
        "        for t in range(T):\n"
        "            h_prev = self.h[t - 1] if t > 0 else self.h_init\n"
        "            c_prev = self.c[t - 1] if t > 0 else self.c_init\n",
        "        self.h[-1] = self.h_init\n"
        "        self.c[-1] = self.c_init\n"
        "        for t in range(T):\n"
        "            h_prev = self.h[t - 1]\n"
        "            c_prev = self.c[t - 1]\n",
        more=(
            (
                "            h_prev = self.h[t - 1] if t > 0 else self.h_init\n"
                "            c_prev = self.c[t - 1] if t > 0 else self.c_init\n"
                "            dV",
                "            h_prev = self.h[t - 1]\n"
                "            c_prev = self.c[t - 1]\n"
                "            dV",
            ),
        ),
        lines=(
            "self.h[-1] = self.h_init",
            "self.c[-1] = self.c_init",
            "h_prev = self.h[t - 1] @2",
            "c_prev = self.c[t - 1] @2",
        ),
        kind="aliasing",
        steps="t=0",
        variable="h_prev",
        why="Row -1 holds the initial state only until the last step writes its own state there.",
    ),
    single(
        "out_buffers_gates_reused_for_gradients",
        "lstm_out_buffers",
        "a, d = self.gates[t], self.dgates[t]\n",
        "a = d = self.gates[t]\n",
        more=(
            ("flat = self.dgates.reshape", "flat = self.gates.reshape"),
            ("flat.sum(axis=0), self.dgates @ self.W.T", "flat.sum(axis=0), self.gates @ self.W.T"),
        ),
        lines=(
            "a = d = self.gates[t]",
            "np.multiply(dc, g, out=d[:, :H])",
            "np.multiply(dc, i, out=d[:, 3 * H:])",
        ),
        kind="aliasing",
        steps="all",
        variable="d",
        why="The gates are overwritten by their gradients while they are still needed.",
    ),
    single(
        "out_buffers_one_row_for_all_steps",
        "lstm_out_buffers",
        "a, d = self.gates[t], self.dgates[t]\n",
        "a, d = self.gates[t], self.dgates[0]\n",
        kind="wrong operand | index off by one | aliasing",
        steps="all but t=0",
        variable="d",
        why="All steps write into row 0; the other rows are never filled.",
    ),
    single(
        "einsum_state_buffer_without_copy",
        "lstm_einsum",
        "        h[t + 1] = s[t, O] * np.tanh(c[t + 1])\n",
        "        h[t + 1] = s[t, O] * np.tanh(c[t + 1], out=c[t])\n",
        kind="aliasing",
        steps="all",
        variable="c",
        why="The tanh is written over the previous cell, which the backward still reads.",
    ),
    single(
        "generator_adds_into_the_callers_array",
        "lstm_generator",
        "        dc = dc + dh * s.o * (1 - tc * tc)\n",
        "        dc += dh * s.o * (1 - tc * tc)\n",
        lines=("dc += dh * s.o * (1 - tc * tc)", "dh, dc = dh_last, dc_last"),
        kind="argument changed",
        steps="the last",
        variable="dc",
        why="At the last step dc is the array that the caller passed in.",
        shows=("argument", "repeat"),
    ),
    single(
        "globals_not_cleared",
        "gru_globals",
        "    for buf in (zs, rs, hbars, hs, ys):\n        buf.clear()\n",
        "",
        lines=(
            "hs.append(np.zeros(Uz.shape[0]))",
            "zs, rs, hbars, hs, ys = [], [], [], [], []",
            "xs = sequence",
        ),
        kind="state between calls",
        steps="all",
        variable="hs",
        why="The lists still hold the steps of the call before.",
        shows=("raises",),
    ),
    single(
        "regularised_gradients_as_default_argument",
        "regularised_lstm",
        "def init_grads(params):\n"
        "    return {'d' + key: np.zeros_like(val) for key, val in params.items()}\n",
        "def init_grads(params, grads={}):\n"
        "    for key, val in params.items():\n"
        "        if grads.get('d' + key, np.zeros(0)).shape != val.shape:\n"
        "            grads['d' + key] = np.zeros_like(val)\n"
        "    return grads\n",
        lines=("def init_grads(params, grads={}):", "grads = init_grads(params)"),
        kind="state between calls",
        steps="all",
        variable="grads",
        why="The dictionary of the default argument lives on, so every call adds to the last one.",
        shows=("repeat",),
    ),
    single(
        "deque_gradients_on_the_class",
        "lstm_deque",
        "        self.grad = {k: np.zeros_like(v) for k, v in theta.items()}\n",
        "        for k, v in theta.items():\n"
        "            if k not in self.grad or self.grad[k].shape != v.shape:\n"
        "                self.grad[k] = np.zeros_like(v)\n",
        more=(
            (
                "    def __init__(self, theta):\n",
                "    grad = {}\n\n    def __init__(self, theta):\n",
            ),
        ),
        lines=("grad = {}", 'self.grad["W" + g] += np.outer(delta, xh)'),
        kind="state between calls",
        steps="all",
        variable="grad",
        why="grad belongs to the class, so all cells add to the same arrays.",
        shows=("gradient", "repeat"),
    ),
    single(
        "keras_first_gradient_in_place",
        "keras_layout_lstm",
        "            self.states.append((h_tm1, c_tm1, i, f, cand, o, c))\n"
        "            h_tm1, c_tm1 = h, c\n",
        "            self.states.append((h_tm1, c_tm1, i, f, cand, o, c))\n"
        "            h_tm1[:], c_tm1[:] = h, c\n",
        lines=(
            "h_tm1[:], c_tm1[:] = h, c",
            "self.states.append((h_tm1, c_tm1, i, f, cand, o, c))",
        ),
        kind="aliasing",
        steps="all",
        variable="h_tm1",
        why="All cached states are the same two arrays, overwritten at each step.",
    ),
    single(
        "masked_lstm_cell_updated_in_place",
        "lstm_masked_states",
        "        c = np.where(valid, c_cand, c)\n",
        "        np.copyto(c, c_cand, where=valid)\n",
        lines=(
            "np.copyto(c, c_cand, where=valid)",
            "saved.append((valid, x[:, t], h, c, i, f, o, u, c_cand))",
        ),
        kind="aliasing",
        steps="all",
        variable="c_prev",
        why="The saved c is the running state itself, which copyto changes.",
    ),
    single(
        "mgu_candidate_list_shares_an_array",
        "mgu",
        "    h = [h0]\n    f, hc = [], []\n",
        "    h = [h0]\n    f, hc = [np.zeros_like(h0)] * T, []\n",
        more=(
            (
                "        f.append(1 / (1 + np.exp(-(x[:, t] @ Wf + h[t] @ Uf + bf))))\n",
                "        f[t][...] = 1 / (1 + np.exp(-(x[:, t] @ Wf + h[t] @ Uf + bf)))\n",
            ),
        ),
        lines=(
            "f, hc = [np.zeros_like(h0)] * T, []",
            "f[t][...] = 1 / (1 + np.exp(-(x[:, t] @ Wf + h[t] @ Uf + bf)))",
        ),
        kind="aliasing",
        steps="all but the last",
        variable="f",
        why="The list holds one array T times.",
    ),
)
