"""How long a better repair is looked for, once one is known."""

import time

from reference.debugger.searching.patience import Patience


def test_it_is_never_over_before_anything_is_found():
    assert not Patience(began=time.monotonic() - 100).is_over(1.0)


def test_it_is_over_after_a_while_and_later_for_what_is_far_fetched():
    now = time.monotonic()
    patience = Patience(began=now - 3, found_at=now - 1.5)
    assert patience.is_over(1.0)
    assert not patience.is_over(2.0)


def test_only_the_first_repair_counts():
    patience = Patience()
    patience.begin()
    first = patience.found_at
    patience.begin()
    assert patience.found_at == first
