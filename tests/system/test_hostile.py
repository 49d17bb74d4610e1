# SPDX-License-Identifier: Apache-2.0
"""The whole set of hostile messages (tests/hostile) on one gateway a kind."""
import pytest

import cases
import court


@pytest.mark.gatehouse("the set is for what we promise, which is more than HAProxy does; see tests/hostile/judge")
@pytest.mark.parametrize("module", cases.MODULES, ids=lambda m: m.__name__)
@pytest.mark.parametrize("threads,piece", [(1, 0), (2, 0), (1, 3)], ids=["one-worker", "two-workers", "small-segments"])
def test_hostile(module, threads, piece, tmp_path):
    results = court.hold_court(module.CASES, threads, folder=tmp_path, piece=piece)
    failed = [f"{case.full_name}: {wrong}" for case, wrong in results if wrong is not None]
    assert not failed, "\n".join([court.table(results)] + failed)
