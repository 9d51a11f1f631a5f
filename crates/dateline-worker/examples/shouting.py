#!/usr/bin/env python3
"""Marks words in capitals: an annotator in thirty lines, for `[[processor.exec]]`.

    [[processor.exec]]
    name = "shouting"
    command = ["python3", "shouting.py"]
"""
import json
import re
import sys

DESCRIPTOR = {
    "type": "descriptor", "protocol": 1, "version": 1, "about": "words in capitals", "reads": ["text"],
    "assigns": [{"name": "org.example.shouting", "schema": 1}],
    "facets": [{"name": "shouted", "kind": "integer", "about": "number of words in capitals"}],
}

for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "hello":
        shortest = request["options"].get("letters", 4)
        answer = DESCRIPTOR
    else:
        text = request["document"]["text"]
        found = []
        for word in re.finditer(r"\w+", text):
            if word.group().isupper() and len(word.group()) >= shortest:
                start = len(text[: word.start()].encode())  # offsets count bytes of UTF-8
                found.append({"start": start, "end": start + len(word.group().encode())})
        answer = {"type": "result", "id": request["id"], "layers": {"org.example.shouting": found},
                  "facets": [{"name": "shouted", "value": len(found)}]}
    print(json.dumps(answer), flush=True)
