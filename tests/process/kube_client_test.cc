// The Kubernetes client library against a real kube-apiserver: what the unit tests assume about the
// server is true. KUBECONFIG names a cluster where the caller may do everything; the tests create a
// namespace and a definition of their own and delete them again.
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/reflector.h"
#include "operator/net/cpprest/client.h"
#include "tests/support/wait_for.h"

// OpenSSL's state of the library's pool thread is still there when leaks are counted at exit: that
// thread ends after OpenSSL's own clean-up. Read by LeakSanitizer, where the build has it.
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "leak:libcrypto.so\n";
}

namespace profiling::kube {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

const std::stop_token kNever;
const Resource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
const Resource kServiceAccounts{"", "v1", "serviceaccounts"};

std::unique_ptr<net::HttpClient> dial(const ClusterConfig& config) {
  auto client = net::cpprest::makeClient({config});
  if (!client.ok()) throw std::runtime_error(client.status().toString());
  return *std::move(client);
}

// Passes everything on; counts watches, and can make the first one start from a version that the
// server has long forgotten.
class WatchedHttp final : public net::HttpClient {
 public:
  explicit WatchedHttp(net::HttpClient& inner, bool forget_first = false)
      : inner_(inner), forget_first_(forget_first) {}

  Result<net::Response> send(const net::Request& request, std::chrono::milliseconds deadline,
                             const std::stop_token& stop) override {
    return inner_.send(request, deadline, stop);
  }
  Result<net::Response> stream(const net::Request& request, const net::ByteSink& sink,
                               const net::StreamLimits& limits,
                               const std::stop_token& stop) override {
    net::Request sent = request;
    if (sent.target.find("sendInitialEvents") != std::string::npos) {
      ++streamed_lists;
    } else if (++watches == 1 && forget_first_) {
      const std::string key = "resourceVersion=";
      const auto at = sent.target.find(key) + key.size();
      sent.target.replace(at, sent.target.find('&', at) - at, "1");
    }
    return inner_.stream(sent, sink, limits, stop);
  }

  std::atomic<int> watches{0};         // that begin at a version
  std::atomic<int> streamed_lists{0};  // that begin with every object

 private:
  net::HttpClient& inner_;
  const bool forget_first_;
};

struct Named {
  std::string value;
  std::string resource_version;
};

Result<Decoded<Named>> decodeNamed(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return Status(Code::kInvalidArgument, "not JSON");
  const json& meta = object.at("metadata");
  auto record = std::make_shared<Named>();
  record->resource_version = meta.at("resourceVersion");
  if (const auto data = object.find("data"); data != object.end()) {
    record->value = data->value("value", "");
  }
  return Decoded<Named>{objectKey(meta.value("namespace", ""), meta.at("name").get<std::string>()),
                        std::move(record)};
}

class KubeClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto loaded = loadConfig("");
    ASSERT_TRUE(loaded.ok()) << "KUBECONFIG must name a cluster: " << loaded.status().toString();
    config_ = *loaded;
    http_ = dial(config_).release();
    watch_http_ = dial(config_).release();
    client_ = new Client(*http_);
    const auto suffix = std::chrono::system_clock::now().time_since_epoch() / 1ms;
    ns_ = "kube-client-test-" + std::to_string(suffix);
    const auto made =
        client_->create(resources::kNamespaces, {}, {{"metadata", {{"name", ns_}}}}, kNever);
    ASSERT_TRUE(made.ok()) << made.status().toString();
  }
  static void TearDownTestSuite() {
    if (client_ == nullptr) return;
    EXPECT_TRUE(client_->remove(resources::kNamespaces, {}, ns_, {}, kNever).ok());
    delete client_;
    delete watch_http_;
    delete http_;
  }
  void SetUp() override { ASSERT_NE(client_, nullptr) << "the test suite was not set up"; }

  static json configMap(const std::string& name, const std::string& value) {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}, {"namespace", ns_}, {"labels", {{"kube-test", "yes"}}}}},
            {"data", {{"value", value}}}};
  }
  static json mustCreate(const std::string& name, const std::string& value) {
    const auto made = client_->create(resources::kConfigMaps, ns_, configMap(name, value), kNever);
    EXPECT_TRUE(made.ok()) << made.status().toString();
    return made.ok() ? *made : json::object();
  }
  static std::string version(const json& object) {
    return object.at("metadata").at("resourceVersion");
  }

  static inline ClusterConfig config_;
  static inline net::HttpClient* http_ = nullptr;
  static inline net::HttpClient* watch_http_ = nullptr;
  static inline Client* client_ = nullptr;
  static inline std::string ns_;
};

TEST_F(KubeClientTest, ApplyingTheSameTwiceChangesNothing) {
  const auto first =
      client_->apply(resources::kConfigMaps, configMap("applied", "1"), "kube-test", kNever);
  ASSERT_TRUE(first.ok()) << first.status().toString();
  const auto second =
      client_->apply(resources::kConfigMaps, configMap("applied", "1"), "kube-test", kNever);
  ASSERT_TRUE(second.ok()) << second.status().toString();
  EXPECT_EQ(version(*first), version(*second));
  const auto third =
      client_->apply(resources::kConfigMaps, configMap("applied", "2"), "kube-test", kNever);
  ASSERT_TRUE(third.ok());
  EXPECT_NE(version(*third), version(*second));
}

TEST_F(KubeClientTest, ApplyTakesAFieldOverFromAnotherManager) {
  ASSERT_TRUE(
      client_->apply(resources::kConfigMaps, configMap("shared", "1"), "first", kNever).ok());
  const auto taken =
      client_->apply(resources::kConfigMaps, configMap("shared", "2"), "second", kNever);
  ASSERT_TRUE(taken.ok()) << taken.status().toString();
  EXPECT_EQ(taken->at("data").at("value"), "2");
}

TEST_F(KubeClientTest, AnUnknownFieldIsInvalidAndNamed) {
  json object = configMap("strict", "1");
  object["dattta"] = json::object();
  for (const Status& status :
       {client_->create(resources::kConfigMaps, ns_, object, kNever).status(),
        client_->apply(resources::kConfigMaps, object, "kube-test", kNever).status()}) {
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << status.toString();
    EXPECT_THAT(status.message(), HasSubstr("dattta"));
  }
  EXPECT_EQ(client_->get(resources::kConfigMaps, ns_, "strict", kNever).status().code(),
            Code::kNotFound);
}

TEST_F(KubeClientTest, ConflictsAreDistinguished) {
  mustCreate("twice", "1");
  EXPECT_EQ(
      client_->create(resources::kConfigMaps, ns_, configMap("twice", "2"), kNever).status().code(),
      Code::kAlreadyExists);
  const json stale = {{"metadata", {{"resourceVersion", "1"}}}, {"data", {{"value", "3"}}}};
  EXPECT_EQ(
      client_->mergePatch(resources::kConfigMaps, ns_, "twice", stale, kNever).status().code(),
      Code::kConflict);
  const auto got = client_->get(resources::kConfigMaps, ns_, "twice", kNever);
  ASSERT_TRUE(got.ok()) << got.status().toString();
  EXPECT_EQ(got->at("data").at("value"), "1");
}

TEST_F(KubeClientTest, DeleteHonoursUidAndVersion) {
  const json made = mustCreate("doomed", "1");
  const std::string uid = made.at("metadata").at("uid");
  const auto remove = [&](const DeletePreconditions& p) {
    return client_->remove(resources::kConfigMaps, ns_, "doomed", p, kNever).code();
  };
  EXPECT_EQ(remove({"00000000-0000-0000-0000-000000000000", ""}), Code::kConflict);
  EXPECT_EQ(remove({uid, "1"}), Code::kConflict);
  EXPECT_EQ(remove({uid, version(made)}), Code::kOk);
  EXPECT_EQ(remove({uid, ""}), Code::kNotFound);
  EXPECT_EQ(client_->get(resources::kConfigMaps, ns_, "doomed", kNever).status().code(),
            Code::kNotFound);
}

TEST_F(KubeClientTest, NamesThatNeedEncodingReachTheServerAsNames) {
  const Status status = client_->get(resources::kConfigMaps, ns_, "a?b=c d#e", kNever).status();
  EXPECT_EQ(status.code(), Code::kNotFound) << status.toString();
  EXPECT_THAT(status.message(), HasSubstr("a?b=c d#e"));
}

TEST_F(KubeClientTest, AnotherIdentityIsForbiddenAndAWrongTokenUnauthenticated) {
  ASSERT_TRUE(
      client_->create(kServiceAccounts, ns_, {{"metadata", {{"name", "nobody"}}}}, kNever).ok());
  net::Request request;
  request.method = net::Method::kPost;
  request.target = kServiceAccounts.path(ns_, "nobody", "token");
  request.body = R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}})";
  request.content_type = "application/json";
  const auto answer = http_->send(request, 30s, kNever);
  ASSERT_TRUE(answer.ok()) << answer.status().toString();
  ASSERT_EQ(answer->status, 201);
  ClusterConfig other = config_;
  other.client_cert_pem.clear();
  other.client_key_pem.clear();
  other.token_file.clear();
  other.token = json::parse(answer->body).at("status").at("token");
  const auto http = dial(other);
  Client nobody(*http);
  const Status forbidden = nobody.get(resources::kConfigMaps, ns_, "applied", kNever).status();
  EXPECT_EQ(forbidden.code(), Code::kPermissionDenied) << forbidden.toString();
  EXPECT_THAT(forbidden.message(), HasSubstr("nobody"));

  other.token = "not-a-token";
  const auto wrong = dial(other);
  EXPECT_EQ(Client(*wrong).get(resources::kConfigMaps, ns_, "applied", kNever).status().code(),
            Code::kUnauthenticated);
}

struct Follower {
  explicit Follower(net::HttpClient& http, ReflectorOptions options, bool forget_first = false)
      : watched(http, forget_first) {
    options.timing.backoff = {50ms, 500ms};
    reflector = makeReflector<Named>(
        watched, std::move(options), store, decodeNamed, [this](std::string_view key) {
          const auto found = store.find(key);
          const std::scoped_lock lock(mutex);
          seen.push_back(std::string(key) + "=" + (found ? found->value : "(gone)"));
        });
    reflector->start();
  }
  ~Follower() { reflector->stop(); }
  std::vector<std::string> changes() {
    const std::scoped_lock lock(mutex);
    return seen;
  }

  WatchedHttp watched;
  Store<Named> store;
  std::mutex mutex;
  std::vector<std::string> seen;
  std::unique_ptr<Reflector> reflector;
};

TEST_F(KubeClientTest, EventsComeInOrderAndWatchesThatTheServerClosesAreResumed) {
  mustCreate("before", "0");
  ReflectorOptions options;
  options.resource = resources::kConfigMaps;
  options.namespace_ = ns_;
  options.label_selector = "kube-test=yes";
  options.timing.shortest_watch = options.timing.longest_watch = 1s;
  options.timing.page_size = 1;
  Follower follower(*watch_http_, options);
  ASSERT_TRUE(test::waitFor([&] { return follower.store.synced(); }));
  EXPECT_EQ(follower.store.find(ns_ + "/before")->value, "0");

  // One round in the first watch, one after the server has closed at least two.
  for (const std::string name : {"one", "two"}) {
    const std::size_t start = follower.changes().size();
    mustCreate(name, "1");
    const json patch = {{"data", {{"value", "2"}}}};
    ASSERT_TRUE(client_->mergePatch(resources::kConfigMaps, ns_, name, patch, kNever).ok());
    ASSERT_TRUE(test::waitFor([&] {
      return follower.changes().size() >= start + 2 ||
             (follower.store.find(ns_ + "/" + name) &&
              follower.store.find(ns_ + "/" + name)->value == "2");
    }));
    ASSERT_TRUE(client_->remove(resources::kConfigMaps, ns_, name, {}, kNever).ok());
    ASSERT_TRUE(test::waitFor([&] { return follower.store.find(ns_ + "/" + name) == nullptr; }));
    const auto all = follower.changes();
    const std::vector<std::string> round(all.begin() + static_cast<std::ptrdiff_t>(start),
                                         all.end());
    const std::string key = ns_ + "/" + name;
    ASSERT_FALSE(round.empty());
    EXPECT_EQ(round.back(), key + "=(gone)");
    EXPECT_THAT(round, ::testing::Contains(key + "=2"));
    const int watches = follower.watched.watches;
    ASSERT_TRUE(test::waitFor([&] { return follower.watched.watches >= watches + 2; }, 60s));
  }
  EXPECT_EQ(follower.reflector->stats().lists, 1u) << "resuming needs no list";
  EXPECT_EQ(follower.reflector->stats().watch_errors, 0u);
  EXPECT_EQ(follower.reflector->stats().decode_errors, 0u);
}

// The cache of a kind begins when its definition is made, so its first versions are surely gone.
TEST_F(KubeClientTest, AnExpiredVersionCausesARelist) {
  const std::string group = ns_ + ".example.org";
  const Resource tickets{group, "v1", "tickets"};
  const json definition = {
      {"metadata", {{"name", "tickets." + group}}},
      {"spec",
       {{"group", group},
        {"scope", "Namespaced"},
        {"names",
         {{"plural", "tickets"},
          {"singular", "ticket"},
          {"kind", "Ticket"},
          {"listKind", "TicketList"}}},
        {"versions",
         {{{"name", "v1"},
           {"served", true},
           {"storage", true},
           {"schema",
            {{"openAPIV3Schema",
              {{"type", "object"},
               {"properties",
                {{"data",
                  {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}}}}}}}}}}}}}};
  const auto made = client_->create(kDefinitions, {}, definition, kNever);
  ASSERT_TRUE(made.ok()) << made.status().toString();
  const json ticket = {{"apiVersion", group + "/v1"},
                       {"kind", "Ticket"},
                       {"metadata", {{"name", "t"}, {"namespace", ns_}}},
                       {"data", {{"value", "1"}}}};
  ASSERT_TRUE(
      test::waitFor([&] { return client_->create(tickets, ns_, ticket, kNever).ok(); }, 60s));

  ReflectorOptions options;
  options.resource = tickets;
  {
    Follower follower(*watch_http_, options, /*forget_first=*/true);
    ASSERT_TRUE(test::waitFor([&] { return follower.reflector->stats().lists == 2; }));
    EXPECT_EQ(follower.reflector->stats().watch_errors, 1u);
    ASSERT_TRUE(test::waitFor([&] { return follower.watched.watches == 2; }));
    EXPECT_EQ(follower.reflector->stats().streamed_lists, 2u);
    const json patch = {{"data", {{"value", "2"}}}};
    ASSERT_TRUE(client_->mergePatch(tickets, ns_, "t", patch, kNever).ok());
    EXPECT_TRUE(test::waitFor([&] {
      const auto t = follower.store.find(ns_ + "/t");
      return t && t->value == "2";
    }));
    EXPECT_EQ(follower.reflector->stats().lists, 2u);
  }
  EXPECT_TRUE(client_->remove(kDefinitions, {}, "tickets." + group, {}, kNever).ok());
}

TEST_F(KubeClientTest, AReflectorOfAKindThatDoesNotExistStaysUnsyncedAndStopsAtOnce) {
  ReflectorOptions options;
  options.resource = {"nothing.example.org", "v1", "nothings"};
  Follower follower(*watch_http_, options);
  ASSERT_TRUE(test::waitFor([&] { return follower.reflector->stats().list_errors >= 2; }));
  EXPECT_FALSE(follower.store.synced());
}

TEST_F(KubeClientTest, StoppingASilentWatchEndsItOnTheWire) {
  ReflectorOptions options;
  options.resource = resources::kConfigMaps;
  options.namespace_ = ns_;
  options.label_selector = "no-such-label=1";
  for (int i = 0; i < 5; ++i) {
    Follower follower(*watch_http_, options);
    ASSERT_TRUE(test::waitFor([&] { return follower.watched.watches == 1; }));
    follower.reflector->stop();
    EXPECT_TRUE(follower.store.synced());
  }
}

}  // namespace
}  // namespace profiling::kube
