#pragma once
// Included by gradcheck.hpp.
