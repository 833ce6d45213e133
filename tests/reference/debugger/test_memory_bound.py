"""What an edited program may take of the machine's memory."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.running.memory_bound import _STATM, bounded, resource


@pytest.mark.skipif(resource is None or not _STATM.exists(), reason="the system tells no sizes")
def test_too_much_is_refused_within_the_block_and_nothing_is_changed_after_it():
    before = resource.getrlimit(resource.RLIMIT_AS)
    with bounded(2**28):
        assert np.empty(2**24, np.uint8).size == 2**24
        with pytest.raises(MemoryError):
            np.empty(2**30, np.uint8)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert np.empty(2**30, np.uint8).size == 2**30
