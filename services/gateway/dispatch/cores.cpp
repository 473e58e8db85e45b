#include "services/gateway/dispatch/cores.hpp"

#include <boost/json/serialize.hpp>
#include <omnibus/log.hpp>

#include "services/gateway/dispatch/core.hpp"
#include "services/gateway/json/body.hpp"
#include "services/gateway/json/msgpack.hpp"

namespace omnibus::gateway {

namespace json = boost::json;

namespace {

constexpr unsigned ok = 200;

const json::value& part(const json::value& record, json::string_view key) {
  const auto* fields = record.if_object();
  const auto* value = fields != nullptr ? fields->if_contains(key) : nullptr;
  if (value == nullptr) throw NotMsgpack("a record has no '" + std::string(key) + "'");
  return *value;
}

/// Between the short keys of a record and those of clients.
struct Names {
  json::string_view record, client;
};
constexpr Names of_metadata[] = {{"i", "id"}, {"m", "metadata"}, {"u", "user"}, {"c", "collection"}};
constexpr Names of_entity[] = {{"e", "entity"}, {"v", "vectors"}};

template <std::size_t count>
json::value to_client(const json::value& record, const Names (&names)[count]) {
  json::object result;
  for (const auto& each : names) result.emplace(each.client, part(record, each.record));
  return result;
}

template <std::size_t count>
json::value to_record(const json::value& given, const Names (&names)[count]) {
  json::object result;
  for (const auto& each : names) result.emplace(each.record, given.at(each.client));
  return result;
}

/// ["t", {"m", "t": [triples]}] or ["ge", {"m", "e": [{"e", "v"}]}]: the service's request for it.
json::object request_of(const json::value& record) {
  const auto* pair = record.if_array();
  if (pair == nullptr || pair->size() != 2) throw NotMsgpack("a record is no list of two");
  const auto& content = pair->at(1);
  json::object knowledge{{"metadata", to_client(part(content, "m"), of_metadata)}};
  if (pair->at(0) == "t") {
    knowledge.emplace("triples", part(content, "t"));
    return {{"triples", std::move(knowledge)}};
  }
  if (pair->at(0) != "ge") throw NotMsgpack("a record of unknown kind");
  const auto& entities = part(content, "e");
  if (!entities.is_array()) throw NotMsgpack("entities that are no list");
  json::array list;
  for (const auto& each : entities.get_array()) list.push_back(to_client(each, of_entity));
  knowledge.emplace("entities", std::move(list));
  return {{"graph-embeddings", std::move(knowledge)}};
}

/// Appends what the service answered, when it is knowledge.
void append_record(const json::object& answer, std::string& out) {
  if (const auto* triples = answer.if_contains("triples")) {
    to_msgpack(
        json::array{"t",
                    {{"m", to_record(triples->at("metadata"), of_metadata)}, {"t", triples->at("triples")}}},
        out);
  }
  if (const auto* embeddings = answer.if_contains("graph-embeddings")) {
    json::array list;
    for (const auto& each : embeddings->at("entities").as_array()) list.push_back(to_record(each, of_entity));
    to_msgpack(json::array{"ge", {{"m", to_record(embeddings->at("metadata"), of_metadata)}, {"e", list}}},
               out);
  }
}

/// Sends a record when the one before is answered.
class Import : public std::enable_shared_from_this<Import> {
 public:
  Import(std::shared_ptr<Dispatch::Core> core, CoreCall call, Reply reply)
      : core_(std::move(core)), call_(std::move(call)), left_(call_.body), reply_(std::move(reply)) {}

  void next() {
    if (left_.empty()) return finish();
    try {
      auto request = request_of(take_msgpack(left_));
      request.emplace("operation", "put-kg-core");
      request.emplace("user", *call_.user);
      request.emplace("id", *call_.id);
      request.emplace("collection", "default");
      auto answered = [self = shared_from_this()](const Answer& answer) { return self->answered(answer); };
      core_->serve(std::nullopt, "knowledge", std::move(request),
                   std::make_shared<Exchange>(std::move(answered), core_->options.http_errors));
    } catch (const NotMsgpack& error) {
      fail(error.reason());
    }
  }

 private:
  bool answered(const Answer& answer) {
    answer.failed ? fail(answer.body) : next();
    return true;
  }
  void fail(const std::string& why) {
    log::write(log::Level::warning, "gateway: request " + call_.request_id + ", the import of core '" +
                                        *call_.id + "', ended: " + why);
    finish();
  }
  void finish() { reply_({.body = {}, .octets = true}); }

  const std::shared_ptr<Dispatch::Core> core_;
  const CoreCall call_;
  std::string_view left_;
  const Reply reply_;
};

/// Collects the answers to one request.
class Export {
 public:
  Export(Reply reply, HttpErrors errors, std::size_t most)
      : reply_(std::move(reply)), errors_(errors), most_(most) {}

  bool take(Answer answer) {
    if (answer.failed) {
      reply_(std::move(answer));
      return false;
    }
    try {
      append_record(parse_body(answer.body).as_object(), records_);
    } catch (const std::exception& error) {  // knowledge without metadata or entities
      constexpr unsigned bad_gateway = 502;
      const json::object told{{"error", {{"type", "gateway-error"}, {"message", error.what()}}}};
      return refuse({.body = json::serialize(told), .status = bad_gateway});
    }
    if (records_.size() > most_) {
      constexpr unsigned too_large = 413;
      return refuse({.body = R"({"error": "the core is larger than --body-limit"})", .status = too_large});
    }
    if (answer.complete) reply_({.body = std::move(records_), .octets = true});
    return true;
  }

 private:
  /// False: no more answers are wanted.
  bool refuse(Answer answer) {
    if (errors_ == HttpErrors::compatible) answer.status = ok;
    answer.complete = true;
    reply_(std::move(answer));
    return false;
  }

  const Reply reply_;
  const HttpErrors errors_;
  const std::size_t most_;
  std::string records_;
};

}  // namespace

void import_core(const std::shared_ptr<Dispatch::Core>& core, CoreCall call, Reply reply) {
  std::make_shared<Import>(core, std::move(call), std::move(reply))->next();
}

void export_core(const std::shared_ptr<Dispatch::Core>& core, const CoreCall& call, Reply reply) {
  const auto collected =
      std::make_shared<Export>(std::move(reply), core->options.http_errors, core->options.body_limit);
  json::object request{{"operation", "get-kg-core"}, {"user", *call.user}, {"id", *call.id}};
  auto take = [collected](Answer answer) { return collected->take(std::move(answer)); };
  core->serve(std::nullopt, "knowledge", std::move(request),
              std::make_shared<Exchange>(std::move(take), core->options.http_errors, call.request_id));
}

}  // namespace omnibus::gateway
