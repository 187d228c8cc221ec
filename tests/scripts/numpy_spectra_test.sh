# The spectra of the Jacobians of every registered cell agree with numpy's, from the Jacobians that `ebb observe` exports.
# Skipped where python3 has no numpy.
set -eu
python3 -c 'import numpy' 2>error || { echo "skipped: python3 has no numpy ($(tail -1 error))"; exit 77; }
cells=$("$EBB" cells | sed '/^$/q' | grep -oE '^[a-z0-9_-]+' | paste -sd,)
case ,$cells, in *,lstm,*) ;; *) echo "no cells in: $cells"; exit 1 ;; esac
"$EBB" observe --cell "$cells" --measure jacobians --export 20 --length 20 --rows 2 --hidden 4 --seeds 1 --out run >out
"$EBB_SOURCE/tools/compare_with_numpy.py" run/jacobians-*.safetensors | tee table
[ "$(grep -c . table)" -eq "$(($(echo "$cells" | tr , '\n' | wc -l) + 2))" ]
# A file whose exponents are wrong in the sixth digit is noticed.
python3 - run/jacobians-1.safetensors wrong.safetensors <<'END'
import json, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
size = struct.unpack("<Q", data[:8])[0]
at = 8 + size + json.loads(data[8:8 + size])["exponents"]["data_offsets"][0]
data[at:at + 8] = struct.pack("<d", struct.unpack("<d", data[at:at + 8])[0] * (1 + 1e-5) + 1e-6)
open(sys.argv[2], "wb").write(data)
END
if "$EBB_SOURCE/tools/compare_with_numpy.py" wrong.safetensors >wrong; then
  echo "not noticed:"
  cat wrong
  exit 1
fi
