#pragma once

/// Recognises bit-fields, which have no address and so no name that reflection could read. Not for direct
/// use. Clang 14 cannot answer the question (a binding may not stand in a requires expression) and reports
/// the bit-field itself.

#include <omnibus/schema/detail/aggregate.hpp>

namespace omnibus::schema::detail {

#if defined(__clang__)

template <class T>
constexpr bool is_addressable() {
  return true;
}

#else

void take(const volatile void*...);

template <std::size_t Count>
struct Addressable;

template <>
struct Addressable<0> {
  template <class T>
  static auto check(T&) {
    return std::true_type{};
  }
};

template <>
struct Addressable<1> {
  template <class T>
  static auto check(T& value) {
    auto& [a] = value;
    return std::bool_constant < requires { take(&a); }
    > {};
  }
};

template <>
struct Addressable<2> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b] = value;
    return std::bool_constant < requires { take(&a, &b); }
    > {};
  }
};

template <>
struct Addressable<3> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c] = value;
    return std::bool_constant < requires { take(&a, &b, &c); }
    > {};
  }
};

template <>
struct Addressable<4> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d); }
    > {};
  }
};

template <>
struct Addressable<5> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e); }
    > {};
  }
};

template <>
struct Addressable<6> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g); }
    > {};
  }
};

template <>
struct Addressable<7> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h); }
    > {};
  }
};

template <>
struct Addressable<8> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i); }
    > {};
  }
};

template <>
struct Addressable<9> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i, &j); }
    > {};
  }
};

template <>
struct Addressable<10> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k); }
    > {};
  }
};

template <>
struct Addressable<11> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l); }
    > {};
  }
};

template <>
struct Addressable<12> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m); }
    > {};
  }
};

template <>
struct Addressable<13> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n); }
    > {};
  }
};

template <>
struct Addressable<14> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o); }
    > {};
  }
};

template <>
struct Addressable<15> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p] = value;
    return std::bool_constant < requires { take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p); }
    > {};
  }
};

template <>
struct Addressable<16> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q);
    }
    > {};
  }
};

template <>
struct Addressable<17> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r);
    }
    > {};
  }
};

template <>
struct Addressable<18> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s);
    }
    > {};
  }
};

template <>
struct Addressable<19> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u);
    }
    > {};
  }
};

template <>
struct Addressable<20> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w);
    }
    > {};
  }
};

template <>
struct Addressable<21> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x);
    }
    > {};
  }
};

template <>
struct Addressable<22> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y);
    }
    > {};
  }
};

template <>
struct Addressable<23> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z);
    }
    > {};
  }
};

template <>
struct Addressable<24> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2);
    }
    > {};
  }
};

template <>
struct Addressable<25> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2);
    }
    > {};
  }
};

template <>
struct Addressable<26> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2);
    }
    > {};
  }
};

template <>
struct Addressable<27> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2);
    }
    > {};
  }
};

template <>
struct Addressable<28> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2);
    }
    > {};
  }
};

template <>
struct Addressable<29> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2] =
        value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2);
    }
    > {};
  }
};

template <>
struct Addressable<30> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2] =
        value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2);
    }
    > {};
  }
};

template <>
struct Addressable<31> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2);
    }
    > {};
  }
};

template <>
struct Addressable<32> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2);
    }
    > {};
  }
};

template <>
struct Addressable<33> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2);
    }
    > {};
  }
};

template <>
struct Addressable<34> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2, &l2);
    }
    > {};
  }
};

template <>
struct Addressable<35> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2, &l2, &m2);
    }
    > {};
  }
};

template <>
struct Addressable<36> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2, &l2, &m2, &n2);
    }
    > {};
  }
};

template <>
struct Addressable<37> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2, &l2, &m2, &n2, &o2);
    }
    > {};
  }
};

template <>
struct Addressable<38> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2, p2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2, &l2, &m2, &n2, &o2, &p2);
    }
    > {};
  }
};

template <>
struct Addressable<39> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2, p2, q2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2, &l2, &m2, &n2, &o2, &p2, &q2);
    }
    > {};
  }
};

template <>
struct Addressable<40> {
  template <class T>
  static auto check(T& value) {
    auto& [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, u, w, x, y, z, a2, b2, c2, d2, e2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2, p2, q2, r2] = value;
    return std::bool_constant < requires {
      take(&a, &b, &c, &d, &e, &g, &h, &i, &j, &k, &l, &m, &n, &o, &p, &q, &r, &s, &u, &w, &x, &y, &z, &a2,
           &b2, &c2, &d2, &e2, &g2, &h2, &i2, &j2, &k2, &l2, &m2, &n2, &o2, &p2, &q2, &r2);
    }
    > {};
  }
};

/// False when a member is a bit-field.
template <class T>
constexpr bool is_addressable() {
  return decltype(Addressable<field_count<T>>::check(std::declval<T&>()))::value;
}

#endif

}  // namespace omnibus::schema::detail
