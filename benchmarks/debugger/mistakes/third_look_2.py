"""A blend of two GRUs, a name classifier, a stacked GRU and an LSTM normalised as in the paper."""

from planting import Part, several, single

HANDED_ON = "all | all but the last"
"""For a line that hands a gradient on and, at the first step, to a learned or given state."""

MISTAKES = (
    single(
        "blend_candidate_matrix_reads_the_plain_state",
        "gru_blend_reset_after",
        "                dU[:, :2 * u] += h.T @ dzr\n"
        "                dU[:, 2 * u:] += inner.T @ dhh\n",
        "                dU += h.T @ dXW[:, t]\n",
        lines=("dU += h.T @ dXW[:, t]",),
        kind="wrong operand | missing factor",
        steps="all",
        variable="dU",
        why="With the reset gate before the product, the candidate's block of U reads r * h.",
    ),
    single(
        "blend_both_rows_of_the_bias_alike",
        "gru_blend_reset_after",
        "np.stack([db_in, db_rec])",
        "np.stack([db_in, db_in])",
        lines=("db = np.stack([db_in, db_in]) if self.reset_after else db_in",),
        kind="wrong operand | missing factor | wrong name",
        steps="none | all",
        variable="db",
        why="The recurrent bias of the candidate is inside of the reset gate.",
    ),
    single(
        "blend_metric_differentiated_without_its_root",
        "gru_blend_reset_after",
        "    derr = w * err / (w.sum() * HORIZON * rmsle)\n",
        "    derr = 2 * w * err / (w.sum() * HORIZON)\n",
        kind="missing derivative | wrong derivative | missing factor",
        steps="none",
        variable="derr",
        why="This is the gradient of the mean square, and the loss is its root.",
    ),
    single(
        "blend_recurrent_part_is_a_view",
        "gru_blend_reset_after",
        "                drec = dXW[:, t].copy()\n",
        "                drec = dXW[:, t]\n",
        lines=("drec = dXW[:, t]", "drec[:, 2 * u:] *= r"),
        kind="aliasing | spurious factor | overwritten too early",
        steps="all",
        variable="dXW",
        why="The reset gate is multiplied into what the input's side still needs.",
    ),
    several(
        "blend_first_version",
        "gru_blend_reset_after",
        Part(
            "            dz = dh * (h - hh) * z * (1 - z)\n",
            "            dz = dh * (hh - h) * z * (1 - z)\n",
            "wrong sign",
            "all",
            "dz",
            "z keeps the old state in both conventions.",
        ),
        Part(
            "                dh += drh * r + dzr @ self.U[:, :2 * u].T\n",
            "                dh += drh + dzr @ self.U[:, :2 * u].T\n",
            "missing factor",
            HANDED_ON,
            "dh",
            "The candidate read r * h, so the state gets drh through r.",
        ),
        Part(
            '    np.add.at(g["emb"], df["store"], dstart + dstart_new)\n',
            '    np.add.at(g["emb"], df["store"], dstart)\n',
            "missing path",
            "none | t=0",
            "g",
            "Both GRUs start from the embedding.",
        ),
        Part(
            '2 * RIDGE * p["head"]',
            'RIDGE * p["head"]',
            "missing factor",
            "none",
            "g",
            "The penalty has no half in front of it.",
            ('g["head"] = feat.T @ derr + RIDGE * p["head"]',),
        ),
    ),
)
