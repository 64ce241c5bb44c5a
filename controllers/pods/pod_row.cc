#include "controllers/pods/pod_row.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "operator/api/v1alpha1/common.h"
#include "operator/base/text.h"

namespace profiling::controllers {
namespace {

constexpr std::size_t kUidLength = 36;
constexpr std::size_t kMaxDecision = 4096;
constexpr std::size_t kMaxAnnotation = 512;
constexpr std::size_t kMaxOwner = 512;  // a name has at most 253
constexpr std::array<std::string_view, 3> kTemplateHashes{
    "pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"};
constexpr std::size_t kMaxReason = 61;    // printable() may add three bytes
constexpr std::size_t kMaxMessage = 253;  // engine::Failure: 256

bool isDash(std::size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool namesRevision(std::string_view key) {
  return key == api::kProfiledKey ||
         std::find(kTemplateHashes.begin(), kTemplateHashes.end(), key) != kTemplateHashes.end();
}

template <class Number>
std::optional<Number> numberOf(std::string_view text) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::optional<Uid> uidOf(std::string_view text) {
  if (text.size() != kUidLength) return std::nullopt;
  Uid uid{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < kUidLength; ++i) {
    if (isDash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hexDigit(text[i]);
    if (digit < 0) return std::nullopt;
    uid[digits / 2] = static_cast<std::uint8_t>(uid[digits / 2] << 4 | digit);
    ++digits;
  }
  return uid;
}

std::string uidText(const Uid& uid) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(kUidLength);
  for (const std::uint8_t byte : uid) {
    if (isDash(text.size())) text += '-';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string failureText(const std::optional<inject::FailureView>& failure) {
  if (!failure) return {};
  std::string text = failure->init ? "init\n" : "\n";
  if (failure->exit_code) text += std::to_string(*failure->exit_code);
  text.append(1, '\n').append(printable(failure->container, 253));
  text.append(1, '\n').append(printable(failure->reason, kMaxReason));
  text.append(1, '\n').append(printable(failure->message, kMaxMessage));
  text.append(1, '\n').append(failure->image);
  return text;
}

std::optional<engine::Failure> failureOf(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '\n');
  if (parts.size() != 6) return std::nullopt;
  engine::Failure failure;
  failure.init = parts[0] == "init";
  failure.exit_code = numberOf<std::int64_t>(parts[1]);
  failure.container = parts[2];
  failure.ours = inject::isOurs(failure.init, parts[2]);
  failure.reason = parts[3];
  failure.message = parts[4];
  failure.image = parts[5];
  return failure;
}

inject::PodFacts bounded(inject::PodFacts pod) {
  // Ours has at most 2 KiB; a longer one is not ours.
  if (pod.decision.size() > kMaxDecision) pod.decision = {};
  // What is cut was too long to be valid, and still is.
  for (auto* text : {&pod.inject, &pod.policy}) {
    if (*text) *text = (*text)->substr(0, kMaxAnnotation);
  }
  if (pod.owner) {
    for (std::string_view* text :
         {&pod.owner->api_version, &pod.owner->kind, &pod.owner->name, &pod.owner->uid}) {
      *text = text->substr(0, kMaxOwner);
    }
  }
  std::size_t bytes = 0;
  for (const api::KeyValueView& label : pod.labels) bytes += label.key.size() + label.value.size();
  if (pod.labels.size() <= kMaxLabels && bytes <= kMaxLabelBytes) return pod;
  std::stable_partition(pod.labels.begin(), pod.labels.end(),
                        [](const api::KeyValueView& label) { return namesRevision(label.key); });
  std::size_t kept = 0;
  for (bytes = 0; kept < std::min(pod.labels.size(), kMaxLabels); ++kept) {
    bytes += pod.labels[kept].key.size() + pod.labels[kept].value.size();
    if (bytes > kMaxLabelBytes) break;
  }
  pod.labels.resize(kept);
  return pod;
}

engine::Pod podOf(const std::vector<api::KeyValueView>& labels, std::uint8_t flags) {
  engine::Pod pod;
  for (const std::string_view key : kTemplateHashes) {
    const auto hash = api::PodView::find(labels, key);
    if (hash && pod.template_hash.empty()) pod.template_hash = *hash;
  }
  pod.revision = api::PodView::find(labels, api::kProfiledKey).value_or("");
  pod.ready = (flags & inject::kPodReady) != 0;
  pod.deleting = (flags & inject::kPodDeleting) != 0;
  return pod;
}

}  // namespace profiling::controllers
