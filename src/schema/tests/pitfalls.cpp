// Each PITFALL is a struct that cannot be a message. CMakeLists.txt compiles this file once per number and
// looks for the sentence that tells why.
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include <omnibus/json.hpp>

namespace {

int somewhere = 0;

#if PITFALL == 0  // none: the file itself compiles
struct Message {
  int a = somewhere;
};
#elif PITFALL == 1
struct Message {
  int values[3];
  int b;
};
#elif PITFALL == 2
struct Empty {};
struct Message : Empty {
  int a;
};
#elif PITFALL == 3
struct Message {
  union {
    int a;
    float b;
  };
};
#elif PITFALL == 4
struct Message {
  int a;
  int& b = somewhere;
};
#elif PITFALL == 5
struct Message {
  int a : 3;
  int b;
};
#elif PITFALL == 6
class Message {
 public:
  explicit Message(int a) : a_(a) {}

 private:
  int a_;
};
#elif PITFALL == 7
struct Message {
  std::variant<int, float> either;
};
#elif PITFALL == 8
struct Message {
  char letter;
};
#elif PITFALL == 9
struct Message {
  const char* text;
};
#elif PITFALL == 10
struct Message {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t;
  int a2, b2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2, o2, p2, q2, r2, s2, t2;
  int one_too_many;
};
#elif PITFALL == 11
struct Message {
  std::map<int, int> keys_are_no_text;
};
#elif PITFALL == 12
struct NoDefault {
  explicit NoDefault(int) {}
};
struct Message {
  NoDefault member;
};
#elif PITFALL == 13
struct Message {
  omnibus::Raw raw;
};
#elif PITFALL == 14
struct Message {
  int a = 0;
};
#elif PITFALL == 15
enum Loose { one, two };
struct Message {
  Loose loose;
};
#endif

}  // namespace

#if PITFALL == 14
template <>
struct omnibus::schema_traits<Message> {
  static constexpr std::array<std::string_view, 1> required{"b"};
};
#endif

int main() {
  Message message;
  std::string text;
  omnibus::json::encode_to(message, text);
  omnibus::json::decode_to(text, message);
  somewhere = static_cast<int>(omnibus::schema::type_of<Message>().fields.size());
}
