#include <ebb/autograd/profile.hpp>

#include <algorithm>
#include <ebb/autograd/profile_lane.hpp>
#include <ostream>

/// The tables of a Profile, summed over its lanes.
namespace ebb {

namespace {

using RowKey = std::tuple<std::string, std::string, unsigned, int>;

RowKey key_of(const detail::ProfileSite& s, ProfileTable::By by) {
  using enum ProfileTable::By;
  const bool place = by == line || by == all;
  return {by == op || by == all ? s.op : "", place && s.file ? s.file : "", place ? s.line : 0,
          by == step || by == all ? s.step : -1};
}

ProfileAmounts<double> in_seconds(const detail::ProfileSum& s) {
  return {s.calls,
          static_cast<double>(s.forward) * 1e-9,
          static_cast<double>(s.backward) * 1e-9,
          s.forward_bytes,
          s.kept_bytes,
          s.backward_bytes};
}

ProfileTable table(const detail::ProfileLane& lane, ProfileTable::By by) {
  std::map<RowKey, detail::ProfileSum> sums;  // in ns, so that the order of addition does not matter
  ProfileTable t;
  t.by = by;
  lane.each([&](const detail::ProfileLane& l) {
    t.seconds += static_cast<double>(l.active()) * 1e-9;
    t.kept_bytes += l.kept_bytes();
    l.each_sum([&](const detail::ProfileSite& site, const detail::ProfileSum& s) { sums[key_of(site, by)] += s; });
  });
  for (const auto& [key, sum] : sums) {
    const auto& [op, file, line, step] = key;
    t.rows.push_back({in_seconds(sum), op, file, line, step});
  }
  if (by == ProfileTable::By::op || by == ProfileTable::By::line)
    std::sort(t.rows.begin(), t.rows.end(), [](const ProfileRow& a, const ProfileRow& b) {
      return a.seconds() != b.seconds() ? a.seconds() > b.seconds()
                                        : std::tie(a.op, a.file, a.line) < std::tie(b.op, b.file, b.line);
    });
  return t;
}

}  // namespace

ProfileRow ProfileTable::sum() const {
  ProfileRow all;
  for (const ProfileRow& r : rows) all += r;
  return all;
}

/// Directly within a scope of the same Profile, it changes nothing.
Profile::Scope::Scope(Profile& p)
    : on_(std::make_unique<detail::Observed>(detail::observer == p.lane_.get() ? nullptr : p.lane_.get())) {}
Profile::Scope::~Scope() = default;
Profile::Profile() : lane_(std::make_unique<detail::ProfileLane>("caller")) {}
Profile::~Profile() = default;

ProfileTable Profile::by_op() const { return table(*lane_, ProfileTable::By::op); }
ProfileTable Profile::by_line() const { return table(*lane_, ProfileTable::By::line); }
ProfileTable Profile::by_step() const { return table(*lane_, ProfileTable::By::step); }
ProfileTable Profile::rows() const { return table(*lane_, ProfileTable::By::all); }
double Profile::seconds() const { return by_op().seconds; }

std::int64_t Profile::left_out() const {
  std::int64_t n = 0;
  lane_->each([&](const detail::ProfileLane& l) { n += l.left_out(); });
  return n;
}

std::ostream& operator<<(std::ostream& s, const ProfileTable& t) { return s << t.text(); }

}  // namespace ebb
