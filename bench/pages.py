"""docs/performance.md, docs/scaling.md and docs/plots: what stands between the markers, written anew."""

import collections

import machine
import plots
import scaling
import tables
from results import median
from targets import TITLES
from works import BY_NAME, WORKS

DOCS = machine.ROOT / "docs"
SHOWN = ("tchind", "tchind-relaxed", "tchind-digest", "kamailio", "kamailio-digest", "kamailio-written", "kamailio-packaged",
         "floor")


def counted(number, thing):
    return f"{number} {thing}" + ("s" if number != 1 else "")


def setting(results):
    """Where the figures come from, in one paragraph."""
    m, s = results.machine, results.machine["settings"]
    pinned = "server on one core, load on another" if s["pinned"] else "server and load on the same cores"
    busy = (f" **The machine was busy (load {m['load_before']:.1f}) when it began: these figures are to try the bench with.**"
            if m["load_before"] > 0.5 else "")
    return (f"Run {m['run']} of {m['date']}: {m['cpu']}, {m['cores']} cores, {m['memory_gb']} GB, Linux {m['kernel']}; "
            f"tchin {m['tchin']}, {m['compiler']}, {m['kamailio']}. {counted(s['rounds'], 'round')} of {s['seconds']:g} s, {pinned}, "
            f"100 under way at a time, loopback. Median [minimum-maximum].{busy}")


def colour_of(title):
    """One for us, one for the peer, one for the kernel."""
    ours, peer, kernel = plots.COLOURS[:3]
    return ours if title.startswith("tchind") else peer if title.startswith("Kamailio") else kernel


def cpu_plot(results):
    groups = []
    for work in WORKS:
        entries = [(TITLES[name], median(results.cpu(name, work.name)), median(results.cpu(name, work.name, "user_us_each")))
                   for name in SHOWN if results.cpu(name, work.name)]
        if entries and work.name != "options" and results.floor(work.name):
            entries.append((TITLES["floor"], results.floor(work.name), 0))
        if entries:
            groups.append((work.title, entries))
    return plots.bars("CPU for each unit of work (full: user space, pale: the kernel)", groups, colour_of) if groups else None


def latency_plot(results, work):
    curves = collections.OrderedDict((name, []) for name in ("p50", "p99", "p999"))
    for share, offered in results.latency_curves().get(("tchind", work), {}).items():
        for name, curve in curves.items():
            curve.append((offered, max(median(results.latency_ms("tchind", work, share, name)), 0.01)))
    if not curves["p50"]:
        return None
    return plots.lines(f"Latency against offered load: {BY_NAME[work].title}", "offered a second", "ms", curves.items(),
                       (False, True))


def memory_plot(results):
    curves = collections.OrderedDict()
    for record in results.of("memory"):
        curves.setdefault(TITLES[record["server"]], []).append((record["users"], record["pss_bytes"] / 1e6))
    return plots.lines("Memory against registered users", "bindings", "MB (PSS)", curves.items()) if curves else None


def all_plots(results):
    made = {"cpu": cpu_plot(results), "latency-options": latency_plot(results, "options"),
            "latency-register": latency_plot(results, "register"), "memory": memory_plot(results)}
    return {name: plot for name, plot in made.items() if plot}


def replace_between(path, marker, lines):
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    before, rest = path.read_text().split(begin)
    after = rest.split(end)[1]
    path.write_text(f"{before}{begin}\n" + "\n\n".join(lines) + f"\n{end}{after}")


def write_performance(results, made):
    pictures = {name: f"![{name}](plots/{name}.svg)" for name in made}
    sections = [("Budget", tables.demands_table, None), ("Beside the budget", tables.other_demands, None),
                ("CPU for each unit of work", tables.works_table, ("cpu",)),
                ("Latency", tables.latency_table, ("latency-options", "latency-register")),
                ("Memory", tables.memory_table, ("memory",)), ("Stalls", tables.stalls_table, None),
                ("One worker and two", tables.workers_table, None)]
    lines = [setting(results)]
    for heading, table, images in sections:
        rows = table(results)
        if len(rows) > 1:
            lines += [f"### {heading}", *(pictures[name] for name in images or () if name in made), tables.as_markdown(rows)]
    replace_between(DOCS / "performance.md", "bench", lines)


def write_scaling(results):
    """False: the run has not all of the figures that it takes."""
    figures = scaling.Figures(results)
    if not figures.is_whole():
        return False
    replace_between(DOCS / "scaling.md", "scaling", [
        tables.as_markdown(scaling.table(figures)), "Reckoned from these figures of the same run:",
        tables.as_markdown(scaling.inputs_table(figures)), setting(results)])
    return True


def write(results):
    made = all_plots(results)
    (DOCS / "plots").mkdir(exist_ok=True)
    for name, plot in made.items():
        (DOCS / "plots" / f"{name}.svg").write_text(plot)
    write_performance(results, made)
    return write_scaling(results)
