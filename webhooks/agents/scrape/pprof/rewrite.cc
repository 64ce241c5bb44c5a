#include "webhooks/agents/scrape/pprof/rewrite.h"

#include <algorithm>
#include <cmath>

#include "webhooks/agents/scrape/pprof/wire.h"

namespace profiling::scrape {
namespace {

using Marks = std::vector<bool>;

constexpr double kMostExact = 9e15;  // larger numbers are not exact in a double

class Writer {
 public:
  Writer(const ProfileView& profile, const Rewriting& how)
      : profile_(profile),
        how_(how),
        locations_(profile.locations.size()),
        functions_(profile.functions.size()),
        strings_(profile.strings.size()),
        carried_(how.columns.size()),
        told_(how.totals != nullptr ? how.totals->keys.size() : 0) {}

  std::string run() {
    for (std::size_t i = 0; i < profile_.samples.size(); ++i) sample(i);
    if (out_.empty()) return {};
    markFunctions();
    markStrings();
    rest();
    return std::move(out_);
  }

 private:
  // The values to write for a sample; false when all are zero.
  bool valuesOf(std::size_t index, std::string& packed) {
    std::size_t column = 0, cumulative = 0;
    bool any = false;
    const std::int64_t* change = changeOf(how_.keys[index]);
    WireReader reader(profile_.samples[index]);
    for (WireField f; reader.next(f);) {
      if (f.number != field::kSampleValue) continue;
      forEachNumber(f, [&](std::uint64_t value) {
        const Column& c = how_.columns[column++];
        if (c.cumulative) {
          value = change == nullptr ? 0 : static_cast<std::uint64_t>(change[cumulative]);
          ++cumulative;
        } else if (how_.scale != 1) {
          value = scaled(value, carried_[column - 1]);
        }
        if (!c.keep) return;
        any = any || value != 0;
        appendVarint(packed, value);
      });
    }
    return any;
  }

  // What rounding takes from one value goes to the next, so that the sum is right.
  std::uint64_t scaled(std::uint64_t value, double& carried) const {
    const double exact =
        static_cast<double>(static_cast<std::int64_t>(value)) * how_.scale + carried;
    if (std::abs(exact) > kMostExact) return value;
    const double whole = std::round(exact);
    carried = exact - whole;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(whole));
  }

  // Samples that share a key have one common total: the first of them carries it.
  const std::int64_t* changeOf(std::uint64_t key) {
    if (how_.change == nullptr || how_.change->values.empty()) return nullptr;
    const auto& keys = how_.totals->keys;
    const auto at =
        static_cast<std::size_t>(std::lower_bound(keys.begin(), keys.end(), key) - keys.begin());
    if (at == keys.size() || keys[at] != key || told_[at]) return nullptr;
    told_[at] = true;
    return how_.change->values.data() + at * how_.totals->width;
  }

  void sample(std::size_t index) {
    std::string packed, message;
    if (!valuesOf(index, packed)) return;
    WireReader reader(profile_.samples[index]);
    for (WireField f; reader.next(f);) {
      if (f.number == field::kSampleValue) continue;
      message += f.raw;
      if (f.number == field::kSampleLocation) {
        forEachNumber(
            f, [&](std::uint64_t id) { locations_[indexOf(profile_.locations, id)] = true; });
      } else if (f.number == field::kSampleLabel) {
        WireReader label(f.bytes);
        for (WireField l; label.next(l);) {
          if (l.number != field::kLabelNumber) mark(strings_, l.value);
        }
      }
    }
    appendBytes(message, field::kSampleValue, packed);
    appendBytes(out_, field::kSample, message);
  }

  void markFunctions() {
    for (std::size_t i = 0; i < locations_.size(); ++i) {
      if (!locations_[i]) continue;
      WireReader reader(profile_.locations[i].message);
      for (WireField f; reader.next(f);) {
        if (f.number != field::kLocationLine) continue;
        WireReader line(f.bytes);
        for (WireField l; line.next(l);) {
          if (l.number == field::kLineFunction && l.value != 0) {
            functions_[indexOf(profile_.functions, l.value)] = true;
          }
        }
      }
    }
  }

  void markStrings() {
    for (std::size_t i = 0; i < functions_.size(); ++i) {
      if (!functions_[i]) continue;
      WireReader reader(profile_.functions[i].message);
      for (WireField f; reader.next(f);) {
        if (f.number >= field::kFunctionName && f.number <= field::kFunctionFile) {
          mark(strings_, f.value);
        }
      }
    }
    // The rest: sample types, mappings and the profile's own fields. All of their numbers are
    // treated as strings; a superfluous one costs nothing.
    WireReader reader(profile_.bytes);
    for (WireField f; reader.next(f);) {
      if (!f.is_bytes) {
        mark(strings_, f.value);
      } else if (f.number == field::kSampleType || f.number == field::kMapping ||
                 f.number > field::kString) {
        markNumbers(f);
      }
    }
  }

  void markNumbers(const WireField& message) {
    WireReader reader(message.bytes);
    for (WireField f; reader.next(f);) {
      if (!f.is_bytes) mark(strings_, f.value);
    }
    // Repeated numbers, such as comments, may come packed.
    forEachNumber(message, [&](std::uint64_t v) { mark(strings_, v); });
  }

  static void mark(Marks& marks, std::uint64_t index) {
    if (index < marks.size()) marks[index] = true;
  }

  void rest() {
    std::size_t type = 0, string = 0;
    WireReader reader(profile_.bytes);
    for (WireField f; reader.next(f);) {
      if (f.number == field::kSample || (f.number <= field::kString && !f.is_bytes)) continue;
      if (f.number == field::kSampleType && !how_.columns[type++].keep) continue;
      if (f.number == field::kLocation && !has(locations_, profile_.locations, f)) continue;
      if (f.number == field::kFunction && !has(functions_, profile_.functions, f)) continue;
      if (f.number == field::kDurationNanos && how_.duration_nanos != 0) continue;
      if (f.number == field::kString && !strings_[string++]) {
        appendBytes(out_, field::kString, {});
      } else {
        out_ += f.raw;
      }
    }
    if (how_.duration_nanos != 0) {
      appendNumber(out_, field::kDurationNanos, static_cast<std::uint64_t>(how_.duration_nanos));
    }
  }

  static bool has(const Marks& marks, const std::vector<Entry>& table, const WireField& entry) {
    std::uint64_t id = 0;
    WireReader reader(entry.bytes);
    for (WireField f; reader.next(f);) {
      if (f.number == field::kLocationId && !f.is_bytes) id = f.value;
    }
    return marks[indexOf(table, id)];
  }

  const ProfileView& profile_;
  const Rewriting& how_;
  Marks locations_, functions_, strings_;
  std::vector<double> carried_;
  Marks told_;
  std::string out_;
};

}  // namespace

std::string rewrite(const ProfileView& profile, const Rewriting& how) {
  return Writer(profile, how).run();
}

}  // namespace profiling::scrape
