"""The figures as tables: rows of text, for the terminal and for the documents."""

from results import median
from targets import SERVERS, TITLES
from works import (BINDING_BYTES, BY_NAME, DEMANDS, FLATNESS, IDLE_BYTES, IDLE_CPU, LATENCY_MS, START_S, STOP_S, TWO_WORKERS, WORKS)


def spread(values, digits=2):
    """median [minimum-maximum]"""
    if not values:
        return ""
    return f"{median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def verdict(holds):
    return "yes" if holds else "no"


def works_table(results):
    rows = [["work", "server", "CPU us each", "of it user", "completed/s", "p50 / p99 ms", "failed, lost"]]
    for work in WORKS:
        for server in SERVERS:
            records = results.of("work", server=server.name, work=work.name)
            if not records:
                continue
            loads = [record["load"] for record in records]
            times = [median([load["latency_us"][name] for load in loads]) / 1000 for name in ("p50", "p99")]
            rows.append([work.title, server.title, spread(results.cpu(server.name, work.name)),
                         spread(results.cpu(server.name, work.name, "user_us_each")),
                         f"{median([load['per_s'] for load in loads]):,.0f}", f"{times[0]:.2f} / {times[1]:.2f}",
                         str(sum(load["failed"] + load["lost"] for load in loads))])
        if results.floor(work.name) and work.name != "options" and results.of("work", work=work.name):
            rows.append([work.title, TITLES["floor"] + ", reckoned", f"{results.floor(work.name):.2f}", "", "", "", ""])
    return rows


def demands_table(results):
    rows = [["work", "tchind against", "times cheaper", "demanded", "user us", "at most", "met"]]
    for demand in DEMANDS:
        ours, peer = results.cpu(demand.ours, demand.work), results.cpu(demand.peer, demand.work)
        user = results.cpu(demand.ours, demand.work, "user_us_each")
        if not ours or not peer:
            continue
        times = median(peer) / median(ours)
        met = times >= demand.times and (demand.user_us is None or median(user) <= demand.user_us)
        name = BY_NAME[demand.work].title + {"tchind-relaxed": ", not durable"}.get(demand.ours, "")
        rows.append([name, TITLES[demand.peer], f"{times:.2f}", f"{demand.times:g}", f"{median(user):.2f}",
                     f"{demand.user_us:g}" if demand.user_us else "", verdict(met)])
    return rows


def latency_table(results):
    rows = [["work", "server", "offered", "offered/s", "completed/s", "p50 ms", "p99 ms", "p99.9 ms", "skipped, failed, lost"]]
    for (server, work), shares in results.latency_curves().items():
        for share, offered in shares.items():
            loads = [record["load"] for record in results.of("latency", server=server, work=work, share=share)]
            rows.append([BY_NAME[work].title, TITLES[server], f"{share:.0%}", f"{offered:,.0f}",
                         f"{median([load['per_s'] for load in loads]):,.0f}",
                         *(spread(results.latency_ms(server, work, share, name)) for name in ("p50", "p99", "p999")),
                         str(sum(load["skipped"] + load["failed"] + load["lost"] for load in loads))])
    return rows


def binding_bytes(results, server="tchind"):
    """The difference of the most and none, shared out."""
    sizes = {record["users"]: record["pss_bytes"] for record in results.of("memory", server=server)}
    users = max(sizes, default=0)
    return (sizes[users] - sizes[0]) / users if users and 0 in sizes else None


def memory_table(results):
    rows = [["server", "bindings", "memory MB (PSS)", "bytes a binding", "a new one: CPU us", "a refresh: CPU us"]]
    for record in results.of("memory"):
        start = [TITLES[record["server"]], f"{record['users']:,}", f"{record['pss_bytes'] / 1e6:.1f}"]
        if record["users"] == 0:
            empty = record["pss_bytes"]
            rows.append([*start, "", "", ""])
            continue
        refresh = [flat["load"]["server_cpu"]["us_each"]
                   for flat in results.of("flatness", users=record["users"], server=record["server"])]
        rows.append([*start, f"{(record['pss_bytes'] - empty) / record['users']:.0f}",
                     f"{record['fresh']['server_cpu']['us_each']:.2f}", f"{median(refresh):.2f}"])
    return rows


def stalls_table(results):
    rows = [["OPTIONS while", "offered/s", "p50 ms", "p99 ms", "the slowest, ms", "skipped, failed, lost"]]
    for record in results.of("stall"):
        load, times = record["load"], record["load"]["latency_us"]
        rows.append([record["during"], f"{load['offered_per_s']:,.0f}",
                     *(f"{times[name] / 1000:.2f}" for name in ("p50", "p99", "max")),
                     str(load["skipped"] + load["failed"] + load["lost"])])
    return rows


def workers_table(results):
    rows = [["work", "one worker: CPU us each", "two workers", "grows by"]]
    for work in WORKS:
        one, two = ([record["load"]["server_cpu"]["us_each"] for record in results.of("workers", work=work.name, workers=n)]
                    for n in (1, 2))
        if one and two:
            rows.append([work.title, spread(one), spread(two), f"{median(two) / median(one) - 1:+.1%}"])
    return rows


def other_demands(results):
    """(what, measured, demanded, met) of what is no work."""
    rows = [["what", "measured", "demanded", "met"]]
    for name, limit_ms in LATENCY_MS.items():
        times = results.latency_ms("tchind", name, 0.5, "p99")
        if times:
            rows.append([f"p99 at half of what saturates: {BY_NAME[name].title}", f"{spread(times)} ms",
                         f"under {limit_ms:g} ms", verdict(median(times) < limit_ms)])
    if binding_bytes(results):
        rows.append(["memory for a binding, users aside", f"{binding_bytes(results):.0f} bytes", f"{BINDING_BYTES} bytes",
                     verdict(binding_bytes(results) <= BINDING_BYTES)])
    flat = [record["load"]["server_cpu"]["us_each"] for record in results.of("flatness", server="tchind")]
    if len(flat) > 1:
        rows.append(["a REGISTER with most users against fewest", f"x {flat[-1] / flat[0]:.2f}", f"under x {FLATNESS}",
                     verdict(flat[-1] / flat[0] < FLATNESS)])
    for record in results.of("restart"):
        users = f"{record['users']:,} bindings"
        whole = record["found"] == record["users"]
        rows.append([f"start with {users}", f"{record['start_s']:.2f} s, {record['found']:,} found", f"{START_S:g} s, all",
                     verdict(record["start_s"] <= START_S and whole)])
        rows.append([f"stop with {users}", f"{record['stop_s']:.2f} s", f"under {STOP_S:g} s",
                     verdict(record["stop_s"] < STOP_S and record["stopped_by_itself"])])
    growth = [median([r["load"]["server_cpu"]["us_each"] for r in results.of("workers", work=work.name, workers=2)])
              / median([r["load"]["server_cpu"]["us_each"] for r in results.of("workers", work=work.name, workers=1)])
              for work in WORKS if results.of("workers", work=work.name, workers=2)]
    if growth:
        rows.append(["a unit of work with two workers against one, the worst", f"x {max(growth):.2f}",
                     f"under x {TWO_WORKERS}", verdict(max(growth) < TWO_WORKERS)])
    for record in results.of("idle"):
        rows.append([f"memory of each of {record['connections']:,} idle connections, {record['transport'].upper()}",
                     f"{record['pss_bytes_each']:,} bytes", f"{IDLE_BYTES:,} bytes", verdict(record["pss_bytes_each"] <= IDLE_BYTES)])
        rows.append([f"what they cost together, {record['transport'].upper()}", f"{record['cpu']:.2%} of a core",
                     f"under {IDLE_CPU:.0%}", verdict(record["cpu"] < IDLE_CPU)])
    return rows


def as_text(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def as_markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
