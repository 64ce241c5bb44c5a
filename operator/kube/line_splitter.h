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
  // A line without its newline; valid during the call. A status other than OK ends push().
  using LineSink = std::function<Status(std::string_view line)>;

  // A line over the bound is kTooLarge as soon as the bound is passed.
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  // Blank lines are skipped: a watch uses them as keep-alive.
  Status push(std::string_view bytes, const LineSink& sink);

  // After a clean end of the stream: passes on a last line without a newline, such as an error sent
  // with a Content-Length. After an abrupt end call reset() instead: the rest is a fragment.
  Status finish(const LineSink& sink);
  void reset();

 private:
  Status tooLong() const;
  Status emit(std::string_view line, const LineSink& sink) const;

  const std::size_t max_line_;
  std::string partial_;
};

}  // namespace profiling::kube
