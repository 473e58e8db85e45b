#pragma once

/// Gives names to the members of an aggregate: bind(value, visit) calls visit(member...) in declaration
/// order. Not for direct use. A structured binding needs its number of names written out, hence one
/// specialisation per count.

#include <omnibus/schema/detail/aggregate.hpp>

namespace omnibus::schema::detail {

template <std::size_t Count>
struct Binder;

template <>
struct Binder<0> {
  template <class T, class F>
  static constexpr decltype(auto) call(T&, F&& visit) {
    return visit();
  }
};

template <>
struct Binder<1> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a] = value;
    return visit(a);
  }
};

template <>
struct Binder<2> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b] = value;
    return visit(a, b);
  }
};

template <>
struct Binder<3> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c] = value;
    return visit(a, b, c);
  }
};

template <>
struct Binder<4> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d] = value;
    return visit(a, b, c, d);
  }
};

template <>
struct Binder<5> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e] = value;
    return visit(a, b, c, d, e);
  }
};

template <>
struct Binder<6> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g] = value;
    return visit(a, b, c, d, e, g);
  }
};

template <>
struct Binder<7> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h] = value;
    return visit(a, b, c, d, e, g, h);
  }
};

template <>
struct Binder<8> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i] = value;
    return visit(a, b, c, d, e, g, h, i);
  }
};

template <>
struct Binder<9> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j] = value;
    return visit(a, b, c, d, e, g, h, i, j);
  }
};

template <>
struct Binder<10> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k] = value;
    return visit(a, b, c, d, e, g, h, i, j, k);
  }
};

template <>
struct Binder<11> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l);
  }
};

template <>
struct Binder<12> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m);
  }
};

template <>
struct Binder<13> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n);
  }
};

template <>
struct Binder<14> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o);
  }
};

template <>
struct Binder<15> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p);
  }
};

template <>
struct Binder<16> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q);
  }
};

template <>
struct Binder<17> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r);
  }
};

template <>
struct Binder<18> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s);
  }
};

template <>
struct Binder<19> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u);
  }
};

template <>
struct Binder<20> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w);
  }
};

template <>
struct Binder<21> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x);
  }
};

template <>
struct Binder<22> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y);
  }
};

template <>
struct Binder<23> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z);
  }
};

template <>
struct Binder<24> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2);
  }
};

template <>
struct Binder<25> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2);
  }
};

template <>
struct Binder<26> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2);
  }
};

template <>
struct Binder<27> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2);
  }
};

template <>
struct Binder<28> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2);
  }
};

template <>
struct Binder<29> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2] =
        value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2);
  }
};

template <>
struct Binder<30> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2] =
        value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2);
  }
};

template <>
struct Binder<31> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2);
  }
};

template <>
struct Binder<32> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2);
  }
};

template <>
struct Binder<33> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2);
  }
};

template <>
struct Binder<34> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2, l2);
  }
};

template <>
struct Binder<35> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2, l2, m2);
  }
};

template <>
struct Binder<36> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2, l2, m2, n2);
  }
};

template <>
struct Binder<37> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2, l2, m2, n2, o2);
  }
};

template <>
struct Binder<38> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2, p2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2, l2, m2, n2, o2, p2);
  }
};

template <>
struct Binder<39> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2, p2, q2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2, l2, m2, n2, o2, p2, q2);
  }
};

template <>
struct Binder<40> {
  template <class T, class F>
  static constexpr decltype(auto) call(T& value, F&& visit) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2, p2, q2, r2] = value;
    return visit(a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2,
                 h2, i2, j2, k2, l2, m2, n2, o2, p2, q2, r2);
  }
};

template <class T, class F>
constexpr decltype(auto) bind(T& value, F&& visit) {
  return Binder<field_count<std::remove_const_t<T>>>::call(value, visit);
}

}  // namespace omnibus::schema::detail
