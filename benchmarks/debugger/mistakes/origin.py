"""The program that this project started from, and the published correction of it."""

from cases import Fault, Mistake

MISTAKES = (
    Mistake(
        name="origin_four_faults",
        program="origin_nested_loop",
        edits=(
            ("np.arange(0, t + 1)[::-1]", "np.arange(0, t)[::-1]"),
            ("dc = dct[t]\n", "dc = dct[0]\n"),
            ("dc = dc * f[bptt_step]\n", "dc += dc * f[bptt_step]\n"),
            (
                "            dW[0] += np.outer(di, ht[bptt_step - 1])\n"
                "            dW[1] += np.outer(df, ht[bptt_step - 1])\n"
                "            dW[2] += np.outer(do, ht[bptt_step - 1])\n"
                "            dW[3] += np.outer(dg, ht[bptt_step - 1])\n",
                "            dW[0] += np.dot(di, ht[bptt_step - 1])\n"
                "            dW[1] += np.dot(df, ht[bptt_step - 1])\n"
                "            dW[2] += np.dot(do, ht[bptt_step - 1])\n"
                "            dW[3] += np.dot(dg, ht[bptt_step - 1])\n",
            ),
        ),
        faults=(
            Fault(
                ("for bptt_step in np.arange(0, t)[::-1]:",),
                "loop bounds | index off by one",
                "all",
                "bptt_step",
                "The inner loop starts at t - 1, so the step of the loss term itself is skipped.",
            ),
            Fault(
                ("dc = dct[0]",),
                "index off by one | wrong operand | initial value",
                "all but t=0",
                "dc",
                "The cell adjoint starts from row 0 instead of row t, which was just computed.",
            ),
            Fault(
                ("dc += dc * f[bptt_step]",),
                "+= for =",
                "all",
                "dc",
                "The adjoint of the previous cell is dc * f; += keeps the later adjoint as well.",
            ),
            Fault(
                (
                    "dW[0] += np.dot(di, ht[bptt_step - 1])",
                    "dW[1] += np.dot(df, ht[bptt_step - 1])",
                    "dW[2] += np.dot(do, ht[bptt_step - 1])",
                    "dW[3] += np.dot(dg, ht[bptt_step - 1])",
                ),
                "dot for outer | wrong operand",
                "all",
                "dW",
                "The gradient of a matrix is an outer product; dot gives one number for all of it.",
            ),
        ),
    ),
    Mistake(
        name="origin_corrected_buffers_of_T_rows",
        program="origin_single_loop",
        edits=(
            ("c = np.zeros((T + 1, H))", "c = np.zeros((T, H))"),
            ("h = np.zeros((T + 1, H))", "h = np.zeros((T, H))"),
        ),
        faults=(
            Fault(
                ("dLdW[k] += np.outer(d, h[t - 1])", "h = np.zeros((T, H))"),
                "index off by one",
                "t=0",
                "h",
                "At t = 0 row -1 is the last state, which the forward had not yet written.",
            ),
            Fault(
                ("df = dc * c[t - 1] * f[t] * (1 - f[t])", "c = np.zeros((T, H))"),
                "index off by one",
                "t=0",
                "c",
                "At t = 0 row -1 is the last cell, which the forward had not yet written.",
            ),
        ),
    ),
    Mistake(
        name="origin_nested_lacks_hidden_path",
        program="origin_nested_loop",
        edits=(
            (
                "            dc = dc + dht * o[bptt_step - 1] * "
                "(1 - np.tanh(ct[bptt_step - 1]) ** 2)\n",
                "",
            ),
        ),
        faults=(
            Fault(
                (
                    "dc = dc * f[bptt_step]",
                    "dht = Wi.T.dot(di) + Wf.T.dot(df) + Wo.T.dot(do) + Wg.T.dot(dg)",
                ),
                "missing path",
                "all but the last | all but t=0",
                "dc",
                "The cell adjoint lacks the part that comes through the previous hidden state.",
            ),
        ),
    ),
)
