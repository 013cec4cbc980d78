"""Hands a question from the ticket system to the assistant."""

import os
import sys

import requests

WEBHOOK_URL = os.environ["WEBHOOK_URL"]


def ask(query, user_id, conversation_id):
    payload = {
        "query": query,
        "user_id": user_id,
        "conversation_id": conversation_id,
    }
    response = requests.post(WEBHOOK_URL, json=payload, timeout=30)
    if response.status_code == 200:
        print("OK:", response.text)
        return True
    print("Failed:", response.status_code, response.text)
    return False


if __name__ == "__main__":
    sys.exit(0 if ask(*sys.argv[1:4]) else 1)
