#pragma once

/// All messages of the existing system: 74 plain structs and 13 queue names, a header per service.
/// Source: trustgraph-base 1.8.21.

#include <omnibus/catalogue/agent.hpp>
#include <omnibus/catalogue/collection.hpp>
#include <omnibus/catalogue/config.hpp>
#include <omnibus/catalogue/core.hpp>
#include <omnibus/catalogue/diagnosis.hpp>
#include <omnibus/catalogue/document.hpp>
#include <omnibus/catalogue/embeddings.hpp>
#include <omnibus/catalogue/flow.hpp>
#include <omnibus/catalogue/graph.hpp>
#include <omnibus/catalogue/knowledge.hpp>
#include <omnibus/catalogue/library.hpp>
#include <omnibus/catalogue/llm.hpp>
#include <omnibus/catalogue/lookup.hpp>
#include <omnibus/catalogue/nlp.hpp>
#include <omnibus/catalogue/nlp_query.hpp>
#include <omnibus/catalogue/object.hpp>
#include <omnibus/catalogue/objects_query.hpp>
#include <omnibus/catalogue/prompt.hpp>
#include <omnibus/catalogue/query.hpp>
#include <omnibus/catalogue/retrieval.hpp>
#include <omnibus/catalogue/rows.hpp>
#include <omnibus/catalogue/structured.hpp>
#include <omnibus/catalogue/structured_query.hpp>
