// A watch's stream: its lines do not depend on how the bytes arrive, events keep inside their line,
// and the machine goes on after whatever they say. The first byte is the size of the pieces.
#include <vector>

#include "operator/kube/cut_event.h"
#include "operator/kube/decode.h"
#include "operator/kube/line_splitter.h"
#include "operator/kube/watch_machine.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::size_t kMaxLine = 4096;

struct Lines {
  std::vector<std::string> all, cut;
};

Lines linesOf(std::string_view bytes, std::size_t piece) {
  Lines out;
  kube::LineSplitter splitter(kMaxLine);
  const auto sink = [&](std::string_view line) {
    out.all.emplace_back(line);
    return Status();
  };
  const auto cut = [&](std::string_view head) {
    out.cut.emplace_back(head);
    return Status();
  };
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    require(splitter.push(next, sink, cut).ok(), "no line is refused");
  }
  require(splitter.finish(sink).ok(), "no line is refused");
  return out;
}

void checkEvent(kube::EventDecoder& decoder, kube::WatchMachine& machine, const std::string& line) {
  const auto event = decoder.decode(line);
  if (!event.ok()) return;
  require(event->object.size() <= line.size(), "an object is a part of its line");
  if (event->type == kube::EventType::kError) {
    machine.watchEnded(kube::statusOfObject(event->object), true, SteadyTime{});
    (void)machine.next(SteadyTime{});
    return;
  }
  machine.eventSeen(event->resource_version);
}

}  // namespace

FUZZ(std::string_view input) {
  if (input.empty()) return;
  const std::size_t piece = static_cast<unsigned char>(input.front()) + 1u;
  input.remove_prefix(1);
  const Lines whole = linesOf(input, input.size() + 1), pieces = linesOf(input, piece);
  require(whole.cut == pieces.cut && whole.all == pieces.all, "lines do not depend on pieces");
  for (const std::string& line : whole.all) {
    require(!line.empty() && line.size() <= kMaxLine && line.find('\n') == std::string::npos,
            "a line is a line");
  }
  kube::EventDecoder decoder;
  kube::WatchMachine machine({}, 1);
  (void)machine.next(SteadyTime{});
  (void)machine.streamDone("1", 1, 0);
  (void)machine.next(SteadyTime{});
  for (const std::string& line : whole.all) checkEvent(decoder, machine, line);
  for (const std::string& head : whole.cut) {
    require(head.size() == kMaxLine, "a line is cut at the bound");
    (void)kube::readCutEvent(head);
  }
  (void)kube::readCutEvent(input);
  std::size_t items = 0;
  const auto page = kube::decodeList(std::string(input), [&](std::string_view item) {
    ++items;
    (void)kube::keyOf(std::string(item));
  });
  if (page.ok())
    require(page->items == items && !page->resource_version.empty(), "a page counts its items");
}
