# SPDX-License-Identifier: Apache-2.0
"""Runs one case in a lane and says whether what came of it is among what is allowed."""
from lane import QUIET
from wire import Wrong


def run_case(lane, case, number):
    """None if the gateway held, else a text that says what went wrong."""
    lane.reset()
    lane.case = case
    lane.ident = b"-%d" % number
    for up in lane.upstreams:
        up.answered_head = False
    wrong = "the judge failed"
    try:
        lane.connect()
        try:
            wrong = judge_response(lane) if lane.scripted() else judge_request(lane)
        except Wrong as e:
            wrong = f"the client received: {e}"
        lane.hang_up()
        lane.settle()
        if wrong is None and not lane.half_requests_end():
            wrong = "a part of a request stays on an open server connection"
        if lane.faults:
            wrong = f"the server received: {lane.faults[0]}" + (f" ({wrong})" if wrong else "")
        return wrong
    finally:
        lane.hang_up()
        lane.settle()
        lane.case = None
        # A spoilt connection must not spoil the next case.
        lane.retire([u for u in lane.upstreams if u.data or u.poisoned or wrong is not None])


def case_targets(seen, ident):
    if not seen.targets:
        return (b"/case" + ident,)
    return tuple(t.replace(b"@@", ident) for t in seen.targets)


def differs(seen, message, ident):
    """How a request that the server saw differs from what it has to be; None if it does not."""
    if message.method != seen.method:
        return f"method {message.method!r}"
    if message.target not in case_targets(seen, ident):
        return f"target {message.target!r}"
    if seen.body is not None and message.body != seen.body:
        return f"body {message.body[:60]!r}"
    for name, value in seen.has:
        if message.all(name) != [value]:
            return f"{name.decode()} {message.all(name)}"
    names = [n for n, _ in message.fields + message.trailers]
    for name in seen.lacks:
        if name in names:
            return f"{name.decode()} is there"
    return None


# ---- Requests ----


def judge_request(lane):
    case = lane.case
    longest = max(case.allowed, key=lambda o: len(o.seen))
    methods = [s.method for s in longest.seen]
    want = min(len(o.seen) + bool(o.status) for o in case.allowed)
    most = max(len(o.seen) + bool(o.status) for o in case.allowed)
    lane.do_steps(case.steps)
    if lane.client is None:  # we have reset it
        lane.pump_until(lambda: False, QUIET / 4)
        return match_requests(lane, [], True)

    def done():
        if lane.over:
            return True
        found, _ = lane.answers(methods)
        whole = [m for m in found if m.whole]
        if any(m.get(b"x-from") is None for m in whole):
            return False  # an answer of the gateway's own: a close has to follow
        return len(whole) >= most

    # With alternatives of different lengths, silence after the shorter one is an answer too.
    if want == most or not lane.pump_until(done, QUIET):
        found, _ = lane.answers(methods)
        if len(found) < want or any(m.get(b"x-from") is None for m in found):
            lane.pump_until(done)
    lane.settle()
    found, rest = lane.answers(methods)
    if rest and not (found and not found[-1].whole):
        return f"the client received a part of an answer: {rest[:60]!r}"
    return match_requests(lane, found, lane.over, methods)


def match_requests(lane, found, over, methods=()):
    reasons = []
    for outcome in lane.case.allowed:
        reason = outcome_differs(lane, outcome, found, over)
        if reason is None:
            break
        reasons.append(reason)
    else:
        return "; or ".join(dict.fromkeys(reasons))
    if outcome.status or outcome.silent:
        return None
    return lane.marker(len(found), [m for m in methods][: len(found)])


def outcome_differs(lane, outcome, found, over):
    ident = lane.ident
    got = [m for m, _ in lane.requests]
    if len(got) != len(outcome.seen):
        return f"the server saw {len(got)} requests, {[m.start for m in got]}"
    for seen, message in zip(outcome.seen, got):
        difference = differs(seen, message, ident)
        if difference:
            return f"the server saw {difference}"
    if not outcome.partial and any(u.data for u in lane.upstreams):
        return "the server saw the start of a request"
    answers = list(found)
    for seen, message in zip(outcome.seen, got):
        if not answers:
            return "the client got no answer"
        answer = answers.pop(0)
        if not answer.whole:
            return "the client got a part of an answer"
        wrong = lane.own_answer(answer, message.method, message.target, len(message.body))
        if wrong and not lane.case.early:
            return wrong
    return rejection_differs(lane, outcome, answers, over)


def rejection_differs(lane, outcome, answers, over):
    if lane.case.early and not outcome.status:
        answers = [m for m in answers if m.get(b"x-from") is None]
    if not outcome.status:
        return f"further answers: {[m.status for m in answers]}" if answers else None
    if not answers:
        if outcome.silent and over:
            return None
        return "no answer of the gateway" + (", only a close" if over else ", and no close")
    if len(answers) > 1 or answers[0].get(b"x-from") is not None:
        return f"answers {[m.status for m in answers]}"
    if answers[0].status not in outcome.status:
        return f"status {answers[0].status}"
    if not answers[0].whole:
        return "an error answer that is not whole"
    return None if over else f"status {answers[0].status}, but the connection stays open"


# ---- Responses ----


def judge_response(lane):
    case = lane.case
    method = case.request.split(b" ", 1)[0]
    lane.client_step(case.request)

    def done():
        if lane.over:
            return True
        found, _ = lane.answers([method])
        return bool(found) and found[0].whole

    lane.pump_until(done)
    lane.settle()
    found, rest = lane.answers([method])
    if len(found) > 1 or (rest and found and found[0].whole):
        return f"bytes after the answer: {[m.status for m in found[1:]]} {rest[:60]!r}"
    reasons = []
    for answer in case.allowed:
        reason = answer_differs(answer, found[0] if found else None, lane)
        if reason is None:
            break
        reasons.append(reason)
    else:
        return "; or ".join(dict.fromkeys(reasons))
    return in_step(lane, method, answer, found)


def in_step(lane, method, answer, found):
    """A further request gets its own answer, whatever our server says in between."""
    case = lane.case
    if case.later:
        lane.settle()
        for up in lane.upstreams:
            if up.served and not up.closed:
                up.poisoned = True
                lane.plan(up, case.later)
        lane.pump_until(lambda: not any(u.poisoned for u in lane.upstreams), QUIET / 2)
        found_now, rest = lane.answers([method])
        if len(found_now) > len(found) or rest:
            return "the client received what nobody asked for"
    if found and not found[0].whole and not lane.over:
        return "an answer that is not whole, and the connection stays open"
    return lane.marker(1 if found and not lane.over else 0, [method])


def answer_differs(answer, message, lane):
    if message is None:
        if lane.over and not answer.whole and not lane.data:
            return None  # a close without a word: the client can tell
        return "the client got no answer" + ("" if lane.over else ", and no close")
    if not answer.whole:
        if message.whole:
            return f"status {message.status}, passed on as whole"
        return None if lane.over else "neither an end nor a close"
    if not message.whole:
        return f"status {message.status}, not whole"
    if message.until_close and lane.over and message.get(b"x-from") is None and answer.own:
        return "an answer until close"
    if message.status not in answer.status:
        return f"status {message.status}"
    if answer.own != (message.get(b"x-from") is None):
        return f"status {message.status} of the " + ("server" if answer.own else "gateway")
    if answer.body is not None and message.body != answer.body:
        return f"body {message.body[:60]!r}"
    for name, value in answer.has:
        if message.all(name) != [value]:
            return f"{name.decode()} {message.all(name)}"
    for name in answer.lacks:
        if message.all(name) or name in [n for n, _ in message.trailers]:
            return f"{name.decode()} is there"
    return None
