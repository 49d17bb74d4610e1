# SPDX-License-Identifier: Apache-2.0
"""All cases, in order."""
import requests_chunks
import requests_framing
import requests_heads
import requests_life
import responses

MODULES = (requests_framing, requests_chunks, requests_heads, requests_life, responses)
CASES = [case for module in MODULES for case in module.CASES]

_names = [case.full_name for case in CASES]
assert len(_names) == len(set(_names)), sorted(n for n in _names if _names.count(n) > 1)
