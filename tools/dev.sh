#!/usr/bin/env bash
# The one entry point for developers: builds, tests, shows and measures.
# `tools/dev.sh --help` lists the commands.
set -euo pipefail

readonly LLVM_MAJOR=22
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
BUILD="${MASK_BUILD_DIR:-$ROOT/build}"
RESULTS="$BUILD/test-results"
# CMake options of this build that are not its usual ones.
EXTRA_OPTIONS=()
# The tests that run mask-opt.
readonly ROUNDTRIP_DIRECTORIES=(IR Transforms Conversion Pipelines)
# How many masks of real systems there are: one that is lost is a failure.
readonly GOLDENS=540

usage() {
  cat <<EOF
usage: tools/dev.sh COMMAND

  build            install what is missing (Debian 12), configure and build
  test             build, then run every test; ends with "N passed, N failed";
                   fetches ptxas and nvdisasm from PyPI into the build directory
  test --all       more of what tests sample: every mask from every kind of code, random
                   cases by the ten thousand; takes hours
  test --sanitize  the suite under AddressSanitizer and UndefinedBehaviorSanitizer, in a
                   build directory of its own
  demo             the project in a few screens, computed while you watch
  bench [OPTION..] attention timings: mask bounds against plainer loops
  bench --peers [FILTER..]
                   against PyTorch, FlexAttention and ONNX Runtime, which are
                   fetched from PyPI into the build directory (some GB)
  format [--check] clang-format over the C++ sources
  tidy [FILE...]   clang-tidy over FILEs, or over what differs from main;
                   --all: over everything
  docs             regenerate docs/Ops.md and docs/Passes.md
  clean            remove the build directory

environment:
  MLIR_DIR         cmake directory of any MLIR $LLVM_MAJOR.1 (nothing is installed then)
  MASK_BUILD_DIR   build directory (default: build)
  JOBS             parallel jobs (default: all processors)

Root or sudo is used only to install missing packages. Without either, build
against an MLIR $LLVM_MAJOR.1 of your own:

  cmake -S . -B build -G Ninja -DMLIR_DIR=/path/to/lib/cmake/mlir
  ninja -C build check-mask
EOF
}

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() { printf 'dev.sh: %s\n' "$*" >&2; exit 1; }
jobs_count() { echo "${JOBS:-$(nproc)}"; }

#===----------------------------------------------------------------------===#
# Toolchain
#===----------------------------------------------------------------------===#

# What a build and a test run need, as "probe package": a command on the PATH
# or a file.
required_packages() {
  cat <<EOF
cmake cmake
ninja ninja-build
git git
python3 python3
/usr/lib/python3/dist-packages/numpy python3-numpy
clang++-$LLVM_MAJOR clang-$LLVM_MAJOR
clang-format-$LLVM_MAJOR clang-format-$LLVM_MAJOR
clang-tidy-$LLVM_MAJOR clang-tidy-$LLVM_MAJOR
/usr/lib/llvm-$LLVM_MAJOR/bin/ld.lld lld-$LLVM_MAJOR
/usr/lib/llvm-$LLVM_MAJOR/lib/cmake/llvm/LLVMConfig.cmake llvm-$LLVM_MAJOR-dev
/usr/lib/llvm-$LLVM_MAJOR/bin/FileCheck llvm-$LLVM_MAJOR-tools
/usr/lib/llvm-$LLVM_MAJOR/lib/cmake/mlir/MLIRConfig.cmake libmlir-$LLVM_MAJOR-dev
/usr/lib/llvm-$LLVM_MAJOR/bin/mlir-opt mlir-$LLVM_MAJOR-tools
/usr/lib/llvm-$LLVM_MAJOR/lib/libomp.so libomp-$LLVM_MAJOR-dev
/usr/include/gtest/gtest.h libgtest-dev
/usr/include/vulkan/vulkan.h libvulkan-dev
/usr/share/vulkan/icd.d mesa-vulkan-drivers
spirv-val spirv-tools
EOF
}

missing_packages() {
  local probe package
  while read -r probe package; do
    if [[ $probe == /* ]]; then
      [[ -e $probe ]] || echo "$package"
    else
      command -v "$probe" >/dev/null || echo "$package"
    fi
  done < <(required_packages)
}

install_packages() {
  local hint="set MLIR_DIR to an MLIR $LLVM_MAJOR.1 of your own:
  cmake -S . -B build -G Ninja -DMLIR_DIR=/path/to/lib/cmake/mlir && ninja -C build check-mask"
  command -v apt-get >/dev/null ||
    die "missing packages: $* (this is not Debian); install them, or $hint"
  # A mirror may be busy for a moment.
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3)
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null ||
      die "missing packages: $* (no root, no sudo); have them installed, or $hint"
    apt=(sudo "${apt[@]}")
  fi
  say "installing $*"
  # An archive that cannot be reached may be one that is not needed.
  "${apt[@]}" update || true
  "${apt[@]}" install -y --no-install-recommends "$@" ccache ||
    die "apt-get could not install $*
LLVM $LLVM_MAJOR is in Debian 12's security archive. Is that reachable, and one of apt's sources?
  deb http://deb.debian.org/debian-security bookworm-security main
Otherwise $hint"
}

ensure_toolchain() {
  [[ -z ${MLIR_DIR:-} ]] || return 0
  local missing
  mapfile -t missing < <(missing_packages)
  [[ ${#missing[@]} == 0 ]] || install_packages "${missing[@]}"
}

#===----------------------------------------------------------------------===#
# Build
#===----------------------------------------------------------------------===#

configure() {
  local options=(-DCMAKE_BUILD_TYPE=Release
    -DMLIR_DIR="${MLIR_DIR:-/usr/lib/llvm-$LLVM_MAJOR/lib/cmake/mlir}")
  # The compiler and linker of the same release, where they are there.
  if command -v clang++-$LLVM_MAJOR >/dev/null; then
    options+=("-DCMAKE_C_COMPILER=clang-$LLVM_MAJOR"
      "-DCMAKE_CXX_COMPILER=clang++-$LLVM_MAJOR")
    [[ ! -e /usr/lib/llvm-$LLVM_MAJOR/bin/ld.lld ]] ||
      options+=(-DLLVM_USE_LINKER=lld)
  fi
  options+=(-DMASK_PRECOMPILED_HEADERS=ON)
  # Without this ccache caches nothing that uses a precompiled header.
  options+=(${EXTRA_OPTIONS[@]+"${EXTRA_OPTIONS[@]}"})
  ! command -v ccache >/dev/null ||
    options+=("-DCMAKE_CXX_COMPILER_LAUNCHER=env;CCACHE_SLOPPINESS=pch_defines,time_macros;ccache")
  say "configuring $BUILD"
  cmake -S "$ROOT" -B "$BUILD" -G Ninja "${options[@]}"
}

# build [TARGET...]: everything but the unit tests, or TARGETs.
build() {
  ensure_toolchain
  [[ -e $BUILD/build.ninja ]] || configure
  say "building with $(jobs_count) jobs"
  cmake --build "$BUILD" -j "$(jobs_count)" --target "${@:-all}"
}

#===----------------------------------------------------------------------===#
# Tests
#===----------------------------------------------------------------------===#

passed=0
failed=0

# count PASSED FAILED: adds to the totals.
count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# phase NAME COMMAND...: runs COMMAND, which must not abort the run, and says
# how long it took.
phase() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@"
  echo "    $name: $((SECONDS - start)) s"
}

cache_value() { sed -n "s/^$1:[A-Z]*=//p" "$BUILD/CMakeCache.txt"; }

# run_lit NAME SUITES ARGUMENT...: counts every test of the run, which has tests
# of each of SUITES.
run_lit() {
  local name=$1 suites=$2 result="$RESULTS/$1.json" lit code=0 ran bad
  shift 2
  lit=$(cache_value LLVM_EXTERNAL_LIT)
  rm -f "$result"
  [[ -t 1 ]] || set -- --no-progress-bar "$@"
  "$lit" -sv -j "$(jobs_count)" --output "$result" "$@" || code=$?
  # shellcheck disable=SC2086 # one word a suite
  read -r ran bad < <(python3 "$ROOT/tools/count-tests.py" "$result" $suites || echo 0 1)
  # What lit itself finds wrong is no test's failure.
  [[ $code == 0 || $bad != 0 ]] || bad=1
  count "$ran" "$bad"
  echo "    $name: $ran passed, $bad failed"
}

# run_goldens OPTION..: the masks that real systems produced, from code made with
# OPTIONS of mask-run.
run_goldens() {
  local name="$*" log code=0 line ran=0 bad=0
  log="$RESULTS/goldens${name// /}.txt"
  "$BUILD/bin/mask-run" --cases="$ROOT/test/goldens" "$@" >"$log" 2>&1 || code=$?
  if [[ $code == 77 ]]; then
    echo "    not run: $(tail -n 1 "$log")"
    return
  fi
  line=$(tail -n 1 "$log")
  if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    ran=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
  fi
  if [[ $((ran + bad)) != "$GOLDENS" || ($code != 0 && $bad == 0) ]]; then
    echo "    $((ran + bad)) of $GOLDENS masks were tested, and mask-run ended with $code"
    bad=$((bad + 1))
  fi
  [[ $bad == 0 ]] || tail -n 30 "$log"
  count "$ran" "$bad"
  echo "    goldens ($name): $line"
}

# One more test: COMMAND's exit code.
run_check() {
  if "$@"; then count 1 0; else count 0 1; fi
}

# Ends every test run, however it ended: the last line says how many tests passed
# and failed. What keeps the run from its end (no toolchain, an error of the build)
# is one more failure.
completed=false
report() {
  local code=$?
  $completed || count 0 1
  echo "$passed passed, $failed failed"
  [[ $code == 0 && $failed == 0 && $passed != 0 ]] || exit 1
}

# NVIDIA's assembler and disassembler, at the versions of test/GPU/requirements.txt, for tests
# of assembled kernels. These are unsupported without.
ensure_nvidia_tools() {
  local wanted="$ROOT/test/GPU/requirements.txt" have="$BUILD/nvidia/requirements.txt"
  ! cmp -s "$wanted" "$have" || return 0
  say "fetching ptxas and nvdisasm into $BUILD/nvidia"
  if python3 -m venv "$BUILD/nvidia" &&
    "$BUILD/nvidia/bin/pip" install -q --no-deps --retries 1 --timeout 20 -r "$wanted"; then
    cp "$wanted" "$have"
  else
    echo "    they could not be fetched from PyPI: tests that need them are unsupported,"
    echo "    unless a CUDA toolkit is installed"
  fi
}

# run_tests [--all]
run_tests() {
  local suite="$BUILD/test" target sampled=()
  [[ ${1:-} != --all ]] || sampled=(--param all=1)
  trap report EXIT
  build all MaskUnitTests
  ensure_nvidia_tools
  mkdir -p "$RESULTS"
  phase "lit suite" run_lit suite mask ${sampled[@]+"${sampled[@]}"} \
    --filter-out='^mask-unit ::' "$suite"
  phase "unit tests" run_lit units mask-unit ${sampled[@]+"${sampled[@]}"} "$suite/Unit"
  phase "lit again, each mask-opt verifying its round trip" \
    run_lit roundtrip mask --param verify_roundtrip=1 \
    "${ROUNDTRIP_DIRECTORIES[@]/#/$suite/}"
  for target in interpreter cpu; do
    phase "goldens on target $target" run_goldens --target="$target"
  done
  phase "clang-format" run_check format --check
  phase "clang-tidy on what changed" run_check tidy
  [[ ${1:-} != --all ]] || run_long_tests
  completed=true
}

run_long_tests() {
  local options
  for options in --dtype=bf16 --dtype=f16 --dtype=f64 --static \
    "--dtype=bf16 --emulate-bf16=pairs" "--dtype=bf16 --emulate-bf16=amx" \
    --target=vulkan "--target=vulkan --dtype=f16" --target=simt-emulation \
    "--target=simt-emulation --stage=nvvm" \
    "--target=simt-emulation --emitter=tensor-core --dtype=bf16" \
    "--target=simt-emulation --emitter=tensor-core --dtype=f16 --stage=nvvm"; do
    # shellcheck disable=SC2086 # one word an option
    phase "goldens, $options" run_goldens $options
  done
  phase "enumerations" run_exhaustive MaskIRTests MaskAnalysisTests MaskConversionTests
  phase "100,000 random compositions" run_random MaskAnalysisTests 100000 \
    RandomLaws.Deep TreeLaws.Wide RowChangesTest.Random HeadTiles.RandomCompositions
  phase "10,000 random attentions" run_random MaskRunTests 10000 RandomAttention.Compiled
  phase "1,000 random attentions in emulated pairs and tiles" run_random MaskRunTests 1000 \
    RandomAttention.InEmulatedPairs RandomAttention.InEmulatedTiles
}

# run_exhaustive PROGRAM..: unit tests without samples.
run_exhaustive() {
  local program
  for program in "$@"; do
    run_check "$BUILD/test/Unit/$program" --gtest_brief=1 --exhaustive
  done
}

# run_random PROGRAM COUNT TEST..: unit tests with COUNT random cases each.
run_random() {
  local program=$1 number=$2 name
  shift 2
  for name in "$@"; do
    run_check run_one_test "$BUILD/test/Unit/$program" "$name" --count="$number"
  done
}

# run_one_test PROGRAM TEST OPTION..: to googletest a filter that names no test is fine.
run_one_test() {
  local program=$1 name=$2 output
  shift 2
  output=$("$program" --gtest_brief=1 --gtest_filter="$name" "$@" 2>&1) &&
    [[ $output == *"PASSED  ] 1 test."* ]] && return
  printf '%s\n    %s did not pass\n' "$output" "$name"
  return 1
}

# The tools and the unit tests with sanitizers. MLIR has none: what crosses into it
# (containers and allocators that both sides use, what it never frees) is not looked at.
run_sanitized_tests() {
  trap report EXIT
  BUILD="$BUILD-sanitize"
  RESULTS="$BUILD/test-results"
  EXTRA_OPTIONS=("-DLLVM_USE_SANITIZER=Address;Undefined")
  [[ -n ${MLIR_DIR:-} || -e $(sanitizer_runtime) ]] ||
    install_packages "libclang-rt-$LLVM_MAJOR-dev"
  export ASAN_OPTIONS="detect_container_overflow=0:allow_user_poisoning=0:detect_leaks=0"
  export UBSAN_OPTIONS="print_stacktrace=1"
  build all MaskUnitTests
  mkdir -p "$RESULTS"
  phase "lit suite and unit tests, sanitized" \
    run_lit sanitized "mask mask-unit" --param sanitize=1 "$BUILD/test"
  completed=true
}

sanitizer_runtime() {
  echo "/usr/lib/llvm-$LLVM_MAJOR/lib/clang/$LLVM_MAJOR/lib/linux/libclang_rt.asan-$(uname -m).a"
}

#===----------------------------------------------------------------------===#
# Sources
#===----------------------------------------------------------------------===#

cxx_sources() { git -C "$ROOT" ls-files '*.cpp' '*.h'; }

format() {
  local mode=(-i)
  [[ ${1:-} != --check ]] || mode=(--dry-run -Werror)
  (cd "$ROOT" && cxx_sources | xargs clang-format-$LLVM_MAJOR "${mode[@]}")
}

# Sources that differ from main, or, on main, from the commit before.
changed_sources() {
  local base
  base=$(git -C "$ROOT" merge-base HEAD origin/main 2>/dev/null ||
    git -C "$ROOT" merge-base HEAD main 2>/dev/null || true)
  if [[ -z $base || $base == $(git -C "$ROOT" rev-parse HEAD) ]]; then
    base=$(git -C "$ROOT" rev-parse --verify -q HEAD~1 || true)
  fi
  [[ -n $base ]] || return 0
  git -C "$ROOT" diff --name-only --diff-filter=d "$base" -- '*.cpp'
}

tidy() {
  local files=("$@")
  if [[ ${1:-} == --all ]]; then
    mapfile -t files < <(git -C "$ROOT" ls-files '*.cpp')
  elif [[ ${#files[@]} == 0 ]]; then
    mapfile -t files < <(changed_sources)
  fi
  [[ ${#files[@]} != 0 ]] || { echo "    no C++ file changed"; return 0; }
  echo "    ${#files[@]} files"
  (cd "$ROOT" && printf '%s\n' "${files[@]}" |
    xargs -P "$(jobs_count)" -n 1 clang-tidy-$LLVM_MAJOR --quiet \
      --warnings-as-errors='*' -p "$BUILD")
}

# What attention is compared with, at the versions of bench/peers/requirements.txt.
ensure_peers() {
  local wanted="$ROOT/bench/peers/requirements.txt" have="$BUILD/peers/requirements.txt"
  ! cmp -s "$wanted" "$have" || return 0
  say "fetching peers into $BUILD/peers"
  python3 -m venv "$BUILD/peers" && "$BUILD/peers/bin/pip" install -q -r "$wanted" ||
    die "the peers could not be fetched from PyPI"
  cp "$wanted" "$have"
}

docs() {
  build
  say "regenerating docs"
  cmake --build "$BUILD" --target mask-docs
}

#===----------------------------------------------------------------------===#
# Commands
#===----------------------------------------------------------------------===#

main() {
  local command=${1:---help}
  shift || true
  case $command in
  build) build ;;
  test)
    case ${1:-} in
    "" | --all) run_tests "$@" ;;
    --sanitize) run_sanitized_tests ;;
    *) die "test takes --all, --sanitize or nothing, got '$1'" ;;
    esac
    ;;
  demo) build && exec python3 "$ROOT/tools/demo.py" "$BUILD" ;;
  bench)
    build
    if [[ ${1:-} == --peers ]]; then
      shift
      ensure_peers
      exec "$BUILD/peers/bin/python3" "$ROOT/bench/peers" "$BUILD" "$@"
    fi
    exec python3 "$ROOT/bench/bench.py" "$BUILD" "$@"
    ;;
  format) ensure_toolchain && format "$@" ;;
  tidy) build && tidy "$@" ;;
  docs) docs ;;
  clean) rm -rf "$BUILD" ;;
  -h | --help | help) usage ;;
  *) usage >&2; die "unknown command '$command'" ;;
  esac
}

main "$@"
