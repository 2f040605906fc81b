"""The model on loopback: a table of counts, asked by POST at any path, and by GET whether it is ready.

It stands for any server of models. Questions are {"instances": [[months], …]}, the `inputs` of the Open
Inference Protocol, or CSV with one number of months a line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Score = Callable[[float], float]


def read_model(path: Path) -> Score:
    """The share of customers who left, of the band that a number of months is in."""
    bands = json.loads(path.read_text("utf-8"))["bands"]

    def score(months: float) -> float:
        band = [each for each in bands if each["fromMonths"] <= max(months, 0)][-1]
        return round(min(1.0, max(0.0, float(band["left"] / band["customers"]))), 4)

    return score


def answer_json(score: Score, question: dict[str, Any]) -> dict[str, Any]:
    """Scores, in the form that the question has."""
    if "inputs" not in question:
        return {"predictions": [score(float(row[0])) for row in question["instances"]]}
    scores = [score(float(each)) for each in question["inputs"][0]["data"]]
    output = {"name": "score", "shape": [len(scores)], "datatype": "FP64", "data": scores}
    return {"model_name": "churn", "outputs": [output]}


def answer_csv(score: Score, question: str) -> str:
    """A score for each line."""
    return "".join(f"{score(float(line.split(',')[0]))}\n" for line in question.splitlines() if line)


class ModelHandler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart, and would wait for each other
    score: Score

    def do_GET(self) -> None:
        is_there = self.path in ("/", "/ping", "/ready")
        self._send(200 if is_there else 404, "application/json", b'{"ready": true}' if is_there else b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        try:
            if self.headers.get_content_type() == "text/csv":
                content_type, answer = "text/csv", answer_csv(self.score, body)
            else:
                content_type = "application/json"
                answer = json.dumps(answer_json(self.score, json.loads(body)))
        except (ValueError, LookupError, TypeError, AttributeError):
            self._send(400, "application/json", b'{"error": "not a question of this model"}')
            return
        if self.headers.get("Accept") == "application/jsonlines":
            self._stream(json.loads(answer)["predictions"])
        else:
            self._send(200, content_type, answer.encode())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, scores: list[float]) -> None:
        """A chunk for each score, as a model that generates text sends its words."""
        self.send_response(200)
        self.send_header("Content-Type", "application/jsonlines")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for score in scores:
            line = json.dumps({"score": score}).encode() + b"\n"
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Nothing: a line of a log would hold what somebody asked."""


def main() -> None:
    """Serve the model that the first argument names, on the port that the second one names."""
    ModelHandler.score = staticmethod(read_model(Path(sys.argv[1])))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), ModelHandler).serve_forever()


if __name__ == "__main__":
    main()
