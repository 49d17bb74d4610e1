# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the system tests: the gateway under test, and peers of ours on both sides of it."""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "hostile")]

import gate  # noqa: E402
import peers  # noqa: E402


def pytest_configure(config):
    os.environ.setdefault("SQUARE", gate.SQUARE)
    os.environ.setdefault("GATEHOUSE", gate.BINARY)
    config.addinivalue_line("markers", "serial: takes over 20 s; runs by itself, once, on the release build")
    config.addinivalue_line("markers", "threads: also run under ThreadSanitizer")
    config.addinivalue_line("markers", "gatehouse(why): HAProxy has no such thing, or does it differently")


def pytest_collection_modifyitems(config, items):
    """Serial tests are not for a run beside others; and what is ours alone is not for HAProxy."""
    together = os.environ.get("PYTEST_XDIST_WORKER") or getattr(config.option, "numprocesses", None)
    kept, left = [], []
    for item in items:
        serial = item.get_closest_marker("serial")
        (left if serial and together else kept).append(item)
        ours = item.get_closest_marker("gatehouse")
        if ours and gate.is_haproxy():
            item.add_marker(pytest.mark.skip(reason="gatehouse only: " + ours.args[0]))
        if serial and gate.BUILD != "release":
            item.add_marker(pytest.mark.skip(reason="measured on the release build only"))
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.fixture
def gateway(tmp_path):
    """gateway(text, **values) starts one; at the end of the test it is stopped, and must have
    stayed alive, end well and have nothing to say to a sanitizer."""
    started = []

    def start(text, **more):
        started.append(gate.Gateway(tmp_path, text, **more))
        return started[-1]

    yield start
    for g in started:
        g.stop()


@pytest.fixture
def serve():
    """serve(handler) starts a server of ours (peers.Server)."""
    started = []

    def start(handler=peers.answer_all, **more):
        started.append(peers.Server(handler, **more))
        return started[-1]

    yield start
    for s in started:
        s.close()


@pytest.fixture
def crowd():
    """A server for thousands of connections (peers.Crowd)."""
    server = peers.Crowd()
    yield server
    server.close()


@pytest.fixture
def connect():
    """connect(port) opens a client connection (peers.Client)."""
    opened = []

    def start(where, **more):
        opened.append(peers.Client(where, **more))
        return opened[-1]

    yield start
    for c in opened:
        c.close()
