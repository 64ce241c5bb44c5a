"""What the chart asks of a cluster: least privilege, Pod Security restricted, and a webhook that cannot block it."""
import pytest

SECRET_VERBS = {"get", "list", "watch", "update", "patch", "delete"}


def rules(objects, kind):
    return [(role["metadata"]["name"], rule) for role in objects.of(kind) for rule in role["rules"]]


def test_no_wildcard_in_any_rule(default):
    found = rules(default, "ClusterRole") + rules(default, "Role")
    assert len(found) >= 8
    for name, rule in found:
        for key in ("apiGroups", "resources", "verbs"):
            assert rule[key] and not any("*" in value for value in rule[key]), f"{name}: {rule}"


def test_nothing_cluster_wide_reads_secrets_or_raises_privileges(default):
    for name, rule in rules(default, "ClusterRole"):
        assert not {"secrets", "serviceaccounts/token", "pods/exec", "nodes/proxy", "clusterroles", "roles",
                    "clusterrolebindings", "rolebindings"} & set(rule["resources"]), f"{name}: {rule}"
        assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"]), f"{name}: {rule}"


def test_only_the_webhook_sees_nodes_and_only_when_asked(default, helm):
    def rights(objects):
        return [(name.rsplit("-", 1)[1], rule["verbs"]) for name, rule in rules(objects, "ClusterRole") if "nodes" in rule["resources"]]

    def flags(objects):
        return [a for a in objects.deployments()["webhook"]["spec"]["template"]["spec"]["containers"][0]["args"] if "watch-nodes" in a]
    assert (rights(default), flags(default)) == ([("webhook", ["list", "watch"])], [])
    without = helm.render({"webhook.watchNodes": False})
    assert (rights(without), flags(without)) == ([], ["--no-watch-nodes"])


def writes(objects):
    """(role, resource, verb) of whatever concerns pods and what makes them."""
    made = {"pods", "pods/eviction", "deployments", "statefulsets", "daemonsets", "rollouts"}
    return {(name.rsplit("-", 1)[1], resource, verb) for name, rule in rules(objects, "ClusterRole") + rules(objects, "Role")
            for resource in set(rule["resources"]) & made for verb in set(rule["verbs"]) - {"get", "list", "watch"}}


def test_pods_are_never_created_or_changed_and_only_granted_restarts_evict_them(helm):
    assert writes(helm.render({"controller.restarts.enabled": True})) == {("controller", "pods", "delete"), ("controller", "pods/eviction", "create")} | {
        ("controller", kind, "patch") for kind in ("deployments", "statefulsets", "daemonsets", "rollouts")} | {
        ("controller", "statefulsets", "create"), ("controller", "daemonsets", "delete")}


def test_by_default_nothing_of_an_application_is_written(default):
    assert writes(default) == {
        ("controller", "statefulsets", "create"), ("controller", "statefulsets", "patch"), ("controller", "daemonsets", "delete")}


@pytest.mark.parametrize("enabled", [False, True])
def test_the_daemon_set_of_ebpf_is_written_by_name_in_the_own_namespace_only(helm, enabled):
    rendered = helm.render({"ebpf.enabled": enabled, "controller.restarts.enabled": False})
    assert not [r for _, r in rules(rendered, "ClusterRole") if "daemonsets" in r["resources"]]
    found = [r for _, r in rules(rendered, "Role") if "daemonsets" in r["resources"]]
    assert [r["resourceNames"] for r in found] == [["profiling-operator-ebpf"]]
    assert [r["verbs"] for r in found] == [["get", "delete", "list", "watch", "create", "patch"] if enabled else ["get", "delete"]]
    deleted = [r for _, r in rules(rendered, "ClusterRole") + rules(rendered, "Role") if "configmaps" in r["resources"] and "delete" in r["verbs"]]
    assert [r["resourceNames"] for r in deleted] == [["profiling-operator-ebpf"]]


def test_alloy_may_only_look_at_pods_and_namespaces(helm):
    rendered = helm.render({"ebpf.enabled": True})
    assert [r for name, r in rules(rendered, "ClusterRole") if name.endswith("-ebpf")] == [
        {"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": ["get", "list", "watch"]}]
    binding = rendered.one("ClusterRoleBinding", "-ebpf")
    assert [s["name"] for s in binding["subjects"]] == ["profiling-operator-ebpf"]
    assert not [o for o in default_kinds(rendered) if o.endswith("-ebpf")], "what runs is written by the controller"


def default_kinds(objects):
    return [o["metadata"]["name"] for o in objects if o["kind"] in ("DaemonSet", "Deployment", "Pod", "Role")]


def test_secrets_by_name_and_in_the_own_namespace_only(default):
    for role in default.of("Role"):
        assert role["metadata"]["namespace"] == "profiling-system"
    for name, rule in rules(default, "Role"):
        if "secrets" in rule["resources"] and rule["verbs"] != ["create"]:
            assert rule["resourceNames"] == ["profiling-operator-tls", "profiling-operator-tls-ca"], name
            assert set(rule["verbs"]) <= SECRET_VERBS


def test_only_the_status_of_policies_is_written_and_only_by_the_controller(default):
    verbs = {}
    for name, rule in rules(default, "ClusterRole"):
        for resource in rule["resources"]:
            if "policies" in resource:
                verbs[name.rsplit("-", 1)[1], resource] = rule["verbs"]
    read = ["list", "watch"]
    assert verbs == {(process, kind): read for process in ("controller", "webhook")
                     for kind in ("profilingpolicies", "clusterprofilingpolicies")} | {
        ("controller", f"{kind}/status"): ["patch"] for kind in ("profilingpolicies", "clusterprofilingpolicies")}


def test_the_webhooks_process_writes_nothing(default):
    assert not [r for r in default.of("Role") if "webhook" in r["metadata"]["name"]]
    found = [rule for name, rule in rules(default, "ClusterRole") if name.endswith("-webhook")]
    assert found
    for rule in found:
        assert set(rule["verbs"]) <= {"list", "watch"}


STATUS_POLICY = "profiling-operator-controller-status"


def covered(objects):
    """(group, resource, operation) that the policies for the controller's account concern."""
    out = set()
    for policy in objects.of("ValidatingAdmissionPolicy"):
        assert policy["spec"]["failurePolicy"] == "Fail"
        if policy["metadata"]["name"] == STATUS_POLICY:
            continue
        assert [c["expression"] for c in policy["spec"]["matchConditions"]] == [
            "request.userInfo.username == 'system:serviceaccount:profiling-system:profiling-operator-controller'"]
        assert all(v["reason"] == "Forbidden" and v["message"] for v in policy["spec"]["validations"])
        for rule in policy["spec"]["matchConstraints"]["resourceRules"]:
            out |= {(g, r, o) for g in rule["apiGroups"] for r in rule["resources"] for o in rule["operations"]}
    return out


# Writes that need no policy: RBAC names the object, or the kind is ours and the rest of it is the API server's to check.
BY_NAME = {"profiling-operator-controller", "profiling-operator-tls", "profiling-operator-tls-ca", "profiling-operator-ebpf"}
OWN = {"profilingpolicies/status", "clusterprofilingpolicies/status", "profilingservers/status", "workloadprofiles/status", "profilingservers/finalizers"}


def test_an_admission_policy_bounds_each_write_that_rbac_grants_without_a_name(helm):
    objects = helm.render({"controller.restarts.enabled": True, "ebpf.enabled": True})
    bound = covered(objects)
    operation = {"create": "CREATE", "patch": "UPDATE", "update": "UPDATE", "delete": "DELETE"}
    for name, rule in rules(objects, "ClusterRole") + rules(objects, "Role"):
        for verb in set(rule["verbs"]) & set(operation):
            for resource in set(rule["resources"]) - OWN:
                if set(rule.get("resourceNames", [])) & BY_NAME or (resource, verb) == ("workloadprofiles", "delete"):
                    continue
                assert {(g, resource, operation[verb]) for g in rule["apiGroups"]} <= bound, f"{name}: {verb} {resource}"
    names = {p["metadata"]["name"] for p in objects.of("ValidatingAdmissionPolicy")}
    assert {b["spec"]["policyName"] for b in objects.of("ValidatingAdmissionPolicyBinding")} == names
    assert all(b["spec"]["validationActions"] == ["Deny"] for b in objects.of("ValidatingAdmissionPolicyBinding"))


def test_only_the_controller_writes_statuses_and_everybody_may_delete_the_objects(default):
    policy = next(p for p in default.of("ValidatingAdmissionPolicy") if p["metadata"]["name"] == STATUS_POLICY)
    assert [c["expression"] for c in policy["spec"]["matchConditions"]] == [
        "request.userInfo.username != 'system:serviceaccount:profiling-system:profiling-operator-controller'"]
    assert policy["spec"]["matchConstraints"]["resourceRules"] == [{
        "apiGroups": ["profiling.dev"], "apiVersions": ["*"], "operations": ["UPDATE"],
        "resources": ["workloadprofiles/status", "profilingpolicies/status", "clusterprofilingpolicies/status", "profilingservers/status"]}]
    written = {r for _, rule in rules(default, "ClusterRole") for r in rule["resources"] if r.endswith("/status") and "patch" in rule["verbs"]}
    assert written == set(policy["spec"]["matchConstraints"]["resourceRules"][0]["resources"])


def test_webhook_configurations_are_patched_by_name_only(default):
    for name, rule in rules(default, "ClusterRole"):
        if "mutatingwebhookconfigurations" in rule["resources"] and set(rule["verbs"]) - {"list", "watch"}:
            assert rule["resourceNames"] == ["profiling-operator"], name
            assert "delete" not in rule["verbs"] and "create" not in rule["verbs"]


def test_every_binding_leads_to_an_existing_role_and_account(default):
    roles = {(r["kind"], r["metadata"]["name"]) for r in default.of("ClusterRole") + default.of("Role")}
    accounts = {a["metadata"]["name"] for a in default.of("ServiceAccount")}
    bindings = default.of("ClusterRoleBinding") + default.of("RoleBinding")
    assert {(b["roleRef"]["kind"], b["roleRef"]["name"]) for b in bindings} == roles
    assert {s["name"] for b in bindings for s in b["subjects"]} == accounts
    assert all(s["namespace"] == "profiling-system" for b in bindings for s in b["subjects"])


def pods(objects):
    named = {f"deployment {c}": d["spec"]["template"] for c, d in objects.deployments().items()}
    return {**named, **{f"pod {p['metadata']['name']}": p for p in objects.of("Pod")}}


def test_every_pod_satisfies_pod_security_restricted(default):
    assert len(pods(default)) == 3
    for name, template in pods(default).items():
        spec = template["spec"]
        assert not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), name
        assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert all(set(v) - {"name"} <= {"secret", "configMap", "emptyDir", "projected"} for v in spec.get("volumes", [])), name
        for c in spec["containers"] + spec.get("initContainers", []):
            assert c["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}, name
            assert not any("hostPort" in port for port in c.get("ports", [])), name


def test_every_process_has_probes_and_bounded_memory(default):
    for name, deployment in default.deployments().items():
        c = deployment["spec"]["template"]["spec"]["containers"][0]
        ports = {p["name"] for p in c["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert c[probe]["httpGet"]["port"] in ports, f"{name} {probe}"
        assert c["resources"]["limits"]["memory"] and c["resources"]["requests"]["cpu"], name


def test_selectors_choose_the_pods_and_services_reach_them(default):
    for name, deployment in default.deployments().items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items(), name
    template = default.deployments()["webhook"]["spec"]["template"]
    other = default.deployments()["controller"]["spec"]["template"]["metadata"]["labels"]
    service = default.one("Service")
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert not service["spec"]["selector"].items() <= other.items()
    ports = {p["name"] for p in template["spec"]["containers"][0]["ports"]}
    assert {p["targetPort"] for p in service["spec"]["ports"]} <= ports


def webhook(objects):
    found = objects.one("MutatingWebhookConfiguration")["webhooks"]
    assert len(found) == 1
    return found[0]


def test_the_webhook_cannot_block_the_cluster(default):
    w = webhook(default)
    assert w["failurePolicy"] == "Ignore" and w["timeoutSeconds"] <= 3 and w["sideEffects"] == "None"
    assert w["rules"] == [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
                           "scope": "Namespaced"}]


@pytest.mark.parametrize("namespace", ["profiling-system", "observability"])
def test_system_namespaces_and_its_own_never_reach_the_webhook(helm, namespace):
    requirements = webhook(helm.render(namespace=namespace))["namespaceSelector"]["matchExpressions"]
    by_name = [r for r in requirements if r["key"] == "kubernetes.io/metadata.name"]
    assert [r["operator"] for r in by_name] == ["NotIn"]
    assert set(by_name[0]["values"]) == {"kube-system", "kube-public", "kube-node-lease", namespace}
    assert {"key": "profiling.dev/exclude", "operator": "DoesNotExist"} in requirements


def test_the_webhooks_address_is_its_service(default):
    service = default.one("Service")
    reference = webhook(default)["clientConfig"]["service"]
    assert (reference["name"], reference["namespace"]) == (service["metadata"]["name"], service["metadata"]["namespace"])
    assert reference["port"] in {p["port"] for p in service["spec"]["ports"]}
    controller = default.deployments()["controller"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert f"--webhook-service={reference['name']}" in controller
    assert "--webhook-configuration=" + default.one("MutatingWebhookConfiguration")["metadata"]["name"] in controller
    secret = default.deployments()["webhook"]["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"]
    assert f"--certificate-secret={secret}" in controller
