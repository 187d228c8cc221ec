#pragma once
// The bridge to xtensor, and the only header with it. See the ops helper's implementation.
