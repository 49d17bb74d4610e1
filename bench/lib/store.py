# SPDX-License-Identifier: Apache-2.0
"""Results of finished workloads, kept from one run to the next: one JSON file each."""
import json
import os
import time


class Store:
    """Gives back only what was measured in the same way on the same binaries: see bench/run, key()."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def path(self, workload):
        return os.path.join(self.folder, workload + ".json")

    def load(self, workload, key):
        """(rounds, when they were measured), or None."""
        try:
            with open(self.path(workload), encoding="utf-8") as f:
                kept = json.load(f)
        except (OSError, ValueError):
            return None
        # through JSON, so that both have its types
        return (kept["rounds"], kept["when"]) if kept.get("key") == json.loads(json.dumps(key)) else None

    def save(self, workload, key, rounds):
        kept = {"workload": workload, "when": time.strftime("%Y-%m-%d %H:%M:%S"), "key": key,
                "rounds": rounds}
        temporary = self.path(workload) + ".new"
        with open(temporary, "w", encoding="utf-8") as f:
            json.dump(kept, f, indent=1)
        os.replace(temporary, self.path(workload))
