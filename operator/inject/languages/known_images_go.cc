// Well-known images of programs in Go, which are scraped where their pprof port is known, by the image's
// name. The comment names the source repository.
// Rows are sorted; tests/templates measures them against the pod templates of public charts.
#include <algorithm>

#include "operator/inject/languages/known_images.h"

namespace profiling::inject {
namespace {

constexpr Runtimes kGo = runs(api::Language::kGo);

// clang-format off
constexpr KnownImage kImagesInGo[] = {
    {"agent-operator", kGo},  // grafana/agent
    {"alertmanager", kGo},  // prometheus/alertmanager
    {"alloy", kGo},  // grafana/alloy
    {"apache-exporter", kGo},  // Lusitaniae/apache_exporter
    {"apisix-ingress-controller", kGo},  // apache/apisix-ingress-controller
    {"argo-events", kGo},  // argoproj/argo-events
    {"argo-rollouts", kGo},  // argoproj/argo-rollouts
    {"argocd", kGo},  // argoproj/argo-cd
    {"argocd-image-updater", kGo},  // argoproj-labs/argocd-image-updater
    {"argocli", kGo},  // argoproj/argo-workflows
    {"argoexec", kGo},  // argoproj/argo-workflows
    {"aws-load-balancer-controller", kGo},  // kubernetes-sigs/aws-load-balancer-controller
    {"blackbox-exporter", kGo},  // prometheus/blackbox_exporter
    {"caddy", kGo},  // caddyserver/caddy
    {"cadvisor", kGo},  // google/cadvisor
    {"cainjector", kGo},  // cert-manager/cert-manager
    {"calico/kube-controllers", kGo},  // projectcalico/calico
    {"calico/node", kGo},  // projectcalico/calico
    {"calico/typha", kGo},  // projectcalico/calico
    {"cert-manager", kGo},  // cert-manager/cert-manager
    {"cert-manager-acmesolver", kGo},  // cert-manager/cert-manager
    {"cert-manager-cainjector", kGo},  // cert-manager/cert-manager
    {"cert-manager-controller", kGo},  // cert-manager/cert-manager
    {"cert-manager-webhook", kGo},  // cert-manager/cert-manager
    {"chainloop-artifact-cas", kGo},  // chainloop-dev/chainloop
    {"chainloop-control-plane", kGo},  // chainloop-dev/chainloop
    {"cilium", kGo},  // cilium/cilium
    {"cilium-operator", kGo},  // cilium/cilium
    {"cilium-operator-generic", kGo},  // cilium/cilium
    {"clickhouse-operator", kGo},  // Altinity/clickhouse-operator
    {"cloudflared", kGo},  // cloudflare/cloudflared
    {"cloudnative-pg", kGo},  // cloudnative-pg/cloudnative-pg
    {"cluster-autoscaler", kGo},  // kubernetes/autoscaler
    {"cockroach", kGo},  // cockroachdb/cockroach
    {"conntrack-stats-exporter", kGo},  // jwkohnen/conntrack-stats-exporter
    {"consul", kGo},  // hashicorp/consul
    {"consul-exporter", kGo},  // prometheus/consul_exporter
    {"contour", kGo},  // projectcontour/contour
    {"coredns", kGo},  // coredns/coredns
    {"couchdb-prometheus-exporter", kGo},  // gesellix/couchdb-prometheus-exporter
    {"crossplane", kGo},  // crossplane/crossplane
    {"csi-attacher", kGo},  // kubernetes-csi/external-attacher
    {"csi-node-driver-registrar", kGo},  // kubernetes-csi/node-driver-registrar
    {"csi-provisioner", kGo},  // kubernetes-csi/external-provisioner
    {"csi-resizer", kGo},  // kubernetes-csi/external-resizer
    {"csi-snapshotter", kGo},  // kubernetes-csi/external-snapshotter
    {"dex", kGo},  // dexidp/dex
    {"druid-exporter", kGo},  // opstree/druid-exporter
    {"elasticsearch-exporter", kGo},  // prometheus-community/elasticsearch_exporter
    {"envoy-gateway", kGo},  // envoyproxy/gateway
    {"etcd", kGo},  // etcd-io/etcd
    {"external-dns", kGo},  // kubernetes-sigs/external-dns
    {"external-secrets", kGo},  // external-secrets/external-secrets
    {"fastly-exporter", kGo},  // fastly/fastly-exporter
    {"flannel", kGo},  // flannel-io/flannel
    {"fluxcd-helm-controller", kGo},  // fluxcd/helm-controller
    {"fluxcd-image-automation-controller", kGo},  // fluxcd/image-automation-controller
    {"fluxcd-image-reflector-controller", kGo},  // fluxcd/image-reflector-controller
    {"fluxcd-kustomize-controller", kGo},  // fluxcd/kustomize-controller
    {"fluxcd-notification-controller", kGo},  // fluxcd/notification-controller
    {"fluxcd-source-controller", kGo},  // fluxcd/source-controller
    {"fluxcd/helm-controller", kGo},  // fluxcd/helm-controller
    {"fluxcd/kustomize-controller", kGo},  // fluxcd/kustomize-controller
    {"fluxcd/notification-controller", kGo},  // fluxcd/notification-controller
    {"fluxcd/source-controller", kGo},  // fluxcd/source-controller
    {"frr-k8s", kGo},  // metallb/frr-k8s
    {"gitea", kGo},  // go-gitea/gitea
    {"grafana", kGo},  // grafana/grafana
    {"grafana-alloy", kGo},  // grafana/alloy
    {"grafana-k6-operator", kGo},  // grafana/k6-operator
    {"grafana-loki", kGo},  // grafana/loki
    {"grafana-mimir", kGo},  // grafana/mimir
    {"grafana-operator", kGo},  // grafana/grafana-operator
    {"grafana-tempo", kGo},  // grafana/tempo
    {"grafana-tempo-query", kGo},  // grafana/tempo
    {"grafana-tempo-vulture", kGo},  // grafana/tempo
    {"grafana/agent", kGo},  // grafana/agent
    {"harbor-adapter-trivy", kGo},  // goharbor/harbor-scanner-trivy
    {"harbor-core", kGo},  // goharbor/harbor
    {"harbor-exporter", kGo},  // goharbor/harbor
    {"harbor-jobservice", kGo},  // goharbor/harbor
    {"harbor-registry", kGo},  // distribution/distribution
    {"harbor-registryctl", kGo},  // goharbor/harbor
    {"ipmi-exporter", kGo},  // prometheus-community/ipmi_exporter
    {"jaeger", kGo},  // jaegertracing/jaeger
    {"jaegertracing/all-in-one", kGo},  // jaegertracing/jaeger
    {"jiralert", kGo},  // prometheus-community/jiralert
    {"jiralert-linux-amd64", kGo},  // prometheus-community/jiralert
    {"json-exporter", kGo},  // prometheus-community/json_exporter
    {"kafka-exporter", kGo},  // danielqsj/kafka_exporter
    {"karpenter", kGo},  // kubernetes-sigs/karpenter
    {"keda", kGo},  // kedacore/keda
    {"keda-metrics-apiserver", kGo},  // kedacore/keda
    {"keda-operator", kGo},  // kedacore/keda
    {"kube-arangodb", kGo},  // arangodb/kube-arangodb
    {"kube-rbac-proxy", kGo},  // brancz/kube-rbac-proxy
    {"kube-state-metrics", kGo},  // kubernetes/kube-state-metrics
    {"kube-vip", kGo},  // kube-vip/kube-vip
    {"kube-webhook-certgen", kGo},  // jkroepke/kube-webhook-certgen
    {"kubectl", kGo},  // kubernetes/kubernetes
    {"kuberay-apiserver", kGo},  // ray-project/kuberay
    {"kuberay-operator", kGo},  // ray-project/kuberay
    {"kubernetes-event-exporter", kGo},  // resmoio/kubernetes-event-exporter
    {"kyverno", kGo},  // kyverno/kyverno
    {"livenessprobe", kGo},  // kubernetes-csi/livenessprobe
    {"loki", kGo},  // grafana/loki
    {"longhorn-manager", kGo},  // longhorn/longhorn-manager
    {"mattermost-team-edition", kGo},  // mattermost/mattermost
    {"mc", kGo},  // minio/mc
    {"memcached-exporter", kGo},  // prometheus/memcached_exporter
    {"metallb-controller", kGo},  // metallb/metallb
    {"metallb-speaker", kGo},  // metallb/metallb
    {"metallb/controller", kGo},  // metallb/metallb
    {"metallb/speaker", kGo},  // metallb/metallb
    {"metrics-server", kGo},  // kubernetes-sigs/metrics-server
    {"milvus", kGo},  // milvus-io/milvus
    {"mimir", kGo},  // grafana/mimir
    {"minio", kGo},  // minio/minio
    {"minio-client", kGo},  // minio/mc
    {"minio-object-browser", kGo},  // huncrys/minio-console
    {"minio-operator", kGo},  // minio/operator
    {"minio/operator", kGo},  // minio/operator
    {"modbus-exporter", kGo},  // RichiH/modbus_exporter
    {"mongodb-exporter", kGo},  // percona/mongodb_exporter
    {"multus-cni", kGo},  // k8snetworkplumbingwg/multus-cni
    {"mysqld-exporter", kGo},  // prometheus/mysqld_exporter
    {"nats", kGo},  // nats-io/nats-server
    {"nats-exporter", kGo},  // nats-io/prometheus-nats-exporter
    {"newrelic/infrastructure", kGo},  // newrelic/infrastructure-agent
    {"nginx-exporter", kGo},  // nginx/nginx-prometheus-exporter
    {"nginx-ingress-controller", kGo},  // kubernetes/ingress-nginx
    {"nginx-prometheus-exporter", kGo},  // nginx/nginx-prometheus-exporter
    {"node-exporter", kGo},  // prometheus/node_exporter
    {"node-feature-discovery", kGo},  // kubernetes-sigs/node-feature-discovery
    {"node-problem-detector", kGo},  // kubernetes/node-problem-detector
    {"oauth2-proxy", kGo},  // oauth2-proxy/oauth2-proxy
    {"openshift/origin", kGo},  // openshift/origin
    {"opentelemetry-collector", kGo},  // open-telemetry/opentelemetry-collector
    {"opentelemetry-collector-contrib", kGo},  // open-telemetry/opentelemetry-collector-contrib
    {"opentelemetry-collector-k8s", kGo},  // open-telemetry/opentelemetry-collector-releases
    {"pgbouncer-exporter", kGo},  // prometheus-community/pgbouncer_exporter
    {"pingdom-exporter", kGo},  // kokuwaio/pingdom-exporter
    {"pingmesh-agent", kGo},  // dongjiang1989/pingmesh
    {"pinniped", kGo},  // vmware-tanzu/pinniped
    {"plugin-barman-cloud", kGo},  // cloudnative-pg/plugin-barman-cloud
    {"postgres-exporter", kGo},  // prometheus-community/postgres_exporter
    {"prom-label-proxy", kGo},  // prometheus-community/prom-label-proxy
    {"prometheus", kGo},  // prometheus/prometheus
    {"prometheus-adapter", kGo},  // kubernetes-sigs/prometheus-adapter
    {"prometheus-config-reloader", kGo},  // prometheus-operator/prometheus-operator
    {"prometheus-nats-exporter", kGo},  // nats-io/prometheus-nats-exporter
    {"prometheus-operator", kGo},  // prometheus-operator/prometheus-operator
    {"prometheus-operator/admission-webhook", kGo},  // prometheus-operator/prometheus-operator
    {"prometheus-to-sd", kGo},  // GoogleCloudPlatform/k8s-stackdriver
    {"promtail", kGo},  // grafana/loki
    {"pushgateway", kGo},  // prometheus/pushgateway
    {"pyroscope", kGo},  // grafana/pyroscope
    {"rabbitmq-cluster-operator", kGo},  // rabbitmq/cluster-operator
    {"rabbitmq-exporter", kGo},  // kbudde/rabbitmq_exporter
    {"redis-exporter", kGo},  // oliver006/redis_exporter
    {"rmq-messaging-topology-operator", kGo},  // rabbitmq/messaging-topology-operator
    {"rollout-operator", kGo},  // grafana/rollout-operator
    {"sealed-secrets-controller", kGo},  // bitnami-labs/sealed-secrets
    {"seaweedfs", kGo},  // seaweedfs/seaweedfs
    {"smartctl-exporter", kGo},  // prometheus-community/smartctl_exporter
    {"snmp-exporter", kGo},  // prometheus/snmp_exporter
    {"snmp-notifier", kGo},  // maxwo/snmp_notifier
    {"snyk-exporter", kGo},  // lunarway/snyk_exporter
    {"sql-exporter", kGo},  // justwatchcom/sql_exporter
    {"stackdriver-exporter", kGo},  // prometheus-community/stackdriver_exporter
    {"statsd-exporter", kGo},  // prometheus/statsd_exporter
    {"systemd-exporter", kGo},  // prometheus-community/systemd_exporter
    {"telegraf", kGo},  // influxdata/telegraf
    {"tempo", kGo},  // grafana/tempo
    {"tempo-query", kGo},  // grafana/tempo
    {"thanos", kGo},  // thanos-io/thanos
    {"traefik", kGo},  // traefik/traefik
    {"trivy", kGo},  // aquasecurity/trivy
    {"vault", kGo},  // hashicorp/vault
    {"vault-k8s", kGo},  // hashicorp/vault-k8s
    {"velero", kGo},  // vmware-tanzu/velero
    {"victoria-metrics", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"victoriametrics-vmagent", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"victoriametrics-vmalert", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"victoriametrics-vmauth", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"victoriametrics-vminsert", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"victoriametrics-vmselect", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"victoriametrics-vmstorage", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"vmagent", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"vmalert", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"vminsert", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"vmselect", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"vmstorage", kGo},  // VictoriaMetrics/VictoriaMetrics
    {"weaviate", kGo},  // weaviate/weaviate
    {"whereabouts", kGo},  // k8snetworkplumbingwg/whereabouts
    {"windows-exporter", kGo},  // prometheus-community/windows_exporter
    {"workflow-controller", kGo},  // argoproj/argo-workflows
    {"yet-another-cloudwatch-exporter", kGo},  // prometheus-community/yet-another-cloudwatch-exporter
};
// clang-format on
static_assert(std::ranges::is_sorted(kImagesInGo, std::ranges::less_equal{}, &KnownImage::name));

}  // namespace

std::span<const KnownImage> imagesInGo() {
  return kImagesInGo;
}

}  // namespace profiling::inject
