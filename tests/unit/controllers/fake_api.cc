#include "tests/unit/controllers/fake_api.h"

#include "operator/base/text.h"

namespace profiling::test {
namespace {

using Json = nlohmann::json;

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string at(const Json& object, const std::string& pointer) {
  const Json::json_pointer p{pointer};
  return object.contains(p) && object.at(p).is_string() ? object.at(p).get<std::string>() : "";
}

}  // namespace

FakeApi::Path FakeApi::parse(const std::string& target) {
  Path path;
  const auto question = target.find('?');
  if (question != std::string::npos) {
    for (const auto pair : split(std::string_view(target).substr(question + 1), '&')) {
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos) {
        path.query[std::string(pair.substr(0, equals))] = decode(pair.substr(equals + 1));
      }
    }
  }
  std::vector<std::string> parts;
  for (const auto part : split(std::string_view(target).substr(1, question - 1), '/')) {
    parts.push_back(decode(part));
  }
  std::size_t i = parts.at(0) == "api" ? 2 : 3;
  if (parts.at(i) == "namespaces" && parts.size() > i + 2) {
    path.namespace_ = parts.at(i + 1);
    i += 2;
  }
  path.plural = parts.at(i);
  if (parts.size() > i + 1) path.name = parts.at(i + 1);
  if (parts.size() > i + 2) path.subresource = parts.at(i + 2);
  return path;
}

FakeApi::Key FakeApi::keyOf(const std::string& plural, const Json& object) {
  return {plural, at(object, "/metadata/namespace") + "/" + at(object, "/metadata/name")};
}

bool FakeApi::selected(const Path& path, const std::string& plural, const Json& object) {
  if (plural != path.plural) return false;
  if (!path.namespace_.empty() && at(object, "/metadata/namespace") != path.namespace_)
    return false;
  if (const auto field = path.query.find("fieldSelector"); field != path.query.end()) {
    // The only negative selectors are those that exclude pods that have ended.
    const std::string phase = at(object, "/status/phase");
    const bool ended = phase == "Succeeded" || phase == "Failed";
    if (field->second.find("!=") != std::string::npos
            ? ended
            : field->second != "metadata.name=" + at(object, "/metadata/name")) {
      return false;
    }
  }
  if (const auto label = path.query.find("labelSelector"); label != path.query.end()) {
    const auto equals = label->second.find('=');
    const Json labels = object.at("metadata").value("labels", Json::object());
    const auto found = labels.find(label->second.substr(0, equals));
    if (found == labels.end()) return false;
    if (equals != std::string::npos && *found != label->second.substr(equals + 1)) return false;
  }
  return true;
}

net::Response FakeApi::failure(int status, const char* reason) {
  return FakeHttp::json(status, Json{{"kind", "Status"},
                                     {"status", "Failure"},
                                     {"code", status},
                                     {"reason", reason},
                                     {"message", reason}}
                                    .dump());
}

void FakeApi::merge(Json& into, const Json& from, bool apply) {
  if (!from.is_object()) {
    into = from;
    return;
  }
  if (!into.is_object()) into = Json::object();
  for (const auto& [key, value] : from.items()) {
    if (value.is_null()) {
      into.erase(key);
    } else if (apply && key == "webhooks" && into.contains(key)) {
      for (const Json& entry : value) {
        for (Json& there : into[key]) {
          if (there.at("name") == entry.at("name")) merge(there, entry, apply);
        }
      }
    } else {
      merge(into[key], value, apply);
    }
  }
}

Json& FakeApi::store(const std::string& plural, Json object, const char* type) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  if (!object["metadata"].contains("uid")) {
    object["metadata"]["uid"] = "uid-" + std::to_string(version_);
  }
  if (!object["metadata"].contains("generation")) object["metadata"]["generation"] = 1;
  events_.push_back({version_, plural, type, object});
  changed_.notify_all();
  Json& slot = objects_[keyOf(plural, object)];
  slot = std::move(object);
  return slot;
}

void FakeApi::put(const std::string& plural, Json object) {
  const std::scoped_lock lock(mutex_);
  const bool there = objects_.count(keyOf(plural, object)) != 0;
  store(plural, std::move(object), there ? "MODIFIED" : "ADDED");
}

void FakeApi::remove(const std::string& plural, const std::string& namespace_,
                     const std::string& name) {
  const std::scoped_lock lock(mutex_);
  const auto it = objects_.find({plural, namespace_ + "/" + name});
  if (it == objects_.end()) return;
  it->second["metadata"]["resourceVersion"] = std::to_string(++version_);
  events_.push_back({version_, plural, "DELETED", it->second});
  objects_.erase(it);
  changed_.notify_all();
}

std::optional<Json> FakeApi::get(const std::string& plural, const std::string& namespace_,
                                 const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto it = objects_.find({plural, namespace_ + "/" + name});
  return it == objects_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<FakeApi::Write> FakeApi::writes() const {
  const std::scoped_lock lock(mutex_);
  return writes_;
}
std::vector<std::string> FakeApi::writtenPaths() const {
  std::vector<std::string> paths;
  for (const Write& w : writes()) paths.push_back(w.path);
  return paths;
}
void FakeApi::clearWrites() {
  const std::scoped_lock lock(mutex_);
  writes_.clear();
}

Result<net::Response> FakeApi::send(const net::Request& request, std::chrono::milliseconds,
                                    const std::stop_token& stop) {
  if (stop.stop_requested()) return FakeHttp::cancelled();
  if (interceptor_) {
    if (auto answer = interceptor_(request)) return *std::move(answer);
  }
  const Path path = parse(request.target);
  const std::scoped_lock lock(mutex_);
  if (request.method != net::Method::kGet) return write(request, path);
  if (path.name.empty()) return list(path);
  const auto it = objects_.find({path.plural, path.namespace_ + "/" + path.name});
  return it == objects_.end() ? failure(404, "NotFound") : FakeHttp::json(200, it->second.dump());
}

net::Response FakeApi::list(const Path& path) {
  Json items = Json::array();
  for (const auto& [key, object] : objects_) {
    if (selected(path, key.first, object)) items.push_back(object);
  }
  return FakeHttp::json(200, Json{{"kind", "List"},
                                  {"apiVersion", "v1"},
                                  {"metadata", {{"resourceVersion", std::to_string(version_)}}},
                                  {"items", items}}
                                 .dump());
}

net::Response FakeApi::write(const net::Request& request, const Path& path) {
  const Json body = Json::parse(request.body);
  const auto question = request.target.find('?');
  writes_.push_back({request.method, request.target.substr(0, question),
                     question == std::string::npos ? "" : request.target.substr(question), body});
  if (request.method == net::Method::kPost) {
    if (objects_.count(keyOf(path.plural, body)) != 0) return failure(409, "AlreadyExists");
    return FakeHttp::json(201, store(path.plural, body, "ADDED").dump());
  }
  if (request.method == net::Method::kDelete) return erase(path, body);
  const bool apply = request.content_type.find("apply-patch") != std::string::npos;
  const auto it = objects_.find({path.plural, path.namespace_ + "/" + path.name});
  if (it == objects_.end()) {
    if (!apply) return failure(404, "NotFound");
    return FakeHttp::json(201, store(path.plural, body, "ADDED").dump());
  }
  for (const char* precondition : {"/metadata/uid", "/metadata/resourceVersion"}) {
    const std::string wanted = at(body, precondition);
    if (!wanted.empty() && wanted != at(it->second, precondition)) return failure(409, "Conflict");
  }
  Json object = it->second;
  merge(object, body, apply);
  object["metadata"]["resourceVersion"] = it->second.at("metadata").at("resourceVersion");
  if (object == it->second) return FakeHttp::json(200, object.dump());
  return FakeHttp::json(200, store(path.plural, std::move(object), "MODIFIED").dump());
}

net::Response FakeApi::erase(const Path& path, const Json& options) {
  const auto it = objects_.find({path.plural, path.namespace_ + "/" + path.name});
  if (it == objects_.end()) return failure(404, "NotFound");
  for (const char* precondition : {"uid", "resourceVersion"}) {
    const std::string wanted = at(options, std::string("/preconditions/") + precondition);
    if (!wanted.empty() && wanted != at(it->second, std::string("/metadata/") + precondition)) {
      return failure(409, "Conflict");
    }
  }
  it->second["metadata"]["resourceVersion"] = std::to_string(++version_);
  events_.push_back({version_, path.plural, "DELETED", it->second});
  objects_.erase(it);
  changed_.notify_all();
  return FakeHttp::json(200, "{\"kind\":\"Status\",\"status\":\"Success\"}");
}

Result<net::Response> FakeApi::stream(const net::Request& request, const net::ByteSink& sink,
                                      const net::StreamLimits&, const std::stop_token& stop) {
  const Path path = parse(request.target);
  if (path.query.contains("sendInitialEvents")) {  // as a server without the feature
    return FakeHttp::json(422, R"({"kind":"Status","reason":"Invalid","message":"forbidden"})");
  }
  int seen = std::stoi(path.query.at("resourceVersion"));
  std::size_t next = 0;
  for (;;) {
    std::string lines;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return next < events_.size(); });
      if (stop.stop_requested()) return FakeHttp::cancelled();
      for (; next < events_.size(); ++next) {
        const Event& event = events_[next];
        if (event.version <= seen || !selected(path, event.plural, event.object)) continue;
        seen = event.version;
        lines += Json{{"type", event.type}, {"object", event.object}}.dump() + "\n";
      }
    }
    if (lines.empty()) continue;
    if (const Status s = sink(lines); !s.ok()) return s;
  }
}

}  // namespace profiling::test
