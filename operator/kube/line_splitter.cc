#include "operator/kube/line_splitter.h"

#include "operator/base/text.h"

namespace profiling::kube {
namespace {

// One large event must not pin its memory for the rest of the stream.
constexpr std::size_t kKeepCapacity = 64 << 10;

Status emit(std::string_view line, const LineSplitter::LineSink& sink) {
  return trim(line).empty() ? Status() : sink(line);
}

}  // namespace

Status LineSplitter::push(std::string_view bytes, const LineSink& sink, const LineSink& cut) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    const bool complete = end != std::string_view::npos;
    bytes.remove_prefix(complete ? end + 1 : bytes.size());
    Status status;
    if (skipping_) {
      skipping_ = !complete;
    } else if (partial_.size() + piece.size() > max_line_) {
      status = over(piece, complete, cut);
    } else if (!complete) {
      partial_.append(piece);
    } else if (partial_.empty()) {
      status = emit(piece, sink);
    } else {
      partial_.append(piece);
      status = emit(partial_, sink);
      reset();
    }
    if (!status.ok()) return status;
  }
  return {};
}

Status LineSplitter::over(std::string_view piece, bool complete, const LineSink& cut) {
  partial_.append(piece.substr(0, max_line_ - partial_.size()));
  Status status = cut(partial_);
  reset();
  skipping_ = !complete;
  return status;
}

Status LineSplitter::finish(const LineSink& sink) {
  Status status = emit(partial_, sink);
  reset();
  return status;
}

void LineSplitter::reset() {
  skipping_ = false;
  partial_.clear();
  if (partial_.capacity() > kKeepCapacity) partial_.shrink_to_fit();
}

}  // namespace profiling::kube
