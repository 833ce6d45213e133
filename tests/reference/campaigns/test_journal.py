"""A journal survives a kill at any byte, and is taken for no other campaign's."""

from __future__ import annotations

import json

import pytest

import manual_lstm as ml
from reference import campaign
from reference.campaigns import campaign as campaign_module
from reference.unusable import UnusableInputError

CELLS = [ml.LSTM(2, 3)]


def run(journal, **options):
    return campaign(CELLS, 60, journal=journal, **{"chunk": 20, **options})


@pytest.fixture
def journal(tmp_path):
    """Return the journal of a whole campaign."""
    path = tmp_path / "campaign.jsonl"
    run(path)
    return path


def summary(result):
    return [(cell.verdict, cell.compared, cell.worst) for cell in result.cells]


def test_a_finished_campaign_is_not_computed_again(journal, monkeypatch):
    before = journal.read_bytes()
    monkeypatch.setattr(campaign_module, "run_chunk", lambda chunk: pytest.fail("computed"))
    assert summary(run(journal)) == [("right", 60, summary(run(journal))[0][2])]
    assert journal.read_bytes() == before


def test_cut_at_any_byte_it_is_continued_to_the_same_end(journal):
    whole, expected = journal.read_bytes(), summary(run(journal))
    ends = [n for n, byte in enumerate(whole) if byte == ord("\n")]
    for length in (0, 1, ends[0], ends[0] + 1, ends[1] - 1, ends[1] + 30, ends[2] + 1, ends[3]):
        journal.write_bytes(whole[:length])
        assert summary(run(journal)) == expected
        assert sorted(journal.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_a_line_that_stands_twice_counts_once(journal):
    expected = summary(run(journal))
    last = journal.read_bytes().splitlines(keepends=True)[-1]
    journal.write_bytes(journal.read_bytes() + last)
    assert summary(run(journal)) == expected


FOREIGN = {
    "text": (b"to do: check\n", "line 1 that is none of a campaign"),
    "other JSON": (b"[1, 2]\n", "something else"),
    "other format": (b'{"format": "notes"}\n', "something else"),
}


@pytest.mark.parametrize(("content", "fault"), FOREIGN.values(), ids=FOREIGN)
def test_another_file_is_refused_and_left_alone(tmp_path, content, fault):
    path = tmp_path / "notes.jsonl"
    path.write_bytes(content)
    with pytest.raises(UnusableInputError) as caught:
        run(path)
    assert str(caught.value) == (
        f"journal has the file {path} with {fault}, but must be of this campaign, because the "
        "campaign goes on from it."
    )
    assert path.read_bytes() == content


@pytest.mark.parametrize("options", [{"seed": 1}, {"chunk": 30}])
def test_the_journal_of_another_campaign_is_refused(journal, options):
    before = journal.read_bytes()
    with pytest.raises(UnusableInputError, match="with other cells, cases or seed, but must be"):
        run(journal, **options)
    assert journal.read_bytes() == before


def test_a_line_that_was_changed_is_refused(journal):
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"compared"', b'"compered"')
    journal.write_bytes(b"".join(lines))
    with pytest.raises(UnusableInputError, match="line 3 that is none of a campaign"):
        run(journal)


def test_a_place_that_cannot_be_written_to(tmp_path):
    with pytest.raises(
        UnusableInputError, match=r"journal has the value .*, but must be a file that"
    ):
        run(tmp_path / "nowhere" / "campaign.jsonl")


def test_a_mended_cell_is_another(tmp_path):
    file, journal = tmp_path / "mended_cell.py", tmp_path / "campaign.jsonl"
    source = "from manual_lstm import LSTM\n\nclass Mine(LSTM):\n    pass\n"
    file.write_text(source)
    campaign([f"{file}:Mine"], 10, journal=journal)
    file.write_text(source + "\n# mended\n")
    with pytest.raises(UnusableInputError, match="with other cells, cases or seed"):
        campaign([f"{file}:Mine"], 10, journal=journal)


def test_failures_return_from_it(tmp_path):
    path = tmp_path / "campaign.jsonl"

    class Raises(ml.LSTM):
        def step_backward(self, params, cache, dstate):
            raise NotImplementedError

    first = campaign([Raises], 8, journal=path)
    again = campaign([Raises], 8, journal=path)
    assert first.failures
    assert again.failures == first.failures
    kept = json.loads(path.read_text().splitlines()[1])["failures"]
    assert [failure["number"] for failure in kept] == [each.number for each in first.failures]
