// Every elementwise function, one per line: its struct in pointwise_list.hpp, its name and operands, its result, and
// PyTorch's and JAX's names for it. These lines generate pointwise::List, the functions of Var, of Array and of the
// operands of `fuse`, and docs/functions.md. A file that includes this one defines the four macros.
//
// clang-format off: docs/functions.sh reads one function a line
// struct, function, operands                   // result | PyTorch | JAX
EBB_BINARY(Add, operator+, a, b)                // a + b | + | +
EBB_BINARY(Sub, operator-, a, b)                // a - b | - | -
EBB_BINARY(Mul, operator*, a, b)                // a b, elementwise | * | *
EBB_BINARY(Div, operator/, a, b)                // a / b | / | /
EBB_UNARY(Neg, operator-, x)                    // -x | - | -
EBB_COMPARISON(Less, operator<, a, b)           // 1 where a < b, else 0; no gradient | < | <
EBB_COMPARISON(LessEqual, operator<=, a, b)     // 1 where a <= b, else 0; no gradient | <= | <=
EBB_COMPARISON(Greater, operator>, a, b)        // 1 where a > b, else 0; no gradient | > | >
EBB_COMPARISON(GreaterEqual, operator>=, a, b)  // 1 where a >= b, else 0; no gradient | >= | >=
EBB_BINARY(Equal, equal, a, b)                  // 1 where a == b, else 0; no gradient | eq | equal
EBB_BINARY(NotEqual, not_equal, a, b)           // 1 where a != b, else 0; no gradient | ne | not_equal
EBB_UNARY(Exp, exp, x)                          // e^x | exp | exp
EBB_UNARY(Expm1, expm1, x)                      // e^x - 1, exact near zero | expm1 | expm1
EBB_UNARY(Log, log, x)                          // natural logarithm | log | log
EBB_UNARY(Log1p, log1p, x)                      // log(1 + x), exact near zero | log1p | log1p
EBB_UNARY(Sqrt, sqrt, x)                        // square root; its derivative at zero is infinite | sqrt | sqrt
EBB_UNARY(Square, square, x)                    // x^2 | square | square
EBB_BINARY(Pow, pow, x, exponent)               // x^exponent; a negative x needs an integer exponent | pow | power
EBB_UNARY(Abs, abs, x)                          // magnitude of x; derivative zero at zero | abs | abs
EBB_UNARY(Sign, sign, x)                        // -1, 0 or 1; no gradient | sign | sign
EBB_BINARY(Min, min, a, b)                      // the lesser; if equal, a gets the gradient | minimum | minimum
EBB_BINARY(Max, max, a, b)                      // the greater; if equal, a gets the gradient | maximum | maximum
EBB_TERNARY(Clip, clip, x, low, high)           // min(max(x, low), high) | clamp | clip
EBB_TERNARY(Where, where, condition, yes, no)   // yes where the condition is not zero, else no | where | where
EBB_UNARY(Sin, sin, x)                          // sine of x radians | sin | sin
EBB_UNARY(Cos, cos, x)                          // cosine of x radians | cos | cos
EBB_UNARY(Erf, erf, x)                          // error function | erf | scipy.special.erf
EBB_UNARY(Tanh, tanh, x)                        // hyperbolic tangent | tanh | tanh
EBB_UNARY(Sigmoid, sigmoid, x)                  // 1 / (1 + e^-x) | sigmoid | nn.sigmoid
EBB_UNARY(LogSigmoid, log_sigmoid, x)           // log(sigmoid(x)) = -softplus(-x) | nn.functional.logsigmoid | nn.log_sigmoid
EBB_UNARY(Softplus, softplus, x)                // log(1 + e^x) | nn.functional.softplus | nn.softplus
EBB_UNARY(Relu, relu, x)                        // max(x, 0); derivative zero at zero | relu | nn.relu
EBB_BINARY(Elu, elu, x, alpha)                  // x if positive, else alpha (e^x - 1); alpha is 1 by default | nn.functional.elu | nn.elu
EBB_UNARY(Gelu, gelu, x)                        // x times the normal distribution function, exact | nn.functional.gelu | nn.gelu(approximate=False)
// clang-format on
#undef EBB_UNARY
#undef EBB_BINARY
#undef EBB_TERNARY
#undef EBB_COMPARISON
