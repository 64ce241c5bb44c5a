// A text followed by the readable bytes that a reflector guarantees to its decoders.
#pragma once

#include <string>
#include <string_view>

#include "operator/kube/decode.h"

namespace profiling::test {

class Padded {
 public:
  explicit Padded(std::string text) : size_(text.size()), text_(std::move(text)) {
    text_.resize(size_ + kube::kObjectPadding);
  }
  std::string_view view() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string text_;
};

}  // namespace profiling::test
