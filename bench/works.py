"""
The units of work that are measured, and the budget for them: what issue 3 demands of tchind.
"""

import collections

DOMAIN = "bench.test"
USERS = 10_000
TCP_FIRST = 1_000_000  # other users than over UDP: each is to have one contact
TCP_SOCKETS = 16

# `sent` and `received`: messages of the server; `steady` is set where the server keeps something for seconds.
Work = collections.namedtuple("Work", "name title scenario transport received sent steady digest")

WORKS = [
    Work("options", "OPTIONS answered", "options", "udp", 1, 1, False, False),
    Work("register", "REGISTER refresh", "register", "udp", 1, 1, False, False),
    Work("register-digest", "REGISTER with digest (401, 200)", "register", "udp", 2, 2, False, True),
    Work("message", "MESSAGE relayed", "message", "udp", 2, 2, True, False),
    Work("call", "call relayed (13 messages)", "call", "udp", 6, 7, True, False),
    Work("options-tcp", "OPTIONS answered, TCP", "options", "tcp", 1, 1, False, False),
    Work("register-tcp", "REGISTER refresh, TCP", "register", "tcp", 1, 1, False, False),
    Work("call-tcp", "call relayed, TCP", "call", "tcp", 6, 7, True, False),
]
BY_NAME = {work.name: work for work in WORKS}

# `ours` against `peer`: user-space microseconds at most, and how many times cheaper in all. None: not demanded.
Demand = collections.namedtuple("Demand", "work ours peer user_us times")

DEMANDS = [
    Demand("options", "tchind", "kamailio", 0.5, 1.5),
    Demand("register", "tchind-relaxed", "kamailio", 0.75, 1.6),
    Demand("register", "tchind", "kamailio", 2.0, 1.2),
    Demand("register-digest", "tchind-digest", "kamailio-digest", 3.2, 2.3),
    Demand("register-digest", "tchind-digest", "kamailio-written", None, 12),
    Demand("message", "tchind", "kamailio", 3.0, 2.3),
    Demand("call", "tchind", "kamailio", 7.5, 2.0),
    Demand("options-tcp", "tchind", "kamailio", None, 1.5),
    Demand("register-tcp", "tchind", "kamailio", None, 1.5),
    Demand("call-tcp", "tchind", "kamailio", None, 2.0),
    Demand("options", "tchind", "kamailio-packaged", None, 5),
    Demand("register", "tchind", "kamailio-packaged", None, 5),
    Demand("message", "tchind", "kamailio-packaged", None, 5),
    Demand("call", "tchind", "kamailio-packaged", None, 5),
]

# p99 in milliseconds at half of what saturates.
LATENCY_MS = {"options": 1.0, "register": 5.0}
BINDING_BYTES = 300
START_S = 1.5
STOP_S = 1.0
FLATNESS = 1.25  # a REGISTER with the most users against one with the fewest
IDLE_BYTES, IDLE_CPU = 20_000, 0.02  # of a connection that is open and silent; of a core, for all of them
TWO_WORKERS = 1.05  # a unit of work with two workers against one with one


def load_words(work, users=USERS, first=None):
    """What tchin load is told to do this work."""
    words = ["--scenario", work.scenario, "--transport", work.transport, "--users", str(users)]
    if work.transport == "tcp":
        words += ["--sockets", str(TCP_SOCKETS), "--first", str(TCP_FIRST if first is None else first)]
    elif first:
        words += ["--first", str(first)]
    return words
