# SPDX-License-Identifier: Apache-2.0
"""What a page shows as code, block by block, and what is to be done with each.

A block is indented by four blanks, or fenced. A comment above it, which no reader sees, says what
the test does with it. One without is a failure, and never run: it might install something.

    <!-- test: run -->                  run it in the shell of the page; it has to succeed
    <!-- test: run, says TEXT -->       and TEXT is in what it prints: the way to show a refusal
    <!-- test: run, needs js -->        skipped where there is no Node with the SDK; js-module: with
                                        the test module of docker/testcontainers
    <!-- test: before: COMMAND -->      run COMMAND first; another comment may follow
    <!-- test: then: COMMAND -->        run COMMAND afterwards; another comment may follow
    <!-- test: answer -->               the block before this one prints this
    <!-- test: file NAME -->            written to NAME, for the blocks that follow
    <!-- test: json -->                 has the form of JSON, with `…` and <names> in it
    <!-- test: part of FILE -->         its lines are in FILE of the sources, in this order
    <!-- test: named -->                what it calls is there: programs of the sources, goals of make
    <!-- test: not run: REASON -->      cannot run here, and why
"""

import re
from dataclasses import dataclass, field

COMMENT = re.compile(r"<!-- test: (.*) -->")
FENCE = re.compile(r"(`{3,}|~{3,})\s*([^\s`]*)")
LIST = re.compile(r"\s*([-*+]|\d+[.)])\s")


class Complaint(Exception):
    """A page does not say what is to be done, or not so that it can be done."""


@dataclass
class Block:
    page: str
    line: int  # of its first line
    language: str
    text: str
    verdict: str = ""
    argument: str = ""
    says: list = field(default_factory=list)
    needs: list = field(default_factory=list)
    before: list = field(default_factory=list)
    then: list = field(default_factory=list)

    @property
    def where(self):
        return f"{self.page}:{self.line}"


def split_page(lines):
    """Yields (comments, first line, language, text) of each block."""
    comments, at, follows_text, in_list = [], 0, False, False
    while at < len(lines):
        line = lines[at]
        if comment := COMMENT.fullmatch(line.strip()):
            comments.append((at + 1, comment[1]))
            at, follows_text, in_list = at + 1, False, False
        elif fence := FENCE.match(line):
            end = at + 1
            while end < len(lines) and lines[end].strip() != fence[1]:
                end += 1
            if end == len(lines):
                raise Complaint(f"line {at + 1}: the fence is not closed")
            yield comments, at + 2, fence[2] or "text", lines[at + 1 : end]
            comments, at, follows_text = [], end + 1, False
        elif line.startswith("    ") and line.strip() and not follows_text and not in_list:
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            yield comments, at + 1, "", [one[4:] for one in lines[at:end]]
            comments, at = [], end
        else:
            if line.strip():
                in_list = bool(LIST.match(line)) or (in_list and line.startswith(" "))
                if comments:
                    raise Complaint(f"line {comments[0][0]}: no block follows this comment")
            follows_text = bool(line.strip())
            at += 1
    if comments:
        raise Complaint(f"line {comments[0][0]}: no block follows this comment")


def read_run(block, words):
    for word in filter(None, (word.strip() for word in words.split(","))):
        kind, _, value = word.partition(" ")
        if kind not in ("says", "needs") or not value:
            raise Complaint(f"{block.where}: what is '{word}'?")
        getattr(block, kind).append(value.strip())


def judge(block, comments):
    """Takes the comments of a block apart."""
    for _, comment in comments:
        if step := re.fullmatch(r"(before|then): (.+)", comment):
            getattr(block, step[1]).append(step[2])
            continue
        if block.verdict:
            raise Complaint(f"{block.where}: two verdicts")
        if shape := re.fullmatch(r"(run|answer)(?:, (.+))?", comment):
            block.verdict = shape[1]
            read_run(block, shape[2] or "")
        elif shape := re.fullmatch(r"(json|named)", comment):
            block.verdict = shape[1]
        elif shape := re.fullmatch(r"(file|part of|not run:) ([^,]+)((?:, .*)?)", comment):
            block.verdict, block.argument = shape[1].rstrip(":"), shape[2] + (
                shape[3] if shape[1] == "not run:" else ""
            )
            if shape[1] != "not run:":
                read_run(block, shape[3])
        else:
            raise Complaint(f"{block.where}: '{comment}' says nothing that the test knows")
    if not block.verdict:
        raise Complaint(f"{block.where}: no comment says what is to be done with this block")
    return block


def read_page(name, text):
    """The blocks of a page, each with its verdict."""
    blocks = []
    try:
        for comments, line, language, lines in split_page(text.splitlines()):
            body = "\n".join(lines).rstrip() + "\n"
            blocks.append(judge(Block(name, line, language, body), comments))
    except Complaint as complaint:
        text = str(complaint)
        raise Complaint(text if text.startswith(name) else f"{name}, {text}") from None
    return blocks
