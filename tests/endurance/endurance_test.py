"""Short forms of the endurance runs, with counts instead of timings."""
import contextlib
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from served import Operator, Served, Steady, dead_kubeconfig, rotate, wait_for  # noqa: E402

PEERS = str(pathlib.Path(__file__).resolve().parent / "peers.py")


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path)
    yield made
    assert made.stop() == 0
    assert made.process.sanitizer_report() is None


@contextlib.contextmanager
def peers(port, **counts):
    process = subprocess.Popen([sys.executable, PEERS, f"--port={port}", "--seconds=120", *(f"--{k}={v}" for k, v in counts.items())],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    result = {}
    try:
        yield result
    finally:
        process.stdin.close()
        result.update(json.loads(process.stdout.read()))
        process.wait()


def test_no_admission_fails_while_ca_and_certificate_are_replaced(served):
    with Steady(served, per_second=40) as steady:
        rotate(served, 3)
        wait_for("admissions with the last certificate", lambda: steady.good > 30, 60)
    assert steady.failures == []
    assert served.process.metric("profiling_certificate_errors_total") == 0


def test_admissions_are_answered_beside_more_peers_than_there_are_places(served):
    places = int(served.process.wait_for_log(r"connections=(\d+)").group(1))
    with peers(served.port, idle=places, slow=places // 4, silent=places // 4, rate=2000) as result:
        wait_for("the places to be taken and given up again",
                 lambda: served.process.metric("profiling_http_rejected_total", server="webhook", reason="gave_way") > 50, 100)
        for _ in range(50):
            served.admit()
            assert served.alive()
    assert result["closed_by_server"] >= 50 and result["most_open"] <= places + 16, result


def test_probes_are_answered_beside_silent_peers_of_one_address_and_of_many(served):
    for addresses in (1, 40):
        with peers(served.health_port, silent=300, addresses=addresses, rate=3000):
            wait_for("silent connections to give way",
                     lambda: served.process.metric("profiling_http_rejected_total", server="health", reason="gave_way") > 50 * addresses, 60)
            for _ in range(30):
                assert served.alive()


@pytest.mark.parametrize("command", ["webhook", "controller"])
def test_during_an_outage_a_new_process_is_alive_and_not_ready_until_it_is_told_to_stop(tmp_path, command):
    process = Operator(tmp_path, command, f"--kubeconfig={dead_kubeconfig(tmp_path)}")
    process.wait_for_log("Waiting for the API server")
    assert urllib.request.urlopen(f"{process.health}/livez", timeout=5).status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{process.health}/readyz", timeout=5)
    assert refused.value.code == 503 and b"waits for the API server" in refused.value.read()
    assert process.stop() == 0, process.text()[-2000:]


def test_liveness_passes_through_the_io_threads(served):
    text = urllib.request.urlopen(f"{served.process.health}/livez?verbose", timeout=5).read().decode()
    assert "[+]io ok" in text


def test_a_body_of_a_million_objects_is_answered_and_the_next_admission_too(served):
    import http.client
    for path, status in (("/validate", 413), ("/mutate-pods", 200)):
        body = served_review("[" + ",".join(["{}"] * 900_000) + "]")
        connection = http.client.HTTPSConnection("127.0.0.1", served.port, timeout=60, context=served.certificates.context)
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if status == 200:
            connection.send(body)
        assert connection.getresponse().status == status, path
        connection.close()
        served.admit()


def served_review(value):
    return ('{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",'
            '"object":{"x":' + value + "}}}").encode()


def test_without_a_client_certificate_nothing_is_parsed(tmp_path):
    made = Served(tmp_path, f"--client-ca={tmp_path}/tls/live/ca.crt")
    try:
        made.process.wait_for_log("Client CA loaded")
        with pytest.raises(OSError):
            made.admit()
        certificate = made.certificates.live
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "c.key",
                        "-out", "c.csr", "-subj", "/CN=api-server"], check=True, capture_output=True, cwd=certificate)
        (certificate / "c.ext").write_text("extendedKeyUsage=clientAuth\n")
        subprocess.run(["openssl", "x509", "-req", "-in", "c.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2", "-out", "c.crt",
                        "-extfile", "c.ext"], check=True, capture_output=True, cwd=certificate)
        made.certificates.context.load_cert_chain(certificate / "c.crt", certificate / "c.key")
        made.admit()
        assert made.process.metric("profiling_http_requests_total", server="webhook") == 1
    finally:
        assert made.stop() == 0
