# cmake -DOUTPUT=file.cpp -DFOLDER=folder "-DFILES=a.html|b.css" -P EmbedFiles.cmake: the files as a source that defines
# omnibus::gateway::page_files(), declared in services/gateway/page/page.hpp.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")

string(REPLACE "|" ";" names "${FILES}")
set(arrays "")
set(entries "")
foreach(name ${names})
  file(READ "${FOLDER}/${name}" hex HEX)
  file(SHA256 "${FOLDER}/${name}" hash)
  string(SUBSTRING "${hash}" 0 16 tag)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(MAKE_C_IDENTIFIER "${name}" variable)
  get_filename_component(extension "${name}" LAST_EXT)
  string(SUBSTRING "${extension}" 1 -1 extension)
  set(path "/page/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND arrays "constexpr char ${variable}[] = {${bytes}};\n")
  string(APPEND entries
    "    {\"${path}\", \"${type_${extension}}\", {${variable}, ${size}}, \"\\\"${tag}\\\"\"},\n")
endforeach()

file(WRITE "${OUTPUT}.new"
"#include \"services/gateway/page/page.hpp\"

namespace omnibus::gateway {
namespace {
${arrays}
constexpr PageFile files[] = {
${entries}};
}  // namespace

std::span<const PageFile> page_files() noexcept { return files; }

}  // namespace omnibus::gateway
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
