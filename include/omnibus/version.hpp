#pragma once

/// The version of this library, major.minor.patch. CMake reads it from here.
#define OMNIBUS_VERSION "0.1.0"
