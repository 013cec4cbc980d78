//! Drains the outbox: build, sign, send, judge, retry, dead-letter
