#pragma once

/// What stands between these marks is what the shared library exports; everything else in it is hidden.
/// Without OMNIBUS_SHARED, which the package of a shared build defines for its users, they mean nothing. A
/// header that declares a function or a class defined in a source has them around all of it but its includes.

#if defined(OMNIBUS_SHARED)
#define OMNIBUS_EXPORT_BEGIN _Pragma("GCC visibility push(default)")
#define OMNIBUS_EXPORT_END _Pragma("GCC visibility pop")
#else
#define OMNIBUS_EXPORT_BEGIN
#define OMNIBUS_EXPORT_END
#endif
