# Writes C++ that registers the docstrings of cells (nn/cell_doc.hpp), from their sources, headers first: the lines of
# "///" before `struct Type`, for each EBB_CELL(name, Type, ...) and EBB_CELL_NAMED(id, "name", Type, ...). `root` is left
# out of the names of files.
BEGIN {
  print "// Written by cmake/cell_docs.awk from the docstrings of cells."
  print "#include <ebb/nn/cell_doc.hpp>\n"
}
FNR == 1 {
  block = ""
  call = ""
  file = index(FILENAME, root) == 1 ? substr(FILENAME, length(root) + 1) : FILENAME
}
/^[ \t]*\/\/\/( |$)/ {
  line = $0
  sub(/^[ \t]*\/\/\/ ?/, "", line)
  block = block line "\n"
  next
}
/^[ \t]*(struct|class) [A-Za-z_]/ {
  type = $2
  sub(/[^A-Za-z0-9_].*$/, "", type)
  if (block != "") docs[type] = block
}
{ block = "" }
/^[ \t]*EBB_CELL(_NAMED)?\(/ { call = "" ; reading = 1 }
reading {
  call = call $0
  named = call ~ /EBB_CELL_NAMED/
  n = split(call, part, ",")
  if (n > 2 + named) {
    reading = 0
    name = part[1 + named]
    type = part[2 + named]
    sub(/^.*\(/, "", name)
    gsub(/[ \t"]/, "", name)
    gsub(/[ \t]/, "", type)
    sub(/^.*::/, "", type)
    if (type in docs)
      printf "static const ebb::CellDoc ebb_cell_doc_%d{\"%s\", R\"ebbdoc(%s)ebbdoc\", \"%s\"};\n", ++count, name, docs[type],
          file
  }
}
