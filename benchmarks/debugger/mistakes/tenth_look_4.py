"""Mistakes of a writer who never saw the debugger, in programs that are new with them (4)."""

from planting import single

MISTAKES = (
    # ---------------------------------------------------------------- GRU-D
    single(
        "glucose_grud_missing_carry_without_decay",
        "glucose_grud_missing",
        "        dh = dhd * gh\n",
        "        dh = dhd\n",
        kind="missing factor",
        steps="all | all but t=0",
        variable="dh",
        why="The state was decayed by gh before the cell, so its gradient must be too.",
    ),
    single(
        "glucose_grud_missing_last_in_place",
        "glucose_grud_missing",
        "        last = m * X[:, t] + (1 - m) * last\n",
        "        last[m == 1] = X[:, t][m == 1]\n",
        kind="aliasing",
        steps="all but the last | all",
        variable="last",
        why="The tape holds the same array at each step and the write changes all of them.",
        lines=(
            "last[m == 1] = X[:, t][m == 1]",
            "tape.append((m, pre_x, gx, last, seen, pre_h, gh, h, hd, inp, z, r, rh, n))",
        ),
    ),
    single(
        "glucose_grud_missing_mask_half_of_input",
        "glucose_grud_missing",
        "dfill = dinp[:, :D] * (1 - m)",
        "dfill = dinp[:, D:] * (1 - m)",
        kind="wrong operand | wrong order",
        steps="all",
        variable="dfill",
        why="The second half of the input is the mask, the first half the values.",
    ),
    single(
        "glucose_grud_missing_mean_path_after_seen",
        "glucose_grud_missing",
        """        g["mu"] += (dfill * (1 - gx)).sum(0)
        g["mu"] += (dfill * gx * (1 - seen)).sum(0)
""",
        """        g["mu"] += (dfill * (1 - gx) + dfill * gx).sum(0)
""",
        kind="missing factor | spurious term",
        steps="all but t=0",
        variable='g["mu"]',
        why="Once a value was seen, last is no longer the mean.",
    ),
    single(
        "glucose_grud_missing_reset_path_replaces",
        "glucose_grud_missing",
        """        dhd += drh * r
        dhd += dz @ p["Uz"].T + dr @ p["Ur"].T
""",
        """        dhd = drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
""",
        kind="= for += | missing path",
        steps="all",
        variable="dhd",
        why="The direct way through (1 - z) is overwritten.",
    ),
    single(
        "glucose_grud_missing_candidate_row_copied",
        "glucose_grud_missing",
        '("n", dn, rh)',
        '("n", dn, hd)',
        kind="gate copied | wrong operand",
        steps="all",
        variable='g["Un"]',
        why="The candidate sees r * hd, not hd.",
    ),
    # ---------------------------------------------------------------- desk
    single(
        "desk_logvar_nll_carry_unindented",
        "desk_logvar_nll",
        """            ds_next = self.A.T @ da
        out["s_init"]""",
        """        ds_next = self.A.T @ da
        out["s_init"]""",
        kind="carry lost",
        steps="all but the last | all but t=0",
        variable="ds_next",
        why="The line stands after the loop, so each step sees zeros.",
        lines=("ds_next = self.A.T @ da", "ds = self.Cm.T @ dmu + self.Cv.T @ dlv + ds_next"),
    ),
    single(
        "desk_logvar_nll_precision_outside_bracket",
        "desk_logvar_nll",
        "dlv = k * 0.5 * (1 - e ** 2 * prec)",
        "dlv = k * 0.5 * (1 - e ** 2) * prec",
        kind="wrong derivative | wrong order",
        steps="all",
        variable="dlv",
        why="Only the squared error is multiplied by the precision.",
    ),
    single(
        "desk_logvar_nll_states_without_offset",
        "desk_logvar_nll",
        "s, s_prev = self.s[t + 1], self.s[t]",
        "s, s_prev = self.s[t], self.s[t - 1]",
        kind="index off by one",
        steps="all",
        variable="s",
        why="self.s begins with the initial state.",
    ),
    single(
        "desk_logvar_nll_z_score_cached",
        "desk_logvar_nll",
        "            self.err.append(e)\n",
        "            self.err.append(e * np.exp(-0.5 * lv))\n",
        kind="wrong operand | spurious factor",
        steps="all",
        variable="self.err",
        why="The backward pass scales the error by the precision once more.",
    ),
    single(
        "desk_logvar_nll_weights_by_age",
        "desk_logvar_nll",
        "            k = self.wts[t] / N\n",
        "            k = self.wts[T - 1 - t] / N\n",
        kind="wrong order | forward order",
        steps="all",
        variable="k",
        why="The weights are read from the other end.",
    ),
    single(
        "desk_logvar_nll_squares_first",
        "desk_logvar_nll",
        'out["B"] += da @ self.feat[t].T',
        'out["B"] += np.hstack([da @ (R[t] ** 2).T, da @ R[t].T])',
        kind="wrong order",
        steps="all",
        variable='out["B"]',
        why="The features are stacked with the returns first.",
    ),
    # ---------------------------------------------------------------- reinforce
    single(
        "reinforce_prev_action_no_reset_of_carry",
        "reinforce_prev_action",
        'dh_carry = (dpre @ w["W_rec"].T) * s.keep[:, None]',
        'dh_carry = dpre @ w["W_rec"].T',
        kind="missing factor",
        steps="where the mask is 0 | all but t=0 | all",
        variable="dh_carry",
        why="The gradient leaks into the episode before the reset.",
    ),
    single(
        "reinforce_prev_action_zip_forwards",
        "reinforce_prev_action",
        """    for s, a, g in zip(reversed(steps), act[::-1], G[::-1]):
""",
        """    for t, s in enumerate(reversed(steps)):
        a, g = act[t], G[t]
""",
        kind="forward order | wrong order",
        steps="all",
        variable="a",
        why="t counts from the end of the episode, act and G from the start.",
        lines=("a, g = act[t], G[t]", "for t, s in enumerate(reversed(steps)):"),
    ),
    single(
        "reinforce_prev_action_action_rows_plus",
        "reinforce_prev_action",
        'np.add.at(grad["E_act"], s.prev_a, dpre)',
        'grad["E_act"][s.prev_a] += dpre',
        kind="repeated indices",
        steps="after an index repeats | all",
        variable='grad["E_act"]',
        why="Environments with the same last action count only once.",
    ),
    single(
        "reinforce_prev_action_entropy_plus_one",
        "reinforce_prev_action",
        "dlogits += beta * s.pi * (s.logp + s.ent[:, None])",
        "dlogits += beta * s.pi * (s.logp + 1)",
        kind="wrong derivative",
        steps="all",
        variable="dlogits",
        why="That is d ent / d pi, not pushed through the softmax.",
    ),
    single(
        "reinforce_prev_action_logged_after_update",
        "reinforce_prev_action",
        """        steps.append(Step(obs[t], prev, keep, h_in, h, pi, logp, ent))
        keep = 1 - done[t]
        prev = np.where(done[t] == 1, 0, act[t] + 1)
""",
        """        keep = 1 - done[t]
        prev = np.where(done[t] == 1, 0, act[t] + 1)
        steps.append(Step(obs[t], prev, keep, h_in, h, pi, logp, ent))
""",
        kind="overwritten too early | wrong order",
        steps="all",
        variable="prev",
        why="prev and keep are those of the next step when they are stored.",
        lines=(
            "steps.append(Step(obs[t], prev, keep, h_in, h, pi, logp, ent))",
            "prev = np.where(done[t] == 1, 0, act[t] + 1)",
            "keep = 1 - done[t]",
        ),
    ),
    single(
        "reinforce_prev_action_no_baseline",
        "reinforce_prev_action",
        """    G = G - G.mean()
    N = obs.shape[1]
    steps =""",
        """    N = obs.shape[1]
    steps =""",
        kind="wrong operand | missing path",
        steps="none | all",
        variable="G",
        why="The objective subtracts the mean return, the gradient does not.",
        lines=("G = reward_to_go(rew, done, gamma) @2", "dlogits = g[:, None] * (s.pi - onehot)"),
    ),
    # ---------------------------------------------------------------- moths
    single(
        "moth_trap_poisson_start_after_traps",
        "moth_trap_poisson",
        """        g["h0"] += adj
        g["site"][site] += adj
""",
        """    g["h0"] += adj
    g["site"][site] += adj
""",
        kind="accumulation outside the loop",
        steps="none",
        variable='g["h0"]',
        why="Only the last trap reaches the initial state.",
        lines=('g["h0"] += adj', 'g["site"][site] += adj'),
    ),
    single(
        "moth_trap_poisson_softplus_like_sigmoid",
        "moth_trap_poisson",
        """            du = k * adj / (1 + np.exp(-u[t]))
""",
        """            act = softplus(u[t])
            du = k * adj * act * (1 - act)
""",
        kind="wrong derivative | derivative of an activated value",
        steps="all",
        variable="du",
        why="The slope of softplus is the sigmoid of u.",
        lines=("du = k * adj * act * (1 - act)",),
    ),
    single(
        "moth_trap_poisson_site_assigned",
        "moth_trap_poisson",
        '        g["site"][site] += adj\n',
        '        g["site"][site] = adj\n',
        kind="= for +=",
        steps="none",
        variable='g["site"]',
        why="Two traps are at one site.",
    ),
    single(
        "moth_trap_poisson_while_from_last",
        "moth_trap_poisson",
        """        t = T
        while t > 0:
            t -= 1
""",
        """        t = T - 1
        while t > 0:
""",
        more=(
            (
                '            adj = (1 - k) * adj + par["R"].T @ du\n',
                '            adj = (1 - k) * adj + par["R"].T @ du\n            t -= 1\n',
            ),
        ),
        kind="loop bounds",
        steps="t=0",
        variable="adj",
        why="The loop stops before night 0.",
        lines=("while t > 0:", "t = T - 1"),
    ),
    single(
        "moth_trap_poisson_nights_of_trap",
        "moth_trap_poisson",
        'resid = d["ok"][i] * (np.exp(eta) - d["counts"][i]) / nights',
        'resid = d["ok"][i] * (np.exp(eta) - d["counts"][i]) / d["ok"][i].sum()',
        kind="scale 1/B or 1/T",
        steps="none | all",
        variable="resid",
        why="The loss divides by the nights of all traps.",
    ),
    single(
        "moth_trap_poisson_ridge_each_trap",
        "moth_trap_poisson",
        """        g["site"][site] += adj
    g["R"] += d["ridge"] * par["R"]
""",
        """        g["site"][site] += adj
        g["R"] += d["ridge"] * par["R"]
""",
        kind="spurious factor | spurious term",
        steps="none",
        variable='g["R"]',
        why="The penalty is added once per trap.",
        lines=('g["R"] += d["ridge"] * par["R"]',),
    ),
    single(
        "moth_trap_poisson_leak_new_state",
        "moth_trap_poisson",
        "(softplus(u[t]) - h[t])",
        "(softplus(u[t]) - h[t + 1])",
        kind="index off by one",
        steps="all",
        variable='g["leak"]',
        why="The leak mixes the old state in.",
    ),
    # ---------------------------------------------------------------- CTC
    single(
        "keyword_ctc_probs_occupancy_fancy",
        "keyword_ctc_probs",
        """        for s, label in enumerate(ext):
            occupancy[:, label] += post[:, s]
""",
        """        occupancy[:, ext] += post
""",
        kind="repeated indices",
        steps="none | all",
        variable="occupancy",
        why="The blank occurs many times in ext.",
    ),
    single(
        "keyword_ctc_probs_beta_skip_from",
        "keyword_ctc_probs",
        "if s + 2 < S and can_skip(ext, s + 2):",
        "if s + 2 < S and can_skip(ext, s):",
        kind="index off by one | wrong operand",
        steps="all but the last",
        variable="acc",
        why="The rule of skipping is about the state that is skipped to.",
    ),
    single(
        "keyword_ctc_probs_beta_emits_too",
        "keyword_ctc_probs",
        "            be[t, s] = acc\n",
        "            be[t, s] = acc * y[t, ext[s]]\n",
        kind="spurious factor",
        steps="all but the last",
        variable="be",
        why="y of the step t is in alpha already.",
    ),
    single(
        "keyword_ctc_probs_back_not_reset",
        "keyword_ctc_probs",
        """        back = np.zeros_like(P["start"])
""",
        "",
        more=(
            (
                "    G = {k: np.zeros_like(v) for k, v in P.items()}\n",
                "    G = {k: np.zeros_like(v) for k, v in P.items()}\n"
                '    back = np.zeros_like(P["start"])\n',
            ),
        ),
        kind="initial value",
        steps="the last",
        variable="back",
        why="The carry of one utterance goes into the end of the next.",
        lines=('back = np.zeros_like(P["start"])', 'dh = P["Wy"].T @ dO[t] + back'),
    ),
    single(
        "keyword_ctc_probs_enumerate_from_one",
        "keyword_ctc_probs",
        "        for t in range(len(frames) - 1, -1, -1):\n",
        "        for t, x in reversed(list(enumerate(frames[1:], 1))):\n",
        more=(("np.outer(dz, frames[t])", "np.outer(dz, x)"),),
        kind="loop bounds",
        steps="t=0",
        variable="t",
        why="The first frame is never visited.",
    ),
    single(
        "keyword_ctc_probs_posterior_normalised_at_once",
        "keyword_ctc_probs",
        "post = post / post.sum(axis=1, keepdims=True)",
        "post = post / post.sum()",
        kind="scale 1/B or 1/T",
        steps="none | all",
        variable="post",
        why="The sum over all frames is T times the likelihood.",
    ),
    single(
        "keyword_ctc_probs_output_old_states",
        "keyword_ctc_probs",
        'G["Wy"] += dO.T @ hs[1:]',
        'G["Wy"] += sum(np.outer(d, h) for d, h in zip(dO, hs))',
        kind="index off by one",
        steps="none | all",
        variable='G["Wy"]',
        why="hs begins with the start state, so zip pairs each frame with the state before.",
    ),
    # ---------------------------------------------------------------- arm
    single(
        "arm_rollout_discounted_position_to_speed_late",
        "arm_rollout_discounted",
        """            lam_v = lam_v + dt * lam_q
            dacc""",
        """            dacc""",
        more=(
            (
                "            lam_v = lam_v - drag * dforce\n",
                "            lam_v = lam_v - drag * dforce\n"
                "            lam_v = lam_v + dt * lam_q\n",
            ),
        ),
        kind="wrong order",
        steps="all",
        variable="lam_v",
        why="q was advanced by the new speed, so lam_v needs lam_q first.",
        lines=("lam_v = lam_v + dt * lam_q", "dacc = dt * lam_v"),
    ),
    single(
        "arm_rollout_discounted_no_residual",
        "arm_rollout_discounted",
        "lam_q = lam_q + d_features(q, df)",
        "lam_q = d_features(q, df)",
        kind="missing path | carry lost | = for +=",
        steps="all | all but t=0",
        variable="lam_q",
        why="q goes on directly to the next step as well.",
    ),
    single(
        "arm_rollout_discounted_cosine_sign",
        "arm_rollout_discounted",
        "return df[..., :k] * np.cos(q) - df[..., k:2 * k] * np.sin(q)",
        "ds, dc = df[..., :k], df[..., k:2 * k]\n    return ds * np.cos(q) + dc * np.sin(q)",
        kind="wrong sign",
        steps="all",
        variable="d_features",
        why="The derivative of cos is -sin.",
        lines=("return ds * np.cos(q) + dc * np.sin(q)",),
    ),
    single(
        "arm_rollout_discounted_speed_in_place",
        "arm_rollout_discounted",
        "            v = v + dt * acc\n",
        "            v += dt * acc\n",
        kind="aliasing",
        steps="all",
        variable="v",
        why="All saved speeds are the same array.",
        lines=("v += dt * acc", "saved.append((q, v, f, z, acc))"),
    ),
    single(
        "arm_rollout_discounted_action_columns",
        "arm_rollout_discounted",
        "da[:, t] = df[:, 2 * q.shape[1]:]",
        "da[:, t] = df[:, :actions.shape[2]]",
        kind="wrong operand | wrong order",
        steps="all",
        variable="da",
        why="The actions are the last features, not the first.",
    ),
    single(
        "arm_rollout_discounted_discount_from_one",
        "arm_rollout_discounted",
        "d = discount ** np.arange(T)\n",
        "d = np.cumprod(np.full(T, discount))\n",
        kind="index off by one | spurious factor",
        steps="none | all",
        variable="d",
        why="cumprod begins with discount, the loss with 1.",
    ),
    # ---------------------------------------------------------------- sessions
    single(
        "session_bpr_shop_pop_front",
        "session_bpr_shop",
        "x, h, r, z, n, hn = self.stack.pop()",
        "x, h, r, z, n, hn = self.stack.pop(0)",
        kind="forward order | wrong order",
        steps="all",
        variable="x",
        why="The stack is read from its bottom.",
    ),
    single(
        "session_bpr_shop_update_gate_way",
        "session_bpr_shop",
        "        return di @ self.Wi.T, dout * z + dhid @ self.Wh.T\n",
        "        dx, dh = (d @ w.T for d, w in ((di, self.Wi), (dhid, self.Wh)))\n"
        "        return dx, dh\n",
        kind="missing path",
        steps="all | all but t=0",
        variable="dh",
        why="The old state reaches the new one through z directly, too.",
    ),
    single(
        "session_bpr_shop_item_rows_plus",
        "session_bpr_shop",
        """            np.add.at(dout, pos, ddiff[:, None] * h)
            np.add.at(dout, neg, -ddiff[:, None] * h)
""",
        """            dout[pos] += ddiff[:, None] * h
            dout[neg] -= ddiff[:, None] * h
""",
        kind="repeated indices",
        steps="after an index repeats | all",
        variable="dout",
        why="Sessions with the same item count once.",
        lines=("dout[pos] += ddiff[:, None] * h", "dout[neg] -= ddiff[:, None] * h"),
    ),
    single(
        "session_bpr_shop_one_gradient_for_both",
        "session_bpr_shop",
        """        di = np.hstack([dr, dz, dn])
        dhid = np.hstack([dr, dz, dn * r])
""",
        """        di = dhid = np.hstack([dr, dz, dn])
""",
        kind="missing factor | wrong operand",
        steps="all",
        variable="dhid",
        why="The hidden part of the candidate is behind the reset gate.",
    ),
    single(
        "session_bpr_shop_state_stored_first",
        "session_bpr_shop",
        "            cand = self.cell.forward(self.emb[items[:, t]], h)\n",
        "            self.hs.append(h)\n"
        "            cand = self.cell.forward(self.emb[items[:, t]], h)\n",
        more=(
            (
                "            total -= (on * np.log(sigmoid(diff)) / (lengths - 1)).sum()\n"
                "            self.hs.append(h)\n",
                "            total -= (on * np.log(sigmoid(diff)) / (lengths - 1)).sum()\n",
            ),
        ),
        kind="index off by one | wrong order | wrong operand",
        steps="all",
        variable="self.hs",
        why="The scores were made with the new state.",
    ),
    single(
        "session_bpr_shop_length_of_session",
        "session_bpr_shop",
        "ddiff = -on * sigmoid(-self.diff[t]) / (lengths - 1) / B",
        "ddiff = -on * sigmoid(-self.diff[t]) / on.sum()",
        kind="scale 1/B or 1/T",
        steps="all",
        variable="ddiff",
        why="The loss is a mean over the session's own steps and then over sessions.",
    ),
    # ---------------------------------------------------------------- ICU
    single(
        "icu_hazard_lstm_state_grad_not_cleared",
        "icu_hazard_lstm",
        """        d_x = np.zeros_like(hr["x"])
        d_h = np.zeros_like(d_h)
""",
        """        d_x = np.zeros_like(hr["x"])
""",
        kind="+= for = | initial value | spurious term",
        steps="all | all but t=0",
        variable="d_h",
        why="The gradient of the new state stays in that of the old one.",
        lines=('d_h += d_a @ par["rec_" + g].T', 'd_x = np.zeros_like(hr["x"])'),
    ),
    single(
        "icu_hazard_lstm_zeros_in_gate_loop",
        "icu_hazard_lstm",
        """        d_x = np.zeros_like(hr["x"])
        d_h = np.zeros_like(d_h)
        for g in GATES:
""",
        """        for g in GATES:
            d_x = np.zeros_like(hr["x"])
            d_h = np.zeros_like(d_h)
""",
        kind="initial value | = for +=",
        steps="all",
        variable="d_x",
        why="Only the last gate's share survives.",
        lines=('d_x = np.zeros_like(hr["x"])', "d_h = np.zeros_like(d_h)"),
    ),
    single(
        "icu_hazard_lstm_same_state_dict",
        "icu_hazard_lstm",
        """        new = {"c": c, "h": act["output"] * tc}
""",
        """        new = state
        new.update(c=c, h=act["output"] * tc)
""",
        kind="aliasing",
        steps="all",
        variable="state",
        why="prev and now of all hours are one dict.",
        lines=("new = state", 'new.update(c=c, h=act["output"] * tc)'),
    ),
    single(
        "icu_hazard_lstm_drugs_per_patient",
        "icu_hazard_lstm",
        """        for slot in range(data["drugs"].shape[2]):
            np.add.at(grad["drug_table"], data["drugs"][t][:, slot], d_x[:, n_vit:])
""",
        """        for pat, given in enumerate(data["drugs"][t]):
            grad["drug_table"][given] += d_x[pat, n_vit:]
""",
        kind="repeated indices",
        steps="after an index repeats | all",
        variable='grad["drug_table"]',
        why="A patient may get the same drug in both slots.",
        lines=('grad["drug_table"][given] += d_x[pat, n_vit:]',),
    ),
    single(
        "icu_hazard_lstm_everyone_at_risk",
        "icu_hazard_lstm",
        'd_logit = hr["at_risk"] * (hr["hazard"] - hr["dies"]) / data["stay"].sum()',
        'd_logit = (hr["hazard"] - hr["dies"]) / data["stay"].sum()',
        kind="missing factor",
        steps="where the mask is 0",
        variable="d_logit",
        why="Patients that left are counted still.",
    ),
    single(
        "icu_hazard_lstm_forget_before_gates",
        "icu_hazard_lstm",
        """        d_c = d_c + d_h * act["output"] * (1 - hr["tc"] ** 2)
""",
        """        d_c = (d_c + d_h * act["output"] * (1 - hr["tc"] ** 2)) * act["forget"]
""",
        more=(
            (
                """        d_c = d_c * act["forget"]
    grad["c0"]""",
                """    grad["c0"]""",
            ),
        ),
        kind="overwritten too early | spurious factor | wrong order",
        steps="all",
        variable="d_c",
        why="The gates need the gradient of the new cell.",
    ),
    single(
        "icu_hazard_lstm_first_state_after_hour",
        "icu_hazard_lstm",
        'h_first = hours[0]["prev"]["h"]',
        'h_first = hours[0]["now"]["h"]',
        kind="index off by one | wrong operand",
        steps="none | t=0",
        variable="h_first",
        why="The demographics make the state before the first hour.",
    ),
    # ---------------------------------------------------------------- tutor
    single(
        "knowledge_tracing_tutor_step_assigned_twice",
        "knowledge_tracing_tutor",
        """    d_know[:, 1:] += d_step
    d_know[:, :-1] -= d_step
""",
        """    d_know[:, :-1] = -d_step
    d_know[:, 1:] = d_step
""",
        kind="= for +=",
        steps="none | all",
        variable="d_know",
        why="The middle exercises are in two steps.",
        lines=("d_know[:, 1:] = d_step", "d_know[:, :-1] = -d_step"),
    ),
    single(
        "knowledge_tracing_tutor_answer_grad_after_wave",
        "knowledge_tracing_tutor",
        """    d_logit[rows, cols, skill[:, 1:]] = m * (k["p_next"] - y) / m.sum()
""",
        "",
        more=(
            (
                "    d_logit += d_know * know * (1 - know)\n",
                """    d_logit += d_know * know * (1 - know)
    d_logit[rows, cols, skill[:, 1:]] = m * (k["p_next"] - y) / m.sum()
""",
            ),
        ),
        kind="= for += | overwritten too early | wrong order",
        steps="none | all but the last",
        variable="d_logit",
        why="The assignment throws the penalty's share away.",
        lines=('d_logit[rows, cols, skill[:, 1:]] = m * (k["p_next"] - y) / m.sum()',),
    ),
    single(
        "knowledge_tracing_tutor_tokens_vectorised",
        "knowledge_tracing_tutor",
        """    for s in range(S):
        for t in range(T):
            grads["In"][k["token"][s, t]] += d_pre[s, t]
""",
        """    grads["In"][k["token"]] += d_pre
""",
        kind="repeated indices",
        steps="none | after an index repeats | all",
        variable='grads["In"]',
        why="A token that occurs more than once is added only once.",
    ),
    single(
        "knowledge_tracing_tutor_flow_piles_up",
        "knowledge_tracing_tutor",
        '        flow = d_pre[:, t] @ th["Wr"].T\n',
        '        flow += d_pre[:, t] @ th["Wr"].T\n',
        kind="+= for =",
        steps="all but the last | all",
        variable="flow",
        why="The shares of later exercises are handed on again.",
    ),
    single(
        "knowledge_tracing_tutor_wave_unmasked",
        "knowledge_tracing_tutor",
        'd_step = 2 * lam * m[:, :, None] * k["step"]',
        'd_step = 2 * lam * k["step"]',
        kind="missing factor",
        steps="none | where the mask is 0",
        variable="d_step",
        why="The penalty is on real exercises only.",
    ),
    single(
        "knowledge_tracing_tutor_skill_of_now",
        "knowledge_tracing_tutor",
        """    d_logit[rows, cols, skill[:, 1:]] = m * (k["p_next"] - y) / m.sum()
""",
        """    for s in range(S):
        for t in range(T - 1):
            d_logit[s, t, skill[s, t]] = m[s, t] * (k["p_next"][s, t] - y[s, t]) / m.sum()
""",
        kind="index off by one",
        steps="all but the last | all | none",
        variable="d_logit",
        why="The prediction at t is about the skill at t + 1.",
        lines=('d_logit[s, t, skill[s, t]] = m[s, t] * (k["p_next"][s, t] - y[s, t]) / m.sum()',),
    ),
    # ---------------------------------------------------------------- groove
    single(
        "groove_hits_velocity_input_grads_appended",
        "groove_hits_velocity",
        "        dxs[t], dh_rec = dxh[:, :-H], dxh[:, -H:]\n",
        "        dxs.append(dxh[:, :-H])\n        dh_rec = dxh[:, -H:]\n",
        more=(("    dxs = [None] * len(log)\n", "    dxs = []\n"),),
        kind="wrong order | forward order",
        steps="all | none",
        variable="dxs",
        why="The list is filled from the end and read from the start.",
        lines=(
            "dxs.append(dxh[:, :-H])",
            "for t, d in enumerate(dmid):",
            "return dxs, dW, db, dh_rec, dc",
        ),
    ),
    single(
        "groove_hits_velocity_first_layer_replaced",
        "groove_hits_velocity",
        '        dh1[t] += d * I["drop"]\n',
        '        dh1[t] = d * I["drop"]\n',
        kind="= for += | missing path",
        steps="all",
        variable="dh1",
        why="The skip to the output is lost.",
    ),
    single(
        "groove_hits_velocity_tanh_slope_of_cell",
        "groove_hits_velocity",
        """        tc = np.tanh(c)
        dc = dc + dh * o * (1 - tc ** 2)
""",
        """        tc = np.tanh(c)
        dc = dc + dh * o * (1 - c ** 2)
""",
        kind="wrong derivative | derivative of an activated value | wrong operand",
        steps="all",
        variable="dc",
        why="1 - x**2 wants the value after tanh.",
        lines=("dc = dc + dh * o * (1 - c ** 2)",),
    ),
    single(
        "groove_hits_velocity_cell_carry_undecayed",
        "groove_hits_velocity",
        """        dxs[t], dh_rec = dxh[:, :-H], dxh[:, -H:]
        dc = dc * f
""",
        """        dxs[t], dh_rec = dxh[:, :-H], dxh[:, -H:]
""",
        kind="missing factor",
        steps="all but the last | all | all but t=0",
        variable="dc",
        why="The cell goes through the forget gate on its way back.",
        lines=("dc = dc + dh * o * (1 - tc ** 2)", "dxs[t], dh_rec = dxh[:, :-H], dxh[:, -H:]"),
    ),
    single(
        "groove_hits_velocity_old_cell_overwritten",
        "groove_hits_velocity",
        """        c_old, c = c, f * c + i * g
        h = o * np.tanh(c)
        log.append((xh, i, f, o, g, c_old, c, h))
""",
        """        c = f * c + i * g
        h = o * np.tanh(c)
        log.append((xh, i, f, o, g, c, c, h))
""",
        kind="overwritten too early | index off by one | wrong operand",
        steps="all",
        variable="c_old",
        why="The old cell is gone when it is logged.",
        lines=("log.append((xh, i, f, o, g, c, c, h))", "c = f * c + i * g"),
    ),
    single(
        "groove_hits_velocity_velocity_of_all_drums",
        "groove_hits_velocity",
        'dvel = 2 * I["alpha"] * I["hits"] * (vel - I["vel"]) / I["hits"].sum()',
        'dvel = 2 * I["alpha"] * (vel - I["vel"]) / I["hits"].sum()',
        kind="missing factor",
        steps="none | where the mask is 0",
        variable="dvel",
        why="Only drums that are hit have a velocity.",
    ),
    # ---------------------------------------------------------------- birds
    single(
        "birdsong_bidi_maxpool_plain_reversal",
        "birdsong_bidi_maxpool",
        "dfw, dbw = dboth[:, :, :half], flip(dboth[:, :, half:], n)",
        "dfw, dbw = dboth[:, :, :half], dboth[::-1, :, half:]",
        kind="wrong order",
        steps="none | all",
        variable="dbw",
        why="Clips were turned within their own lengths.",
    ),
    single(
        "birdsong_bidi_maxpool_frames_unturned",
        "birdsong_bidi_maxpool",
        "scan_grad(dbw, hb, xr, n, p",
        "scan_grad(dbw, hb, x, n, p",
        kind="wrong operand | wrong order",
        steps="none",
        variable='g["Wb"]',
        why="The backward net saw the turned frames.",
    ),
    single(
        "birdsong_bidi_maxpool_winner_frames_only",
        "birdsong_bidi_maxpool",
        """    dboth[winner, np.arange(B)[:, None], np.arange(H2)] = dpool
""",
        """    for b in range(B):
        dboth[winner[b], b] = dpool[b]
""",
        kind="spurious term | wrong shape",
        steps="none | all",
        variable="dboth",
        why="Each winning frame gets the gradient of all features.",
        lines=("dboth[winner[b], b] = dpool[b]",),
    ),
    single(
        "birdsong_bidi_maxpool_hinge_not_squared",
        "birdsong_bidi_maxpool",
        """    ds = -2 * inputs["rarity"] * margin * inputs["sign"] / len(s)
""",
        """    wrong = (margin > 0).astype(float)
    ds = -inputs["rarity"] * wrong * inputs["sign"] / len(s)
""",
        kind="wrong derivative",
        steps="none",
        variable="ds",
        why="The slope is that of the plain hinge.",
        lines=(
            'ds = -inputs["rarity"] * wrong * inputs["sign"] / len(s)',
            "wrong = (margin > 0).astype(float)",
        ),
    ),
    single(
        "birdsong_bidi_maxpool_new_states_for_recurrent",
        "birdsong_bidi_maxpool",
        'dU = dU + np.einsum("bg,bh->gh", hs[t], da)',
        'dU = dU + np.einsum("bg,bh->gh", hs[t + 1], da)',
        kind="index off by one",
        steps="all",
        variable="dU",
        why="U was multiplied with the state before.",
    ),
    single(
        "birdsong_bidi_maxpool_sums_once",
        "birdsong_bidi_maxpool",
        """        dW = dW + np.einsum("bd,bh->dh", x[t], da)
        dU = dU + np.einsum("bg,bh->gh", hs[t], da)
        db = db + da.sum(0)
        dh = np.where(live, da @ U.T, dh)
""",
        """        dh = np.where(live, da @ U.T, dh)
    dW = dW + np.einsum("bd,bh->dh", x[t], da)
    dU = dU + np.einsum("bg,bh->gh", hs[t], da)
    db = db + da.sum(0)
""",
        kind="accumulation outside the loop",
        steps="all but t=0 | none",
        variable="dW",
        why="The sums stand after the loop and see the first frame only.",
        lines=(
            'dW = dW + np.einsum("bd,bh->dh", x[t], da)',
            'dU = dU + np.einsum("bg,bh->gh", hs[t], da)',
            "db = db + da.sum(0)",
        ),
    ),
    # ---------------------------------------------------------------- runoff
    single(
        "runoff_ealstm_nse_static_gate_each_day",
        "runoff_ealstm_nse",
        """        dw["c0"] = dc_next.sum(0)
        dai = di * self.i * (1 - self.i)
        dw["Wa"] = self.attr.T @ dai
        dw["ba"] = dai.sum(0)
""",
        """            dai = di * self.i * (1 - self.i)
            dw["Wa"] += self.attr.T @ dai
            dw["ba"] += dai.sum(0)
        dw["c0"] = dc_next.sum(0)
""",
        kind="+= for = | spurious term",
        steps="all but the last | all",
        variable='dw["Wa"]',
        why="di is a running sum and is added again each day.",
        lines=('dw["Wa"] += self.attr.T @ dai', "di += dc * g", "dai = di * self.i * (1 - self.i)"),
    ),
    single(
        "runoff_ealstm_nse_first_cell_wraps",
        "runoff_ealstm_nse",
        'c_prev = self.c[:, t - 1] if t > 0 else np.tile(w["c0"], (B, 1))',
        "c_prev = self.c[:, t - 1]",
        kind="index off by one | initial value",
        steps="t=0",
        variable="c_prev",
        why="Index -1 is the last day, not the initial cell.",
    ),
    single(
        "runoff_ealstm_nse_mean_over_everything",
        "runoff_ealstm_nse",
        "    return value, 2 * scale * err / keep.sum()\n",
        "    return value, 2 * scale * err / err.size\n",
        kind="scale 1/B or 1/T",
        steps="none | all",
        variable="nse",
        why="Only the kept days are averaged in the loss.",
    ),
    single(
        "runoff_ealstm_nse_blocks_in_a_loop",
        "runoff_ealstm_nse",
        """            da[:, :H] = dc * c_prev * f * (1 - f)
            da[:, H:2 * H] = dh * tc * o * (1 - o)
            da[:, 2 * H:] = dc * self.i * (1 - g ** 2)
""",
        """            parts = (dc * c_prev, f), (dh * tc, o), (dc * self.i, g)
            for k, (up, gate) in enumerate(parts):
                da[:, k * H:(k + 1) * H] = up * gate * (1 - gate)
""",
        kind="wrong derivative | gate copied",
        steps="all",
        variable="da",
        why="The candidate is a tanh, not a sigmoid.",
        lines=("da[:, k * H:(k + 1) * H] = up * gate * (1 - gate)",),
    ),
    single(
        "runoff_ealstm_nse_candidate_not_recurrent",
        "runoff_ealstm_nse",
        'dh_next = da @ w["Wh"].T',
        'dh_next = da[:, :2 * H] @ w["Wh"][:, :2 * H].T',
        kind="missing path",
        steps="all | all but t=0",
        variable="dh_next",
        why="The candidate sees the old state as well.",
    ),
    single(
        "runoff_ealstm_nse_squashed_cell_kept",
        "runoff_ealstm_nse",
        """            h = self.o[:, t] * np.tanh(c)
            self.c[:, t], self.h[:, t] = c, h
""",
        """            self.c[:, t] = np.tanh(c)
            h = self.h[:, t] = self.o[:, t] * self.c[:, t]
""",
        kind="derivative of an activated value | wrong operand",
        steps="all",
        variable="self.c",
        why="backprop takes the tanh of it again.",
        lines=("self.c[:, t] = np.tanh(c)", "tc = np.tanh(self.c[:, t])"),
    ),
    # ---------------------------------------------------------------- EEG
    single(
        "eeg_sleep_layers_norm_without_scale_path",
        "eeg_sleep_layers",
        """        dx = dxhat - dxhat.mean(axis=-1, keepdims=True)
        dx -= self.xhat * (dxhat * self.xhat).mean(axis=-1, keepdims=True)
        return dx * self.inv
""",
        """        dx = dxhat * self.inv
        return dx - dx.mean(axis=-1, keepdims=True)
""",
        kind="missing path",
        steps="none | all",
        variable="dx",
        why="The variance depends on x as well.",
        lines=("return dx - dx.mean(axis=-1, keepdims=True)", "dx = dxhat * self.inv"),
    ),
    single(
        "eeg_sleep_layers_gated_state_path",
        "eeg_sleep_layers",
        "dh = dh * (1 - f) + dfh * f + daf @ self.Uf.T",
        "dh = dh * (1 - f) + daf @ self.Uf.T",
        kind="missing path",
        steps="all | all but t=0",
        variable="dh",
        why="The old state is in the candidate too.",
    ),
    single(
        "eeg_sleep_layers_both_gates_zip",
        "eeg_sleep_layers",
        """            dUc += (f * hp).T @ dac
            dUf += hp.T @ daf
""",
        """            for dU, da in zip((dUc, dUf), (dac, daf)):
                dU += hp.T @ da
""",
        kind="gate copied | missing factor",
        steps="all",
        variable="dUc",
        why="The candidate's matrix saw f * hp.",
        lines=("dU += hp.T @ da", "for dU, da in zip((dUc, dUf), (dac, daf)):"),
    ),
    single(
        "eeg_sleep_layers_batch_first_flatten",
        "eeg_sleep_layers",
        "flat = self.x.reshape(-1, self.x.shape[-1])",
        "flat = self.x.swapaxes(0, 1).reshape(-1, self.x.shape[-1])",
        kind="wrong order",
        steps="none | all",
        variable="flat",
        why="dy is flattened with time first.",
    ),
    single(
        "eeg_sleep_layers_hard_target_kept",
        "eeg_sleep_layers",
        """        self.target = np.eye(K)[stage] * (1 - smooth) + smooth / K
""",
        """        self.target = np.eye(K)[stage]
        target = self.target * (1 - smooth) + smooth / K
""",
        more=(
            (
                "return -(self.w[..., None] * self.target * self.logp)",
                "return -(self.w[..., None] * target * self.logp)",
            ),
        ),
        kind="wrong operand | missing factor",
        steps="none | all",
        variable="self.target",
        why="The gradient is taken to the target that is not smoothed.",
        lines=(
            "self.target = np.eye(K)[stage]",
            "return self.w[..., None] * (np.exp(self.logp) - self.target) / self.w.sum()",
        ),
    ),
    single(
        "eeg_sleep_layers_start_from_last_frame",
        "eeg_sleep_layers",
        "        dh = np.zeros((B, H))\n",
        "        dh = dy[T - 1].copy()\n",
        kind="initial value",
        steps="the last",
        variable="dh",
        why="The loop adds the last frame again.",
        lines=("dh = dy[T - 1].copy()", "dh = dh + dy[t]"),
    ),
    # ---------------------------------------------------------------- load
    single(
        "load_pinball_seq2seq_where_exchanged",
        "load_pinball_seq2seq",
        "np.where(teach[:, t], 0.0, dy)",
        "np.where(teach[:, t], dy, 0.0)",
        kind="wrong order | wrong operand",
        steps="all but the last",
        variable="draw",
        why="The median goes on where there is no teacher.",
    ),
    single(
        "load_pinball_seq2seq_median_alone",
        "load_pinball_seq2seq",
        """        draw[:, 0] = dq.sum(axis=1) + np.where(teach[:, t], 0.0, dy)
""",
        """        own = ~teach[:, t]
        draw[:, 0] = dq[:, 1]
        draw[own, 0] += dy[own]
""",
        kind="missing path",
        steps="all",
        variable="draw",
        why="The outer quantiles are built on the median.",
        lines=("draw[:, 0] = dq[:, 1]",),
    ),
    single(
        "load_pinball_seq2seq_context_after_loop",
        "load_pinball_seq2seq",
        """        dctx += da @ w["Wctx"].T
        ds = da @ w["Wdh"].T
        dy = da @ w["wdy"]
""",
        """        ds = da @ w["Wdh"].T
        dy = da @ w["wdy"]
    dctx += da @ w["Wctx"].T
""",
        kind="accumulation outside the loop",
        steps="all but t=0 | none",
        variable="dctx",
        why="All decoder steps see the context.",
        lines=('dctx += da @ w["Wctx"].T',),
    ),
    single(
        "load_pinball_seq2seq_slope_of_gap",
        "load_pinball_seq2seq",
        """        slope = 1 / (1 + np.exp(-st["raw"][:, 1:]))
""",
        """        slope = 1 / (1 + np.exp(-st["gap"]))
""",
        more=(('"raw": raw, "quant"', '"raw": raw, "gap": gap, "quant"'),),
        kind="derivative of an activated value | wrong derivative",
        steps="all",
        variable="slope",
        why="The gap has been through softplus already.",
    ),
    single(
        "load_pinball_seq2seq_encoder_forwards",
        "load_pinball_seq2seq",
        "    for t in range(hist.shape[1] - 1, -1, -1):\n",
        "    for t in range(hist.shape[1]):\n",
        kind="forward order",
        steps="all",
        variable="t",
        why="The encoder is walked from its start.",
    ),
    single(
        "load_pinball_seq2seq_tilt_sign",
        "load_pinball_seq2seq",
        "return np.where(u > 0, -Q, 1 - Q)",
        "return np.where(u > 0, -Q, Q - 1)",
        kind="wrong sign",
        steps="all",
        variable="d_pinball",
        why="Above the truth the cost rises with the quantile.",
    ),
)
