"""helm uninstall removes what helm installed and does not touch the applications. Runs last."""
from conftest import helm, install, wait_until_injecting
from kube import wait_for


def test_uninstalling_keeps_pods_running_and_removes_its_objects(shop):
    running = {p["metadata"]["uid"]: [c["restartCount"] for c in p["status"]["containerStatuses"]]
               for p in shop.items("pods", "-n", "shop", "-l", "profiling.dev/profiled")}
    assert running
    helm("uninstall", "profiling-operator", "--namespace", "profiling-system", "--wait")

    for kind in ("mutatingwebhookconfiguration", "validatingwebhookconfiguration"):
        assert shop.get(kind, "profiling-operator") is None
    wait_for("the operator's pods to be gone", lambda: not shop.items("pods", "-n", "profiling-system"), 60)
    for kind in ("deployments", "services", "serviceaccounts", "roles", "rolebindings", "secrets", "configmaps", "leases"):
        def none_left(kind=kind):  # the garbage collector works in the background
            left = {o["metadata"]["name"] for o in shop.items(kind, "-n", "profiling-system")}
            return not left - {"default", "kube-root-ca.crt"}
        wait_for(f"the {kind} to be gone", none_left, 60)
    for kind in ("clusterroles", "clusterrolebindings"):
        assert [o["metadata"]["name"] for o in shop.items(kind) if o["metadata"]["name"].startswith("profiling-operator")] == []
    for crd in ("clusterprofilingpolicies", "profilingpolicies", "profilingservers", "workloadprofiles"):
        assert shop.get("crd", f"{crd}.profiling.dev"), "CRDs stay, and with them the users' objects"

    after = {p["metadata"]["uid"]: [c["restartCount"] for c in p["status"]["containerStatuses"]]
             for p in shop.items("pods", "-n", "shop", "-l", "profiling.dev/profiled")}
    assert after == running


def test_reinstalling_resumes(shop):
    install()
    wait_until_injecting(shop)
