#include "operator/net/cpprest/client.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include <boost/asio/ssl/context.hpp>
#include <cpprest/http_client.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include "operator/base/text.h"
#include "operator/net/cpprest/pipe.h"
#include "operator/tls/openssl.h"
#include "operator/tls/x509.h"

namespace profiling::net::cpprest {

namespace http = web::http;

namespace {

// Cancelling takes a moment everywhere but in a name's resolution, which cannot be cancelled.
constexpr std::chrono::milliseconds kCancelGrace{500};
constexpr std::size_t kMaxErrorBody = 1u << 20;  // of a refused stream

// The pool's thread ends with the process's static objects, after OpenSSL's own exit handler would
// have run; without that handler its per-thread state is freed in order.
const int kNoExitHandler = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);

// One thread: with more, cancelling races with completion inside the library and crashes.
void startPool() {
  (void)kNoExitHandler;
  static const bool kStarted = [] {
    try {
      crossplat::threadpool::initialize_with_threads(1);
      // The library creates it on first use, otherwise by several threads at a time.
      (void)pplx::get_ambient_scheduler();
      return true;
    } catch (const std::exception&) {
      // The library was used before this call; its default pool works, only less safely.
      return false;
    }
  }();
  (void)kStarted;
}

http::method methodOf(Method method) {
  return std::string(methodName(method));
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Status statusOf(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const http::http_exception& e) {
    const std::string what = printable(e.what(), 200);
    if (e.error_code() == std::errc::timed_out) return {Code::kDeadlineExceeded, what};
    if (e.error_code() == std::errc::operation_canceled) return {Code::kCancelled, what};
    if (contains(what, "SSL handshake") || contains(what, "certificate")) return {Code::kTls, what};
    return {Code::kUnavailable, what};
  } catch (const pplx::task_canceled&) {
    return {Code::kCancelled, "request cancelled"};
  } catch (const std::exception& e) {
    return {Code::kUnavailable, printable(e.what(), 200)};
  } catch (...) {
    return {Code::kInternal, "unknown exception of the HTTP library"};
  }
}

Response headOf(const http::http_response& response) {
  Response head;
  head.status = response.status_code();
  const auto text = [&](const char* name) {
    const auto it = response.headers().find(name);
    return it == response.headers().end() ? std::string() : it->second;
  };
  head.content_type = text("Content-Type");
  head.retry_after = text("Retry-After");
  head.date = text("Date");
  return head;
}

// Only the given authorities: the library has already loaded the system's into the context.
void trustOnly(SSL_CTX* context, const std::string& ca_pem) {
  X509_STORE* store = X509_STORE_new();
  for (const std::string& pem : tls::splitBundle(ca_pem)) {
    const tls::BioPtr bio = tls::readBio(pem);
    const tls::X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (certificate) X509_STORE_add_cert(store, certificate.get());
  }
  SSL_CTX_set_cert_store(context, store);  // takes ownership
}

class Client final : public HttpClient {
 public:
  explicit Client(ClientOptions options)
      : options_(std::move(options)), client_(options_.base_url, config()) {}

  Result<Response> send(const Request& request, std::chrono::milliseconds deadline,
                        const std::stop_token& stop) override {
    const SteadyTime end = Clock::real().steady() + deadline;
    Response response;
    const auto sink = [&](std::string_view bytes) -> Status {
      if (response.body.size() + bytes.size() > options_.max_body) {
        return {Code::kTooLarge,
                "the answer is longer than " + std::to_string(options_.max_body) + " bytes"};
      }
      response.body.append(bytes);
      return {};
    };
    const auto until = [&](const Progress&) { return end; };
    auto head = exchange(request, sink, until, stop);
    if (!head.ok()) return head.status();
    head->body = std::move(response.body);
    return head;
  }

  Result<Response> stream(const Request& request, const ByteSink& sink, const StreamLimits& limits,
                          const std::stop_token& stop) override {
    std::string refusal;
    bool refused = false;
    const auto onBytes = [&](std::string_view bytes) -> Status {
      if (!refused) return sink(bytes);
      if (refusal.size() < kMaxErrorBody)
        refusal.append(bytes.substr(0, kMaxErrorBody - refusal.size()));
      return {};
    };
    const auto until = [&](const Progress& p) {
      if (p.head != nullptr) refused = p.head->status < 200 || p.head->status > 299;
      const SteadyTime step = p.last + (p.head == nullptr ? limits.head : limits.idle);
      return limits.total.count() == 0 ? step : std::min(step, p.begin + limits.total);
    };
    auto head = exchange(request, onBytes, until, stop);
    if (head.ok() && refused) head->body = std::move(refusal);
    return head;
  }

 private:
  struct Progress {
    SteadyTime begin;
    SteadyTime last;       // when the last bytes arrived
    const Response* head;  // null until it arrives
  };

  http::client::http_client_config config() const {
    http::client::http_client_config config;
    config.set_max_redirects(0);
    config.set_timeout(options_.inactivity);
    config.set_validate_certificates(true);
    config.set_ssl_context_callback([this](boost::asio::ssl::context& context) {
      SSL_CTX* ctx = context.native_handle();
      SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
      trustOnly(ctx, options_.ca_pem);
      if (options_.client_cert_pem.empty()) return;
      context.use_certificate_chain(boost::asio::buffer(options_.client_cert_pem));
      context.use_private_key(boost::asio::buffer(options_.client_key_pem),
                              boost::asio::ssl::context::pem);
    });
    return config;
  }

  std::string token() const {
    if (options_.token_file.empty()) return options_.token;
    std::ifstream file(options_.token_file);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return std::string(trim(text));
  }

  http::http_request build(const Request& request) const {
    http::http_request out(methodOf(request.method));
    out.set_request_uri(web::uri(request.target));
    out.headers().add("Accept", request.accept);
    out.headers().add("User-Agent", "profiling-operator/" PROFILING_VERSION);
    if (!options_.tls_server_name.empty()) out.headers().add("Host", options_.tls_server_name);
    if (const std::string bearer = token(); !bearer.empty())
      out.headers().add("Authorization", "Bearer " + bearer);
    if (!request.content_type.empty()) out.set_body(request.body, request.content_type);
    return out;
  }

  // Starts the request; every chain ends in a task that observes the exception, if any.
  void start(http::http_request request, const std::shared_ptr<Pipe>& pipe,
             const pplx::cancellation_token_source& cancel) {
    request.set_response_stream(pipeStream(pipe));
    client_.request(request, cancel.get_token())
        .then([pipe](const pplx::task<http::http_response>& task) {
          try {
            const http::http_response response = task.get();
            pipe->setHead(headOf(response));
            response.content_ready().then([pipe](const pplx::task<http::http_response>& body) {
              try {
                body.get();
                pipe->end({});
              } catch (...) {
                pipe->end(statusOf(std::current_exception()));
              }
            });
          } catch (...) {
            pipe->end(statusOf(std::current_exception()));
          }
        });
  }

  template <class Until>
  Result<Response> exchange(const Request& request, const ByteSink& sink, const Until& until,
                            const std::stop_token& stop) {
    const auto pipe = std::make_shared<Pipe>();
    const pplx::cancellation_token_source cancel;
    // Cancelling on the pool's own thread keeps it in step with completion.
    const auto giveUp = [&](Status why) {
      pipe->abandon();
      crossplat::threadpool::shared_instance().service().post([cancel] { cancel.cancel(); });
      pipe->awaitEnd(kCancelGrace);
      return why;
    };
    try {
      start(build(request), pipe, cancel);
    } catch (...) {
      return statusOf(std::current_exception());
    }

    std::optional<Response> head;
    Progress progress{Clock::real().steady(), Clock::real().steady(), nullptr};
    while (true) {
      Pipe::Taken taken = pipe->take(until(progress), stop);
      if (taken.stopped) return giveUp({Code::kCancelled, "stopped"});
      if (taken.late || Clock::real().steady() >= until(progress)) {
        return giveUp(
            {Code::kDeadlineExceeded, head ? "no further bytes in time" : "no answer in time"});
      }
      progress.last = Clock::real().steady();
      if (taken.head) {
        head = std::move(taken.head);
        progress.head = &*head;
        (void)until(progress);
      }
      if (!taken.bytes.empty()) {
        if (auto status = sink(taken.bytes); !status.ok()) return giveUp(std::move(status));
        progress.last = Clock::real().steady();  // time spent in the sink is not the server's
      }
      if (!taken.ended) continue;
      if (!taken.status.ok()) return taken.status;
      if (!head) return Status(Code::kInternal, "the HTTP library ended without an answer");
      return *std::move(head);
    }
  }

  const ClientOptions options_;
  http::client::http_client client_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> makeClient(ClientOptions options) {
  startPool();
  const bool secure = options.base_url.starts_with("https://");
  if (!secure && !options.base_url.starts_with("http://")) {
    return Status(Code::kInvalidArgument, "server '" + printable(options.base_url) +
                                              "' must begin with https:// or http://");
  }
  if (secure && tls::splitBundle(options.ca_pem).empty()) {
    return Status(Code::kInvalidArgument,
                  "the CA bundle for " + printable(options.base_url) + " holds no PEM certificate");
  }
  if (!options.client_cert_pem.empty() &&
      !tls::keyMatches(options.client_cert_pem, options.client_key_pem)) {
    return Status(Code::kInvalidArgument,
                  "the client key does not belong to the client certificate");
  }
  try {
    return std::unique_ptr<HttpClient>(std::make_unique<Client>(std::move(options)));
  } catch (const std::exception& e) {
    return Status(Code::kInvalidArgument,
                  std::string("the API server's address cannot be used: ") + printable(e.what()));
  }
}

}  // namespace profiling::net::cpprest
