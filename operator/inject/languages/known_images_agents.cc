// Well-known images whose language has an agent, by the image's name. The comment names the source repository.
// Rows are sorted; tests/templates measures them against the pod templates of public charts.
#include <algorithm>

#include "operator/inject/languages/known_images.h"

namespace profiling::inject {
namespace {

constexpr Runtimes kJava = runs(api::Language::kJava), kPython = runs(api::Language::kPython),
                   kNode = runs(api::Language::kNodeJS), kDotNet = runs(api::Language::kDotNet),
                   kRuby = runs(api::Language::kRuby);

// clang-format off
constexpr KnownImage kImagesWithAgent[] = {
    {"activemq", kJava},  // apache/activemq
    {"activemq-artemis", kJava},  // apache/activemq-artemis
    {"activemq-classic", kJava},  // apache/activemq
    {"airflow", kPython},  // apache/airflow
    {"akhq", kJava},  // tchiotludo/akhq
    {"appsmith", kJava | kNode},  // appsmithorg/appsmith: server in Java, rts in Node.js
    {"artemis", kJava},  // apache/activemq-artemis
    {"attu", kNode},  // zilliztech/attu
    {"cassandra", kJava},  // apache/cassandra
    {"cassandra-exporter", kJava},  // criteo/cassandra_exporter
    {"celery-exporter", kPython},  // danihodovic/celery-exporter
    {"chatwoot", kRuby},  // chatwoot/chatwoot
    {"cloudwatch-exporter", kJava},  // prometheus/cloudwatch_exporter
    {"configurable-http-proxy", kNode},  // jupyterhub/configurable-http-proxy
    {"confluence", kJava},  // Atlassian
    {"cp-kafka", kJava},  // confluentinc/kafka-images
    {"cp-kafka-connect", kJava},  // confluentinc/kafka-images
    {"cp-kafka-rest", kJava},  // confluentinc/kafka-images
    {"cp-ksqldb-server", kJava},  // confluentinc/ksql
    {"cp-schema-registry", kJava},  // confluentinc/schema-registry
    {"cp-server", kJava},  // confluentinc
    {"cp-zookeeper", kJava},  // confluentinc/kafka-images
    {"debezium/connect", kJava},  // debezium/debezium
    {"directus", kNode},  // directus/directus
    {"discourse", kRuby},  // discourse/discourse
    {"docker-elasticsearch-kubernetes", kJava},  // elastic/elasticsearch
    {"dolphinscheduler-api", kJava},  // apache/dolphinscheduler
    {"dremio", kJava},  // dremio/dremio-oss
    {"dremio-oss", kJava},  // dremio/dremio-oss
    {"druid", kJava},  // apache/druid
    {"ejbca", kJava},  // Keyfactor/ejbca-ce
    {"ejbca-ce", kJava},  // Keyfactor/ejbca-ce
    {"elastalert2", kPython},  // jertel/elastalert2
    {"elasticsearch", kJava},  // elastic/elasticsearch
    {"flink", kJava},  // apache/flink
    {"fluentd", kRuby},  // fluent/fluentd
    {"fluentd-kubernetes-daemonset", kRuby},  // fluent/fluentd-kubernetes-daemonset
    {"ghost", kNode},  // TryGhost/Ghost
    {"google-samples/cassandra", kJava},  // apache/cassandra
    {"graylog", kJava},  // Graylog2/graylog2-server
    {"hadoop", kJava},  // apache/hadoop
    {"hazelcast", kJava},  // hazelcast/hazelcast
    {"hazelcast-kubernetes", kJava},  // hazelcast/hazelcast
    {"hbase", kJava},  // apache/hbase
    {"hive", kJava},  // apache/hive
    {"hivemq-ce", kJava},  // hivemq/hivemq-community-edition
    {"home-assistant", kPython},  // home-assistant/core
    {"ignite", kJava},  // apache/ignite
    {"janusgraph", kJava},  // JanusGraph/janusgraph
    {"jellyfin", kDotNet},  // jellyfin/jellyfin
    {"jenkins", kJava},  // jenkinsci/jenkins
    {"jetty", kJava},  // jetty/jetty.project
    {"jira-software", kJava},  // Atlassian
    {"jmx-exporter", kJava},  // prometheus/jmx_exporter
    {"jmx-prometheus-exporter", kJava},  // prometheus/jmx_exporter
    {"jupyter-base-notebook", kPython},  // jupyter/docker-stacks
    {"jupyterhub", kPython},  // jupyterhub/jupyterhub
    {"k8s-hub", kPython},  // jupyterhub/zero-to-jupyterhub-k8s
    {"k8s-sidecar", kPython},  // kiwigrid/k8s-sidecar
    {"kafdrop", kJava},  // obsidiandynamics/kafdrop
    {"kafka", kJava},  // apache/kafka
    {"kafka-connect", kJava},  // apache/kafka
    {"kafka-ui", kJava},  // provectus/kafka-ui
    {"kestra", kJava},  // kestra-io/kestra
    {"keycloak", kJava},  // keycloak/keycloak
    {"kibana", kNode},  // elastic/kibana
    {"locust", kPython},  // locustio/locust
    {"logstash", kJava},  // elastic/logstash (JRuby)
    {"mastodon", kRuby | kNode},  // mastodon/mastodon: web and sidekiq in Ruby, streaming in Node.js
    {"metabase", kJava},  // metabase/metabase
    {"mlflow", kPython},  // mlflow/mlflow
    {"mockserver", kJava},  // mock-server/mockserver
    {"mongo-express", kNode},  // mongo-express/mongo-express
    {"n8n", kNode},  // n8n-io/n8n
    {"nacos-server", kJava},  // alibaba/nacos
    {"neo4j", kJava},  // neo4j/neo4j
    {"nessie", kJava},  // projectnessie/nessie
    {"netbox", kPython},  // netbox-community/netbox
    {"nexus3", kJava},  // sonatype/nexus-public
    {"nifi", kJava},  // apache/nifi
    {"nocodb", kNode},  // nocodb/nocodb
    {"node-red", kNode},  // node-red/node-red
    {"odoo", kPython},  // odoo/odoo
    {"opensearch", kJava},  // opensearch-project/OpenSearch
    {"opensearch-dashboards", kNode},  // opensearch-project/OpenSearch-Dashboards
    {"paperless-ngx", kPython},  // paperless-ngx/paperless-ngx
    {"parse", kNode},  // parse-community/parse-server
    {"parse-dashboard", kNode},  // parse-community/parse-dashboard
    {"pgadmin4", kPython},  // pgadmin-org/pgadmin4
    {"pinot", kJava},  // apache/pinot
    {"prefect", kPython},  // PrefectHQ/prefect
    {"prom/cloudwatch-exporter", kJava},  // prometheus/cloudwatch_exporter
    {"pulsar", kJava},  // apache/pulsar
    {"pulsar-all", kJava},  // apache/pulsar
    {"redmine", kRuby},  // redmine/redmine
    {"rocket.chat", kNode},  // RocketChat/Rocket.Chat
    {"rundeck", kJava},  // rundeck/rundeck
    {"schema-registry", kJava},  // confluentinc/schema-registry
    {"searxng", kPython},  // searxng/searxng
    {"selenium/hub", kJava},  // SeleniumHQ/selenium
    {"selenium/node-chrome", kJava},  // SeleniumHQ/selenium
    {"selenium/node-edge", kJava},  // SeleniumHQ/selenium
    {"selenium/node-firefox", kJava},  // SeleniumHQ/selenium
    {"selenium/standalone-chrome", kJava},  // SeleniumHQ/selenium
    {"selenium/standalone-firefox", kJava},  // SeleniumHQ/selenium
    {"skywalking-oap-server", kJava},  // apache/skywalking
    {"solr", kJava},  // apache/solr
    {"sonarqube", kJava},  // SonarSource/sonarqube
    {"spark", kJava},  // apache/spark
    {"storm", kJava},  // apache/storm
    {"storm-worker", kJava},  // apache/storm
    {"strapi", kNode},  // strapi/strapi
    {"superset", kPython},  // apache/superset
    {"tika", kJava},  // apache/tika
    {"tomcat", kJava},  // apache/tomcat
    {"tomee", kJava},  // apache/tomee
    {"trino", kJava},  // trinodb/trino
    {"unleash-server", kNode},  // Unleash/unleash
    {"uptime-kuma", kNode},  // louislam/uptime-kuma
    {"verdaccio", kNode},  // verdaccio/verdaccio
    {"vllm-openai", kPython},  // vllm-project/vllm
    {"wildfly", kJava},  // wildfly/wildfly
    {"wiremock", kJava},  // wiremock/wiremock
    {"zammad", kRuby},  // zammad/zammad
    {"zeebe", kJava},  // camunda/camunda
    {"zeppelin", kJava},  // apache/zeppelin
    {"zipkin", kJava},  // openzipkin/zipkin
    {"zookeeper", kJava},  // apache/zookeeper
};
// clang-format on
static_assert(std::ranges::is_sorted(kImagesWithAgent, std::ranges::less_equal{},
                                     &KnownImage::name));

}  // namespace

std::span<const KnownImage> imagesWithAgent() {
  return kImagesWithAgent;
}

}  // namespace profiling::inject
