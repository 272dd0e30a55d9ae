"""
The bench: that it measures, refuses to mix runs, and writes its documents. What the figures are is
not judged here.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest

from phones import free_port
from servers import BIN, ROOT

sys.path.insert(0, str(ROOT / "bench"))
sys.dont_write_bytecode = True
import pages  # noqa: E402
import plots  # noqa: E402
import results  # noqa: E402
import scaling  # noqa: E402
import tables  # noqa: E402


def machine(run="a"):
    return {"kind": "machine", "run": run, "date": "today", "cpu": "a fast one", "cores": 2, "memory_gb": 1, "kernel": "6",
            "load_before": 0, "tchin": "x", "compiler": "gcc", "kamailio": "5",
            "settings": {"rounds": 3, "seconds": 2, "pinned": True}}


def loaded(us, user_us=1, per_s=1000):
    return {"completed": 100, "failed": 0, "lost": 0, "skipped": 0, "per_s": per_s, "offered_per_s": per_s,
            "latency_us": {"p50": 100, "p90": 200, "p99": 300, "p999": 400, "max": 500},
            "server_cpu": {"us_each": us, "user_us_each": user_us, "system_us_each": us - user_us}}


def work(server, name, us, user_us=1, run="a"):
    return {"kind": "work", "round": 1, "server": server, "work": name, "load": loaded(us, user_us), "run": run}


def whole_run():
    records = [machine(), work("floor", "options", 2)]
    for server, name in (("tchind", "options"), ("tchind", "register"), ("tchind-digest", "register-digest"),
                         ("tchind", "message"), ("tchind", "call"), ("kamailio", "options")):
        records += [work(server, name, us, us / 2) for us in (4, 5, 9)]
    for users, pss in ((0, 10_000_000), (1000, 10_300_000)):
        records.append({"kind": "memory", "server": "tchind", "users": users, "pss_bytes": pss, "fresh": loaded(7), "run": "a"})
    records.append({"kind": "flatness", "server": "tchind", "users": 1000, "load": loaded(7), "run": "a"})
    records.append({"kind": "users", "users": 100, "pss_bytes": 20_000, "run": "a"})
    for count in (1, 2):
        records.append({"kind": "workers", "workers": count, "work": "call", "load": loaded(10 * count), "run": "a"})
    for p99 in (300, 700, 1500):
        load = loaded(3)
        load["latency_us"]["p99"] = p99
        records.append({"kind": "latency", "round": 1, "server": "tchind", "work": "options", "share": 0.5, "load": load, "run": "a"})
    return records


def test_figures_of_two_runs_are_refused(tmp_path):
    paths = []
    for run in ("a", "b"):
        paths.append(tmp_path / run)
        paths[-1].write_text("\n".join(json.dumps(r) for r in (machine(run), work("tchind", "options", 3, run=run))) + "\n")
    assert results.read(paths[:1]).cpu("tchind", "options") == [3]
    with pytest.raises(results.Mixed):
        results.read(paths)
    done = subprocess.run([ROOT / "bench" / "run", "--show", *paths], capture_output=True, text=True)
    assert done.returncode == 1 and "figures of 2 runs" in done.stderr and done.stdout == "", done


def test_latency_is_judged_by_the_median_of_the_rounds():
    found = results.Results(whole_run())
    assert tables.latency_table(found)[1][6] == "0.70 [0.30-1.50]"
    judged = [row for row in tables.other_demands(found) if row[0].startswith("p99 at half")]
    assert judged == [["p99 at half of what saturates: OPTIONS answered", "0.70 [0.30-1.50] ms", "under 1 ms", "yes"]]


def test_medians_ratios_and_the_reckoned_floor():
    found = results.Results([r if r["kind"] == "machine" else {**r, "run": "a"} for r in whole_run()])
    table = [row for row in tables.works_table(found) if row[0] == "OPTIONS answered" and row[1] == "tchind"]
    assert table[0][2:4] == ["5.00 [4.00-9.00]", "2.50 [2.00-4.50]"]
    assert found.floor("options") == 2 and found.floor("message") == 4 and found.floor("call") == 13
    assert found.floor("call-tcp") is None
    demand = [row for row in tables.demands_table(found) if row[0] == "OPTIONS answered"][0]
    assert demand[2] == "1.00" and demand[-1] == "no"
    assert tables.binding_bytes(found) == 300


def test_scaling_is_arithmetic():
    figures = scaling.Figures(results.Results(whole_run()))
    assert figures.is_whole() and figures.growth == 2
    assert figures.rate("message", 1) == 0.5 * 1e6 / 5
    assert figures.rate("message", 4) == 0.5 * 4 / 2 * 1e6 / 5
    assert round(figures.phones_by_memory(1)) == round((0.5e9 - 10e6) / 500)
    assert scaling.rounded(123456) == "120,000" and scaling.rounded(42) == "42"


def test_documents_are_written_between_their_markers(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    for name in ("performance.md", "scaling.md"):
        shutil.copy(ROOT / "docs" / name, tmp_path)
    before = {name: (tmp_path / name).read_text() for name in ("performance.md", "scaling.md")}
    for _ in range(2):  # the second time it replaces
        assert pages.write(results.Results(whole_run()))
    for name, marker in (("performance.md", "bench"), ("scaling.md", "scaling")):
        text = (tmp_path / name).read_text()
        around = re.compile(f"(?s)(.*<!-- {marker}: begin -->).*(<!-- {marker}: end -->.*)")
        assert around.match(text).groups() == around.match(before[name]).groups()
        assert text.count("Run a of today: a fast one") == 1
    for picture in (tmp_path / "plots").iterdir():
        xml.etree.ElementTree.parse(picture)
        assert f"(plots/{picture.name})" in (tmp_path / "performance.md").read_text()


def test_plots_stay_inside_their_picture():
    for logarithmic in (False, True):
        text = plots.lines("<&>", "x", "y", [("a", [(1, 0.02), (900, 3000)]), ("b", [(5, 7), (800, 8)])], (False, logarithmic))
        root = xml.etree.ElementTree.fromstring(text)
        for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
            assert 0 <= float(circle.get("cx")) <= plots.WIDTH and 0 <= float(circle.get("cy")) <= 340


def can_make_control_groups():
    top = pathlib.Path("/sys/fs/cgroup")
    folder = (top / "cpuacct" if (top / "cpuacct").is_dir() else top) / f"tchin-test-{os.getpid()}"
    try:
        folder.mkdir()
        folder.rmdir()
    except OSError:
        return False
    return True


def test_a_short_run_measures(tmp_path):
    if not can_make_control_groups():
        pytest.skip("needs a control group: root, and a system that has them")
    documents = {path: path.read_bytes() for path in (ROOT / "docs").glob("*.md")}
    done = subprocess.run([ROOT / "bench" / "run", "--rounds", "1", "--seconds", "0.3", "--stages", "work", "--works", "options",
                           "--servers", "tchind,floor", "--json"], capture_output=True, text=True,
                          env={**os.environ, "TCHIN_BIN": str(BIN), "PORT": str(free_port())})
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["kind"] for record in records] == ["machine", "work", "work"]
    assert all(record["load"]["completed"] > 0 and record["load"]["server_cpu"]["us_each"] > 0 for record in records[1:])
    assert {path: path.read_bytes() for path in (ROOT / "docs").glob("*.md")} == documents
    for word in ("--works", "--servers", "--stages"):
        wrong = subprocess.run([ROOT / "bench" / "run", word, "nothing"], capture_output=True, text=True)
        assert wrong.returncode == 2 and "nothing is none of" in wrong.stderr
