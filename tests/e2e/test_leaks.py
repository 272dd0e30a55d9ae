"""Memory after ten thousand calls: valgrind sees no leak, and nothing else it dislikes."""

import shutil

import pytest

from load import run_calls

VALGRIND = "valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect --error-exitcode=99"


@pytest.mark.long
def test_valgrind_sees_no_leak_after_ten_thousand_calls(tchind, tmp_path):
    if not shutil.which("valgrind"):
        pytest.skip("needs valgrind")
    server = tchind(options=["--no-auth", "--workers", "2"], traces=False, wrap=VALGRIND)
    good, bad, errors = run_calls(tmp_path, server.address, calls=10000, rate=40, patience_s=300)
    assert (good, bad) == (10000, 0), errors
