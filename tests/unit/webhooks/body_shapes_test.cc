// Work on a hostile body grows with its size, not with its square: four times the input takes less
// than ten times the CPU time of this thread, where a quadratic reader takes sixteen times. 50 ms more
// are for memory that only the larger body needs.
#include <ctime>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/posted.h"
#include "webhooks/mutate_pod.h"
#include "webhooks/validate_object.h"

namespace profiling::webhooks {
namespace {

struct Shape {
  const char* name;
  std::function<std::string(std::size_t n)> object;  // request.object with n parts
};

std::string repeated(std::string_view part, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out.append(i == 0 ? "" : ",").append(part);
  return out;
}
std::string numbered(std::string_view before, std::string_view after, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) {
    out.append(i == 0 ? "" : ",").append(before).append(std::to_string(i)).append(after);
  }
  return out;
}

std::string reviewOf(const std::string& object, bool pod) {
  const std::string type = pod ? R"("kind":{"group":"","version":"v1","kind":"Pod"},)"
                                 R"("resource":{"group":"","version":"v1","resource":"pods"},)"
                               : "";
  return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",)" +
         type + R"("namespace":"shop","operation":"CREATE","object":)" + object + "}}";
}

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

using Handle = std::function<net::ServerResponse(const net::ServerRequest&)>;

// The least time of three, which a busy machine disturbs least.
double secondsFor(const Handle& handle, const std::string& body) {
  const test::Posted posted(body);
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 3; ++i) {
    const double begin = cpuSeconds();
    const int status = handle(posted.request()).status;
    least = std::min(least, cpuSeconds() - begin);
    EXPECT_THAT(status, testing::AnyOf(200, 400)) << body.substr(0, 80);
  }
  return least;
}

// A body of at most `full` bytes against one with a quarter of its parts.
void expectLinear(const Shape& shape, const Handle& handle, bool pod, std::size_t full) {
  std::size_t n = 1000;
  while (shape.object(2 * n).size() < full) n *= 2;
  const double small = secondsFor(handle, reviewOf(shape.object(n / 4), pod));
  const double large = secondsFor(handle, reviewOf(shape.object(n), pod));
  EXPECT_LT(large, 10 * small + 0.05) << shape.name << ": " << n << " parts";
}

const std::vector<Shape>& anyObject() {
  static const std::vector<Shape> kShapes{
      {"a list of {}", [](std::size_t n) { return "{\"a\":[" + repeated("{}", n) + "]}"; }},
      {"a list of []", [](std::size_t n) { return "{\"a\":[" + repeated("[]", n) + "]}"; }},
      {"a list of {\"\":0}",
       [](std::size_t n) { return "{\"a\":[" + repeated(R"({"":0})", n) + "]}"; }},
      {"a list of numbers", [](std::size_t n) { return "{\"a\":[" + repeated("1", n) + "]}"; }},
      {"fields of {}", [](std::size_t n) { return "{" + numbered("\"k", "\":{}", n) + "}"; }},
      {"fields whose names share 60 bytes",
       [](std::size_t n) { return "{" + numbered("\"" + std::string(60, 'k'), "\":0", n) + "}"; }},
      {"one key over and over", [](std::size_t n) { return "{" + repeated(R"("k":0)", n) + "}"; }},
      {"deep", [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); }},
  };
  return kShapes;
}

TEST(BodyShapes, ValidatingIsLinearInTheBody) {
  const ObjectValidator validator(
      {.server = [](const std::string&) { return nullptr; },
       .namespace_labels =
           [](const std::string&) { return std::map<std::string, std::string>(); }});
  const auto handle = [&](const net::ServerRequest& r) { return validator.handle(r); };
  std::vector<Shape> shapes = anyObject();
  const auto policy = [](const std::string& spec) {
    return R"({"kind":"ProfilingPolicy","metadata":{"name":"p"},"spec":{)" + spec + "}}";
  };
  shapes.push_back({"tags", [=](std::size_t n) {
                      return policy("\"tags\":{" + numbered("\"k", "\":\"v\"", n) + "}");
                    }});
  shapes.push_back({"match expressions", [=](std::size_t n) {
                      return policy(R"("selector":{"matchExpressions":[)" +
                                    repeated(R"({"key":"a","operator":"Exists"})", n) + "]}");
                    }});
  shapes.push_back(
      {"unknown fields", [=](std::size_t n) { return policy(numbered("\"k", "\":0", n)); }});
  for (const Shape& shape : shapes) expectLinear(shape, handle, false, kMaxObjectReview - 256);
}

std::shared_ptr<const Snapshot> selectingAllOf(const std::string& name) {
  auto policy = std::make_shared<api::ProfilingPolicy>();
  policy->metadata.name = policy->metadata.namespace_ = name;
  policy->spec.endpoint = api::Endpoint{"http://pyroscope:4040", ""};
  policy->spec.activation = api::Activation::kSelected;
  return inject::buildSnapshot({{name + "/" + name, policy}}, {}, {}, {}, {});
}

TEST(BodyShapes, MutatingIsLinearInTheBody) {
  inject::Settings settings;
  for (auto& agent : settings.agents) agent = {"registry/agent:1", "1"};
  PodMutator mutator(settings, {.decided = {}, .failed_open = [] { ADD_FAILURE(); }});
  mutator.use(selectingAllOf("shop"));
  const auto handle = [&](const net::ServerRequest& r) { return mutator.handle(r); };
  const auto pod = [](const std::string& metadata, const std::string& container,
                      const std::string& spec) {
    return R"({"metadata":{"name":"p")" + metadata +
           R"(},"spec":{"containers":[{"name":"app","image":"python:3")" + container + "}" + spec +
           "}}";
  };
  const auto list = [](const std::string& field, const std::string& items) {
    return ",\"" + field + "\":[" + items + "]";
  };
  std::vector<Shape> shapes = anyObject();
  const auto add = [&](const char* name, std::function<std::string(std::size_t)> object) {
    shapes.push_back({name, std::move(object)});
  };
  add("labels", [=](std::size_t n) {
    return pod(",\"labels\":{" + numbered("\"k", "\":\"v\"", n) + "}", "", "]");
  });
  add("annotations", [=](std::size_t n) {
    return pod(",\"annotations\":{" + numbered("\"k", "\":\"v\"", n) + "}", "", "]");
  });
  add("owners", [=](std::size_t n) {
    return pod(list("ownerReferences", repeated(R"({"kind":"Job","name":"j"})", n)), "", "]");
  });
  add("variables", [=](std::size_t n) {
    return pod("", list("env", numbered("{\"name\":\"K", "\",\"value\":\"$(K1)\"}", n)), "]");
  });
  add("one variable over and over", [=](std::size_t n) {
    return pod("", list("env", repeated(R"({"name":"PYTHONPATH","value":"/a"})", n)), "]");
  });
  add("ports", [=](std::size_t n) {
    return pod("", list("ports", repeated(R"({"name":"http","containerPort":1})", n)), "]");
  });
  add("mounts", [=](std::size_t n) {
    return pod("", list("volumeMounts", numbered("{\"name\":\"v\",\"mountPath\":\"/m", "\"}", n)),
               "]");
  });
  add("words", [=](std::size_t n) { return pod("", list("command", repeated("\"-x\"", n)), "]"); });
  add("containers", [=](std::size_t n) {
    return pod("", "", "," + numbered("{\"image\":\"python:3\",\"name\":\"c", "\"}", n) + "]");
  });
  add("init containers", [=](std::size_t n) {
    return pod("", "",
               "]" + list("initContainers", numbered("{\"image\":\"x\",\"name\":\"c", "\"}", n)));
  });
  add("volumes", [=](std::size_t n) {
    return pod("", "", "]" + list("volumes", numbered("{\"emptyDir\":{},\"name\":\"v", "\"}", n)));
  });
  add("tolerations",
      [=](std::size_t n) { return pod("", "", "]" + list("tolerations", repeated("{}", n))); });
  for (const Shape& shape : shapes) expectLinear(shape, handle, true, kMaxPodReview - 256);
}

}  // namespace
}  // namespace profiling::webhooks
