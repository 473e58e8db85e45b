#pragma once

namespace omnibus {

/// Makes disk errors under an embedded store's mapped files readable as Error{io} instead of ending the
/// process: from now on a SIGBUS on such a page maps zeros over it, so that its checksum fails. Every other
/// SIGBUS goes to the handler that was installed before. The library never does this by itself; the omnibus
/// program does. Idempotent.
/// Threads: call it once at start-up, before others install SIGBUS handlers of their own.
void install_store_signals();

}  // namespace omnibus
