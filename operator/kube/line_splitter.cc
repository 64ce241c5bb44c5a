#include "operator/kube/line_splitter.h"

#include "operator/base/text.h"

namespace profiling::kube {
namespace {

// One large event must not pin its memory for the rest of the stream.
constexpr std::size_t kKeepCapacity = 64 << 10;

}  // namespace

Status LineSplitter::tooLong() const {
  return {Code::kTooLarge,
          "a line of the stream is longer than " + std::to_string(max_line_) + " bytes"};
}

Status LineSplitter::emit(std::string_view line, const LineSink& sink) const {
  if (line.size() > max_line_) return tooLong();
  return trim(line).empty() ? Status() : sink(line);
}

Status LineSplitter::push(std::string_view bytes, const LineSink& sink) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    const bool complete = end != std::string_view::npos;
    bytes.remove_prefix(complete ? end + 1 : bytes.size());
    if (complete && partial_.empty()) {
      if (Status status = emit(piece, sink); !status.ok()) return status;
      continue;
    }
    if (partial_.size() + piece.size() > max_line_) return tooLong();
    partial_.append(piece);
    if (!complete) break;
    Status status = emit(partial_, sink);
    reset();
    if (!status.ok()) return status;
  }
  return {};
}

Status LineSplitter::finish(const LineSink& sink) {
  Status status = emit(partial_, sink);
  reset();
  return status;
}

void LineSplitter::reset() {
  partial_.clear();
  if (partial_.capacity() > kKeepCapacity) partial_.shrink_to_fit();
}

}  // namespace profiling::kube
