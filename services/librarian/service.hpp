#pragma once

#include <memory>

#include <omnibus/framework/processor.hpp>

namespace omnibus::librarian {

/// The librarian: keeps documents and hands them to flows, and keeps the list of collections in the
/// configuration. Answers on `q1/tg/request/librarian` and `q0/tg/request/collection`.
/// Threads: as AsyncProcessor; `--concurrency` requests on each queue at once.
class LibrarianService : public framework::AsyncProcessor {
 public:
  /// Opens the folder named by flag `librarian-store` and sweeps it. Errors: Error{conflict}, retryable, when
  /// another process uses it; as Library and Contents.
  LibrarianService(Bus bus, Settings settings);
  ~LibrarianService() override;

  void start() override;
  void stop() override;
  std::string ready() const override;

  /// `flags` and what the service adds to the common ones.
  static Flags flags(Flags flags = {});

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace omnibus::librarian
