"""The agents in unmodified applications: profiles arrive, and no application is affected."""
import re

import pprof
import pytest

LANGUAGES = ("java", "python", "node")


def silent(outcome):
    """Whether nothing was written to stderr but what each JVM says of JAVA_TOOL_OPTIONS."""
    return all(line.startswith("Picked up JAVA_TOOL_OPTIONS: ") for line in outcome.err.splitlines())


def started(outcome):
    """The pids that log that they are profiled."""
    return {int(pid) for pid in re.findall(r"profiling \S+ from process (\d+)", outcome.err)}


@pytest.mark.parametrize("language, function", [("java", b"priceBasket"), ("python", b"price_basket"), ("node", b"priceBasket")])
def test_profiles_arrive_with_name_labels_and_tenant(outcome, language, function):
    result = outcome(f"{language} profiles")
    assert result.match is not None, result
    upload = result.match
    assert function in upload.content()
    assert upload.headers["x-scope-orgid"] == "team-a"
    if language == "python":
        assert upload.path == "/push.v1.PusherService/Push"
        for text in (b"service_name", b"python.app", b"namespace", b"shop", b"pod", b"checkout-1"):
            assert text in upload.content()
        return
    assert upload.path == "/ingest" and upload.query["format"] == {"java": "jfr", "node": "pprof"}[language]
    name, labels = upload.query["name"].rstrip("}").split("{")
    assert name == f"{language}.app"
    assert {"namespace=shop", "pod=checkout-1"} <= set(labels.split(","))


@pytest.mark.parametrize("name", ["node profiles modules", "node profiles the heap", "python profiles memory"])
def test_further_profiles_arrive(outcome, name):
    result = outcome(name)
    assert result.match is not None, result


@pytest.mark.parametrize("language", LANGUAGES)
def test_short_program_ends_with_its_own_code(outcome, language):
    result = outcome(f"{language} short")
    assert result.code == 7, result
    assert silent(result) and result.uploads == [], result


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_odd_tenant_does_not_affect_the_application(outcome, language):
    result = outcome(f"{language} odd tenant")
    assert result.code == 6, result
    assert silent(result), result


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_that_servers_refuse_are_left_out(outcome, language):
    result = outcome(f"{language} odd labels")
    assert result.code == 6 and result.uploads, result
    if language != "python":
        labels = result.uploads[0].query["name"].rstrip("}").split("{")[1].split(",")
        ours = {label for label in labels if not label.startswith(("otel.", "process."))}
        assert ours == {"good=1", "pod=p-1"}
    else:
        labels, _ = next(pprof.pushed(result.uploads[0]))
        assert (labels["good"], labels["pod"]) == ("1", "p-1") and not {"bad", "", "y", "z"} & set(labels)


@pytest.mark.parametrize("name", ["java no temp folder", "java read-only, no temp folder"])
def test_java_without_a_writable_temp_folder_runs_unprofiled(outcome, name):
    """The injection adds a folder, so that such pods are profiled."""
    result = outcome(name)
    assert (result.code, result.out) == (7, "done\n") and result.uploads == [], result
    assert "dev.profiling.agent" in result.err, "the exception that the launcher caught"


@pytest.mark.parametrize("language", LANGUAGES)
def test_switched_off_sends_nothing(outcome, language):
    result = outcome(f"{language} switched off")
    assert result.code == 4 and result.uploads == [], result


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["APPLICATION_NAME", "SERVER_ADDRESS"])
def test_without_name_or_address_nothing_starts(outcome, language, name):
    result = outcome(f"{language} without {name}")
    assert result.code == 4 and result.uploads == [] and not started(result), result


def test_the_python_main_thread_remains_the_main_thread(outcome):
    result = outcome("python main thread")
    assert result.code == 0 and result.uploads, result


@pytest.mark.parametrize("name", ["python hidden", "python hidden, off"])
def test_hidden_sitecustomize_still_runs(outcome, name):
    result = outcome(name)
    assert result.code == 0 and "the hidden sitecustomize ran as sitecustomize" in result.out, result


def test_pip_is_not_profiled(outcome):
    result = outcome("python pip")
    assert result.code == 0 and result.out.startswith("pip ") and not started(result), result


@pytest.mark.parametrize("name, code, reason", [
    ("node npm --version", 0, "package manager"), ("node worker", 4, "worker thread"), ("node datadog", 0, "DD_PROFILING_ENABLED")])
def test_node_processes_that_are_skipped(outcome, name, code, reason):
    result = outcome(name)
    assert result.code == code and re.search(rf"off: .*{reason}", result.err), result


def test_node_one_liner_ends_with_its_own_code(outcome):
    result = outcome("node -e")
    assert result.code == 3 and result.err == "" and result.uploads == [], result


def test_invalid_node_intervals_fall_back_to_defaults(outcome):
    result = outcome("node odd intervals")
    # The package itself reads an interval of NaN as an upload each millisecond. The last one, at the exit, is right.
    assert result.code == 3 and len(result.uploads) <= 1 and result.err == "", result
