"""Verifies what arrived, as receivers do, by their own libraries or by independent ones.

Reads questions, a line of JSON each: `receiver`, `headers`, `body` and the `key` that the receiver was given. Answers each
with a line of JSON: whether it takes the message, and what it says if not.
"""

import hashlib
import hmac
import json
import sys
from base64 import b64decode

import standardwebhooks
import svix.webhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def by_library(library):
    return lambda question: library(question["key"]).verify(question["body"], question["headers"])


def by_public_key(question):
    """Standard Webhooks `v1a`, which the libraries for Python pass over."""
    headers = question["headers"]
    key = Ed25519PublicKey.from_public_bytes(b64decode(question["key"].removeprefix("whpk_")))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{question['body']}".encode()
    signatures = [one.split(",", 1) for one in headers["webhook-signature"].split(" ")]
    signatures = [b64decode(signature) for version, signature in signatures if version == "v1a"]
    assert len(signatures) == 1, f"{len(signatures)} signatures of v1a"
    key.verify(signatures[0], content)


def as_github(question):
    """As GitHub's guide on validating deliveries does."""
    expected = "sha256=" + hmac.new(question["key"].encode(), question["body"].encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, question["headers"]["x-hub-signature-256"]):
        raise InvalidSignature("Request signatures didn't match!")


RECEIVERS = {
    "standardwebhooks": by_library(standardwebhooks.Webhook),
    "svix": by_library(svix.webhooks.Webhook),
    "ed25519": by_public_key,
    "github": as_github,
}
REFUSALS = (standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError, InvalidSignature)

for line in sys.stdin:
    question = json.loads(line)
    try:
        RECEIVERS[question["receiver"]](question)
        answer = {"taken": True}
    except REFUSALS as refusal:
        answer = {"taken": False, "said": str(refusal)}
    print(json.dumps(answer), flush=True)
