"""The chart renders with its defaults and with every value changed; wrong values are refused by name."""
import json
import re
import shutil
import subprocess

import pytest
import yaml

from conftest import CHART, REGISTRY, ROOT

DIGEST = "sha256:" + "a" * 64
SYSTEM = ["kube-system", "kube-public", "kube-node-lease"]
NODE_SELECTOR, TOLERATIONS = {"disk": "ssd"}, [{"key": "dedicated", "operator": "Exists"}]
AFFINITY = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
    {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]}}}

PEERS, CLIENT_CA = [{"ipBlock": {"cidr": "10.0.0.0/28"}}], "/var/run/profiling-operator/client-ca"


def ingress(objects, component):
    """Who may reach each port of the component; None: anybody."""
    rules = objects.one("NetworkPolicy", component)["spec"]["ingress"]
    return {port["port"]: rule.get("from") for rule in rules for port in rule["ports"]}


def pod(objects, component):
    return objects.deployments()[component]["spec"]["template"]["spec"]


def container(objects, component):
    return pod(objects, component)["containers"][0]


def args(objects, component):
    return container(objects, component)["args"]


def configuration(objects):
    return objects.one("MutatingWebhookConfiguration")["webhooks"][0]


def both(check):
    return lambda o: all(check(o, component) for component in ("webhook", "controller"))


# Each leaf of values.yaml (a dictionary that passes through counts as one): its path, another value, and what must
# then be so. What is rendered must differ from the default as well.
CHANGED = [
    ("image.registry", "mirror.example", both(lambda o, c: container(o, c)["image"].startswith("mirror.example/profiling-operator/operator:"))),
    ("image.repository", "other/operator", both(lambda o, c: container(o, c)["image"].startswith(f"{REGISTRY}/other/operator:"))),
    ("image.tag", DIGEST, both(lambda o, c: container(o, c)["image"].endswith("/operator@" + DIGEST))),
    ("image.pullPolicy", "Always", both(lambda o, c: container(o, c)["imagePullPolicy"] == "Always")),
    ("imagePullSecrets", [{"name": "mirror"}], lambda o: all(s["imagePullSecrets"] == [{"name": "mirror"}] for s in o.of("ServiceAccount"))),
    ("agents.registry", "agents.example", both(lambda o, c: "--agent-image-java=agents.example/profiling-operator/agent-java:2.1.2" in args(o, c))),
    ("agents.pullPolicy", "Never", both(lambda o, c: "--agent-pull-policy=Never" in args(o, c))),
    *[(f"agents.{language}.{key}", value, both(lambda o, c, flag=flag: flag in args(o, c)))
      for language, tag in (("java", "2.1.2"), ("python", "1.4.0"), ("node", "0.6.4")) for key, value, flag in (
          ("repository", "other/agent", f"--agent-image-{language}={REGISTRY}/other/agent:{tag}"),
          ("tag", DIGEST, f"--agent-image-{language}={REGISTRY}/profiling-operator/agent-{language}@{DIGEST}"),
          ("version", "9.9.9", f"--agent-version-{language}=9.9.9"))],
    *[(f"agents.{language}.{key}", value, both(lambda o, c, flag=flag: flag in args(o, c)))
      for language, tag in (("dotnet", "1.4.0"), ("ruby", "1.0.7")) for key, value, flag in (
          ("repository", "other/agent", f"--agent-image-{language}={REGISTRY}/other/agent:{tag}"),
          ("tag", DIGEST, f"--agent-image-{language}={REGISTRY}/brought/agent@{DIGEST}"),
          ("version", "9.9.9", f"--agent-version-{language}=9.9.9"))],
    ("agents.scrape.repository", "other/sidecar", both(lambda o, c: all(f"--agent-image-{l}={REGISTRY}/other/sidecar:0.1.0" in args(o, c) for l in ("go", "native")))),
    ("agents.scrape.tag", DIGEST, both(lambda o, c: f"--agent-image-go={REGISTRY}/profiling-operator/agent-scrape@{DIGEST}" in args(o, c)
                                       and "--agent-version-go=0.1.0" in args(o, c))),
    ("agents.scrape.version", "9.9.9", both(lambda o, c: "--agent-version-native=9.9.9" in args(o, c))),
    ("agents.nativeSidecars", "Always", both(lambda o, c: "--native-sidecars=Always" in args(o, c))),
    ("agents.pullSecrets", ["a", "b.c"], both(lambda o, c: "--agent-pull-secrets=a,b.c" in args(o, c))),
    ("agents.arm64", ["java", "go"], both(lambda o, c: {"--agent-arm64=java", "--agent-arm64=go"} <= set(args(o, c)))),
    ("webhook.watchNodes", False, lambda o: "--no-watch-nodes" in args(o, "webhook")),
    ("logging.level", "debug", both(lambda o, c: "--log-level=debug" in args(o, c))),
    ("logging.format", "text", both(lambda o, c: "--log-format=text" in args(o, c))),
    ("controller.restarts.enabled", True, lambda d: "pods/eviction" in str(d.of("ClusterRole")) and "--restarts=true" in args(d, "controller")),
    ("controller.restarts.maxWorkloads", 7, lambda d: "--max-restarting-workloads=7" in str(d.deployments()["controller"])),
    ("controller.replicas", 3, lambda o: o.deployments()["controller"]["spec"]["replicas"] == 3),
    ("controller.leaderElection.leaseDuration", "60s", lambda o: "--leader-elect-lease-duration=60s" in args(o, "controller")),
    ("controller.leaderElection.renewDeadline", "25s", lambda o: "--leader-elect-renew-deadline=25s" in args(o, "controller")),
    ("controller.leaderElection.retryPeriod", "2s", lambda o: "--leader-elect-retry-period=2s" in args(o, "controller")),
    ("webhook.replicas", 3, lambda o: o.deployments()["webhook"]["spec"]["replicas"] == 3),
    ("webhook.refusalHold", "90s", lambda o: "--refusal-hold=90s" in args(o, "webhook")),
    ("webhook.threads", 4, lambda o: "--threads=4" in args(o, "webhook")),
    ("webhook.timeoutSeconds", 1, lambda o: configuration(o)["timeoutSeconds"] == 1),
    ("webhook.failurePolicy", "Fail", lambda o: configuration(o)["failurePolicy"] == "Fail"),
    ("webhook.excludedNamespaces", ["legacy"],
     both(lambda o, c: "--excluded-namespaces=legacy" in args(o, c) and "legacy" in excluded(o))),
    *[row for component in ("webhook", "controller") for row in (
        (f"{component}.podDisruptionBudget.enabled", False,
         lambda o, c=component: not [b for b in o.of("PodDisruptionBudget") if b["metadata"]["name"].endswith(c)]),
        (f"{component}.podDisruptionBudget.minAvailable", "50%",
         lambda o, c=component: o.one("PodDisruptionBudget", c)["spec"]["minAvailable"] == "50%"))],
    *[(f"{component}.{key}", value, lambda o, c=component, k=key, v=value: (container(o, c) if k == "resources" else pod(o, c))[k] == v)
      for component in ("webhook", "controller") for key, value in (
          ("resources", {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}), ("nodeSelector", NODE_SELECTOR), ("tolerations", TOLERATIONS),
          ("affinity", AFFINITY), ("priorityClassName", "system-cluster-critical"))],
    ("crds.enabled", False, lambda o: not o.of("CustomResourceDefinition")),
    ("crds.keep", False, lambda o: all("helm.sh/resource-policy" not in crd["metadata"]["annotations"] for crd in o.of("CustomResourceDefinition"))),
    ("networkPolicy.enabled", True, lambda o: len(o.of("NetworkPolicy")) == 2 and not any("from" in r for p in o.of("NetworkPolicy") for r in p["spec"]["ingress"])),
    ("networkPolicy.webhookFrom", PEERS, lambda o: ingress(o, "webhook")["https"][0] == PEERS[0] and len(ingress(o, "webhook")["https"]) == 2
     and ingress(o, "webhook")["https"][1]["podSelector"]["matchLabels"].items() <= o.one("Pod", "-test")["metadata"]["labels"].items()
     and ingress(o, "webhook")["health"] is None),
    ("networkPolicy.healthFrom", PEERS, both(lambda o, c: ingress(o, c)["health"] == PEERS)),
    ("webhook.clientCA.configMap", "api-server-ca", lambda o: f"--client-ca={CLIENT_CA}/ca.crt" in args(o, "webhook")
     and {"name": "client-ca", "configMap": {"name": "api-server-ca"}} in pod(o, "webhook")["volumes"]
     and {"name": "client-ca", "mountPath": CLIENT_CA, "readOnly": True} in container(o, "webhook")["volumeMounts"]
     and not o.of("Pod")),
    ("webhook.clientCA.key", "bundle.pem", lambda o: f"--client-ca={CLIENT_CA}/bundle.pem" in args(o, "webhook")),
    ("defaultPolicy.enabled", True, lambda o: default_policy(o) == {
        "activation": "Annotated", "priority": -1000, "mode": "Enforce", "serverRef": {"name": "pyroscope", "namespace": "profiling"}}),
    ("defaultPolicy.mode", "Observe", lambda o: default_policy(o)["mode"] == "Observe"),
    ("defaultPolicy.namespaceSelector", {"matchLabels": {"team": "a"}}, lambda o: default_policy(o)["namespaceSelector"] == {"matchLabels": {"team": "a"}}),
    ("defaultPolicy.serverRef", {"name": "other", "namespace": "x"}, lambda o: default_policy(o)["serverRef"] == {"name": "other", "namespace": "x"}),
    ("ebpf.enabled", True, lambda o: ebpf(o)["image"] == "grafana/alloy:v1.18.1" and ebpf(o)["excludedNamespaces"] == SYSTEM),
    ("ebpf.image.registry", "mirror.example", lambda o: ebpf(o)["image"] == "mirror.example/grafana/alloy:v1.18.1"),
    ("ebpf.image.repository", "other/alloy", lambda o: ebpf(o)["image"] == "other/alloy:v1.18.1"),
    ("ebpf.image.tag", DIGEST, lambda o: ebpf(o)["image"] == "grafana/alloy@" + DIGEST),
    ("ebpf.image.pullPolicy", "Always", lambda o: ebpf(o)["imagePullPolicy"] == "Always"),
    ("ebpf.server.namespace", "other", lambda o: ebpf(o)["server"] == {"namespace": "other", "name": "pyroscope"}),
    ("ebpf.server.name", "other", lambda o: ebpf(o)["server"] == {"namespace": "profiling", "name": "other"}),
    *[(f"ebpf.{key}", value, lambda o, k=key, v=value: ebpf(o)[k] == v) for key, value in (
        ("tenantID", "platform"), ("sampleHz", 97), ("collectInterval", "1m"), ("namespaces", ["shop"]), ("optIn", "All"),
        ("nodeSelector", NODE_SELECTOR), ("tolerations", TOLERATIONS), ("priorityClassName", "system-node-critical"),
        ("resources", {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}))],
]


def ebpf(objects):
    """The controller's arguments, as kubelet passes them on."""
    found = [a for a in args(objects, "controller") if a.startswith("--ebpf=")]
    return json.loads(found[0].removeprefix("--ebpf=").replace("$$", "$")) if found else None


def default_policy(objects):
    return objects.one("ClusterProfilingPolicy")["spec"]


def excluded(objects):
    return [r for r in configuration(objects)["namespaceSelector"]["matchExpressions"] if r["key"] == "kubernetes.io/metadata.name"][0]["values"]


def leaves(values, path=""):
    passed_through = ("resources", "nodeSelector", "affinity", "serverRef", "namespaceSelector")
    for key, value in values.items():
        here = f"{path}.{key}".lstrip(".")
        if isinstance(value, dict) and key not in passed_through:
            yield from leaves(value, here)
        else:
            yield here


def test_every_value_is_changed_below():
    assert sorted(path for path, _, _ in CHANGED) == sorted(leaves(yaml.safe_load((CHART / "values.yaml").read_text())))


@pytest.mark.parametrize("path, value, check", CHANGED, ids=[c[0] for c in CHANGED])
def test_each_value_has_its_effect(helm, path, value, check):
    block = path.split(".")[0]
    base = {f"{block}.enabled": True} if block in ("defaultPolicy", "ebpf", "networkPolicy") and path != f"{block}.enabled" else {}
    if path == "webhook.clientCA.key":  # without an effect of its own
        base = {"webhook.clientCA.configMap": "api-server-ca"}
    brought = re.match(r"agents\.(dotnet|ruby)\.(tag|version)", path)  # without an effect of their own
    if brought:
        base = {f"agents.{brought[1]}.repository": "brought/agent"}
    before, after = helm.render(base), helm.render({**base, path: value})
    assert after != before
    assert check(after)
    assert not check_safely(check, before), "the default shows the effect already"


def check_safely(check, objects):
    try:
        return check(objects)
    except (AssertionError, KeyError, TypeError):
        return False


def images(objects):
    """Every image reference that the chart brings to a cluster: in pods, in flags and as a default of a CRD."""
    found = {ebpf(objects)["image"]}
    for spec in [pod(objects, c) for c in ("webhook", "controller")] + [o["spec"] for o in objects.of("Pod")]:
        found |= {c["image"] for c in spec["containers"] + spec.get("initContainers", [])}
        found |= {a.split("=", 1)[1] for c in spec["containers"] for a in c["args"] if a.startswith("--agent-image-")}
    return found | set(image_defaults(objects.of("CustomResourceDefinition")))


def image_defaults(value):
    if isinstance(value, list):
        for item in value:
            yield from image_defaults(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "image" and isinstance(item, dict) and "default" in item:
                yield item["default"]
            yield from image_defaults(item)


FOREIGN_OWNERS = ("grafana/alloy:", "grafana/pyroscope:")


def test_every_image_is_in_the_registry_or_belongs_to_a_known_owner(helm):
    found = images(helm.render({"ebpf.enabled": True}))
    assert {i for i in found if not i.startswith(FOREIGN_OWNERS + (REGISTRY + "/",))} == set()
    assert sum(i.startswith(FOREIGN_OWNERS) for i in found) == len(FOREIGN_OWNERS)


def test_make_push_pushes_exactly_what_the_chart_names(helm):
    done = subprocess.run([str(ROOT / "hack/images/push"), REGISTRY, "--list"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {i for i in images(helm.render({"ebpf.enabled": True})) if not i.startswith(FOREIGN_OWNERS)}


@pytest.mark.parametrize("values", [{}, {"agents.registry": "agents.example"}, {"ebpf.enabled": True}])
def test_without_a_registry_the_chart_states_how_to_get_one(helm, values):
    done = helm.template({"image.registry": "", **values}, check=False)
    assert done.returncode != 0
    assert "image.registry is not set" in done.stderr and "make push REGISTRY=HOST[:PORT][/PATH]" in done.stderr


@pytest.mark.parametrize("registry", ["me", "https://registry.example", "Registry.example/me", "registry.example:port", "registry.example//me"])
def test_push_refuses_what_is_no_registry(registry):
    done = subprocess.run([str(ROOT / "hack/images/push"), registry, "--list"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and f"REGISTRY '{registry}' must be HOST[:PORT][/PATH]" in done.stderr


NO_REGISTRIES = ["localhost:5000/p/", "https://r.io/x", "R.IO/X", "r.io/x:latest", "r.io/x@sha256:abc", " ", "me", "r.io:port/x", "r.io//x"]
REGISTRIES = ["[::1]:5000/x", "localhost", "localhost:5000", "r.io", "registry:5000/a/b-c_d.e"]


@pytest.mark.parametrize("path", ["image.registry", "agents.registry", "ebpf.image.registry"])
@pytest.mark.parametrize("registry", NO_REGISTRIES)
def test_a_registry_that_no_image_can_have_is_refused_by_name(helm, path, registry):
    done = helm.template({"ebpf.enabled": True, path: registry}, check=False)
    assert done.returncode != 0, f"{path}={registry!r} was accepted"
    assert f"{path} '{registry}' must be HOST[:PORT][/PATH] in lower case" in done.stderr, done.stderr


@pytest.mark.parametrize("registry", REGISTRIES)
def test_chart_and_push_accept_the_same_registries(helm, registry):
    rendered = helm.render({"image.registry": registry, "agents.registry": registry, "ebpf.enabled": True, "ebpf.image.registry": registry})
    found = {i for i in images(rendered) if not i.startswith("grafana/pyroscope:")}
    assert len(found) == 6 and {i for i in found if not i.startswith(registry + "/")} == set()
    pushed = subprocess.run([str(ROOT / "hack/images/push"), registry, "--list"], capture_output=True, text=True, timeout=60)
    assert set(pushed.stdout.split()) == found - {f"{registry}/grafana/alloy:v1.18.1"}, pushed.stderr


@pytest.mark.parametrize("component", ["webhook", "controller"])
def test_one_replica_has_no_disruption_budget_that_would_block_a_drain(helm, component):
    names = [b["metadata"]["name"] for b in helm.render({f"{component}.replicas": 1}).of("PodDisruptionBudget")]
    assert len(names) == 1 and not names[0].endswith(component)


def test_defaults_render_every_part_of_the_operator(default):
    assert sorted({o["kind"] for o in default}) == [
        "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Deployment", "MutatingWebhookConfiguration",
        "Pod", "PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"]
    names = [(o["kind"], o["metadata"]["name"]) for o in default]
    assert len(names) == len(set(names))


def test_a_kubernetes_that_is_too_old_is_refused(helm):
    done = helm.template(kubernetes="1.29.9", check=False)
    assert done.returncode != 0
    assert "chart requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.9" in done.stderr


def test_the_default_policy_needs_no_cluster_to_be_rendered(helm):
    policy = helm.render({"defaultPolicy.enabled": True}, release="other", namespace="other").one("ClusterProfilingPolicy")
    assert policy["metadata"]["name"] == "other-profiling-operator-default"
    assert "namespace" not in policy["metadata"] and "annotations" not in policy["metadata"]


def test_an_agent_without_a_repository_is_not_passed_on(helm):
    rendered = str(helm.render({}).deployments())
    assert "--agent-image-node=" in rendered and "dotnet" not in rendered and "ruby" not in rendered


def test_two_releases_share_no_cluster_wide_name(helm):
    def names(release):
        objects = helm.render({"crds.enabled": False}, release=release, namespace=release)
        return {(o["kind"], o["metadata"]["name"]) for o in objects if "namespace" not in o["metadata"]}
    assert names("one") and not names("one") & names("two")


def test_a_long_release_name_stays_within_names_limits(helm):
    for obj in helm.render({"crds.enabled": False}, release="a" * 53):
        assert len(obj["metadata"]["name"]) <= 63, obj["metadata"]["name"]
        for key, value in obj["metadata"].get("labels", {}).items():
            assert len(value) <= 63, f"label {key} of {obj['kind']} {obj['metadata']['name']}"


@pytest.mark.parametrize("path, value, said", [
    ("webhok", {}, "webhok"),
    ("image.registri", "x", "registri"),
    ("webhook.replica", 2, "replica"),
    ("agents.cobol", {}, "cobol"),
    ("crds.kept", True, "kept"),
    ("image.pullPolicy", "Sometimes", "pullPolicy"),
    ("agents.pullPolicy", "Sometimes", "pullPolicy"),
    ("agents.pullSecrets", ["No"], "pullSecrets"),
    ("agents.java.tag", "", "tag"),
    ("logging.level", "verbose", "level"),
    ("logging.format", "xml", "format"),
    ("webhook.failurePolicy", "Abort", "failurePolicy"),
    ("webhook.replicas", 0, "replicas"),
    ("controller.replicas", 0, "replicas"),
    ("controller.leaderElection.leaseDuration", "30", "leaseDuration"),
    ("webhook.threads", 65, "threads"),
    ("webhook.refusalHold", "5", "refusalHold"),
    ("webhook.timeoutSeconds", 31, "timeoutSeconds"),
    ("webhook.excludedNamespaces", "legacy", "excludedNamespaces"),
    ("crds.enabled", "yes", "enabled"),
    ("defaultPolicy.serverRef", {"name": "", "namespace": "x"}, "name"),
    ("defaultPolicy.serverRef", {"name": "x", "namespace": ""}, "namespace"),
    ("defaultPolicy.mode", "DryRun", "mode"),
    ("defaultPolicy.namespaceSelector", {"matchLabel": {}}, "matchLabel"),
    ("ebpf.sampleHz", 0, "sampleHz"),
    ("ebpf.sampleHz", 101, "sampleHz"),
    ("ebpf.collectInterval", "15", "collectInterval"),
    ("ebpf.optIn", "Some", "optIn"),
    ("ebpf.tenantID", "a b", "tenantID"),
    ("ebpf.server", {"namespace": "x", "name": "A.b"}, "name"),
    ("ebpf.namespaces", ["a|b"], "namespaces"),
    ("ebpf.privileged", True, "privileged"),
])
def test_a_wrong_value_is_refused_by_name(helm, path, value, said):
    done = helm.template({path: value}, check=False)
    assert done.returncode != 0, f"{path}={value!r} was accepted"
    assert "values don't meet the specifications of the schema" in done.stderr
    assert said in done.stderr.split("schema", 1)[1], done.stderr


def test_the_charts_crds_are_those_of_crds(default):
    done = subprocess.run([str(ROOT / "hack/crds-sync"), "--check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    sources = {crd["metadata"]["name"]: crd for crd in (yaml.safe_load(p.read_text()) for p in (ROOT / "crds").glob("*.yaml"))}
    rendered = {crd["metadata"]["name"]: crd for crd in default.of("CustomResourceDefinition")}
    assert sorted(sources) == sorted(rendered) and len(sources) == 4
    for name, crd in rendered.items():
        assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
        assert crd["spec"] == sources[name]["spec"], "nothing of a CRD is read as a template"


@pytest.mark.parametrize("name, line", [("clusterprofilingpolicies", "maximum: 500"), ("profilingpolicies", "maximum: 500"),
                                        ("profilingservers", "default: 336h")])
def test_crds_sync_finds_drift(tmp_path, name, line):
    for part in ("hack/crds-sync", "crds", "charts/profiling-operator/templates/crds.yaml"):
        target = tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, target)
    command = [str(tmp_path / "hack/crds-sync"), "--check"]
    assert subprocess.run(command, timeout=60).returncode == 0
    crd = tmp_path / f"crds/profiling.dev_{name}.yaml"
    assert line in crd.read_text()
    crd.write_text(crd.read_text().replace(line, line + "0"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "run hack/crds-sync" in done.stderr


def test_every_flag_is_one_of_the_binary(default):
    source = (ROOT / "operator/app/options.cc").read_text()
    known = set(re.findall(r'"(--[a-z-]+)"', source))
    known |= {f"{prefix}{token}" for prefix in known if prefix.endswith("-") for token in ("java", "python", "node", "go", "native")}
    specs = [pod(default, c) for c in ("webhook", "controller")] + [o["spec"] for o in default.of("Pod")]
    for spec in specs:
        command, *flags = spec["containers"][0]["args"]
        assert f'add_subcommand("{command}"' in source
        for flag in flags:
            assert flag.split("=")[0] in known, f"{command} {flag}: no such flag in operator/app/options.cc"


def test_agents_are_those_of_the_pinned_versions(default):
    pinned = dict(line.split("=") for line in (ROOT / "webhooks/agents/versions.env").read_text().splitlines() if re.match(r"[A-Z_]+=", line))
    for language in ("java", "python", "node"):
        assert f"--agent-version-{language}={pinned[language.upper() + '_AGENT_VERSION']}" in args(default, "webhook")


def test_lint_finds_nothing(helm):
    done = helm.run("lint", "--strict", str(CHART), "--set", f"image.registry={REGISTRY}")
    assert "0 chart(s) failed" in done.stdout
    assert "[ERROR]" not in done.stdout and "[WARNING]" not in done.stdout, done.stdout


def test_ebpf_excludes_the_namespaces_that_the_webhook_excludes(helm):
    rendered = helm.render({"ebpf.enabled": True, "webhook.excludedNamespaces": ["legacy"]})
    assert ebpf(rendered)["excludedNamespaces"] == [*SYSTEM, "legacy"]


def test_nothing_in_the_settings_of_ebpf_is_expanded_by_kubelet(helm):
    given = helm.render({"ebpf.enabled": True, "ebpf.nodeSelector": {"a": "$(HOSTNAME) $$ \"x\" <é>"}})
    raw = next(a for a in args(given, "controller") if a.startswith("--ebpf="))
    assert "$$(HOSTNAME) $$$$" in raw
    assert ebpf(given)["nodeSelector"] == {"a": "$(HOSTNAME) $$ \"x\" <é>"}


def test_ebpf_brings_an_account_under_the_daemon_sets_name(helm):
    rendered = helm.render({"ebpf.enabled": True, "imagePullSecrets": [{"name": "mirror"}]})
    flag = next(a for a in args(rendered, "controller") if a.startswith("--ebpf-daemonset="))
    account = rendered.one("ServiceAccount", flag.split("=")[1])
    assert account["imagePullSecrets"] == [{"name": "mirror"}]


def test_values_of_a_release_that_knew_no_ebpf_are_enough(helm):
    """helm upgrade --reuse-values brings no defaults of blocks that are new."""
    assert ebpf(helm.render({"ebpf": None})) is None
