#pragma once

#include <omnibus/framework/consumer.hpp>
#include <omnibus/framework/flow.hpp>
#include <omnibus/framework/processor.hpp>
#include <omnibus/framework/producer.hpp>
#include <omnibus/framework/program.hpp>
#include <omnibus/framework/publisher.hpp>
#include <omnibus/framework/request_response.hpp>
#include <omnibus/framework/subscriber.hpp>
