// A load generator for the webhook: POSTs one AdmissionReview over TLS keep-alive connections to a
// server on loopback, closed loop or at a fixed rate, and prints what it saw as one JSON line.
//
//   load --port 8443 --body review.json --seconds 10 --connections 8 [--rate 100] [--pid SERVER]
//
// At a fixed rate the latency of a request counts from the moment it was due, not from when it was
// sent, so a stalled server is seen (no coordinated omission). Requests are bounded by --seconds.
#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int port = 8443;
  std::string body_file;
  std::string path = "/mutate-pods?timeout=3s";
  int seconds = 10;
  int connections = 8;
  double rate = 0;
  int pid = 0;
  bool reconnect = false;
};

class Connection {
 public:
  Connection(SSL_CTX* context, const Options& options)
      : context_(context), port_(options.port), reconnects_(options.reconnect) {
    open();
  }
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void reopen() {
    close();
    open();
  }

  // Sends one request and reads the whole answer; its status.
  int exchange(const std::string& request) {
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) fail("write");
    std::size_t need = 0;
    bool chunked = false;
    int status = 0;
    buffer_.clear();
    while (need == 0 || (chunked ? !buffer_.ends_with("\r\n0\r\n\r\n") : buffer_.size() < need)) {
      char chunk[16384];
      const int n = SSL_read(ssl_, chunk, sizeof chunk);
      if (n <= 0) fail("read");
      buffer_.append(chunk, static_cast<std::size_t>(n));
      const std::size_t head = buffer_.find("\r\n\r\n");
      if (need == 0 && head != std::string::npos) {
        status = std::atoi(buffer_.c_str() + 9);
        const std::string headers = lowerCase(buffer_.substr(0, head));
        chunked = headers.find("transfer-encoding: chunked") != std::string::npos;
        need = head + 4 + contentLength(headers);
      }
    }
    return status;
  }

 private:
  static std::string lowerCase(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return text;
  }
  static std::size_t contentLength(const std::string& headers) {
    const std::size_t at = headers.find("content-length:");
    return at == std::string::npos ? 0 : std::strtoul(headers.c_str() + at + 15, nullptr, 10);
  }

  void open() {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (reconnects_) {
      // As from many API servers: the webhook bounds the new connections of one address.
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + next_source_++ % kSources);
      setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
      if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    }
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) fail("handshake");
  }

  void close() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    if (fd_ >= 0) ::close(fd_);
    ssl_ = nullptr;
    fd_ = -1;
  }

  [[noreturn]] static void fail(const char* what) {
    throw std::runtime_error(std::string(what) + " failed");
  }

  static constexpr unsigned kSources = 64;
  SSL_CTX* context_;
  int port_;
  unsigned next_source_ = 0;
  bool reconnects_;
  int fd_ = -1;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

// CPU time of a process's threads in seconds: nanoseconds of the scheduler, where /proc/PID/stat has
// ticks of 10 ms. A thread that ended is left out.
double cpuSeconds(int pid) {
  double nanos = 0;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(thread.path() / "schedstat");
    double running = 0;
    file >> running;
    nanos += running;
  }
  return nanos / 1e9;
}

long residentKiB(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::atol(line.c_str() + 6);
  }
  return 0;
}

struct Outcome {
  std::vector<double> micros;
  long errors = 0;
};

Outcome drive(const Options& options, SSL_CTX* context, const std::string& request, int index) {
  Outcome outcome;
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::seconds(options.seconds);
  const auto gap = options.rate > 0
                       ? std::chrono::duration_cast<Clock::duration>(
                             std::chrono::duration<double>(options.connections / options.rate))
                       : Clock::duration::zero();
  auto due = begin + gap * index / options.connections;
  Connection connection(context, options);
  while (Clock::now() < end) {
    if (options.rate > 0) {
      std::this_thread::sleep_until(due);
    } else {
      due = Clock::now();
    }
    if (options.reconnect) connection.reopen();
    if (connection.exchange(request) != 200) ++outcome.errors;
    outcome.micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - due).count());
    due += gap;
  }
  return outcome;
}

int run(const Options& options) {
  std::ifstream file(options.body_file);
  const std::string body((std::istreambuf_iterator<char>(file)), {});
  if (body.empty()) throw std::runtime_error(options.body_file + " is empty or not there");
  const std::string request = "POST " + options.path +
                              " HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\n"
                              "Content-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;

  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  std::vector<Outcome> outcomes(static_cast<std::size_t>(options.connections));
  std::atomic<int> broken{0};
  const double cpu_before = options.pid ? cpuSeconds(options.pid) : 0;
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < options.connections; ++i) {
    threads.emplace_back([&, i] {
      try {
        outcomes[static_cast<std::size_t>(i)] = drive(options, context, request, i);
      } catch (const std::exception& e) {
        std::cerr << "connection " << i << ": " << e.what() << "\n";
        ++broken;
      }
    });
  }
  for (auto& t : threads) t.join();
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  const double cpu = options.pid ? cpuSeconds(options.pid) - cpu_before : 0;

  std::vector<double> all;
  long errors = broken;
  for (auto& o : outcomes) {
    all.insert(all.end(), o.micros.begin(), o.micros.end());
    errors += o.errors;
  }
  if (all.empty()) throw std::runtime_error("no request was answered");
  std::sort(all.begin(), all.end());
  const auto percentile = [&](double p) {
    return all[std::min(all.size() - 1,
                        static_cast<std::size_t>(p * static_cast<double>(all.size())))];
  };
  const double count = static_cast<double>(all.size());
  std::printf(
      "{\"requests\": %zu, \"errors\": %ld, \"per_second\": %.0f, \"p50_us\": %.0f, \"p99_us\": "
      "%.0f, "
      "\"max_us\": %.0f, \"server_cpu_us_per_request\": %.1f, "
      "\"server_rss_kib\": %ld}\n",
      all.size(), errors, count / elapsed, percentile(0.5), percentile(0.99), all.back(),
      cpu * 1e6 / count, options.pid ? residentKiB(options.pid) : 0);
  SSL_CTX_free(context);
  return errors == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Load generator for the admission webhook, loopback only.");
  app.add_option("--port", options.port)->required();
  app.add_option("--body", options.body_file)->required();
  app.add_option("--path", options.path)->capture_default_str();
  app.add_option("--seconds", options.seconds)->check(CLI::Range(1, 120))->capture_default_str();
  app.add_option("--connections", options.connections)
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "requests per second; 0: closed loop")
      ->capture_default_str();
  app.add_option("--pid", options.pid, "process whose CPU time and memory are read");
  app.add_flag("--reconnect", options.reconnect, "a new TLS connection for each request");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& e) {
    std::cerr << "load: " << e.what() << "\n";
    return 1;
  }
}
