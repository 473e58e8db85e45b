#include "backends/embedded/record_codec.hpp"

#include <type_traits>
#include <utility>

#include "backends/embedded/message_format.hpp"

namespace omnibus::embedded {
namespace {

using std::size_t;
using std::uint64_t;

/// One list of fields per record serves writing and reading; the order is the format.
template <class Io>
void fields(Io& io, record::CreateQueue& r) {
  io(r.id, r.best_effort, r.name, r.space);
}
template <class Io>
void fields(Io& io, record::OpenProducer& r) {
  io(r.id, r.queue, r.owner, r.named, r.name);
}
template <class Io>
void fields(Io& io, record::CloseProducer& r) {
  io(r.id);
}
template <class Io>
void fields(Io& io, record::Publish& r) {
  io(r.queue, r.sequence, r.producer, r.producer_sequence, r.time, r.deliver_at, r.key_hash, r.bytes,
     r.content);
}
template <class Io>
void fields(Io& io, record::Relocate& r) {
  io(r.queue, r.sequence, r.content);
}
template <class Io>
void fields(Io& io, record::Drop& r) {
  io(r.queue, r.first, r.count);
}
template <class Io>
void fields(Io& io, record::CreateSubscription& r) {
  io(r.id, r.queue, r.next, r.lifetime, r.expiry, r.name);
}
template <class Io>
void fields(Io& io, record::RemoveSubscription& r) {
  io(r.id);
}
template <class Io>
void fields(Io& io, record::Attach& r) {
  io(r.consumer, r.subscription, r.owner, r.sharing, r.ordered_keys, r.ack_timeout);
}
template <class Io>
void fields(Io& io, record::Detach& r) {
  io(r.consumer, r.time);
}
template <class Io>
void fields(Io& io, record::Lease& r) {
  io(r.subscription, r.consumer, r.epoch, r.time, r.next, r.sequences);
}
template <class Io>
void fields(Io& io, record::Acknowledge& r) {
  io(r.subscription, r.sequences);
}
template <class Io>
void fields(Io& io, record::Return& r) {
  io(r.subscription, r.visible_at, r.sequences);
}
template <class Io>
void fields(Io& io, record::Leave& r) {
  io(r.owner, r.time);
}

class Writer {
 public:
  Writer(std::string& out, std::vector<size_t>& places) : out_(out), places_(places) {}
  template <class... Fields>
  void operator()(const Fields&... all) {
    (put(all), ...);
  }

 private:
  template <class T>
  void put(const T& value) requires std::is_integral_v<T> || std::is_enum_v<T> {
    put_number(out_, static_cast<uint64_t>(value));
  }
  void put(const std::string& text) { put_text(out_, text); }
  void put(const std::vector<Sequence>& sequences) {
    put_number(out_, sequences.size());
    Sequence before = 0;
    for (const auto sequence : sequences) put_number(out_, sequence - std::exchange(before, sequence));
  }
  void put(const Content& content) {
    put_number(out_, content.blob);
    put_number(out_, content.size);
    places_.push_back(out_.size());
    if (content.unwritten != nullptr) {
      append_message(*content.unwritten, out_);
    } else {
      out_.append(static_cast<const char*>(content.data), content.size);
    }
  }

  std::string& out_;
  std::vector<size_t>& places_;
};

class Reader {
 public:
  Reader(ByteReader& in, const FrameView& frame) : in_(in), frame_(frame) {}
  template <class... Fields>
  void operator()(Fields&... all) {
    (take(all), ...);
  }

 private:
  template <class T>
  void take(T& value) requires std::is_integral_v<T> || std::is_enum_v<T> {
    value = static_cast<T>(in_.number());
  }
  void take(std::string& text) { text = in_.text(); }
  void take(std::vector<Sequence>& sequences) {
    const auto count = in_.number();
    if (count > in_.rest().size()) throw Error(ErrorCode::corrupt, "stored list is longer than its frame");
    sequences.reserve(count);
    Sequence at = 0;
    for (uint64_t i = 0; i < count; ++i) sequences.push_back(at += in_.number());
  }
  void take(Content& content) {
    const auto blob = in_.number();
    const auto size = in_.number();
    const auto bytes = in_.take(size);
    content = content_in(frame_, static_cast<size_t>(bytes.data() - frame_.payload.data()), size, blob);
  }

  ByteReader& in_;
  const FrameView& frame_;
};

template <size_t Kind = 0>
Record read_record(size_t kind, Reader& reader) {
  if constexpr (Kind == std::variant_size_v<Record>) {
    throw Error(ErrorCode::corrupt, "stored record is of an unknown kind " + std::to_string(kind));
  } else {
    if (kind != Kind) return read_record<Kind + 1>(kind, reader);
    std::variant_alternative_t<Kind, Record> record;
    fields(reader, record);
    return record;
  }
}

}  // namespace

void encode_record(const Record& record, std::string& out, std::vector<size_t>& places) {
  out.push_back(static_cast<char>(record.index()));
  Writer writer(out, places);
  // The list of fields is shared with the reader, which writes to them; the writer does not.
  std::visit([&](const auto& r) { fields(writer, const_cast<std::remove_cvref_t<decltype(r)>&>(r)); },
             record);
}

Content content_in(const FrameView& frame, size_t at, size_t size, uint64_t blob) {
  Content content;
  content.owner = frame.pin;
  content.data = frame.payload.data() + at;
  content.size = size;
  content.segment = frame.position.segment;
  content.frame = frame.position.offset;
  content.at = static_cast<std::uint32_t>(at);
  content.blob = blob;
  return content;
}

std::vector<Record> decode_frame(const FrameView& frame) {
  std::vector<Record> records;
  decode_frame(frame, records);
  return records;
}

void decode_frame(const FrameView& frame, std::vector<Record>& records) {
  ByteReader in(frame.payload);
  Reader reader(in, frame);
  while (!in.done()) {
    const auto kind = static_cast<unsigned char>(in.take(1).front());
    records.push_back(read_record(kind, reader));
  }
}

}  // namespace omnibus::embedded
