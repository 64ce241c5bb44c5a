// Reads admission.k8s.io/v1 AdmissionReview requests, step by step so that a pod that no policy
// selects costs little more than a parse:
//
//   const DecoderTurn turn(body.size());
//   ReviewDecoder& decoder = turn.decoder();
//   Review review;
//   Status s = decoder.decode(body, capacity, review);   // the envelope; an error is a 400
//   s = decoder.decodeMetadata(review.pod);              // labels, annotations, owners
//   s = decoder.decodeSpec(review.pod, problem);         // containers, volumes, …
//
// An error is always the sender's (malformed JSON, a repeated key, a wrong type in the envelope)
// and states the problem in one line; it never repeats the uid. A wrong type deeper in the pod is a
// `problem`: the API server validates the object after us and refuses it with a better message than
// ours, so such a pod is allowed unchanged.
//
// Everything in Review views memory of the decoder and of the body: valid until the next decode().
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "operator/api/k8s/pod_view.h"
#include "operator/base/mutex.h"
#include "operator/base/status.h"
#include "operator/inject/decide_pod.h"

namespace profiling::admission {

inline constexpr std::size_t kMaxUidBytes = 128;  // a UUID has 36
// A parser keeps the memory of the largest body it has read; memory above this is returned.
inline constexpr std::size_t kKeptCapacity = 512 * 1024;

struct GroupVersionName {  // metav1.GroupVersionKind or GroupVersionResource
  std::string_view group, version, name;
  bool operator==(const GroupVersionName&) const = default;
};

struct Review {
  std::string_view uid;
  GroupVersionName kind, resource;
  // requestKind or requestResource differ: the client sent another kind
  bool kind_was_converted = false;
  std::string_view sub_resource;
  std::string_view name;
  std::string_view namespace_;
  std::string_view operation;  // CREATE, UPDATE, DELETE, CONNECT
  bool dry_run = false;
  bool has_object = false;
  api::PodView pod;  // namespace_ is set by decode(), the rest by the two other steps

  // The creation of a pod itself: the only request that is ever answered with a patch.
  bool isPodCreation() const;
};

// Not thread-safe: one per thread.
class ReviewDecoder final : public inject::PodSource {
 public:
  ReviewDecoder();
  ~ReviewDecoder() override;
  ReviewDecoder(const ReviewDecoder&) = delete;
  ReviewDecoder& operator=(const ReviewDecoder&) = delete;

  // `capacity` is the size of the readable buffer behind `body`; with at least 64 bytes more than
  // the body (net::ServerRequest guarantees that) it is parsed in place, else copied once.
  Status decode(std::string_view body, std::size_t capacity, Review& review);
  Status decodeMetadata(api::PodView& pod) override;
  Status decodeSpec(api::PodView& pod, std::string& problem) override;
  // request.object as a tree, for objects other than pods; null without one.
  Status decodeObject(nlohmann::json& object) const;
  // Returns the memory that a large body took. Views into the last review end here.
  void shrink();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The calling thread's decoder, for one request. Bodies above kKeptCapacity take turns over all
// threads, because a parser needs up to 14 times the size of a body; each is a matter of
// milliseconds.
class DecoderTurn {
 public:
  explicit DecoderTurn(std::size_t body_size);
  ~DecoderTurn();
  DecoderTurn(const DecoderTurn&) = delete;
  DecoderTurn& operator=(const DecoderTurn&) = delete;

  ReviewDecoder& decoder() const { return decoder_; }

 private:
  ReviewDecoder& decoder_;
  std::optional<MutexLock> large_;
};

}  // namespace profiling::admission
