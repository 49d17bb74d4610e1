# SPDX-License-Identifier: Apache-2.0
"""The command line: checks of configurations, versions, conditions, files, daemon and pid file."""
import os
import re
import signal
import socket
import subprocess

import pytest

import gate

GOOD = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

frontend fe
    bind 127.0.0.1:{port}
    default_backend be

backend be
    server s1 127.0.0.1:8080
"""


def run(*args, env=None, cwd=None, stdin=""):
    """(exit status, standard output, standard error)."""
    p = subprocess.run(
        [gate.BINARY, *map(str, args)], capture_output=True, text=True, timeout=20 * gate.SLOWNESS,
        env=dict(os.environ, **(env or {})), cwd=cwd, input=stdin,
    )
    assert not gate.TROUBLE.search(p.stderr), p.stderr
    return p.returncode, p.stdout, p.stderr


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.cfg"
    path.write_text(GOOD.format(port=gate.free_port()))
    return path


def write(folder, text, name="x.cfg"):
    path = folder / name
    path.write_text(text)
    return path


def test_valid(good):
    status, out, err = run("-c", "-f", good)
    assert status == 0
    assert "Configuration file is valid" in (out + err).splitlines()


def test_valid_and_quiet(good):
    assert run("-c", "-q", "-f", good) == (0, "", "")


def test_no_listener(tmp_path):
    text = "defaults\n    mode http\n\nbackend be\n    server s1 127.0.0.1:8080\n"
    status, out, err = run("-c", "-f", write(tmp_path, text))
    assert status == 2
    assert "listen" in out + err


def test_does_not_start_without_listener(tmp_path):
    text = "defaults\n    mode http\n\nbackend be\n    server s1 127.0.0.1:8080\n"
    status, out, err = run("-db", "-f", write(tmp_path, text))
    assert status == 1 and err


def test_missing_file(tmp_path):
    status, out, err = run("-c", "-f", tmp_path / "none.cfg")
    assert status == 1
    assert "none.cfg" in err and "No such file" in err


def test_no_arguments_and_unknown_ones():
    status, out, err = run()
    assert status == 1 and "sage" in out + err
    status, out, err = run("-zz")
    assert status == 1 and "sage" in out + err


def test_bad_file_does_not_start(tmp_path):
    status, out, err = run("-db", "-f", write(tmp_path, "global\n    no-such-word\n"))
    assert status == 1
    assert "no-such-word" in err


BAD = """\
global
    maxcon 100

defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

frontend fe
    bind 127.0.0.1:1
    default_backend nowhere
    maxconn lots

backend be
    server s1 127.0.0.1:80 wieght 3
    http-reuse sometimes

fronted x
    bind 127.0.0.1:2
"""


@pytest.mark.gatehouse("HAProxy's messages have another form")
def test_all_errors_in_one_run(tmp_path):
    path = write(tmp_path, BAD)
    status, out, err = run("-c", "-f", path)
    assert status == 1
    found = {}
    for line, column, text in re.findall(rf"^{re.escape(str(path))}:(\d+):(\d+): error: (.*)$", err, re.M):
        found[int(line)] = (int(column), text)
    assert set(found) >= {2, 12, 13, 16, 17, 19}, err
    assert found[2][0] == 5 and "'maxcon'" in found[2][1]
    assert found[12][0] == 21 and "'nowhere'" in found[12][1]
    assert found[13][0] == 13 and "'lots'" in found[13][1]
    assert found[16][0] == 28 and "'wieght'" in found[16][1]
    assert found[17][0] == 16 and "'sometimes'" in found[17][1]
    assert found[19][0] == 1 and "'fronted'" in found[19][1]
    assert err.count("did you mean") >= 3


@pytest.mark.gatehouse("HAProxy's messages have another form")
def test_the_place_is_shown(tmp_path):
    path = write(tmp_path, BAD)
    err = run("-c", "-f", path)[2]
    shown = re.search(r"^ *2 \| (.*)\n( *\|) ( *)\^(\^*|~*)(.*)$", err, re.M)
    assert shown, err
    assert shown[1] == "    maxcon 100"
    assert len(shown[3]) == 4  # the caret stands below the word
    assert len(shown[4]) == len("maxcon") - 1
    assert "did you mean 'maxconn'?" in shown[5]


@pytest.mark.gatehouse("HAProxy has these keywords")
@pytest.mark.parametrize("line", ["filter spoe engine x config y", "lua-load x.lua"])
def test_what_we_have_not_is_refused_by_name(tmp_path, line):
    section = "global\n    " if line.startswith("lua") else "backend be\n    "
    status, out, err = run("-c", "-f", write(tmp_path, section + line + "\n"))
    assert status == 1
    word = "filter spoe" if line.startswith("filter") else line.split()[0]
    assert f"'{word}'" in err and "not supported" in err


def test_version():
    status, out, err = run("-v")
    assert status == 0
    assert re.search(r"version \d+\.\d+", out)


def test_version_at_length():
    status, out, err = run("-vv")
    assert status == 0
    features = re.search(r"^Feature list : (.*)$", out, re.M)
    assert features, out
    words = features[1].split()
    assert "+EPOLL" in words and "+THREAD" in words
    assert all(word[0] in "+-" for word in words)


CONDITIONS = [
    ("1", 0), ("0", 1), ("", 1), ("feature(EPOLL)", 0), ("feature(NO_SUCH)", 1), ("defined(GH_X)", 0), ("defined(GH_Y)", 1),
    ("streq(a,a)", 0), ("streq(a,b)", 1), ("strneq(a,b)", 0), ('streq("$GH_X",here)', 0), ("version_atleast(2.6)", 0), ("version_atleast(2.4-dev19)", 0),
    ("version_before(2.6)", 1), ("version_before(3.0)", 0), ("version_atleast(99.0)", 1), ("!streq(a,a)", 1), ("!0", 0),
    ("streq(a,a) && defined(GH_X)", 0), ("streq(a,b) && defined(GH_X)", 1), ("streq(a,b) || defined(GH_X)", 0),
    ("(streq(a,b) || streq(a,a)) && !defined(GH_Y)", 0), ("1 || 0 && 0", 0), ("openssl_version_atleast(1.1.1)", 0), ("openssl_version_before(1.1.1)", 1),
    ("ssllib_name_startswith(OpenSSL)", 0),
]


@pytest.mark.parametrize("condition,expected", CONDITIONS)
def test_condition(condition, expected):
    if "ssl" in condition and run("-cc", "feature(OPENSSL)")[0]:
        pytest.skip("built without TLS")
    assert run("-cc", condition, env={"GH_X": "here"})[0] == expected


@pytest.mark.parametrize("condition", ["nonsense(1)", "nonsense(", "streq(a", "1 &&", "(1"])
def test_bad_condition(condition):
    status, out, err = run("-cc", condition)
    if gate.is_haproxy() and status in (0, 1):
        pytest.skip("HAProxy has a reading for it")
    assert status == 2 and err


def test_several_files(good, tmp_path):
    more = write(tmp_path, "backend other\n    server s1 127.0.0.1:1\n", "more.cfg")
    assert run("-c", "-f", good, "-f", more)[0] == 0
    assert run("-c", "--", good, more)[0] == 0
    broken = write(tmp_path, "backend other\n    server\n", "broken.cfg")
    status, out, err = run("-c", "-f", good, "-f", broken)
    assert status == 1 and "broken.cfg" in err


def test_folder(good, tmp_path):
    """Of a folder, the files named *.cfg are read, in the order of their names."""
    folder = tmp_path / "conf.d"
    folder.mkdir()
    write(folder, GOOD.format(port=gate.free_port()), "10-first.cfg")
    write(folder, "backend second\n    server s1 127.0.0.1:1\n", "20-second.cfg")
    write(folder, "this is no configuration\n", "notes.txt")
    write(folder, "nor is this\n", ".hidden.cfg")
    status, out, err = run("-c", "-f", folder)
    assert status == 0, err


def test_standard_input(good):
    assert run("-c", "-f", "/dev/stdin", stdin=good.read_text())[0] == 0


def test_change_of_folder(good, tmp_path):
    assert run("-c", "-C", tmp_path, "-f", "good.cfg", cwd="/")[0] == 0


def test_warnings_may_be_errors(tmp_path):
    path = write(tmp_path, f"defaults\n    mode http\n\nlisten l\n    bind 127.0.0.1:{gate.free_port()}\n")
    status, out, err = run("-c", "-f", path)
    assert status == 0 and "timeout" in err
    status, out, err = run("-c", "-dW", "-f", path)
    assert status == 1 and "timeout" in err


def test_exam_flags(good):
    """Flags that a start script may have; none makes a warning of a valid file."""
    assert run("-c", "-d", "-dM", "-dW", "-f", good)[0] == 0
    assert run("-c", "-dr", "-dV", "-dp", "-de", "-dS", "-dG", "-dR", "-db", "-n", "50", "-m", "500", "-L", "me", "-f", good)[0] == 0


@pytest.mark.gatehouse("HAProxy has them")
@pytest.mark.parametrize("flag,value", [("-S", "127.0.0.1:1"), ("-x", "/tmp/x.sock")])
def test_flags_that_are_refused_by_name(good, flag, value):
    status, out, err = run("-c", flag, value, "-f", good)
    assert status == 1 and flag in err


def test_daemon_and_pid_file(good, tmp_path):
    pid_path = tmp_path / "pid"
    assert run("-D", "-p", pid_path, "-f", good)[0] == 0
    pid = int(pid_path.read_text())
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            assert os.path.basename(gate.BINARY).encode() in f.read()
        port = int(re.search(r"127.0.0.1:(\d+)", good.read_text())[1])
        gate.wait_until(lambda: port in gate.listening_ports(pid), what="the daemon")
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        assert int(fields[3]) == pid or int(fields[2]) != os.getpgrp()  # a session or group of its own
    finally:
        os.kill(pid, signal.SIGINT)
    gate.wait_until(lambda: not alive(pid), what="the daemon's end")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_address_in_use(tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(1)
        port = s.getsockname()[1]
        status, out, err = run("-db", "-f", write(tmp_path, GOOD.format(port=port)))
    assert status == 1
    assert str(port) in err and "127.0.0.1" in err
