"""Activation derivatives: applied to an activated value, missing, or of the wrong function."""

from cases import Fault, Mistake
from planting import single

MISTAKES = (
    single(
        "column_sigmoid_derivative_forgotten",
        "column_concat",
        "dft = dc * c_prev * ft * (1 - ft)",
        "dft = dc * c_prev",
        lines=("dft = dc * c_prev",),
        kind="missing derivative",
        steps="all",
        variable="dft",
        why="The derivative of the forget gate's sigmoid is missing.",
    ),
    single(
        "column_tanh_of_tanh",
        "column_concat",
        "dcct = dc * it * (1 - cct ** 2)",
        "dcct = dc * it * (1 - np.tanh(cct) ** 2)",
        lines=("dcct = dc * it * (1 - np.tanh(cct) ** 2)",),
        kind="derivative of an activated value",
        steps="all",
        variable="dcct",
        why="cct is already a tanh.",
    ),
    Mistake(
        "column_course_equations",
        "column_concat",
        (
            (
                "dcct = dc * it * (1 - cct ** 2)",
                "dcct = dc_next * it + ot * (1 - np.tanh(c_next) ** 2) * it * da_next "
                "* (1 - cct ** 2)",
            ),
            (
                "dit = dc * cct * it * (1 - it)",
                "dit = dc_next * cct + ot * (1 - np.tanh(c_next) ** 2) * cct * da_next "
                "* it * (1 - it)",
            ),
        ),
        (
            Fault(
                (
                    "dcct = dc_next * it + ot * (1 - np.tanh(c_next) ** 2) * it * da_next "
                    "* (1 - cct ** 2)",
                ),
                "missing derivative",
                "all but the last",
                "dcct",
                "Without parentheses the part from the next cell skips the tanh derivative.",
            ),
            Fault(
                (
                    "dit = dc_next * cct + ot * (1 - np.tanh(c_next) ** 2) * cct * da_next "
                    "* it * (1 - it)",
                ),
                "missing derivative",
                "all but the last",
                "dit",
                "Without parentheses the part from the next cell skips the sigmoid derivative.",
            ),
        ),
    ),
    single(
        "step_cell_cell_tanh_derivative",
        "step_cell",
        "dc = dc + dh * cache.o * (1 - cache.tanh_c ** 2)",
        "dc = dc + dh * cache.o * (1 - np.tanh(cache.tanh_c) ** 2)",
        lines=("dc = dc + dh * cache.o * (1 - np.tanh(cache.tanh_c) ** 2)",),
        kind="derivative of an activated value",
        steps="all",
        variable="dc",
        why="tanh_c is already a tanh.",
    ),
    single(
        "ntd_output_gate_tanh_derivative",
        "ntd_tuples",
        "dao = dnext_h * tanh_c * o * (1 - o)",
        "dao = dnext_h * tanh_c * (1 - o ** 2)",
        lines=("dao = dnext_h * tanh_c * (1 - o ** 2)",),
        kind="wrong derivative",
        steps="all",
        variable="dao",
        why="The output gate is a sigmoid; this is the derivative of a tanh.",
    ),
    single(
        "class_one_minus_tanh_squared_outside",
        "class_attributes",
        "dc = dh * o * (1 - tanh_c ** 2) + dc_next",
        "dc = dh * o * (1 - tanh_c) ** 2 + dc_next",
        lines=("dc = dh * o * (1 - tanh_c) ** 2 + dc_next",),
        kind="wrong derivative",
        steps="all",
        variable="dc",
        why="(1 - tanh c) ** 2 is not 1 - tanh(c) ** 2.",
    ),
    single(
        "gru_before_tanh_derivative_at_state",
        "gru_reset_before",
        'dn = dh * s["z"] * (1 - s["n"] ** 2)',
        'dn = dh * s["z"] * (1 - s["h_prev"] ** 2)',
        lines=('dn = dh * s["z"] * (1 - s["h_prev"] ** 2)',),
        kind="wrong operand | wrong derivative",
        steps="all",
        variable="dn",
        why="The derivative is taken at the state and not at the candidate.",
    ),
    single(
        "gru_before_extra_r",
        "gru_reset_before",
        'dr = drh * s["h_prev"] * s["r"] * (1 - s["r"])',
        'dr = drh * s["h_prev"] * s["r"] * (s["r"] * (1 - s["r"]))',
        lines=('dr = drh * s["h_prev"] * s["r"] * (s["r"] * (1 - s["r"]))',),
        kind="spurious factor",
        steps="all",
        variable="dr",
        why="A factor r too many.",
    ),
    single(
        "rnn_lossfun_divides_by_derivative",
        "rnn_lossfun",
        "dhraw = (1 - hs[t] * hs[t]) * dh",
        "dhraw = dh / (1 - hs[t] * hs[t])",
        lines=("dhraw = dh / (1 - hs[t] * hs[t])",),
        kind="wrong derivative",
        steps="all",
        variable="dhraw",
        why="The derivative of tanh divides where it must multiply.",
    ),
    single(
        "batched_ifog_sigmoid_derivative_on_preactivation",
        "batched_ifog",
        "        dIFOG[t, :, :3 * d] = (y * (1.0 - y)) * dIFOGf[t, :, :3 * d]\n",
        "        s = 1.0 / (1.0 + np.exp(-y))\n"
        "        dIFOG[t, :, :3 * d] = (s * (1.0 - s)) * dIFOGf[t, :, :3 * d]\n",
        lines=(
            "s = 1.0 / (1.0 + np.exp(-y))",
            "dIFOG[t, :, :3 * d] = (s * (1.0 - s)) * dIFOGf[t, :, :3 * d]",
        ),
        kind="derivative of an activated value",
        steps="all",
        variable="s",
        why="y already went through the sigmoid.",
    ),
)
