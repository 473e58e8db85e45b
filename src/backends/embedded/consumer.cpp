#include "backends/embedded/consumer.hpp"

#include <utility>

namespace omnibus::embedded {

ConsumerHandle::ConsumerHandle(std::shared_ptr<Engine> engine, PortPtr port)
    : engine_(std::move(engine)), port_(std::move(port)) {}

ConsumerHandle::~ConsumerHandle() {
  engine_->close(port_, [](const Error*) {});
}

void ConsumerHandle::request(std::size_t credit) { engine_->request(port_, credit); }

void ConsumerHandle::acknowledge(std::span<const driver::AckId> ids, Completion done) {
  engine_->acknowledge(port_, ids, std::move(done));
}

void ConsumerHandle::negative_acknowledge(std::span<const driver::AckId> ids, Duration delay,
                                          Completion done) {
  engine_->give_back(port_, ids, delay, std::move(done));
}

void ConsumerHandle::unsubscribe(Completion done) { engine_->unsubscribe(port_, std::move(done)); }

void ConsumerHandle::close(TimePoint, Completion done) { engine_->close(port_, std::move(done)); }

}  // namespace omnibus::embedded
