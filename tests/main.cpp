// Catch2 2 compiles its runner here, once for all test programs; Catch2 3 has it as a library.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
