# SPDX-License-Identifier: Apache-2.0
"""All cases, in order."""
import requests_chunks
import requests_desync
import requests_framing
import requests_heads
import requests_life
import requests_spelling
import responses
import responses_desync

MODULES = (
    requests_framing,
    requests_chunks,
    requests_heads,
    requests_life,
    requests_desync,
    requests_spelling,
    responses,
    responses_desync,
)
CASES = [case for module in MODULES for case in module.CASES]

_names = [case.full_name for case in CASES]
assert len(_names) == len(set(_names)), sorted(n for n in _names if _names.count(n) > 1)
