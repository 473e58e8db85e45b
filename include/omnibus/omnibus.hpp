#pragma once

/// The whole public API but for the framework (omnibus/framework/framework.hpp), the message catalogue
/// (omnibus/catalogue/catalogue.hpp) and coroutine handlers (omnibus/coro.hpp).

#include <omnibus/bus.hpp>
#include <omnibus/consumer.hpp>
#include <omnibus/error.hpp>
#include <omnibus/inline_consumer.hpp>
#include <omnibus/log.hpp>
#include <omnibus/message.hpp>
#include <omnibus/metrics.hpp>
#include <omnibus/options.hpp>
#include <omnibus/producer.hpp>
#include <omnibus/properties.hpp>
#include <omnibus/queue_name.hpp>
#include <omnibus/raw.hpp>
#include <omnibus/settings.hpp>
#include <omnibus/time.hpp>
#include <omnibus/transaction.hpp>
#include <omnibus/version.hpp>
