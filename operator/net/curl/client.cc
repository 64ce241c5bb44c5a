#include "operator/net/curl/client.h"

#include <algorithm>

#include "operator/base/text.h"
#include "operator/net/curl/library.h"

namespace profiling::net::curl {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const { library()->easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { library()->multi_cleanup(multi); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { library()->slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

struct Body {
  std::string bytes;
  std::size_t limit = 0;
  bool too_large = false;
};

// Called by C code: must not throw.
std::size_t onBytes(char* data, std::size_t size, std::size_t count, void* to) noexcept {
  auto& body = *static_cast<Body*>(to);
  const std::size_t bytes = size * count;
  body.too_large = body.bytes.size() + bytes > body.limit;
  if (body.too_large) return 0;  // ends the transfer
  body.bytes.append(data, bytes);
  return bytes;
}

Status statusOf(CURLcode code) {
  const std::string why = library()->easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::kDeadlineExceeded, why};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      return {Code::kTls, why};
    case CURLE_URL_MALFORMAT:
      return {Code::kInvalidArgument, why};
    case CURLE_OUT_OF_MEMORY:
      return {Code::kInternal, why};
    default:
      return {Code::kUnavailable, why};
  }
}

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool add(List& list, const std::string& line) {
  curl_slist* longer = library()->slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  (void)list.release();
  list.reset(longer);
  return true;
}

class Client final : public QueryClient {
 public:
  explicit Client(const ClientOptions& options) : options_(options) {}

  Result<std::string> get(const std::string& url, const std::vector<Header>& headers,
                          std::chrono::milliseconds deadline,
                          const std::stop_token& stop) override {
    return call(url, nullptr, headers, deadline, stop);
  }
  Result<std::string> post(const std::string& url, const std::string& json,
                           const std::vector<Header>& headers, std::chrono::milliseconds deadline,
                           const std::stop_token& stop) override {
    return call(url, &json, headers, deadline, stop);
  }

 private:
  Result<std::string> call(const std::string& url, const std::string* json,
                           const std::vector<Header>& headers, std::chrono::milliseconds deadline,
                           const std::stop_token& stop);
  Status perform(CURL* easy, const std::stop_token& stop);
  bool setUp(CURL* easy, const std::string& url, const std::string* json, const List& lines,
             std::chrono::milliseconds deadline, Body& body) const;

  const ClientOptions options_;
};

bool Client::setUp(CURL* easy, const std::string& url, const std::string* json, const List& lines,
                   std::chrono::milliseconds deadline, Body& body) const {
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = library()->easy_setopt(easy, option, value) == CURLE_OK && good;
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // ignores the environment's, too
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);  // threads
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(deadline.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(deadline, options_.connect).count()));
  set(CURLOPT_HTTPHEADER, lines.get());
  set(CURLOPT_WRITEFUNCTION, &onBytes);
  set(CURLOPT_WRITEDATA, &body);
  // No CURLOPT_ACCEPT_ENCODING: the body limit then holds for the bytes on the wire and in memory.
  if (json != nullptr) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, json->c_str());  // not copied
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json->size()));
  }
  return good;
}

// Like curl_easy_perform(), but a stop request ends it at once.
Status Client::perform(CURL* easy, const std::stop_token& stop) {
  const Multi multi(library()->multi_init());
  if (multi == nullptr || library()->multi_add_handle(multi.get(), easy) != CURLM_OK) {
    return {Code::kInternal, "libcurl has no memory"};
  }
  Status status;
  {
    const std::stop_callback wake(stop, [&] { library()->multi_wakeup(multi.get()); });
    int running = 1;
    while (running != 0 && !stop.stop_requested()) {
      CURLMcode code = library()->multi_perform(multi.get(), &running);
      if (code == CURLM_OK && running != 0) {
        code = library()->multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
      }
      if (code != CURLM_OK) {
        status = {Code::kInternal, library()->multi_strerror(code)};
        break;
      }
    }
    if (running != 0 && stop.stop_requested()) status = {Code::kCancelled, "query cancelled"};
  }
  int left = 0;
  while (const CURLMsg* message = library()->multi_info_read(multi.get(), &left)) {
    if (message->msg == CURLMSG_DONE && message->data.result != CURLE_OK && status.ok()) {
      status = statusOf(message->data.result);
    }
  }
  library()->multi_remove_handle(multi.get(), easy);
  return status;
}

Result<std::string> Client::call(const std::string& url, const std::string* json,
                                 const std::vector<Header>& headers,
                                 std::chrono::milliseconds deadline, const std::stop_token& stop) {
  if (stop.stop_requested()) return Status(Code::kCancelled, "query cancelled");
  if (library() == nullptr) return Status(Code::kInternal, "libcurl.so.4 cannot be loaded");
  // To the library, 0 means no limit.
  if (deadline.count() <= 0) return Status(Code::kDeadlineExceeded, "no time left");
  // The library reports a URL like this and an answer that is not HTTP as the same error.
  if (hasControl(url) || !(url.starts_with("http://") || url.starts_with("https://"))) {
    return Status(Code::kInvalidArgument,
                  "'" + printable(url) + "' must be an http:// or https:// URL");
  }
  List lines;
  bool good = json == nullptr || add(lines, "Content-Type: application/json");
  good = good && add(lines, "Expect:");  // the library would wait for 100-continue
  for (const Header& header : headers) {
    if (header.name.empty() || header.name.find_first_of(": ;") != std::string::npos ||
        hasControl(header.name) || hasControl(header.value)) {
      return Status(Code::kInvalidArgument,
                    "header '" + printable(header.name) + "' cannot be sent as it is");
    }
    good = good && add(lines, header.name + ": " + header.value);
  }
  Body body;
  body.limit = options_.max_body;
  const Easy easy(library()->easy_init());
  if (!good || easy == nullptr || !setUp(easy.get(), url, json, lines, deadline, body)) {
    return Status(Code::kInternal, "libcurl refuses its options");
  }
  const Status status = perform(easy.get(), stop);
  if (body.too_large) {
    return Status(Code::kTooLarge,
                  "the answer is longer than " + std::to_string(options_.max_body) + " bytes");
  }
  if (!status.ok()) return status;
  long http = 0;
  library()->easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &http);
  if (http >= 200 && http < 300) return std::move(body.bytes);
  return Status(codeOf(static_cast<int>(http)),
                "HTTP " + std::to_string(http) + ": " + printable(body.bytes, 200));
}

}  // namespace

Result<std::unique_ptr<QueryClient>> makeClient(ClientOptions options) {
  return std::unique_ptr<QueryClient>(std::make_unique<Client>(options));
}

}  // namespace profiling::net::curl
