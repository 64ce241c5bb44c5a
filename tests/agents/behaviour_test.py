"""Applications behave as they do without the agent: forking servers, launchers, other agents, bad servers, out of memory."""
import re

import pytest

from agents_test import LANGUAGES, silent, started
from scenarios import ANSWERS


def same(result, plain):
    return (result.code, result.out) == (plain.code, plain.out)


def has(result, name):
    return any(name in upload.content() for upload in result.uploads)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("trouble", ["silent", "refusing", "no url", "no such host", *ANSWERS])
def test_server_failures_do_not_affect_the_application(outcome, language, trouble):
    result = outcome(f"{language} {trouble}")
    assert same(result, outcome(f"{language} plain")), result
    assert result.code == 5
    if trouble in ANSWERS:
        assert result.match is not None, result
    assert silent(result), result


@pytest.mark.parametrize("language", LANGUAGES)
def test_process_that_lives_one_second(outcome, language):
    result = outcome(f"{language} one second")
    assert (result.code, result.out) == (7, outcome(f"{language} plain").out), result


def test_java_shows_what_a_short_job_did(outcome):
    """Four seconds, the first of which is the default delay; nothing is uploaded before the end."""
    result = outcome("java default delay")
    assert (result.code, len(result.uploads)) == (7, 1) and has(result, b"priceBasket"), result


@pytest.mark.parametrize("name", ["python gunicorn", "python gunicorn preload"])
def test_gunicorn_workers_are_profiled_and_the_master_is_not(outcome, name):
    result = outcome(name)
    assert result.match is not None and result.code == 0, result
    workers = set(map(int, re.findall(r"Booting worker with pid: (\d+)", result.err)))
    assert len(workers) == 2 and started(result) == workers, result
    for pid in workers:
        assert has(result, b"price_in_%d_" % pid)
    # The master computed for a second before each fork, many times the delay.
    assert not has(result, b"price_in_master")


def test_children_are_profiled_and_end_with_their_codes(outcome):
    result = outcome("python forks")
    assert result.code == 0, result
    printed = {line.split()[0]: line.split()[1:] for line in result.out.splitlines()}
    assert printed.pop("codes") == ["7", "11", "12", "13"]
    assert set(printed) == {"parent", "forked", "fork", "spawn", "forkserver"}
    assert started(result) == {int(pid) for pid, in printed.values()}, result
    for name in printed:
        assert has(result, f"price_by_{name}_".encode()), name
    assert "Warning" not in result.err


def test_node_of_an_alpine_image_is_profiled(outcome, words):
    if words["musl"] is None:
        pytest.skip("apt's mirror has no Debian with musl 1.2.4 or later")
    result = outcome("node musl")
    assert result.match is not None and (result.code, result.err) == (5, ""), result


@pytest.mark.parametrize("option", ["-I", "-E"])
def test_python_that_ignores_the_environment_is_not_profiled(outcome, option):
    result = outcome(f"python {option}")
    assert result.code == 4 and result.err == "" and result.uploads == [], result
    assert "_profiling_agent=False pyroscope=False" in result.out


def test_the_sitecustomize_of_a_virtual_environment_also_runs(outcome):
    result = outcome("python venv")
    assert "the sitecustomize of venv" in result.out and same(result, outcome("python venv plain")), result
    assert has(result, b"price_basket")


def test_a_profiler_that_the_application_starts_later_takes_the_place_of_ours(outcome):
    result = outcome("python own SDK")
    assert result.code == 6 and "the application starts the profiler itself" in result.err, result
    assert "already running" not in result.err and "started: True" in result.out, result
    names = ["own" if "own.app" in str(u.query) or b"own.app" in u.content() else "ours" for u in result.uploads]
    assert "ours" in names and "own" in names, names
    assert "ours" not in names[names.index("own"):], names


def test_npm_is_not_profiled_but_its_scripts_are(outcome):
    result = outcome("node npm run")
    assert result.code == 7 and len(started(result)) == 1 and has(result, b"priceBasket"), result


def test_worker_threads_end_with_the_process(outcome):
    result = outcome("node workers")
    assert result.code == 5 and sorted(result.out.splitlines()) == ["done", "worker computed", "worker computed"], result
    assert result.err == "" and has(result, b"priceBasket")


def test_module_that_ends_at_once(outcome):
    result = outcome("node short module")
    assert result.code == 3 and result.err == "" and same(result, outcome("node short module plain")), result


def test_java_on_a_read_only_root(outcome):
    result = outcome("java read-only")
    assert same(result, outcome("java plain")) and has(result, b"priceBasket"), result


@pytest.mark.parametrize("place", ["before", "after"])
def test_another_java_agent_also_runs(outcome, place):
    result = outcome(f"java beside an agent {place}")
    assert result.code == 5 and "the other agent saw Burn" in result.out and has(result, b"priceBasket"), result


@pytest.mark.parametrize("number, code", [(1, 1), (2, 3)])
def test_out_of_memory_ends_java_as_without_the_agent(outcome, number, code):
    result, plain = outcome(f"java memory {number}"), outcome(f"java memory {number} plain")
    assert plain.code == code and same(result, plain), result
    assert "OutOfMemoryError" in result.err + result.out and has(result, b"priceBasket"), result
