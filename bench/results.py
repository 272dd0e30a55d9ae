"""
The records of one run, and only of one: figures of different runs are not to be compared, because
the machine was another one then, even if it is the same.
"""

import json
import statistics

from works import BY_NAME


class Mixed(Exception):
    pass


class Results:
    def __init__(self, records):
        machines = [record for record in records if record["kind"] == "machine"]
        runs = {record["run"] for record in records}
        if len(machines) != 1 or len(runs) != 1:
            raise Mixed(f"these are figures of {len(runs)} runs; only those of one run can be compared")
        self.machine = machines[0]
        self.records = records

    def of(self, kind, **wanted):
        return [record for record in self.records if record["kind"] == kind
                and all(record[name] == value for name, value in wanted.items())]

    def cpu(self, server, work, part="us_each"):
        """Microseconds for each unit of work, one for each round."""
        return [record["load"]["server_cpu"][part] for record in self.of("work", server=server, work=work)
                if record["load"]["completed"]]

    def latency_ms(self, server, work, share, percentile):
        """For each round."""
        return [record["load"]["latency_us"][percentile] / 1000
                for record in self.of("latency", server=server, work=work, share=share)]

    def latency_curves(self):
        """What the latency was measured of: (server, work), and its shares of what saturates, each with what was offered."""
        curves = {}
        for record in self.of("latency"):
            curves.setdefault((record["server"], record["work"]), {})[record["share"]] = record["load"]["offered_per_s"]
        return curves

    def floor(self, work):
        """
        What the kernel takes for so many datagrams: measured for one in and one out, and reckoned
        from that for more. Of TCP the floor is not known.
        """
        measured = self.cpu("floor", "options")
        unit = BY_NAME[work]
        if not measured or unit.transport == "tcp":
            return None
        return statistics.median(measured) * (unit.received + unit.sent) / 2


def read(paths):
    records = []
    for path in paths:
        with open(path) as lines:
            records += [json.loads(line) for line in lines]
    return Results(records)


def median(values):
    return statistics.median(values) if values else None
