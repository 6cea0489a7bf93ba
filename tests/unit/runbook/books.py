"""A small runbook to be spoilt, and the commands that it may name."""

from __future__ import annotations

from moyai.runbook.model import Runbook
from moyai.runbook.read import Loaded, read

COMMANDS = {
    ("status",): frozenset({"--site", "--output", "-o"}),
    ("deploy",): frozenset({"--site", "--jobs", "-j"}),
    ("cost", "check"): frozenset({"--output"}),
    ("upgrade",): frozenset({"--site"}),
}

BOOK = """\
---
name: small
title: { ja: 小さな手順書, en: Small }
purpose: { ja: 試す。, en: Trying. }
parameters:
  body: { type: code, description: { ja: 団体, en: body } }
  words: { type: text, required: false, description: { ja: 言葉, en: words } }
  services: { type: service, many: true, required: false, description: { ja: サービス, en: services } }
  loud: { type: flag, description: { ja: 詳しく, en: loud } }
steps:
  - id: look
    kind: check
    title: { ja: 見る, en: Look }
    run: [moyai, status, "{{ body }}", --output, json]
    expect: all $[*].code == :body
    timeout_seconds: 60
  - id: who
    kind: question
    title: { ja: だれ, en: Who }
    ask: { ja: "{{ body }} はだれ", en: "Who is {{ body }}" }
    answer: { type: text, bind: person }
    timeout_seconds: 60
  - id: act
    kind: command
    title: { ja: 行う, en: Act }
    run:
      - moyai
      - deploy
      - "{{ body }}-{{ person }}"
      - { if: loud, then: [--jobs, 1] }
      - { each: services, then: [--site, "{{ each }}"] }
      - { if: words, then: ["{{ words }}"] }
    timeout_seconds: 60
    idempotency: once
    approval: true
    undo: [back]
undo_steps:
  - id: back
    kind: command
    title: { ja: 戻す, en: Back }
    run: [moyai, deploy, "{{ body }}"]
    timeout_seconds: 60
    idempotency: safe
---
{% ja %}
はじめに {{ body }}。
{% en %}
First {{ body }}.
{% endlang %}

{{ step("look") }}
{{ step("who") }}
{{ step("act") }}

```console
$ echo {{ body | sh }}
```
"""


def loaded(text: str = BOOK) -> Loaded:
    """A runbook's text, read."""
    return read("small.md.j2", text.encode(), COMMANDS)


def book(text: str = BOOK) -> Runbook:
    """A runbook's text that has to be valid."""
    found = loaded(text)
    assert found.runbook is not None, [one.render("en") for one in found.problems]
    return found.runbook
