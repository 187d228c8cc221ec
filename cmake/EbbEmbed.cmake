# ebb_embed(target name file [name file...])
# Embeds each file into the target as the symbols declared in experiments/report/assets.hpp. The assembler copies the
# bytes (.incbin), because a C array of a megabyte takes seconds to compile. Missing files are skipped.
function(ebb_embed target)
  set(index 0)
  set(code "// Written by cmake/EbbEmbed.cmake.\n")
  set(files "")
  while(index LESS ARGC)
    math(EXPR index "${index} + 1")
    if(index GREATER_EQUAL ARGC)
      break()
    endif()
    set(name ${ARGV${index}})
    math(EXPR index "${index} + 1")
    set(file ${ARGV${index}})
    get_filename_component(folder ${file} DIRECTORY)
    get_filename_component(pattern ${file} NAME)
    file(GLOB found CONFIGURE_DEPENDS ${folder}/${pattern})  # reconfigures when the file appears
    if(found)
      list(APPEND files ${file})
      string(APPEND code "
asm(\".pushsection .rodata\\n\"
    \".balign 16\\n\"
    \".globl ebb_asset_${name}\\n\"
    \"ebb_asset_${name}:\\n\"
    \".incbin \\\"${file}\\\"\\n\"
    \".Lend_${name}: .byte 0\\n\"
    \".balign 8\\n\"
    \".globl ebb_asset_${name}_size\\n\"
    \"ebb_asset_${name}_size: .8byte .Lend_${name} - ebb_asset_${name}\\n\"
    \".popsection\\n\");
")
    endif()
  endwhile()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}_assets.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "${code}" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}" SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${source})
endfunction()
