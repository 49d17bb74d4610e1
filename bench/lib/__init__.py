# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/run; workloads.py is where to begin reading."""
