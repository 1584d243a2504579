#!/usr/bin/env python3
"""What the documentation points at exists: files, headings, passes, options.

usage: check-links.py ROOT TOOLS
"""
import pathlib
import re
import subprocess
import sys

ROOT, TOOLS = map(pathlib.Path, sys.argv[1:])
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Said to be missing where it is named.
PLANNED = {"mask-compile"}


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(text):
    """GitHub's anchors of the headings: lower case, no punctuation, hyphens."""
    headings = re.findall(r"^#+ (.*)$", prose(text), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(page, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists():
            yield f"no file {path}"
        elif anchor and anchor not in anchors(file.read_text()):
            yield f"no heading #{anchor} in {path or page.name}"


def missing_files(text):
    """Files named in code spans, from the root of the repository."""
    for path in re.findall(r"`((?:docs|test|tools|lib|include|bench|cmake)/[\w./@-]+)`", prose(text)):
        if not (ROOT / path).exists():
            yield f"no file {path}"


def help_of(tool):
    return subprocess.run([TOOLS / tool, "--help-hidden"], capture_output=True, text=True, check=True).stdout


def unknown_names(text, tools, opt_help):
    for name in re.findall(r"(?<![\w/.-])-{0,2}((?:convert-)?mask-[a-z][a-z0-9-]*)\b(?![./])", text):
        if name not in tools and name not in PLANNED and f"--{name}" not in opt_help:
            yield f"no tool or pass {name}"


def unknown_options(text, helps):
    """Long options in commands of our tools, in code blocks and spans."""
    for block in re.findall(r"^```(?:sh|text|)\n(.*?)^```$|`([^`\n]+)`", text, flags=re.M | re.S):
        for command in re.sub(r"\\\n", " ", "\n".join(block)).splitlines():
            tool = re.match(r"(?:\$ )?(mask-[a-z-]+) ", command)
            if not tool or tool[1] not in helps:
                continue
            for option in re.findall(r"(?<=\s)--([a-z][\w-]*)", command.split("|")[0]):
                if f"--{option}" not in helps[tool[1]]:
                    yield f"{tool[1]} has no option --{option}"


def main():
    tools = {path.name for path in (ROOT / "tools").iterdir() if path.name.startswith("mask-")} | {"mask-mlir"}
    helps = {tool: help_of(tool) for tool in ["mask-opt", "mask-explain", "mask-run", "mask-translate"]}
    failures = links = 0
    for page in PAGES:
        text = page.read_text()
        links += text.count("](")
        for problem in [*broken_links(page, text), *missing_files(text),
                        *unknown_names(text, tools, helps["mask-opt"]), *unknown_options(text, helps)]:
            print(f"{page.relative_to(ROOT)}: {problem}")
            failures += 1
    print(f"{len(PAGES)} pages, {links} links, {failures} failures")
    return 1 if failures or not links else 0


sys.exit(main())
