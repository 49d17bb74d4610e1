#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds what the tests need, runs them in stages and adds up their results: ./dev test.

    tools/test.py [--seconds N] [--keep] [KIND [NAME...]]

KIND is check, unit, vtc, system or fuzz; without one, all run. NAME is part of a test's name.
--seconds is how long each fuzz target runs; --keep starts from the inputs that earlier runs with
--keep have found, and keeps the new ones.

The runners' side of the contract:
  - `tests/vtc/run -l LOGS BINARY FILE...` and tools/check print one line a test: `ok NAME SECONDS`,
    `not ok NAME SECONDS` or `skip NAME REASON`, among whatever explains a failure; of tests that
    failed, the former leaves the logs in the folder LOGS.
  - pytest finds the programs in GATEHOUSE, SQUARE and HAPROXY; GATEHOUSE_BUILD says which build
    (release, asan, tsan) it is. Under tsan only tests marked `threads` run.
    Those marked `serial`, which take over 20 s, run by themselves, once, on the release build.
  - A sanitizer's report in any process fails the run, whatever the test thought of it.
Everything that a stage printed is in build/logs/STAGE.log."""

import argparse
import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, 'build', 'logs')
HAPROXY = '/usr/sbin/haproxy'
KINDS = ['check', 'unit', 'vtc', 'system', 'fuzz']
BUILDS = {'check': ['release'], 'unit': ['asan', 'tsan'], 'vtc': ['release', 'asan'],
          'system': ['release', 'asan', 'tsan'], 'fuzz': ['fuzz']}
BINARY = {'release': 'build/gatehouse', 'asan': 'build/asan/gatehouse',
          'tsan': 'build/tsan/gatehouse'}
SLOW = 20  # seconds; beyond, a test belongs among the serial ones
REPORT = re.compile(r'(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:')
TEST_LINE = re.compile(r'^(ok|not ok|skip) (\S+)(?: (.*))?$')


class Run:
    """The results so far, and where this run keeps its temporary files."""

    def __init__(self):
        self.results = []  # (outcome, stage, name, seconds); outcome: passed, failed, skipped
        self.dir = tempfile.mkdtemp(prefix='gh-')  # short: paths of UNIX sockets are
        os.chmod(self.dir, 0o755)
        self.reports = os.path.join(self.dir, 'reports')
        os.mkdir(self.reports)
        os.chmod(self.reports, 0o1777)  # a process that has dropped its rights writes here too
        self.no_random = ['setarch', '-R']  # old sanitizer runtimes fail on far-away mappings
        if subprocess.run(self.no_random + ['true'], stderr=subprocess.DEVNULL).returncode:
            self.no_random = []

    def add(self, outcome, stage, name, seconds=0.0):
        self.results.append((outcome, stage, name, seconds))

    def count(self, outcome, stage=None):
        return sum(1 for r in self.results if r[0] == outcome and stage in (None, r[1]))

    def close_stage(self, stage, seconds, shown=''):
        counts = [f'{self.count(o, stage)} {o}' for o in ('passed', 'failed', 'skipped')
                  if self.count(o, stage)]
        if not counts:
            return
        if self.count('failed', stage) and shown:
            print(f'---- {stage}: more in build/logs/{log_name(stage)}')
            print(shown.rstrip('\n'))
            print('----')
        print(f'{stage}: {", ".join(counts)} ({seconds:.1f} s)', flush=True)


def log_name(stage):
    return stage.replace(' ', '-') + '.log'


def environment(run, build):
    """What a test's processes see: no proxy between them, and sanitizers that report to us."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith('_proxy')}
    log = f'log_path={run.reports}/report:log_exe_name=1'
    env.update(
        LC_ALL='C.UTF-8', TZ='UTC', HAPROXY=HAPROXY, GATEHOUSE_BUILD=build,
        GATEHOUSE=os.path.join(ROOT, BINARY.get(build, BINARY['release'])),
        SQUARE=os.path.join(ROOT, 'build', 'square' if build != 'asan' else 'asan/square'),
        ASAN_OPTIONS=f'detect_leaks=1:abort_on_error=1:strict_string_checks=1:'
                     f'detect_stack_use_after_return=1:{log}',
        UBSAN_OPTIONS=f'print_stacktrace=1:abort_on_error=1:{log}',
        TSAN_OPTIONS=f'abort_on_error=1:halt_on_error=1:second_deadlock_stack=1:{log}')
    return env


def tail(text, lines=120):
    rows = text.rstrip('\n').split('\n')
    if len(rows) > lines:
        rows = [f'[… {len(rows) - lines} lines]'] + rows[-lines:]
    return '\n'.join(rows)


children = set()


def end_group(process, signals=(signal.SIGTERM, signal.SIGKILL)):
    for number in signals:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        time.sleep(0.3)


def command(argv, log, env=None, limit=900):
    """Runs argv in a process group of its own, which does not outlive it. Returns its exit status
    and its output, which also goes to the file `log`."""
    with open(log, 'wb') as out:
        child = subprocess.Popen(argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        children.add(child)
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            status = 'timeout'
            out.write(f'\n[ended after {limit} s]\n'.encode())
        finally:
            end_group(child)
            child.wait()
            children.discard(child)
    with open(log, encoding='utf-8', errors='replace') as f:
        return status, f.read()


def stage_log(stage):
    return os.path.join(LOGS, log_name(stage))


# ---- Stages ----

def build(run, kinds):
    """Builds; returns the kinds that failed."""
    broken = set()
    for kind in kinds:
        stage = f'build {kind}'
        start = time.monotonic()
        env = {k: v for k, v in os.environ.items() if k not in ('CC', 'CFLAGS', 'LDFLAGS')}
        status, text = command(['./dev', 'build', kind], stage_log(stage), env, 1800)
        seconds = time.monotonic() - start
        if status == 0:
            print(f'{stage}: done ({seconds:.1f} s)', flush=True)
            continue
        broken.add(kind)
        run.add('failed', 'build', kind, 0)
        print(f'---- {stage} failed\n{tail(text)}\n----', flush=True)
    return broken


def lines_stage(run, stage, argv, env=None):
    """A runner that prints one line a test."""
    start = time.monotonic()
    status, text = command(argv, stage_log(stage), env)
    shown = []
    for line in text.split('\n'):
        m = TEST_LINE.match(line)
        if not m:
            shown.append(line)
            continue
        outcome = {'ok': 'passed', 'not ok': 'failed', 'skip': 'skipped'}[m[1]]
        try:
            seconds = float(m[3] or 0)
        except ValueError:
            seconds = 0.0
        run.add(outcome, stage, m[2], seconds)
        if outcome == 'failed':
            shown.append(line)
    if status != 0 and not run.count('failed', stage):
        run.add('failed', stage, f'{argv[0]} (exit status {status})')
    run.close_stage(stage, time.monotonic() - start, tail('\n'.join(shown), 200))


def count_cmocka(run, stage, name, status, text, seconds):
    started = len(re.findall(r'^\[ RUN      \]', text, re.M))
    passed = len(re.findall(r'^\[       OK \]', text, re.M))
    skipped = len(re.findall(r'^\[  SKIPPED \]', text, re.M))
    failed = re.findall(r'^\[  FAILED  \] (\w+)$', text, re.M)
    failed = list(dict.fromkeys(failed))
    if started > passed + skipped + len(failed):
        failed.append('(did not end)')
    if not failed and (status != 0 or REPORT.search(text) or started == 0):
        failed = [f'(exit status {status})']
    for i in range(passed):
        run.add('passed', stage, name, seconds if i == 0 else 0)
    for _ in range(skipped):
        run.add('skipped', stage, name)
    for test in failed:
        run.add('failed', stage, f'{name}: {test}')
    return bool(failed)


def unit(run, build_kind, names):
    stage = f'unit {build_kind}'
    tests = json.loads(subprocess.run(
        ['meson', 'introspect', '--tests', os.path.join(ROOT, 'build', build_kind)], check=True,
        stdout=subprocess.PIPE).stdout)
    chosen = [t for t in tests if any(n in t['name'] for n in names or [''])]
    if build_kind == 'tsan':
        chosen = [t for t in chosen if any(s.endswith('threaded') for s in t['suite'])]
    env = environment(run, build_kind)
    for key in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS'):
        env[key] = env[key].split(':log_path')[0]  # into the test's own output
    start = time.monotonic()
    shown = []

    def one(test):
        log = os.path.join(run.dir, f'{stage}-{test["name"]}.log')
        began = time.monotonic()
        return test, *command(run.no_random + test['cmd'], log, env, 120), time.monotonic() - began

    with concurrent.futures.ThreadPoolExecutor(2) as pool, open(stage_log(stage), 'w') as log:
        for test, status, text, seconds in pool.map(one, chosen):
            log.write(f'==== {test["name"]}\n{text}\n')
            if count_cmocka(run, stage, test['name'], status, text, seconds):
                shown.append(f'{test["name"]}:\n{tail(text, 60)}')
    run.close_stage(stage, time.monotonic() - start, '\n'.join(shown))


def vtc(run, build_kind, names):
    stage = f'vtc {build_kind}'
    files = sorted(glob.glob(os.path.join(ROOT, 'tests/vtc/**/*.vtc'), recursive=True))
    files = [os.path.relpath(f, ROOT) for f in files]
    files = [f for f in files if any(n in f for n in names or [''])]
    if not files:
        return
    env = environment(run, build_kind)
    binary = HAPROXY if build_kind == 'haproxy' else env['GATEHOUSE']
    logs = os.path.join(LOGS, stage.replace(' ', '-'))
    lines_stage(run, stage, run.no_random + ['tests/vtc/run', '-l', logs, binary] + files, env)
    for log in sorted(glob.glob(logs + '/*.log')):
        with open(log, encoding='utf-8', errors='replace') as f:
            text = f.read()
        wrong = re.findall(r'^----.*', text, re.M) # how varnishtest marks what it found
        print(f'---- {os.path.relpath(log, ROOT)}', *wrong[:10], tail(text, 15), sep='\n')


def count_junit(run, stage, file):
    for case in xml.parse(file).iter('testcase'):
        outcome = 'passed'
        for child in case:
            if child.tag in ('failure', 'error'):
                outcome = 'failed'
            elif child.tag == 'skipped' and outcome == 'passed':
                outcome = 'skipped'
        name = case.get('classname', '').replace('tests.system.', '') + '::' + case.get('name', '')
        run.add(outcome, stage, name, float(case.get('time') or 0))


def system(run, build_kind, names, serial=False):
    stage = f'system {build_kind}' + (' serial' if serial else '')
    if not glob.glob(os.path.join(ROOT, 'tests/system/test_*.py')):
        return
    junit = os.path.join(run.dir, log_name(stage) + '.xml')
    argv = run.no_random + ['/usr/bin/python3', '-m', 'pytest', '-q', '-rfEs', '-p',
                            'no:cacheprovider', f'--basetemp={run.dir}/{build_kind[0]}{len(run.results)}',
                            f'--junitxml={junit}', '--durations=10', 'tests/system', '-m']
    if serial:
        argv += ['serial']
    else:
        argv += ['threads and not serial' if build_kind == 'tsan' else 'not serial', '-n', '2']
    if names:
        argv += ['-k', ' or '.join(names)]
    start = time.monotonic()
    env = environment(run, build_kind)
    env['PYTHONDONTWRITEBYTECODE'] = '1'
    status, text = command(argv, stage_log(stage), env, 1200)
    try:
        count_junit(run, stage, junit)
    except (OSError, xml.ParseError):
        pass
    if status not in (0, 1, 5) or (status == 1 and not run.count('failed', stage)):
        run.add('failed', stage, f'pytest (exit status {status})')
    at = text.find('= FAILURES =')
    at = at if at >= 0 else text.find('= ERRORS =')
    run.close_stage(stage, time.monotonic() - start, tail(text[max(at, 0):], 300))


def fuzz(run, names, seconds, keep):
    stage = 'fuzz'
    found = sorted(glob.glob(os.path.join(ROOT, 'build/fuzz/tests/fuzz/fuzz_*')))
    found = [f for f in found if os.path.isfile(f) and os.access(f, os.X_OK)]
    targets = [os.path.basename(f)[len('fuzz_'):] for f in found]
    targets = [t for t in targets if any(n in t for n in names or [''])]
    env = environment(run, 'fuzz')
    env['ASAN_OPTIONS'] = 'detect_leaks=1:strict_string_checks=1'
    env['UBSAN_OPTIONS'] = 'print_stacktrace=1'
    start = time.monotonic()
    shown = []

    def one(target):
        corpus = os.path.join(ROOT, 'build/corpus' if keep else os.path.join(run.dir, 'corpus'),
                              target)
        os.makedirs(corpus, exist_ok=True)
        argv = run.no_random + [os.path.join(ROOT, 'build/fuzz/tests/fuzz/fuzz_' + target),
                                f'-max_total_time={seconds}', '-timeout=20', '-rss_limit_mb=2048',
                                '-print_final_stats=1',
                                f'-artifact_prefix={LOGS}/fuzz-{target}-', corpus]
        words = [d for d in glob.glob(os.path.join(ROOT, 'tests/fuzz/*.dict'))
                 if target.startswith(os.path.basename(d)[:-len('.dict')])]
        argv += ['-dict=' + max(words, key=len)] if words else []
        seeds = os.path.join(ROOT, 'tests/fuzz/corpus', target)
        argv += [seeds] if os.path.isdir(seeds) else []
        began = time.monotonic()
        status, text = command(argv, os.path.join(LOGS, f'fuzz-{target}.log'), env, seconds + 300)
        return target, status, text, time.monotonic() - began

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for target, status, text, took in pool.map(one, targets):
            ran = re.search(r'number_of_executed_units: *(\d+)', text)
            run.add('passed' if status == 0 else 'failed', stage, target, took)
            if status == 0:
                print(f'  {target}: {ran[1] if ran else "?"} inputs')
            else:
                shown.append(f'{target}: the input is build/logs/fuzz-{target}-*\n{tail(text, 60)}')
    run.close_stage(stage, time.monotonic() - start, '\n'.join(shown))


# ---- All of it ----

def sanitizer_reports(run):
    for name in sorted(os.listdir(run.reports)):
        path = os.path.join(run.reports, name)
        with open(path, encoding='utf-8', errors='replace') as f:
            text = f.read()
        shutil.copy(path, os.path.join(LOGS, 'sanitizer-' + name))
        run.add('failed', 'sanitizer', name)
        print(f'---- sanitizer: build/logs/sanitizer-{name}\n{tail(text, 60)}\n----')


def stages(run, kinds, names, seconds, keep):
    wanted = [b for b in ('release', 'asan', 'tsan', 'fuzz')
              if any(b in BUILDS[k] for k in kinds)]
    broken = build(run, wanted)
    works = lambda kind: kind not in broken
    if 'check' in kinds and works('release'):
        lines_stage(run, 'check', ['tools/check', '--quick'] + names)
    if 'unit' in kinds:
        for kind in filter(works, ['asan', 'tsan']):
            unit(run, kind, names)
    if 'vtc' in kinds:
        for kind in filter(works, ['asan', 'release', 'haproxy']):
            vtc(run, kind, names)
    if 'system' in kinds:
        for kind in filter(works, ['asan', 'release', 'tsan']):
            system(run, kind, names)
        if works('release'):
            system(run, 'release', names, serial=True)
    if 'fuzz' in kinds and works('fuzz'):
        fuzz(run, names, seconds, keep)
    sanitizer_reports(run)


def summary(run):
    slowest = sorted(run.results, key=lambda r: -r[3])[:10]
    if any(r[3] > 0 for r in slowest):
        print('\nThe slowest:')
    for _, stage, name, seconds in slowest:
        if seconds > 0:
            late = seconds > SLOW and stage.startswith('system') and not stage.endswith('serial')
            print(f'{seconds:8.2f} s  {stage}  {name}'
                  + ('   (over 20 s: mark it `serial`)' if late else ''))
    failed = [r for r in run.results if r[0] == 'failed']
    if failed:
        print('\nFailed:')
    for _, stage, name, _ in failed:
        print(f'  {stage}: {name}')
    skipped = run.count('skipped')
    print(f'\n{run.count("passed")} passed, {len(failed)} failed'
          + (f', {skipped} skipped' if skipped else ''), flush=True)
    return 1 if failed or not run.count('passed') else 0


def stop(*_):
    for child in list(children):
        end_group(child)
    raise SystemExit(130)


def main():
    parser = argparse.ArgumentParser(prog='./dev test', usage='./dev test [KIND [NAME...]]')
    parser.add_argument('kind', nargs='?', choices=KINDS)
    parser.add_argument('names', nargs='*', metavar='NAME')
    parser.add_argument('--seconds', type=int, default=10)
    parser.add_argument('--keep', action='store_true')
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    shutil.rmtree(LOGS, ignore_errors=True)
    os.makedirs(LOGS)
    run = Run()
    start = time.monotonic()
    try:
        stages(run, [options.kind] if options.kind else KINDS, options.names, options.seconds,
               options.keep)
    finally:
        shutil.rmtree(run.dir, ignore_errors=True)
    print(f'\nTook {time.monotonic() - start:.0f} s. Logs: build/logs')
    sys.exit(summary(run))


if __name__ == '__main__':
    main()
