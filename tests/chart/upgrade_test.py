"""Upgrades from earlier charts, with the values that `helm upgrade --reuse-values` brings, and drains."""
import copy
import json
import pathlib
import shutil

import pytest
import yaml

from conftest import CHART, REGISTRY, OLDEST_KUBERNETES, Rendered

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def earlier():
    """(commit, its values), the oldest first"""
    values = {}
    for row in yaml.safe_load((pathlib.Path(__file__).parent / "earlier_values.yaml").read_text()):
        values = copy.deepcopy(values)
        for path in row.get("unset", []):
            at = values
            for key in path.split(".")[:-1]:
                at = at[key]
            del at[path.split(".")[-1]]
        for path, value in row["set"].items():
            at = values
            for key in path.split(".")[:-1]:
                at = at.setdefault(key, {})
            at[path.split(".")[-1]] = value
        yield row["commit"], values


EARLIER = dict(earlier())


def test_the_table_of_earlier_values_is_read():
    assert len(EARLIER) >= 8
    assert "restarts" not in EARLIER["19c3a65"]["controller"] and EARLIER["bc0c755"]["controller"]["restarts"]["enabled"] is True


@pytest.mark.parametrize("commit", EARLIER)
def test_reuse_values_works_over_each_earlier_chart(helm, tmp_path, commit):
    """Helm renders the new templates with the old chart's values only."""
    chart = tmp_path / "profiling-operator"
    shutil.copytree(CHART, chart)
    (chart / "values.yaml").write_text(yaml.safe_dump(EARLIER[commit]))
    done = helm.run("template", "profiling-operator", str(chart), "--namespace", "profiling-system", "--kube-version", OLDEST_KUBERNETES,
                    f"--set=image.registry={REGISTRY}")
    rendered = Rendered(o for o in yaml.safe_load_all(done.stdout) if o)
    now = helm.render({"controller.restarts.enabled": "restarts" in EARLIER[commit]["controller"]})
    assert {(o["kind"], o["metadata"]["name"]) for o in rendered} == {(o["kind"], o["metadata"]["name"]) for o in now}
    for component, deployment in now.deployments().items():
        args = [o["spec"]["template"]["spec"]["containers"][0]["args"] for o in (rendered.deployments()[component], deployment)]
        assert args[0] == args[1], component
    for name, notes in (("everything", {"ebpf.enabled": True, "defaultPolicy.enabled": True}),):
        done = helm.run("template", name, str(chart), "--kube-version", OLDEST_KUBERNETES, f"--set=image.registry={REGISTRY}",
                        *[f"--set-json={key}={json.dumps(value)}" for key, value in notes.items()])
        assert "grafana/alloy" in done.stdout and "kind: ClusterProfilingPolicy" in done.stdout


def test_the_defaults_of_newer_values_are_those_of_the_values_file():
    text = (CHART / "templates/_defaults.tpl").read_text()
    table = yaml.safe_load(text.split('define "profiling-operator.newerValues" }}')[1].split("{{- end }}")[0])
    for block, newer in table.items():
        at = VALUES if block == "top" else VALUES[block]
        assert newer == {key: at[key] for key in newer}, block
    first = next(iter(EARLIER.values()))
    for block in ("agents", "webhook", "controller", "networkPolicy"):
        assert set(VALUES[block]) - set(first[block]) == set(table[block])
    assert set(VALUES) - set(first) == set(table["top"])


@pytest.mark.parametrize("component", ["webhook", "controller"])
def test_a_budget_lets_a_node_be_drained(helm, component):
    for replicas in (1, 2, 3):
        rendered = helm.render({f"{component}.replicas": replicas})
        budgets = [b for b in rendered.of("PodDisruptionBudget") if b["metadata"]["name"].endswith(component)]
        assert all(b["spec"]["minAvailable"] < replicas for b in budgets), f"{replicas} replicas: no pod could ever be evicted"
        assert len(budgets) == (replicas > 1)
