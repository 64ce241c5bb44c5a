#include "webhooks/admission/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::admission {
namespace {

using ::testing::HasSubstr;

// A body as the server hands it over: followed by padding.
struct Body {
  explicit Body(std::string text) : size(text.size()), bytes(std::move(text)) {
    bytes.resize(size + 64, ' ');
  }
  std::string_view view() const { return std::string_view(bytes).substr(0, size); }
  std::size_t size;
  std::string bytes;
};

constexpr std::string_view kPod = R"({"metadata":{"name":"web","namespace":"lies"},"spec":{}})";

std::string reviewOf(std::string_view object = kPod, std::string_view uid = R"("u-1")",
                     std::string_view more = "") {
  return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":)" +
         std::string(uid) +
         R"(,"kind":{"group":"","version":"v1","kind":"Pod"},)"
         R"("resource":{"group":"","version":"v1","resource":"pods"},)"
         R"("namespace":"shop","operation":"CREATE")" +
         std::string(more) + R"(,"object":)" + std::string(object) + "}}";
}

struct Decoded {
  Status status;
  Review review;
  std::string problem;
  std::shared_ptr<Body> body;
};

Decoded decode(std::string text) {
  static ReviewDecoder decoder;
  Decoded d;
  d.body = std::make_shared<Body>(std::move(text));
  d.status = decoder.decode(d.body->view(), d.body->bytes.size(), d.review);
  if (d.status.ok()) d.status = decoder.decodeMetadata(d.review.pod);
  if (d.status.ok()) d.status = decoder.decodeSpec(d.review.pod, d.problem);
  return d;
}

void expectRefused(const std::string& text, std::string_view why) {
  const Decoded d = decode(text);
  EXPECT_EQ(d.status.code(), Code::kInvalidArgument) << text.substr(0, 200);
  EXPECT_THAT(d.status.message(), HasSubstr(std::string(why))) << text.substr(0, 200);
  EXPECT_EQ(d.status.message().find('\n'), std::string::npos);
}

TEST(Review, ReadsTheEnvelope) {
  const Decoded d = decode(reviewOf());
  ASSERT_TRUE(d.status.ok()) << d.status.toString();
  EXPECT_EQ(d.review.uid, "u-1");
  EXPECT_EQ(d.review.operation, "CREATE");
  EXPECT_FALSE(d.review.dry_run);
  EXPECT_TRUE(d.review.isPodCreation());
  EXPECT_EQ(d.review.pod.name, "web");
}

TEST(Review, TrustsTheNamespaceOfTheRequestAndNotOfTheObject) {
  EXPECT_EQ(decode(reviewOf()).review.pod.namespace_, "shop");
}

TEST(Review, RefusesWhatIsNotJson) {
  for (const char* text : {"", " ", "{", "nope", "{\"a\":1}}", "{} {}", "{\"a\":1,}", "// x\n{}",
                           "{'a':1}", "{\"a\":NaN}", "{\"a\":1e400}", "{\"a\":\"\x80\"}",
                           "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":01}", "{\"a\":\"\t\"}"}) {
    expectRefused(text, "body is not JSON");
  }
}

TEST(Review, RefusesLoneSurrogatesByteOrderMarksAndTrailingBytes) {
  expectRefused(reviewOf(R"({"metadata":{"name":"\ud800"}})"), "not JSON");
  expectRefused("\xEF\xBB\xBF" + reviewOf(), "byte order mark");
  expectRefused(reviewOf() + "x", "not JSON");
}

TEST(Review, RefusesDeepNesting) {
  const std::string deep = std::string(80, '[') + std::string(80, ']');
  expectRefused(reviewOf(R"({"spec":{"x":)" + deep + "}}"), "not JSON");
  expectRefused(std::string(3'000'000, '['), "not JSON");
  const std::string fair = std::string(40, '[') + std::string(40, ']');
  EXPECT_TRUE(decode(reviewOf(R"({"spec":{"x":)" + fair + "}}")).status.ok());
}

TEST(Review, RefusesOtherShapes) {
  for (const char* text : {"[]", "null", "\"x\"", "1"})
    expectRefused(text, "AdmissionReview object");
  expectRefused("{}", "apiVersion and kind");
  const std::string head = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview")";
  expectRefused(head + "}", "request must be an object");
  expectRefused(head + R"(,"request":null})", "request must be an object");
  expectRefused(head + R"(,"request":[]})", "request must be an object");
  expectRefused(head + R"(,"request":{}})", "request.uid");
}

TEST(Review, RefusesOtherVersionsAndKinds) {
  std::string v2 = reviewOf(), conversion = reviewOf();
  v2.replace(v2.find("k8s.io/v1"), 9, "k8s.io/v2");
  conversion.replace(conversion.find("AdmissionReview"), 15, "ConversionReview");
  expectRefused(v2, "admission.k8s.io/v1");
  expectRefused(conversion, "AdmissionReview");
}

TEST(Review, RefusesWrongTypesInTheEnvelope) {
  expectRefused(reviewOf(R"("x")"), "request.object must be an object");
  expectRefused(reviewOf(R"({"spec":[]})"), "spec must be an object");
  expectRefused(reviewOf(R"({"metadata":7})"), "metadata must be an object");
  expectRefused(reviewOf(kPod, "7"), "request.uid must be a string");
  expectRefused(reviewOf(kPod, R"("u")", R"(,"dryRun":"yes")"),
                "request.dryRun must be true or false");
  expectRefused(reviewOf(kPod, R"("u")", R"(,"subResource":{})"), "request.subResource");
  expectRefused(reviewOf(kPod, R"("u")", R"(,"requestKind":3)"), "request.requestKind");
}

TEST(Review, RefusesBadUids) {
  expectRefused(reviewOf(kPod, R"("")"), "1 to 128 bytes");
  expectRefused(reviewOf(kPod, "null"), "1 to 128 bytes");
  expectRefused(reviewOf(kPod, "\"" + std::string(129, 'a') + "\""), "1 to 128 bytes");
  expectRefused(reviewOf(kPod, "\"" + std::string(10240, 'a') + "\""), "1 to 128 bytes");
  expectRefused(reviewOf(kPod, R"("a\u0007b")"), "control characters");
  expectRefused(reviewOf(kPod, R"("a\u0000b")"), "control characters");
  EXPECT_TRUE(decode(reviewOf(kPod, "\"" + std::string(128, 'a') + "\"")).status.ok());
}

TEST(Review, NeverRepeatsTheUidInAnError) {
  const Decoded d = decode(reviewOf(R"("x")", R"("secret-uid")"));
  ASSERT_FALSE(d.status.ok());
  EXPECT_EQ(d.status.message().find("secret-uid"), std::string::npos);
}

TEST(Review, RefusesRepeatedKeys) {
  expectRefused(reviewOf(kPod, R"("u")", R"(,"uid":"v")"), "\"uid\" is there twice");
  expectRefused(reviewOf(kPod, R"("u")", R"(,"\u0075id":"v")"), "\"uid\" is there twice");
  expectRefused(R"({"kind":"a","kind":"b"})", "\"kind\" is there twice");
  for (const char* object :
       {R"({"spec":{},"spec":{}})", R"({"metadata":{"name":"a","name":"b"}})",
        R"({"metadata":{"labels":{"a":"1","a":"2"}}})",
        R"({"spec":{"containers":[{"name":"a","name":"b"}]}})",
        R"({"spec":{"containers":[{"env":[{"name":"A","value":"1","value":"2"}]}]}})",
        R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"1","cpu":"2"}}}]}})",
        R"({"spec":{"volumes":[{"name":"a","name":"b"}]}})"}) {
    expectRefused(reviewOf(object), "is there twice");
  }
}

TEST(Review, NoticesARepeatedKeyAmongThousands) {
  std::string annotations;
  for (int i = 0; i < 5000; ++i) annotations += "\"k" + std::to_string(i) + "\":\"v\",";
  EXPECT_TRUE(decode(reviewOf(R"({"metadata":{"annotations":{)" + annotations + R"("x":""}}})"))
                  .status.ok());
  expectRefused(reviewOf(R"({"metadata":{"annotations":{)" + annotations + R"("k4711":""}}})"),
                "twice");
}

TEST(Review, OnlyTheCreationOfAPodIsOne) {
  const auto creation = [](std::string text) {
    const Decoded d = decode(std::move(text));
    EXPECT_TRUE(d.status.ok()) << d.status.toString();
    return d.review.isPodCreation();
  };
  EXPECT_TRUE(creation(reviewOf()));
  for (const char* operation : {"UPDATE", "DELETE", "CONNECT", "", "create"}) {
    std::string text = reviewOf();
    text.replace(text.find("CREATE"), 6, operation);
    EXPECT_FALSE(creation(text)) << operation;
  }
  for (const char* sub :
       {"status", "ephemeralcontainers", "eviction", "binding", "exec", "resize"}) {
    EXPECT_FALSE(
        creation(reviewOf(kPod, R"("u")", R"(,"subResource":")" + std::string(sub) + "\"")));
  }
  std::string other = reviewOf();
  other.replace(other.find("\"pods\""), 6, "\"jobs\"");
  EXPECT_FALSE(creation(other));
  EXPECT_FALSE(creation(reviewOf("null")));
  EXPECT_FALSE(creation(
      reviewOf(kPod, R"("u")", R"(,"requestKind":{"group":"x","version":"v1","kind":"Pod"})")));
}

TEST(Review, IgnoresUnknownFieldsAndTheOldObject) {
  const Decoded d =
      decode(reviewOf(R"({"metadata":{"zzz":[1,{"a":null}]},"spec":{"newField":{"deep":[[]]}}})",
                      R"("u")", R"(,"oldObject":{"a":1},"options":null,"userInfo":{"x":[]})"));
  EXPECT_TRUE(d.status.ok()) << d.status.toString();
}

TEST(Review, ReadsTheNeededSliceOfThePod) {
  const Decoded d = decode(reviewOf(R"({
    "metadata":{"generateName":"web-","labels":{"a":"1"},"annotations":{"b":"2"},
      "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"x","controller":true}]},
    "spec":{"hostNetwork":true,"os":{"name":"linux"},"nodeSelector":{"kubernetes.io/arch":"arm64"},
      "priorityClassName":"high","securityContext":{"runAsUser":0,"runAsNonRoot":false,"fsGroup":7},
      "volumes":[{"name":"e","emptyDir":{}},{"name":"c","configMap":{"name":"x"}}],
      "initContainers":[{"name":"s","restartPolicy":"Always"},{"name":"i","restartPolicy":null}],
      "containers":[{"name":"app","image":"img","command":["java"],"args":["-jar","a.jar"],
        "env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{}}},{"name":"C"}],
        "envFrom":[{"prefix":"P_","secretRef":{"name":"s"}},{"configMapRef":{"name":"c"}}],
        "volumeMounts":[{"name":"e","mountPath":"/tmp","subPath":"x","readOnly":true}],
        "resources":{"limits":{"cpu":1,"memory":"1Gi"},"requests":{"cpu":"100m","memory":"64Mi"}},
        "securityContext":{"readOnlyRootFilesystem":true,"runAsNonRoot":true,"runAsUser":1000}}]}})"));
  ASSERT_TRUE(d.status.ok()) << d.status.toString();
  EXPECT_EQ(d.problem, "");
  const api::PodView& pod = d.review.pod;
  EXPECT_EQ(pod.generate_name, "web-");
  EXPECT_EQ(pod.label("a"), "1");
  EXPECT_EQ(pod.annotation("b"), "2");
  EXPECT_EQ(pod.annotation("nope"), std::nullopt);
  ASSERT_EQ(pod.owners.size(), 1u);
  EXPECT_TRUE(pod.owners[0].controller);
  EXPECT_TRUE(pod.host_network);
  EXPECT_EQ(pod.os_name, "linux");
  EXPECT_EQ(pod.security.run_as_user, 0);
  EXPECT_EQ(pod.fs_group, 7);
  ASSERT_EQ(pod.volumes.size(), 2u);
  EXPECT_TRUE(pod.volumes[0].is_empty_dir);
  EXPECT_FALSE(pod.volumes[1].is_empty_dir);
  ASSERT_EQ(pod.init_containers.size(), 2u);
  EXPECT_TRUE(pod.init_containers[0].is_native_sidecar);
  EXPECT_FALSE(pod.init_containers[1].is_native_sidecar);
  ASSERT_EQ(pod.containers.size(), 1u);
  const api::ContainerView& c = pod.containers[0];
  EXPECT_THAT(c.args, ::testing::ElementsAre("-jar", "a.jar"));
  ASSERT_EQ(c.env.size(), 3u);
  EXPECT_TRUE(c.env[1].has_value_from);
  ASSERT_EQ(c.env_from.size(), 2u);
  EXPECT_TRUE(c.env_from[0].is_secret);
  EXPECT_EQ(c.env_from[0].prefix, "P_");
  EXPECT_FALSE(c.env_from[1].is_secret);
  EXPECT_EQ(c.resources.cpu_limit, "1");
  EXPECT_EQ(c.resources.memory_request, "64Mi");
  EXPECT_TRUE(c.security.read_only_root);
  EXPECT_EQ(c.security.run_as_user, 1000);
  EXPECT_TRUE(c.mounts[0].read_only);
}

TEST(Review, NullCountsAsAbsent) {
  const Decoded d = decode(reviewOf(
      R"({"metadata":{"labels":null,"annotations":null},"spec":{"containers":[{"env":null,"volumeMounts":null}],
          "volumes":null,"initContainers":null}})"));
  ASSERT_TRUE(d.status.ok());
  EXPECT_EQ(d.problem, "");
  EXPECT_FALSE(d.review.pod.has_labels);
  EXPECT_FALSE(d.review.pod.has_volumes);
  EXPECT_FALSE(d.review.pod.containers.at(0).has_env);
}

TEST(Review, AWrongTypeInsideThePodIsAProblemAndNotAnError) {
  const struct {
    const char* object;
    const char* problem;
  } cases[] = {
      {R"({"metadata":{"labels":[]}})", "metadata.labels must be an object"},
      {R"({"metadata":{"annotations":{"a":1}}})", "metadata.annotations must be a string"},
      {R"({"spec":{"containers":{}}})", "spec.containers must be an array"},
      {R"({"spec":{"containers":["x"]}})", "spec.containers[0].container must be an object"},
      {R"({"spec":{"containers":[{},{"env":[{"name":7}]}]}})",
       "spec.containers[1].env[].name must be a string"},
      {R"({"spec":{"containers":[{"command":[true]}]}})",
       "spec.containers[0].command must be a string"},
      {R"({"spec":{"volumes":3}})", "spec.volumes must be an array"},
      {R"({"spec":{"securityContext":{"runAsUser":"root"}}})",
       "securityContext.runAsUser must be a whole number"},
      {R"({"spec":{"hostPID":"yes"}})", "spec.hostPID must be true or false"},
  };
  for (const auto& c : cases) {
    const Decoded d = decode(reviewOf(c.object));
    EXPECT_TRUE(d.status.ok()) << d.status.toString();
    EXPECT_EQ(d.problem, c.problem);
  }
}

TEST(Review, CopiesABodyThatHasNoPadding) {
  ReviewDecoder decoder;
  const std::string text = reviewOf();
  auto exact = std::make_unique<char[]>(text.size());  // a read beyond it is an ASan error
  std::copy(text.begin(), text.end(), exact.get());
  Review review;
  ASSERT_TRUE(decoder.decode({exact.get(), text.size()}, text.size(), review).ok());
  EXPECT_EQ(review.uid, "u-1");
}

TEST(Review, EveryTruncationIsRefused) {
  const std::string whole = reviewOf();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(decode(whole.substr(0, n)).status.ok()) << n;
  }
}

TEST(Review, TheDecoderIsReusableAfterAHugeBodyAndAfterAnError) {
  ReviewDecoder decoder;
  for (const std::string& text :
       {reviewOf(R"({"spec":{"x":")" + std::string(2'000'000, 'x') + "\"}}"), std::string("{"),
        reviewOf()}) {
    const Body body(text);
    Review review;
    const Status s = decoder.decode(body.view(), body.bytes.size(), review);
    EXPECT_EQ(s.ok(), text != "{");
    if (s.ok()) {
      EXPECT_EQ(review.uid, "u-1");
    }
  }
}

}  // namespace
}  // namespace profiling::admission
