// Cuts a stream of bytes into lines, with a bound on their length. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling::kube {

class LineSplitter {
 public:
  // A line without its newline; valid during the call. A status other than OK ends the work.
  using LineSink = std::function<Status(std::string_view line)>;

  // A longer line is kTooLarge, noticed as soon as the bound is passed.
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  // Blank lines are skipped: a watch uses them as keep-alive.
  Status push(std::string_view bytes, const LineSink& sink);

  // The stream ended cleanly: hands on a last line that has no newline, as an error sent with a
  // Content-Length has none. After an abrupt end call reset() instead: what is left is a fragment.
  Status finish(const LineSink& sink);
  void reset();

 private:
  Status tooLong() const;
  Status emit(std::string_view line, const LineSink& sink) const;

  const std::size_t max_line_;
  std::string partial_;
};

}  // namespace profiling::kube
