#pragma once

/// Changes a std::string's size without filling the new bytes: they are about to be overwritten, and filling
/// costs as much as writing them. C++23 has resize_and_overwrite; GCC 12 offers it in C++23 mode only.

#include <algorithm>
#include <cstddef>
#include <string>

namespace omnibus::schema::detail {

#if defined(__GLIBCXX__) && _GLIBCXX_USE_CXX11_ABI

// The standard lets explicit instantiations name private members; libstdc++ keeps this one as an ABI symbol.
struct SetLength {
  using Function = void (std::string::*)(std::size_t);
  friend Function set_length_of(SetLength);
};
template <SetLength::Function Member>
struct GrantSetLength {
  friend SetLength::Function set_length_of(SetLength) { return Member; }
};
template struct GrantSetLength<&std::string::_M_set_length>;

/// Sets the size, at most the capacity; new bytes hold anything.
inline void set_size(std::string& text, std::size_t size) { (text.*set_length_of(SetLength{}))(size); }

#else

inline void set_size(std::string& text, std::size_t size) { text.resize(size); }

#endif

/// Makes the size the whole capacity, at least `least`; doubles the capacity when it is short.
inline void grow_uninitialised(std::string& text, std::size_t least) {
  if (text.capacity() < least) text.reserve(std::max(least, 2 * text.capacity()));
  set_size(text, text.capacity());
}

}  // namespace omnibus::schema::detail
