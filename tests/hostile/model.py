# SPDX-License-Identifier: Apache-2.0
"""What a hostile message is, and what may come of it.

A case is bytes and an expectation. It is judged by what the other side receives, never by what the
gateway says of itself. The names of the files say which side is hostile:

    requests_*.py   the client; the judge plays a strict server
    responses*.py   the server; the judge plays a strict client

In the bytes, `@@` stands for the case's own target, so that a request that was not in the script
is seen wherever it turns up.

Steps, in order, are bytes to send or one of
    Pause(ms)   wait; what was sent before has reached the gateway by then
    FIN, RST    shut the sending side, or reset the connection
    ANSWERED    (request cases) wait until an answer has come

Expectations of request cases (one or several alternatives that are all safe):
    reject(400, …)        nothing of it reached the server; that status, then a close
    reject_body(400, …)   as reject, but the start of a request may have reached the server: it must
                          never become a whole one, and its connection must be closed
    one(…)                the server saw exactly this request, and the connection is in step: a
                          further request on it gets its own answer
    several(…)            these requests, in this order, and in step
    several(…, then=…)    these, and then a rejection
    incomplete()          no whole request; an error status or a plain close
    either(…)             any of these

Expectations of response cases; after each of them a further request must get its own answer:
    bad(502, …)           an answer of the gateway's own with that status
    good(200, body, …)    this answer, whole
    cut()                 an answer that the client can tell is not whole, or bad(502)
    either(…)             any of these
"""
from dataclasses import dataclass

FIN = "fin"
RST = "rst"
ANSWERED = "answered"


@dataclass(frozen=True)
class Pause:
    ms: int


@dataclass(frozen=True)
class Seen:
    """A request as the server has to see it; None is for what does not matter."""

    method: bytes = b"GET"
    targets: tuple = ()  # any of these; with @@; empty: the case's own
    body: bytes = b""
    has: tuple = ()  # (name, value) pairs
    lacks: tuple = ()  # field names, also of trailers


@dataclass(frozen=True)
class Outcome:
    """One thing that may come of a request case."""

    seen: tuple = ()  # requests that the server saw whole
    status: frozenset = frozenset()  # of the gateway's own answer after them; empty: it made none
    silent: bool = False  # instead of that answer a plain close will do
    partial: bool = False  # the start of one more request may have reached the server


@dataclass(frozen=True)
class Answer:
    """One thing that may come of a response case."""

    status: frozenset
    body: bytes | None = None  # None: does not matter
    own: bool = False  # the gateway's own answer, not the server's
    whole: bool = True
    has: tuple = ()
    lacks: tuple = ()


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    steps: tuple
    allowed: tuple  # of Outcome, or of Answer
    # Request cases
    early: bool = False  # the server answers as soon as it has a head
    needs: str = ""  # a directive that HAProxy has not
    # Response cases
    request: bytes = b""  # what the client sends
    greet: tuple = ()  # steps of the server on a new connection, before it has read anything
    later: tuple = ()  # steps of the server once the client has its answer
    drop: bool = False  # the server's connection must not serve another request

    @property
    def full_name(self):
        return f"{self.group}/{self.name}"


def flat(outcomes):
    found = []
    for o in outcomes:
        found += flat(o) if isinstance(o, tuple) else [o]
    return tuple(found)


def either(*outcomes):
    return flat(outcomes)


def reject(*status):
    return (Outcome(status=frozenset(status)),)


def reject_body(*status):
    return (Outcome(status=frozenset(status), partial=True),)


def incomplete():
    return (Outcome(status=frozenset({400, 408, 502}), silent=True, partial=True),)


def partial():
    """Early answers only: the server had answered, and the request was given up in the middle."""
    return (Outcome(partial=True),)


def request(method=b"GET", target=None, body=b"", has=(), lacks=()):
    if target is None:
        targets = ()
    else:
        targets = target if isinstance(target, tuple) else (target,)
    return Seen(method, targets, body, tuple(has), tuple(lacks))


def one(method=b"GET", target=None, body=b"", has=(), lacks=()):
    return (Outcome(seen=(request(method, target, body, has, lacks),)),)


def several(*seen, then=None):
    if then is None:
        return (Outcome(seen=tuple(seen)),)
    return tuple(Outcome(tuple(seen), o.status, o.silent, o.partial) for o in flat(then))


def bad(*status):
    return (Answer(frozenset(status or (502,)), own=True),)


def good(status=200, body=None, has=(), lacks=()):
    return (Answer(frozenset({status}), body, has=tuple(has), lacks=tuple(lacks)),)


def cut():
    return (Answer(frozenset(), whole=False),) + bad(502)
