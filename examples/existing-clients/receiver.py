"""Takes messages for the chat windows of our customers: POST {user_id, conversation_id, message}."""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        try:
            data = json.loads(self.rfile.read(length))
            line = f"[{data['conversation_id']}] to {data['user_id']}: {data['message']}"
        except (ValueError, KeyError) as error:
            return self.answer(400, {"error": str(error)})
        print(line, flush=True)
        return self.answer(200, {"status": "ok"})

    def answer(self, status, data):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Handler)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()
