#include "services/librarian/store_flags.hpp"

#include "services/librarian/folder_contents.hpp"
#include "services/librarian/object_contents.hpp"

namespace omnibus::librarian {
namespace {

std::string url_of(const Settings& settings, const std::string& endpoint) {
  if (endpoint.find("://") != std::string::npos) return endpoint;
  return (settings.flag("object-store-use-ssl") ? "https://" : "http://") + endpoint;
}

s3::Address address_of(const Settings& settings, const std::string& endpoint) {
  const auto needed = [&](const char* flag) {
    const auto value = settings.maybe(flag);
    if (value) return *value;
    throw ConfigError("--object-store-endpoint is given without --" + std::string(flag));
  };
  return {.url = url_of(settings, endpoint),
          .bucket = settings.text("object-store-bucket"),
          .who = {.access_key = needed("object-store-access-key"),
                  .secret_key = needed("object-store-secret-key")},
          .region = settings.text("object-store-region"),
          .ca_file = settings.maybe("object-store-ca-file").value_or("")};
}

}  // namespace

Flags store_flags(Flags flags) {
  flags
      .text("librarian-store",
            "folder that keeps what is known of the documents, and without an object store the documents",
            state_directory() + "/library", "LIBRARIAN_STORE")
      .text("object-store-endpoint", "S3-compatible store that keeps the documents, as minio:9000",
            std::nullopt, "OBJECT_STORE_ENDPOINT")
      .text("object-store-access-key", "its access key", std::nullopt, "OBJECT_STORE_ACCESS_KEY")
      .text("object-store-secret-key", "its secret key", std::nullopt, "OBJECT_STORE_SECRET_KEY")
      .secret()
      .flag("object-store-use-ssl", "speak TLS with it")
      .text("object-store-ca-file", "PEM certificates to trust instead of the system's")
      .text("object-store-region", "its region", "us-east-1", "OBJECT_STORE_REGION")
      .text("object-store-bucket", "bucket; made where it is missing", "library", "OBJECT_STORE_BUCKET");
  return flags;
}

std::unique_ptr<Contents> contents_of(const Settings& settings, std::string_view library) {
  const auto endpoint = settings.maybe("object-store-endpoint").value_or("");
  if (!endpoint.empty()) return std::make_unique<ObjectContents>(address_of(settings, endpoint), library);
  return std::make_unique<FolderContents>(std::filesystem::path(settings.text("librarian-store")) /
                                          "documents");
}

}  // namespace omnibus::librarian
