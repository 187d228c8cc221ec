#include <ebb/experiments/cli/main.hpp>

int main(int argc, char** argv) { return ebb::app::main(argc, argv); }
