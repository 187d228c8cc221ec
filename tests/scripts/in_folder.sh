# in_folder.sh FOLDER SCRIPT: runs the script in FOLDER, made empty.
set -eu
rm -rf "$1"; mkdir -p "$1"; cd "$1"
exec bash "$2"
