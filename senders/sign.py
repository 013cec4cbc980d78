"""Signs as senders do, by their own libraries or by independent ones.

Reads questions, a line of JSON each, and answers each with a line of JSON. A question names its `sender`; what else it
holds, and what is answered, stands with each of them below.
"""

import json
import sys
import time
from base64 import b64decode
from datetime import datetime, timezone

import jwt
import standardwebhooks
import stripe
import svix.webhooks
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from wechatpy.crypto import PrpCrypto
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner, to_text


def by_specification(sign):
    """`secret`, `id`, `body`: the headers, in the names of the Standard Webhooks specification."""

    def headers(question):
        now = datetime.now(timezone.utc)
        return {
            "webhook-id": question["id"],
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(question["secret"])(question["id"], now, question["body"]),
        }

    return headers


def stripe_headers(question):
    """`secret`, `body`: the header."""
    return {"stripe-signature": stripe.WebhookSignature.generate_signature_header(question["body"], question["secret"])}


def wecom(question):
    """`token`, `key`, `receiver`, `message`: `query` and `body` of the callback, and `echo`, the query of a question."""
    crypto = WeChatCrypto(question["token"], question["key"], question["receiver"])
    timestamp, nonce = str(int(time.time())), "nonce-1"
    body = crypto.encrypt_message(question["message"], nonce, timestamp)
    echo = sealed(question, "1616140317555161061", timestamp)
    signature = body.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    return {
        "query": {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce},
        "body": body,
        "echo": {"echostr": echo.pop("encrypt"), **echo},
    }


def sealed(question, message, timestamp):
    """A message as WeCom and DingTalk seal it: its ciphertext, and what signs it."""
    encrypt = to_text(PrpCrypto(key(question)).encrypt(message, question["receiver"]))
    signer = WeChatSigner()
    signer.add_data(question["token"], timestamp, "nonce-1", encrypt)
    return {"encrypt": encrypt, "msg_signature": signer.signature, "timestamp": timestamp, "nonce": "nonce-1"}


def dingtalk(question):
    """`token`, `key`, `receiver`, `message`: `query` and `body` of the event."""
    query = sealed(question, question["message"], str(int(time.time() * 1000)))
    return {"body": json.dumps({"encrypt": query.pop("encrypt")}), "query": query}


def opened(question):
    """`token`, `key`, `receiver`, `answer`: what an answer to DingTalk holds, if it is signed."""
    answer = json.loads(question["answer"])
    signer = WeChatSigner()
    signer.add_data(question["token"], answer["timeStamp"], answer["nonce"], answer["encrypt"])
    assert signer.signature == answer["msg_signature"], "the answer is not signed"
    return {"message": to_text(PrpCrypto(key(question)).decrypt(answer["encrypt"], question["receiver"]))}


def key(question):
    return b64decode(question["key"] + "=")


def tokens(question):
    """`claims`: public keys as `jwks`, and `tokens` of these claims, by algorithm."""
    keys = {
        "rsa": (rsa.generate_private_key(65537, 2048), RSAAlgorithm, ["RS256", "RS384", "RS512", "PS256"]),
        "p256": (ec.generate_private_key(ec.SECP256R1()), ECAlgorithm, ["ES256"]),
        "p384": (ec.generate_private_key(ec.SECP384R1()), ECAlgorithm, ["ES384"]),
        "ed": (ed25519.Ed25519PrivateKey.generate(), OKPAlgorithm, ["EdDSA"]),
    }
    jwks = [
        {**json.loads(family.to_jwk(private.public_key())), "kid": kid} for kid, (private, family, _) in keys.items()
    ]
    signed = {
        algorithm: jwt.encode(question["claims"], private, algorithm=algorithm, headers={"kid": kid})
        for kid, (private, _, algorithms) in keys.items()
        for algorithm in algorithms
    }
    return {"jwks": {"keys": jwks}, "tokens": signed}


SENDERS = {
    "standardwebhooks": by_specification(lambda secret: standardwebhooks.Webhook(secret).sign),
    "svix": by_specification(lambda secret: svix.webhooks.Webhook(secret).sign),
    "stripe": stripe_headers,
    "wecom": wecom,
    "dingtalk": dingtalk,
    "opened": opened,
    "tokens": tokens,
}

for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(SENDERS[question["sender"]](question)), flush=True)
