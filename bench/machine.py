"""What a run ran on and with: figures mean nothing without it."""

import datetime
import os
import pathlib
import platform
import re
import subprocess
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        return (done.stdout or done.stderr).splitlines()[0].strip()
    except (OSError, IndexError):
        return "not there"


def cpu_model():
    found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found.group(1) if found else platform.machine()


def memory_gb():
    found = re.search(r"^MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)
    return round(int(found.group(1)) / 2**20, 1)


def tree_version():
    commit = first_line("git", "rev-parse", "--short", "HEAD")
    changed = subprocess.run(["git", "status", "--porcelain", "src", "cmake", "CMakeLists.txt"], capture_output=True,
                             cwd=ROOT).stdout
    return commit + (" and changes" if changed else "")


def describe(settings):
    """The first record of a run."""
    return {
        "kind": "machine",
        "run": uuid.uuid4().hex[:12],
        "date": datetime.datetime.now().astimezone().strftime("%d %b %Y, %H:%M %Z"),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": memory_gb(),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "tchin": tree_version(),
        "compiler": first_line("gcc", "--version"),
        "kamailio": first_line("kamailio", "-v"),
        "settings": settings,
    }
