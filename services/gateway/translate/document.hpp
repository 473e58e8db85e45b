#pragma once

#include <omnibus/catalogue/document.hpp>

#include "services/gateway/translate/core.hpp"

namespace omnibus::gateway {

/// text (base64 of the text in `charset`), id?, metadata? [triples], charset? (utf-8), user?, collection?.
void translate(const Fields& fields, catalogue::TextDocument& document);

/// data (base64), id?, metadata? [triples], user?, collection?.
void translate(const Fields& fields, catalogue::Document& document);

}  // namespace omnibus::gateway
