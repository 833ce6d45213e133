"""Views that are overwritten, arguments that are changed, state that outlives a call."""

from cases import single

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
)
