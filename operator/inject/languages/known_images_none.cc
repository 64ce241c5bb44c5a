// Well-known images that no agent can profile, by the image's name. The comment names the source repository.
// Rows are sorted; tests/templates measures them against the pod templates of public charts.
#include <algorithm>

#include "operator/inject/languages/known_images.h"

namespace profiling::inject {
namespace {

constexpr Runtimes kNone = 0;  // C, C++, Rust, Erlang, PHP, Lua, shell

// clang-format off
constexpr KnownImage kImagesWithoutAgent[] = {
    {"aerospike-server", kNone},  // aerospike/aerospike-server: C
    {"apache", kNone},  // apache/httpd: C
    {"apisix", kNone},  // apache/apisix: Lua in nginx
    {"argocd-extension-installer", kNone},  // argoproj-labs/argocd-extension-installer: shell
    {"aws-cli", kNone},  // aws/aws-cli: ends at once
    {"busybox", kNone},  // busybox: C
    {"clickhouse", kNone},  // ClickHouse/ClickHouse: C++
    {"clickhouse-keeper", kNone},  // ClickHouse/ClickHouse: C++
    {"clickhouse-server", kNone},  // ClickHouse/ClickHouse: C++
    {"couchdb", kNone},  // apache/couchdb: Erlang
    {"dragonfly", kNone},  // dragonflydb/dragonfly: C++
    {"drupal", kNone},  // drupal/drupal: PHP
    {"eclipse-mosquitto", kNone},  // eclipse/mosquitto: C
    {"emqx", kNone},  // emqx/emqx: Erlang
    {"envoy", kNone},  // envoyproxy/envoy: C++
    {"fluent-bit", kNone},  // fluent/fluent-bit: C
    {"fluent-bit-plugin-loki", kNone},  // fluent/fluent-bit: C with a plugin in Go
    {"git", kNone},  // git/git: C
    {"haproxy", kNone},  // haproxy/haproxy: C
    {"haproxy-alpine", kNone},  // haproxy/haproxy: C
    {"harbor-portal", kNone},  // goharbor/harbor: files behind nginx
    {"httpd", kNone},  // apache/httpd: C
    {"influxdb", kNone},  // influxdata/influxdb: Rust since version 3, Go before
    {"joomla", kNone},  // joomla/joomla-cms: PHP
    {"keydb", kNone},  // Snapchat/KeyDB: C++
    {"kong", kNone},  // Kong/kong: Lua in nginx
    {"kubernetes/redis", kNone},  // redis/redis: C
    {"linkerd2-proxy", kNone},  // linkerd/linkerd2-proxy: Rust
    {"mariadb", kNone},  // MariaDB/server: C++
    {"mariadb-galera", kNone},  // MariaDB/server: C++
    {"matomo", kNone},  // matomo-org/matomo: PHP
    {"mediawiki", kNone},  // wikimedia/mediawiki: PHP
    {"meilisearch", kNone},  // meilisearch/meilisearch: Rust
    {"memcached", kNone},  // memcached/memcached: C
    {"mongo", kNone},  // mongodb/mongo: C++
    {"mongodb", kNone},  // mongodb/mongo: C++
    {"mongodb-community-server", kNone},  // mongodb/mongo: C++
    {"mongodb-sharded", kNone},  // mongodb/mongo: C++
    {"mongos", kNone},  // mongodb/mongo: C++
    {"moodle", kNone},  // moodle/moodle: PHP
    {"mssql-server", kNone},  // Microsoft SQL Server: C++
    {"mysql", kNone},  // mysql/mysql-server: C++
    {"mysql-server", kNone},  // mysql/mysql-server: C++
    {"nextcloud", kNone},  // nextcloud/server: PHP
    {"nginx", kNone},  // nginx/nginx: C
    {"nginx-slim", kNone},  // nginx/nginx: C
    {"nginx-unprivileged", kNone},  // nginx/nginx: C
    {"openldap", kNone},  // openldap/openldap: C
    {"openresty", kNone},  // openresty/openresty: Lua in nginx
    {"os-shell", kNone},  // bitnami/containers: a shell
    {"pause", kNone},  // kubernetes/kubernetes: C
    {"percona-server", kNone},  // percona/percona-server: C++
    {"percona-xtradb-cluster", kNone},  // percona/percona-xtradb-cluster: C++
    {"percona-xtradb-cluster-5-6", kNone},  // percona/percona-xtradb-cluster: C++
    {"pgbouncer", kNone},  // pgbouncer/pgbouncer: C
    {"pgpool", kNone},  // pgpool/pgpool2: C
    {"php", kNone},  // php/php-src: PHP
    {"php-fpm", kNone},  // php/php-src: PHP
    {"phpmyadmin", kNone},  // phpmyadmin/phpmyadmin: PHP
    {"postgis", kNone},  // postgis/postgis: C
    {"postgres", kNone},  // postgres/postgres: C
    {"postgresql", kNone},  // postgres/postgres: C
    {"postgresql-repmgr", kNone},  // postgres/postgres: C
    {"prestashop", kNone},  // PrestaShop/PrestaShop: PHP
    {"proftpd", kNone},  // proftpd/proftpd: C
    {"proxysql", kNone},  // sysown/proxysql: C++
    {"qdrant", kNone},  // qdrant/qdrant: Rust
    {"rabbitmq", kNone},  // rabbitmq/rabbitmq-server: Erlang
    {"redis", kNone},  // redis/redis: C
    {"redis-cluster", kNone},  // redis/redis: C
    {"redis-sentinel", kNone},  // redis/redis: C
    {"redis-slave", kNone},  // redis/redis: C
    {"redis-stack-server", kNone},  // redis/redis: C
    {"rethinkdb", kNone},  // rethinkdb/rethinkdb: C++
    {"scylla", kNone},  // scylladb/scylladb: C++
    {"scylladb", kNone},  // scylladb/scylladb: C++
    {"serving", kNone},  // tensorflow/serving: C++
    {"sysdig/agent", kNone},  // draios/agent: C++
    {"tarantool", kNone},  // tarantool/tarantool: C
    {"tensorflow-serving", kNone},  // tensorflow/serving: C++
    {"timescaledb", kNone},  // timescale/timescaledb: C
    {"timescaledb-ha", kNone},  // timescale/timescaledb: C
    {"typesense", kNone},  // typesense/typesense: C++
    {"valkey", kNone},  // valkey-io/valkey: C
    {"valkey-cluster", kNone},  // valkey-io/valkey: C
    {"valkey-sentinel", kNone},  // valkey-io/valkey: C
    {"varnish", kNone},  // varnishcache/varnish-cache: C
    {"vector", kNone},  // vectordotdev/vector: Rust
    {"vernemq", kNone},  // vernemq/vernemq: Erlang
    {"volume-nfs", kNone},  // kubernetes/examples: the kernel's NFS server
    {"wordpress", kNone},  // WordPress/WordPress: PHP
};
// clang-format on
static_assert(std::ranges::is_sorted(kImagesWithoutAgent, std::ranges::less_equal{},
                                     &KnownImage::name));

}  // namespace

std::span<const KnownImage> imagesWithoutAgent() {
  return kImagesWithoutAgent;
}

}  // namespace profiling::inject
