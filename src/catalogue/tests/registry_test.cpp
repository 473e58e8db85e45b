#include <omnibus/catalogue/registry.hpp>

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include <omnibus/catalogue/catalogue.hpp>
#include <omnibus/schema/reflect.hpp>

#include "catalogue/tests/vectors.hpp"

namespace omnibus::catalogue {
namespace {

using test::Json;

Json recorded_schemas() {
  std::ifstream in(std::string(OMNIBUS_TEST_DATA) + "/schemas.json");
  return Json::parse(in);
}

/// The descriptor in the words of schemas.json; an optional that schemas.json does not tell of is left out.
std::string describe(const schema::Type& type) {
  switch (type.kind) {
    case schema::Kind::string:
      return "str";
    case schema::Kind::integer:
      return "int";
    case schema::Kind::boolean:
      return "bool";
    case schema::Kind::number:
      return "float";
    case schema::Kind::list:
      return "list[" + describe(*type.element()) + "]";
    case schema::Kind::dict:
      return "dict[str," + describe(*type.element()) + "]";
    case schema::Kind::structure:
      return "struct:" + std::string(type.name);
    case schema::Kind::optional:
      return "optional[" + describe(*type.element()) + "]";
    default:
      return std::string(to_string(type.kind));
  }
}

TEST(Registry, HasTheFieldsOfEveryRecordedMessageInOrder) {
  const Json schemas = recorded_schemas();
  ASSERT_EQ(schemas.at("messages").size(), 74u);
  EXPECT_EQ(names().size(), 74u);
  for (const Json& message : schemas.at("messages")) {
    const std::string name = message.at("class").get<std::string>();
    SCOPED_TRACE(name);
    const schema::Type* type = find(name);
    ASSERT_NE(type, nullptr);
    ASSERT_EQ(type->fields.size(), message.at("fields").size());
    for (std::size_t i = 0; i < type->fields.size(); ++i) {
      const Json& field = message.at("fields")[i];
      EXPECT_EQ(type->fields[i].name, field.at("name").get<std::string>());
      const std::string expected = field.at("type").get<std::string>();
      const std::string actual = describe(*type->fields[i].type());
      EXPECT_TRUE(actual == expected || actual == "optional[" + expected + "]")
          << actual << " for " << expected;
      if (actual == expected) {
        EXPECT_EQ(Json::parse(type->fields[i].default_json()), field.at("default")) << field.at("name");
      }
    }
  }
}

TEST(Registry, HasTheQueueConstants) {
  const Json topics = recorded_schemas().at("topics");
  ASSERT_EQ(queues().size(), topics.size());
  for (const Queue& queue : queues()) {
    EXPECT_EQ(queue.name, topics.at(std::string(queue.constant)).at("value").get<std::string>());
  }
}

TEST(Registry, FindsTheTypeOfTheStruct) {
  EXPECT_EQ(find("TextDocument"), &schema::type_of<TextDocument>());
  EXPECT_EQ(find("textdocument"), nullptr);
  EXPECT_EQ(find(""), nullptr);
  EXPECT_TRUE(std::ranges::is_sorted(names()));
}

TEST(Registry, SuggestsTheNearestName) {
  EXPECT_EQ(suggest("TextDocumnt"), "TextDocument");
  EXPECT_EQ(suggest("xyz123xyz123"), "");
}

}  // namespace
}  // namespace omnibus::catalogue
