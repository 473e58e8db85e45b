#include "services/librarian/object_contents.hpp"

#include <omnibus/base64.hpp>
#include <omnibus/framework/unique_id.hpp>

namespace omnibus::librarian {

ObjectContents::ObjectContents(s3::Address address, std::string_view library, s3::Patience patience)
    : prefix_("omnibus/" + std::string(library) + "/"),
      bucket_(std::make_unique<s3::Bucket>(std::move(address), patience)) {
  bucket_->make();
}

std::string ObjectContents::add(std::string_view base64_text) const {
  std::string bytes;
  bytes.reserve(base64_text.size() / 4 * 3);
  decode_base64(base64_text, [&](std::string_view piece) { bytes += piece; });
  auto id = framework::unique_id();
  bucket_->put(prefix_ + id, std::move(bytes));
  return id;
}

std::string ObjectContents::read(const std::string& id) const { return bucket_->get(prefix_ + id); }

std::string ObjectContents::read_base64(const std::string& id) const { return base64::encode(read(id)); }

void ObjectContents::remove(const std::string& id) const { bucket_->remove(prefix_ + id); }

std::size_t ObjectContents::sweep(const std::set<std::string>& known) const {
  std::size_t swept = 0;
  for (const auto& key : bucket_->list(prefix_)) {
    if (known.contains(key.substr(prefix_.size()))) continue;
    bucket_->remove(key);
    ++swept;
  }
  return swept;
}

}  // namespace omnibus::librarian
