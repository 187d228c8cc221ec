# precompile OPTIONS HEADER...: compiles these headers once; `-include common.hpp` in front of many small files that include them
# saves most of their time.
precompile() {
  local options=$1; shift
  printf '#include <%s>\n' "$@" >common.hpp
  # shellcheck disable=SC2086 # several options
  "$CXX" -std=c++20 $options -x c++-header common.hpp -o common.hpp.gch
}
