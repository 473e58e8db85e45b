// Debian packages Boost.JSON as headers; this is the one place that compiles them into a library.
#include <boost/json/src.hpp>
