// omnibus store check: reads a whole store and tells what is damaged.

#include <iostream>

#include <fmt/format.h>
#include <omnibus/store.hpp>

#include "progress.hpp"
#include "store.hpp"
#include "tool.hpp"

namespace omnibus::app {
namespace {

std::string sequences(const StoreDamage& damage) {
  if (damage.last < damage.first) return "no sequence";
  if (damage.first == damage.last) return fmt::format("sequence {}", damage.first);
  return fmt::format("sequences {} to {}", damage.first, damage.last);
}

std::string place(const StoreDamage& damage) {
  if (damage.bytes == 0)
    return damage.offset == 0 ? damage.file : fmt::format("{} offset {}", damage.file, damage.offset);
  return fmt::format("{} offset {}, {}", damage.file, damage.offset, counted(damage.bytes, "byte", "bytes"));
}

void print_totals(const StoreCheck& check) {
  std::cout << fmt::format("store {}{}\n", check.id.empty() ? "without a readable id" : check.id,
                           check.in_use ? ", in use" : "");
  std::cout << fmt::format("log          {} in {}, {} used of {}", counted(check.frames, "frame", "frames"),
                           counted(check.segments, "segment", "segments"), readable_size(check.frame_bytes),
                           readable_size(check.log_bytes));
  if (check.frames > 0) std::cout << fmt::format(", sequences {} to {}", check.first, check.last);
  std::cout << fmt::format("\ncheckpoints  {}", check.checkpoints);
  if (check.checkpoints > 0) std::cout << fmt::format(", the newest up to sequence {}", check.checkpoint);
  std::cout << fmt::format("\nbodies       {} in files of their own, {}", check.bodies,
                           readable_size(check.body_bytes));
  if (check.unnamed_bodies > 0)
    std::cout << fmt::format("; {} of no kept message", counted(check.unnamed_bodies, "file", "files"));
  std::cout << fmt::format("\nstate        {}, {}, {}\n", counted(check.messages, "message", "messages"),
                           counted(check.queues, "queue", "queues"),
                           counted(check.subscriptions, "subscription", "subscriptions"));
}

void print_found(const StoreCheck& check) {
  for (const auto& damage : check.damage)
    std::cout << fmt::format("damaged      {}: {}; {} lost\n", place(damage), damage.what, sequences(damage));
  for (const auto& cut : check.cut)
    std::cout << fmt::format("cut          {}: {}{}\n", place(cut), cut.what,
                             cut.last < cut.first ? "" : "; " + sequences(cut));
}

std::string lost(const StoreCheck& check) {
  return fmt::format("{} and {} lost{}", counted(check.lost_sequences(), "sequence", "sequences"),
                     counted(check.lost_messages, "message", "messages"),
                     check.opens ? "" : "; it cannot be opened");
}

std::string json_of(const std::vector<StoreDamage>& found) {
  std::string out;
  for (const auto& damage : found) {
    out += fmt::format(R"({}{{"file":{},"offset":{},"bytes":{},)", out.empty() ? "" : ",",
                       json_quote(damage.file), damage.offset, damage.bytes);
    if (damage.last >= damage.first)
      out += fmt::format(R"("first":{},"last":{},)", damage.first, damage.last);
    out += fmt::format(R"("what":{}}})", json_quote(damage.what));
  }
  return '[' + out + ']';
}

void print_json(const StoreCheck& check) {
  std::cout << fmt::format(
      R"({{"id":{},"sound":{},"opens":{},"in_use":{},"segments":{},"log_bytes":{},"frames":{},"frame_bytes":{},)"
      R"("first":{},"last":{},"checkpoints":{},"checkpoint":{},"bodies":{},"body_bytes":{},"unnamed_bodies":{},)"
      R"("queues":{},"subscriptions":{},"messages":{},"lost_sequences":{},"lost_messages":{},"damage":{},"cut":{}}})"
      "\n",
      json_quote(check.id), check.sound(), check.opens, check.in_use, check.segments, check.log_bytes,
      check.frames, check.frame_bytes, check.first, check.last, check.checkpoints, check.checkpoint,
      check.bodies, check.body_bytes, check.unnamed_bodies, check.queues, check.subscriptions, check.messages,
      check.lost_sequences(), check.lost_messages, json_of(check.damage), json_of(check.cut));
}

}  // namespace

int check_store(const StoreRequest& request) {
  Progress progress("omnibus store check");
  const auto check = omnibus::check_store(
      request.path, [&progress](std::uint64_t done, std::uint64_t total) { progress.show(done, total); });
  progress.finish();
  if (request.json) {
    print_json(check);
  } else {
    print_totals(check);
    print_found(check);
    if (check.sound()) std::cout << "sound\n";
  }
  return verdict_on(request.path, check.damage.size(), lost(check),
                    "omnibus store export writes what is sound");
}

}  // namespace omnibus::app
