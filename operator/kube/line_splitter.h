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

  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  // Blank lines are skipped: a watch uses them as keep-alive. A line over the bound goes to `cut`
  // once, as its first max_line bytes, and is skipped up to its newline.
  Status push(std::string_view bytes, const LineSink& sink, const LineSink& cut);

  // After a clean end of the stream: passes on a last line without a newline, such as an error sent
  // with a Content-Length. After an abrupt end call reset() instead: the rest is a fragment.
  Status finish(const LineSink& sink);  // without the rest of a line that was cut
  void reset();

 private:
  Status over(std::string_view piece, bool complete, const LineSink& cut);

  const std::size_t max_line_;
  std::string partial_;
  bool skipping_ = false;  // to the end of a line that was cut
};

}  // namespace profiling::kube
