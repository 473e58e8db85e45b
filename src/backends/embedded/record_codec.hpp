#pragma once

/// Records as bytes of a frame: a frame's payload is one record after the other.

#include <string>
#include <vector>

#include "backends/embedded/bytes.hpp"
#include "backends/embedded/log/log.hpp"
#include "backends/embedded/records.hpp"

namespace omnibus::embedded {

/// Appends. A message's content is copied in; `places` collects where each begins in `out`.
void encode_record(const Record& record, std::string& out, std::vector<std::size_t>& places);

/// The content that lies at `at` in the frame; it keeps the frame's mapping alive.
Content content_in(const FrameView& frame, std::size_t at, std::size_t size, std::uint64_t blob);

/// All records of a frame; their contents refer to it. Errors: corrupt, also for a kind that is unknown.
std::vector<Record> decode_frame(const FrameView& frame);
/// The same behind what `records` holds. Errors: as above; what came before the damage is there then.
void decode_frame(const FrameView& frame, std::vector<Record>& records);

}  // namespace omnibus::embedded
