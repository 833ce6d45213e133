"""Mistakes in ordinary LSTMs: a text model, a classifier of comments, a regression, two heads."""

from planting import Part, several, single

MISTAKES = (
    single(
        "text_minibatch_gate_not_renamed",
        "char_lstm_batch_first",
        "            self.grad_Uo += h_prev.T @ do\n",
        "            self.grad_Uo += h_prev.T @ di\n",
        kind="gate copied | wrong operand | wrong name",
        steps="all",
        variable="grad_Uo",
        why="The line was copied from the input gate's, and its gradient was not renamed.",
    ),
    single(
        "text_minibatch_divided_by_the_batch_only",
        "char_lstm_batch_first",
        "        dscores /= N * T\n",
        "        dscores /= N\n",
        kind="scale 1/B or 1/T | missing factor",
        steps="all | none",
        variable="dscores",
        why="The loss is the mean over all characters, not the sum over the steps.",
    ),
    single(
        "text_minibatch_tanh_of_the_cell_before",
        "char_lstm_batch_first",
        "            tanh_c = np.tanh(self.c[t + 1])\n",
        "            tanh_c = np.tanh(self.c[t])\n",
        kind="index off by one | wrong operand",
        steps="all",
        variable="tanh_c",
        why="The list begins with the initial cell: the cell of step t is at t + 1.",
    ),
    single(
        "text_minibatch_histories_of_the_class",
        "char_lstm_batch_first",
        "class CharLSTM:\n    def __init__(self, w):\n",
        "class CharLSTM:\n    f, i, o, g = [], [], [], []\n\n    def __init__(self, w):\n",
        more=(("        self.f, self.i, self.o, self.g = [], [], [], []\n", ""),),
        lines=(
            "f, i, o, g = [], [], [], []",
            "history.append(value)",
            "for history, value in ((self.f, f), (self.i, i), (self.o, o), (self.g, g)):",
            "f, i, o, g = self.f[t], self.i[t], self.o[t], self.g[t]",
        ),
        kind="state between calls | aliasing",
        steps="all | none",
        variable="f",
        why="The lists belong to the class, so every later net reads the first minibatch's gates.",
        shows=("gradient", "raises"),  # where the sizes agree, and where they do not
    ),
    several(
        "text_minibatch_first_attempt",
        "char_lstm_batch_first",
        Part(
            "            np.add.at(self.grad_Wf, x, df)\n"
            "            np.add.at(self.grad_Wi, x, di)\n"
            "            np.add.at(self.grad_Wo, x, do)\n"
            "            np.add.at(self.grad_Wg, x, dg)\n",
            "            self.grad_Wf[x] += df\n"
            "            self.grad_Wi[x] += di\n"
            "            self.grad_Wo[x] += do\n"
            "            self.grad_Wg[x] += dg\n",
            "repeated indices",
            "all",
            "grad_Wf",
            "Where two texts have the same character at a step, only one of them is added.",
            (
                "self.grad_Wf[x] += df",
                "self.grad_Wi[x] += di",
                "self.grad_Wo[x] += do",
                "self.grad_Wg[x] += dg",
            ),
        ),
        Part(
            "            dg = dc * i * (1 - g ** 2)\n",
            "            dg = dc * i * (1 - np.tanh(g) ** 2)\n",
            "derivative of an activated value | wrong derivative",
            "all",
            "dg",
            "g is a tanh already.",
        ),
        Part(
            "            dc_next = dc * f\n",
            "            dc_next = dc_next * f\n",
            "carry lost | wrong operand | missing path",
            "all | all but t=0 | all but the last",
            "dc_next",
            "dc_next begins with zeros and stays so; dc holds what came in and what was added.",
        ),
    ),
    single(
        "comments_maximum_overwrites_the_mean",
        "toxic_comments_lstm",
        "    dout[np.arange(n)[:, None], idx, np.arange(hidden)] += dmax\n",
        "    dout[np.arange(n)[:, None], idx, np.arange(hidden)] = dmax\n",
        kind="= for += | missing path",
        steps="all | none",
        variable="dout",
        why="The largest state is part of the mean too.",
    ),
    single(
        "comments_weight_on_both_answers",
        "toxic_comments_lstm",
        "    dlogit = ((1 - y) * prob - POS_WEIGHT * y * (1 - prob)) / y.size\n",
        "    dlogit = POS_WEIGHT * (prob - y) / y.size\n",
        kind="wrong derivative | spurious factor",
        steps="none | all",
        variable="dlogit",
        why="Only the positive labels weigh more; the formula is that of a weight on the whole.",
    ),
    single(
        "comments_new_cell_in_the_cache",
        "toxic_comments_lstm",
        "    return h_next, c_next, (x, h, c, i, f, o, g, tc)\n",
        "    return h_next, c_next, (x, h, c_next, i, f, o, g, tc)\n",
        lines=(
            "return h_next, c_next, (x, h, c_next, i, f, o, g, tc)",
            "daf = dc_total * c * f * (1 - f)",
            "x, h, c, i, f, o, g, tc = cache",
        ),
        kind="wrong operand | index off by one",
        steps="all",
        variable="c",
        why="The backward takes the third entry for the cell before the step.",
    ),
    single(
        "comments_mean_spread_by_tile",
        "toxic_comments_lstm",
        "    dout = np.repeat(dmean[:, None, :] / t_steps, t_steps, axis=1)\n",
        "    dout = np.tile(dmean / t_steps, (t_steps, 1)).reshape(n, t_steps, hidden)\n",
        kind="wrong order | transposed",
        steps="all | none",
        variable="dout",
        why="tile lays whole batches one after another, so comments take each other's gradients.",
    ),
    several(
        "comments_first_kernel",
        "toxic_comments_lstm",
        Part(
            "lstm_cell_backward(dh + dout[:, t, :], dc, caches[t], Wx, Wh)\n",
            "lstm_cell_backward(dout[:, t, :], dc, caches[t], Wx, Wh)\n",
            "carry not added | carry lost | missing path",
            "all but the last",
            "dh",
            "The state of step t was read by step t + 1, too.",
            (
                "dx[:, t, :], dh, dc, step = lstm_cell_backward(dout[:, t, :], dc, caches[t], "
                "Wx, Wh)",
            ),
        ),
        Part(
            "            grads[k] += step[k]\n",
            "            grads[k] = step[k]\n",
            "= for +=",
            "all but t=0",
            "grads",
            "Only the first step's part remains.",
        ),
        Part(
            "    dai = dc_total * g * i * (1 - i)\n",
            "    dai = dc_total * g * i\n",
            "missing derivative | missing factor | wrong derivative",
            "all",
            "dai",
            "Half of the sigmoid's derivative is missing.",
        ),
        Part(
            '    grads["b_dense"] = dlogit.sum(axis=0)\n',
            '    grads["b_dense"] = dlogit.mean(axis=0)\n',
            "mean for sum",
            "none",
            "grads",
            "dlogit has been divided by the number of labels already.",
        ),
    ),
)
