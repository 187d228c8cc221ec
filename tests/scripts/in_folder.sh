# in_folder.sh FOLDER SCRIPT: empties FOLDER and runs the script in it.
set -eu
rm -rf "$1"; mkdir -p "$1"; cd "$1"
exec bash "$2"
