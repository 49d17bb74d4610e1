# SPDX-License-Identifier: Apache-2.0
"""What language/differences.txt allows to differ from HAProxy, docs/manual.md names."""
import tables


def test_the_manual_names_each():
    assert not tables.unnamed()
