"""
What one machine of a given size carries: the figures of a run, and arithmetic. What people do with
their phones is assumed, and said.
"""

from results import median
from tables import binding_bytes

REFRESH_S = 1800  # phones register anew at half of the usual hour
BUSY_HOUR_CALLS = 2  # calls begun by a phone in its busiest hour
BUSY_SHARE = 0.5  # of each core: where p99 was measured, and room for what fails elsewhere
MEMORY_SHARE = 0.5  # of the memory; the rest is for the system, its page cache, and transactions
MACHINES = [(1, 1), (2, 4), (4, 8), (8, 32), (16, 64)]  # cores, GB


class Figures:
    """CPU microseconds for each unit of work, and what more workers add."""

    def __init__(self, results):
        self.cost = {name: median(results.cpu(server, name)) for server, name in (
            ("tchind", "options"), ("tchind", "register"), ("tchind-digest", "register-digest"), ("tchind", "message"),
            ("tchind", "call"))}
        growth = []
        for name in ("register", "message", "call"):
            one, two = ([r["load"]["server_cpu"]["us_each"] for r in results.of("workers", work=name, workers=n)]
                        for n in (1, 2))
            if one and two:
                growth.append(median(two) / median(one))
        self.growth = max(growth, default=None)
        self.binding = binding_bytes(results)
        users = results.of("users")
        self.user = users[0]["pss_bytes"] / users[0]["users"] if users else None
        empty = results.of("memory", server="tchind", users=0)
        self.empty = empty[0]["pss_bytes"] if empty else None

    def is_whole(self):
        return None not in (*self.cost.values(), self.growth, self.binding, self.user, self.empty)

    def cores(self, count):
        """What `count` of them are worth, of one, at the share that is used of each."""
        return BUSY_SHARE * count / (max(self.growth, 1) if count > 1 else 1)

    def rate(self, name, count):
        """So many a second, if nothing else is done."""
        return self.cores(count) * 1e6 / self.cost[name]

    def phone_us(self):
        """CPU time that a phone takes in a second of its busiest hour."""
        return self.cost["register-digest"] / REFRESH_S + self.cost["call"] * BUSY_HOUR_CALLS / 3600

    def phones_by_cpu(self, count):
        return self.cores(count) * 1e6 / self.phone_us()

    def phones_by_memory(self, gigabytes):
        return (MEMORY_SHARE * gigabytes * 1e9 - self.empty) / (self.binding + self.user)


def rounded(number):
    """Two digits: more would be a promise."""
    if number < 100:
        return f"{number:.0f}"
    step = 10 ** (len(str(int(number))) - 2)
    return f"{int(number / step) * step:,}"


def table(figures):
    rows = [["cores", "memory", "REGISTER/s, digest", "refreshes/s", "MESSAGE/s", "calls/s", "phones", "what ends first"]]
    for cores, gigabytes in MACHINES:
        by_cpu, by_memory = figures.phones_by_cpu(cores), figures.phones_by_memory(gigabytes)
        rows.append([str(cores), f"{gigabytes} GB", *(rounded(figures.rate(name, cores)) for name in
                                                     ("register-digest", "register", "message", "call")),
                     rounded(min(by_cpu, by_memory)), "memory" if by_memory < by_cpu else "CPU"])
    return rows


def inputs_table(figures):
    """The figures that the other table is reckoned from."""
    return [["figure", "value"],
            ["REGISTER with digest (401, 200)", f"{figures.cost['register-digest']:.2f} us of CPU"],
            ["REGISTER refresh, durable", f"{figures.cost['register']:.2f} us"],
            ["MESSAGE relayed", f"{figures.cost['message']:.2f} us"],
            ["call relayed", f"{figures.cost['call']:.2f} us"],
            ["a binding", f"{figures.binding:.0f} bytes"],
            ["a user, with the hashes of the password", f"{figures.user:.0f} bytes"],
            ["tchind without bindings", f"{figures.empty / 1e6:.0f} MB"],
            ["two workers against one, the worst", f"x {figures.growth:.2f}"],
            ["a phone in its busiest hour", f"{figures.phone_us():.3f} us in a second"]]
