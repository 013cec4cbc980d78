"""Asks the assistant and prints what the chat window is to show."""

import os
import sys

import requests

API_URL = os.environ["ASSISTANT_URL"]
API_TOKEN = os.environ["ASSISTANT_TOKEN"]


def ask(query, user_id, conversation_id):
    response = requests.post(
        API_URL,
        json={"query": query, "user_id": user_id, "conversation_id": conversation_id},
        headers={"Authorization": f"Bearer {API_TOKEN}"},
        timeout=60,
    )
    response.raise_for_status()
    return response.json()["status"], response.json()["message"]


if __name__ == "__main__":
    status, message = ask(*sys.argv[1:4])
    if status != "success":
        print("The assistant reports an error:", message)
        sys.exit(1)
    print(message)
