#pragma once

/// Names to addresses, for the sources of this folder only: this header brings in Asio.

#include <boost/asio/ip/tcp.hpp>

#include "wire/address.hpp"
#include "wire/loop.hpp"

namespace omnibus::wire {

using LookedUp = UniqueFunction<void(const boost::system::error_code&,
                                     const boost::asio::ip::tcp::resolver::results_type&)>;

/// Completes on the loop, later, unless the loop ends before. A lookup cannot be interrupted and takes as
/// long as name servers keep silent: it runs on a thread of its own, which holds up neither the loop's end
/// nor other lookups. Threads: the loop's only.
void look_up(Loop& loop, const Address& address, LookedUp done);

}  // namespace omnibus::wire
