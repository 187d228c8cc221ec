#include <ebb/experiments/cli/main.hpp>

int main(int argc, char** argv) { return ebb::main(argc, argv); }
