"""How long a better repair is looked for, once one is known."""

import time

from reference.debugger.searching.patience import Patience


def test_it_is_never_over_before_anything_is_found():
    assert not Patience(began=time.monotonic() - 100).is_over(1.0)


def test_it_is_over_after_a_while_and_later_for_what_is_far_fetched():
    now = time.monotonic()
    patience = Patience(began=now - 3, first=now - 1.5, best=now - 1.5)
    assert patience.is_over(1.0)
    assert not patience.is_over(2.0)


def test_a_better_repair_begins_it_anew():
    now = time.monotonic()
    patience = Patience(began=now - 30, first=now - 29, best=now - 20)
    assert patience.is_over(1.0)
    patience.note()
    assert not patience.is_over(1.0)
    assert patience.first == now - 29
