"""Mistakes in LSTMs that are a part of a larger model: encoder-decoder, tagger, language model."""

from planting import Part, several, single

MISTAKES = (
    single(
        "dates_held_state",
        "seq2seq_lstm_dates",
        "            dh = dz @ self.Wh.T + (1 - m) * dh\n",
        "            dh = dz @ self.Wh.T\n",
        kind="missing path | carry lost",
        steps="where the mask is 0",
        variable="dh",
        why="On padding the state is the one before, so its gradient goes back as it came.",
    ),
    single(
        "dates_cell_not_handed_over",
        "seq2seq_lstm_dates",
        "encoder.backward(np.zeros_like(hs_enc), dh, dc)\n",
        "encoder.backward(np.zeros_like(hs_enc), dh, np.zeros_like(dc))\n",
        kind="missing path | carry lost | initial value",
        steps="none | the last | all",
        variable="dc",
        why="The decoder starts with the encoder's last cell too, not only with its last state.",
        lines=(
            "demb, _, _ = encoder.backward(np.zeros_like(hs_enc), dh, np.zeros_like(dc))",
            "demb, dh, dc = decoder.backward(dhs, np.zeros_like(h), np.zeros_like(c))",
        ),
    ),
    single(
        "dates_embedding_fancy_index",
        "seq2seq_lstm_dates",
        "        np.add.at(dW, self.ids, dout)\n",
        "        dW[self.ids] += dout\n",
        kind="repeated indices",
        steps="all | none",
        variable="dW",
        why="Of the tokens that occur several times in the minibatch only one counts.",
    ),
    single(
        "dates_state_in_place",
        "seq2seq_lstm_dates",
        "            h = m * (o * tc) + (1 - m) * h\n",
        "            h *= 1 - m\n            h += m * (o * tc)\n",
        kind="aliasing | overwritten too early",
        steps="all",
        variable="h",
        why="The cache holds the array that the next line changes, so each h_prev is the last h.",
        lines=(
            "h *= 1 - m",
            "h += m * (o * tc)",
            "self.cache.append((h, c, i, f, g, o, tc))",
            "h = c = np.zeros((len(src), encoder.Wh.shape[0]))",
        ),
        more=(("            hs.append(h)\n", "            hs.append(h.copy())\n"),),
    ),
    several(
        "dates_first_attempt",
        "seq2seq_lstm_dates",
        Part(
            "        return (self.p - self.y) * self.real[..., None] / self.real.sum()\n",
            "        return (self.p - self.y) * self.real[..., None] / len(self.real)\n",
            "scale 1/B or 1/T",
            "all | none",
            "dout",
            "The loss is the mean over the real tokens, not over the examples.",
        ),
        Part(
            "            dc = dc_new * f + (1 - m) * dc\n",
            "            dc = dc * f + (1 - m) * dc\n",
            "wrong operand | missing path",
            "all",
            "dc",
            "What came into the cell through tanh(c) does not go on to the cell before.",
        ),
        Part(
            "                                 dc_new * i * (1 - g ** 2),\n"
            "                                 dh_new * tc * o * (1 - o)], axis=1)\n",
            "                                 dh_new * tc * o * (1 - o),\n"
            "                                 dc_new * i * (1 - g ** 2)], axis=1)\n",
            "wrong order",
            "all",
            "dz",
            "The forward splits in the order i, f, g, o.",
            (
                "dh_new * tc * o * (1 - o),",
                "dc_new * i * (1 - g ** 2)], axis=1)",
                "dz = np.concatenate([dc_new * g * i * (1 - i),",
                "dc_new * c_prev * f * (1 - f),",
            ),
        ),
    ),
)
