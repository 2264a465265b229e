#!/usr/bin/env bash
# Follows "Adding a service" of the README to the letter, in a clean copy of the repository: its files are written, its
# commands run, its answers compared. Then builds and runs the test that tools/add-service has written.
#
#   add_service_test.sh REPOSITORY
#
# The README's commands use fixed ports, so all of this happens in a network of its own, as far as the system has any.
# shellcheck disable=SC2317  # functions called through traps
set -euo pipefail
source_tree=$1

if [[ -z ${OWN_NETWORK-} ]]; then
  for kind in --net '--net --user --map-root-user'; do
    # shellcheck disable=SC2086  # words
    if unshare $kind ip link set lo up 2>/dev/null; then
      OWN_NETWORK=yes exec unshare $kind "$0" "$source_tree"
    fi
  done
  export OWN_NETWORK=no
  echo "no network of its own: ports of this machine are used"
fi
[[ $OWN_NETWORK == no ]] || ip link set lo up

folder=$(mktemp -d "${TMPDIR:-/tmp}/portico-add-service-XXXXXX")
copy=$folder/portico
mkdir "$copy" "$folder/blocks"
declare -a running=()
clean_up() {
  for pid in "${running[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${running[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap clean_up EXIT

"$source_tree/tools/sources" | tar -C "$source_tree" -cf - -T - | tar -C "$copy" -xf -
cd "$copy"
git init -q .

fail() {
  echo "FAILED: $1" >&2
  tail -n 30 "$folder"/*.output build/demo-data/logs/portico.log >&2 2>/dev/null || true
  exit 1
}

# The section's blocks, in order: NN.LANGUAGE, and for a file NN.path, the last path in back quotes before the block.
awk -v blocks="$folder/blocks" '
  /^## / { inside = $0 == "## Adding a service" }
  !inside { next }
  /^```/ {
    if (block != "") { close(block); block = ""; next }
    base = sprintf("%s/%02d", blocks, ++count)
    block = base "." substr($0, 4)
    printf "" >block
    if (path != "") print path >(base ".path")
    next
  }
  block != "" { print >block; next }
  match($0, /`[a-z0-9_\/]+\.(proto|cc)`:$/) { path = substr($0, RSTART + 1, RLENGTH - 3) }
' README.md

# Asks until the answer is as expected, or, when none is, until there is one; a minute is enough for everything to start.
ask() {
  local command=$1 expected=$2 answer deadline=$((SECONDS + 60))
  while :; do
    # The command is the README's; a reader's shell takes it apart in the same way.
    if answer=$(curl() { command curl --noproxy '*' --silent --fail --max-time 10 "$@"; }; eval "$command"); then
      if [[ -z $expected || $answer == "$expected" ]]; then break; fi
    fi
    ((SECONDS < deadline)) || fail "$command: ${answer:-no answer}, expected ${expected:-one}"
    sleep 0.1
  done
  echo "ok: $command"
}

commands=0 answers=0 files=0
mapfile -t blocks < <(printf '%s\n' "$folder"/blocks/*.{sh,proto,cpp,json} | LC_ALL=C sort)
for ((i = 0; i < ${#blocks[@]}; ++i)); do
  block=${blocks[i]}
  case $block in
    *.proto | *.cpp)
      path=$(<"${block%.*}.path")
      [[ ! -e $path ]] || fail "$path exists already"
      mkdir -p "$(dirname "$path")"
      cp "$block" "$path"
      echo "ok: wrote $path"
      ((++files))
      ;;
    *.sh)
      mapfile -t lines <"$block"
      for ((j = 0; j < ${#lines[@]}; ++j)); do
        command=${lines[j]}
        expected=''
        if ((j + 1 == ${#lines[@]})) && [[ ${blocks[i + 1]-} == *.json ]]; then
          expected=$(<"${blocks[i + 1]}")
          ((++answers))
        fi
        ((++commands))
        case $command in
          curl\ *) ask "$command" "$expected" ;;
          # These run until they are stopped.
          tools/demo | build/release/bin/shop-*)
            $command >"$folder/$commands.output" 2>&1 &
            running+=("$!")
            # Built before anything is asked of it, which then has a minute to start.
            if [[ $command == tools/demo ]]; then
              until grep -q 'Portico answers on' "$folder/$commands.output"; do
                kill -0 "$!" 2>/dev/null || fail "$command has ended"
                sleep 0.2
              done
            fi
            echo "ok: $command runs"
            ;;
          *)
            $command >"$folder/$commands.output" 2>&1 || fail "$command: exit $?"
            echo "ok: $command"
            ;;
        esac
      done
      ;;
  esac
done
# Lest a change of the README's form leaves nothing to follow.
((commands == 7 && answers == 2 && files == 2)) ||
  fail "the section has $commands commands, $answers answers and $files files"

tools/build release services_test >"$folder/tests.output" 2>&1 || fail "services_test was not built"
build/release/bin/services_test --gtest_filter='GiftServiceTest.*' >"$folder/tests.output" 2>&1 || fail "the new test"
grep -q '\[  PASSED  \] 5 tests' "$folder/tests.output" || fail "the new test has not run whole"
tools/check --no-headers >"$folder/check.output" 2>&1 || fail "tools/check finds faults in what was written"

# Names that cannot be.
for name in Gifts class errno stdin std int gifts 'a b' '' a__b _x x_ web "$(printf 'n%.0s' {1..40})"; do
  code=0
  tools/add-service "$name" >"$folder/refused.output" 2>&1 || code=$?
  ((code == 2)) || fail "tools/add-service '$name': exit $code"
done
echo "ok: bad names are refused"
