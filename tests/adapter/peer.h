// A server whose behaviour the test scripts for each connection.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/adapter/sockets.h"

namespace profiling::test {

// Reads one request from each connection and passes both to `script`, each in its own thread.
class Peer {
 public:
  using Script = std::function<void(const Socket&, const std::string& request)>;
  explicit Peer(Script script)
      : thread_([this, script = std::move(script)] {
          while (true) {
            Socket s = listener_.accept();
            if (s.fd() < 0) return;
            workers_.emplace_back([this, script, s = std::move(s)] {
              const std::string request = s.receive("\r\n\r\n");
              {
                const std::lock_guard lock(mutex_);
                requests_.push_back(request);
              }
              script(s, request);
            });
          }
        }) {}
  ~Peer() {
    done = true;
    listener_.shut();
    thread_.join();
    for (auto& w : workers_) w.join();
  }
  int port() const { return listener_.port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::atomic<bool> done{false};

 private:
  Listener listener_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::thread> workers_;
  std::thread thread_;
};

}  // namespace profiling::test
