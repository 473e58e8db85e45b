#pragma once

/// Identities for tests of TLS. Link OpenSSL.

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace omnibus {

/// A key and a certificate, both as PEM.
struct Identity {
  std::string key, certificate;
};

template <class T, class Read>
auto from_pem(const std::string& text, Read read, void (*release)(T*)) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free_all);
  return std::unique_ptr<T, void (*)(T*)>(read(memory.get(), nullptr, nullptr, nullptr), release);
}

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(BIO_new(BIO_s_mem()), &BIO_free_all);
  write(memory.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

/// Of 127.0.0.1, signed by itself or by another that may sign. `name_text` tells it apart in a chain.
inline Identity make_identity(const Identity* issuer = nullptr, const char* name_text = "test",
                              bool may_sign = false) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name_text), -1,
                             -1, 0);
  const auto signer =
      from_pem(issuer != nullptr ? issuer->certificate : std::string(), PEM_read_bio_X509, &X509_free);
  const auto signing_key =
      from_pem(issuer != nullptr ? issuer->key : std::string(), PEM_read_bio_PrivateKey, &EVP_PKEY_free);
  X509_set_issuer_name(made.get(), issuer != nullptr ? X509_get_subject_name(signer.get()) : name);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(made.get(), extension, -1);
  X509_EXTENSION_free(extension);
  if (may_sign) {
    extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(made.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(made.get(), issuer != nullptr ? signing_key.get() : key.get(), EVP_sha256());
  return {
      pem([&](BIO* to) { PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }),
      pem([&](BIO* to) { PEM_write_bio_X509(to, made.get()); })};
}

}  // namespace omnibus
