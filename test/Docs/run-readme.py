#!/usr/bin/env python3
"""What the README shows is what the tools do: the command with its output, the
commands of the tools, and the IR before and after.

usage: run-readme.py README TOOLS SCRATCH MLIR_OPT
"""
import pathlib
import re
import shutil
import subprocess
import sys

README, TOOLS, SCRATCH, MLIR_OPT = map(pathlib.Path, sys.argv[1:])
TEXT = README.read_text()
TENSOR = "tensor<?x?x?x?xf32>"


def run(command, **options):
    result = subprocess.run(["bash", "-e", "-c", command], cwd=SCRATCH, capture_output=True, text=True, **options)
    return result.returncode, result.stdout, result.stderr


def shown_output():
    """A text block that begins with a command is what it prints."""
    block = re.search(r"^```text\n\$ ((?:[^\n]*\\\n)*[^\n]*)\n(.*?)^```$", TEXT, flags=re.M | re.S)
    code, output, error = run(f"PATH={TOOLS}:$PATH; {block[1]}")
    assert code == 0 and output == block[2], (output, error)


def shown_commands():
    """Every command of the tools runs; 1 is the exit code of a difference."""
    block = re.search(r"^```sh\n(export PATH=.*?)^```$", TEXT, flags=re.M | re.S)[1]
    commands = re.sub(r"\\\n", "", block).splitlines()
    setup, commands = commands[0], [re.sub(r"  +#.*", "", line) for line in commands[1:]]
    # All of the goldens take minutes, and have a run of their own.
    commands.remove("mask-run --cases=test/goldens")
    for command in commands:
        code, output, error = run(f"{setup}; {command.replace('mlir-opt-22', str(MLIR_OPT))}")
        assert code == (1 if "--against" in command else 0), (command, code, error)
        assert output or "-o " in command, command
    print(len(commands), "commands ran")


def specialised(window, prompt, sizes):
    """The bodies of a model of one sliding layer, under the README's policy."""
    policy = re.search(r"^```mlir\n(mask\.policy .*?)^```$", TEXT, flags=re.M | re.S)[1]
    q = f"tensor<{sizes}xf32>"
    return f"""{policy}
func.func private @layer(%q: {TENSOR}, %k: {TENSOR}, %v: {TENSOR}, %out: {TENSOR}, %m: !mask.predicate) -> {TENSOR} {{
  %o = mask.attention ins(%q, %k, %v : {TENSOR}, {TENSOR}, {TENSOR}) outs(%out : {TENSOR}) mask(%m) -> {TENSOR}
  return %o : {TENSOR}
}}
func.func @model(%types: tensor<?x?xi8>, %y: {q}, %out: {TENSOR}) -> {TENSOR} {{
  %x = tensor.cast %y : {q} to {TENSOR}
  %w = arith.constant {window} : index
  {prompt}
  %m = mask.of_layer @gemma "sliding_attention"(%t, %w) : tensor<?x?xi8>, index
  %0 = call @layer(%x, %x, %x, %out, %m) : ({TENSOR}, {TENSOR}, {TENSOR}, {TENSOR}, !mask.predicate) -> {TENSOR}
  return %0 : {TENSOR}
}}
"""


def opt(text, *options):
    result = subprocess.run([TOOLS / "mask-opt", *options], input=text, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


LOOPS = ("builtin.module(one-shot-bufferize{bufferize-function-boundaries "
         "function-boundary-type-conversion=identity-layout-map},canonicalize,"
         "func.func(convert-mask-to-tiles),canonicalize,cse)")


def before_and_after():
    after, loops = re.findall(r"^```mlir\n(%.*?)^```$", TEXT, flags=re.M | re.S)
    images = "%t = tensor.cast %types : tensor<?x?xi8> to tensor<?x?xi8>"
    made = opt(specialised(1024, images, "?x?x?x?"), "--mask-specialize-layers")
    for line in after.splitlines()[1:]:
        assert line.strip() in made, line
    tiles = opt(made, f"--pass-pipeline={LOOPS}", "--mlir-print-local-scope")
    for line in re.findall(r"affine\.max affine_map<.*?>", loops):
        assert line in tiles, line
    assert re.search(r"mask\.tile_for ?\[%\w+, %\w+, %\w+, %\w+\] step 64 \{", tiles)
    text = "%t = mask.absent : tensor<?x?xi8>"
    assert "= mask.window left 1023 right 0\n" in opt(specialised(1024, text, "?x?x?x?"), "--mask-specialize-layers")
    assert "= mask.causal\n" in opt(specialised(1024, text, "1x4x16x8"), "--mask-specialize-layers")


shutil.rmtree(SCRATCH, ignore_errors=True)
SCRATCH.mkdir(parents=True)
(SCRATCH / "test").symlink_to(README.resolve().parent / "test")
(SCRATCH / "build").symlink_to(TOOLS.resolve().parent)
shown_output()
shown_commands()
before_and_after()
