#pragma once

#include <memory>

#include "services/librarian/contents.hpp"
#include "services/s3/bucket.hpp"

namespace omnibus::librarian {

/// An object each in a bucket of an S3-compatible store, its key the library's name and the content's id.
/// Errors: as s3::Bucket.
class ObjectContents : public Contents {
 public:
  /// Makes the bucket where it is missing. `library` tells those of one library from all else in the bucket.
  ObjectContents(s3::Address address, std::string_view library, s3::Patience patience = {});

  std::string add(std::string_view base64_text) const override;
  std::string read(const std::string& id) const override;
  std::string read_base64(const std::string& id) const override;
  void remove(const std::string& id) const override;
  std::size_t sweep(const std::set<std::string>& known) const override;
  void leave() noexcept override { bucket_->leave(); }

 private:
  const std::string prefix_;
  const std::unique_ptr<s3::Bucket> bucket_;
};

}  // namespace omnibus::librarian
