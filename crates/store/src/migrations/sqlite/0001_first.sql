-- Ids are UUIDv7 in 16 bytes unless a comment says otherwise; times are milliseconds since 1970.
-- Columns named `sealed` hold bytes that only the server's keys open.

CREATE TABLE workspace (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE environment (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    retention_days INTEGER NOT NULL DEFAULT 30, -- how long history is kept (retention.rs)
    created_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

CREATE TABLE member (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL, -- argon2id, PHC string
    created_at INTEGER NOT NULL,
    UNIQUE (workspace, email)
) STRICT;

CREATE TABLE session (
    workspace BLOB NOT NULL,
    token BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value
    member BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX session_of_member ON session (workspace, member);

CREATE TABLE api_key (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    token BLOB NOT NULL UNIQUE, -- SHA-256 of the key
    hint TEXT NOT NULL,
    scopes TEXT NOT NULL, -- JSON array
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX api_key_list ON api_key (workspace, id);

CREATE TABLE login_link (
    workspace BLOB NOT NULL,
    token BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the link's token
    purpose TEXT NOT NULL, -- owner: creates the first member; login: logs the owner in
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE flow (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    draft TEXT NOT NULL, -- YAML as it was written
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

CREATE TABLE flow_version (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    flow BLOB NOT NULL,
    number INTEGER, -- none for a draft that was tried
    revision INTEGER, -- of a draft that was tried: which one
    definition TEXT NOT NULL, -- YAML as it was written
    kinds TEXT NOT NULL, -- JSON object: node id to pinned kind, such as llm@1
    note TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (flow, number),
    UNIQUE (flow, revision)
) STRICT;

-- Which version serves a flow in an environment; the newest row counts, older ones are history.
CREATE TABLE deployment (
    workspace BLOB NOT NULL,
    environment BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    flow BLOB NOT NULL,
    version BLOB NOT NULL,
    deployed_by TEXT NOT NULL,
    deployed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX deployment_newest ON deployment (workspace, environment, flow, id);

CREATE TABLE source (
    workspace BLOB NOT NULL,
    environment BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY, -- 16 random bytes: the URL is a capability
    flow BLOB NOT NULL,
    kind TEXT NOT NULL, -- webhook, schedule or alert
    name TEXT NOT NULL,
    config TEXT NOT NULL, -- JSON
    sealed BLOB NOT NULL, -- secrets, JSON
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, environment, name)
) STRICT;
CREATE INDEX source_of_flow ON source (workspace, flow);

-- Requests that were pinned to a source as examples; they stay when history goes.
CREATE TABLE sample (
    workspace BLOB NOT NULL,
    source BLOB NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL, -- the request, JSON
    created_at INTEGER NOT NULL,
    PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID;

-- When each schedule is due next. A tick moves it on in the transaction of its event.
CREATE TABLE schedule (
    source BLOB NOT NULL PRIMARY KEY,
    next_at INTEGER NOT NULL,
    revision INTEGER NOT NULL, -- raised whenever the source is changed: a tick of before moves nothing
    last_at INTEGER, -- the planned time of the last tick
    skipped INTEGER NOT NULL, -- planned times that no event came of
    skipped_at INTEGER, -- the last of them
    skipped_why TEXT,
    skipped_detail TEXT -- what of the input did not fit
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_due ON schedule (next_at, source);

CREATE TABLE destination (
    workspace BLOB NOT NULL,
    environment BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    config TEXT NOT NULL, -- JSON
    sealed BLOB NOT NULL, -- secrets, JSON
    disabled_reason TEXT,
    breaker TEXT, -- JSON, while it is not closed
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, environment, name)
) STRICT;

-- What befell destinations: until an alert of it is raised, and a day longer, so that the same is not written again.
CREATE TABLE alert (
    destination BLOB NOT NULL,
    kind TEXT NOT NULL, -- breaker_opened, breaker_closed, destination_disabled or dead_letter
    at INTEGER NOT NULL, -- of dead letters the hour that they came in
    sealed BLOB NOT NULL, -- why, JSON
    raised INTEGER NOT NULL,
    PRIMARY KEY (destination, kind, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_pending ON alert (at) WHERE raised = 0;
CREATE INDEX alert_raised ON alert (at) WHERE raised = 1;

CREATE TABLE secret (
    workspace BLOB NOT NULL,
    environment BLOB NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, environment, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE variable (
    workspace BLOB NOT NULL,
    environment BLOB NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, environment, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE provider (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    config TEXT NOT NULL, -- JSON
    sealed BLOB NOT NULL, -- secrets, JSON
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

CREATE TABLE model (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL, -- what flows call it: default
    provider TEXT NOT NULL,
    purpose TEXT NOT NULL, -- chat, embedding or rerank
    config TEXT NOT NULL, -- JSON
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

-- What many events have in common, in one number: where they belong and the way they came. The writer makes a row
-- for the first such event and never changes it (sqlite/origins.rs).
CREATE TABLE origin (
    number INTEGER PRIMARY KEY,
    workspace BLOB NOT NULL,
    environment BLOB NOT NULL,
    flow BLOB NOT NULL,
    source BLOB,
    kind TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX origin_once ON origin (workspace, environment, flow, ifnull(source, x''), kind);
CREATE INDEX origin_of_source ON origin (source) WHERE source IS NOT NULL;

-- Events, runs and deliveries are kept by the `number` of their id, its time and counter (id.rs), which is the order of lists:
-- a row needs no index to be found by its id, and what is made last stands last.

-- Accepted requests. An event's original run has the event's own id, so there can be only one.
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    origin INTEGER NOT NULL,
    filtered INTEGER NOT NULL, -- 1 when the source's filter held it back
    received_at INTEGER NOT NULL,
    sealed BLOB NOT NULL, -- input and request, JSON
    record BLOB -- sealed: the first of the original run's journal, when it was committed with the event
) STRICT;
CREATE INDEX event_of_origin ON event (origin);

-- The contents of files that came with events, each once in a workspace (blob.rs).
CREATE TABLE blob (
    workspace BLOB NOT NULL,
    sha256 BLOB NOT NULL, -- of the content
    size INTEGER NOT NULL,
    stored_at INTEGER NOT NULL, -- when it was last given
    file TEXT, -- where it lies in the folder for files, when there is one
    sealed BLOB, -- the content, when there is none
    PRIMARY KEY (workspace, sha256)
) STRICT;
CREATE INDEX blob_age ON blob (stored_at, workspace, sha256);

-- Which events use them.
CREATE TABLE blob_use (
    event INTEGER NOT NULL, -- its number
    sha256 BLOB NOT NULL,
    workspace BLOB NOT NULL,
    PRIMARY KEY (event, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_use_of ON blob_use (workspace, sha256);

CREATE TABLE refusal (
    workspace BLOB NOT NULL,
    environment BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    source BLOB NOT NULL,
    code TEXT NOT NULL,
    status INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    sealed BLOB NOT NULL, -- peer, headers, body as far as kept, reason, JSON
    original BLOB, -- sealed: what the request hides in `sealed`, JSON; none when it was not kept whole
    replayed_as BLOB -- the event that a replay of it became
) STRICT;
CREATE INDEX refusal_list ON refusal (workspace, environment, id);
CREATE INDEX refusal_of_source ON refusal (source, id);

-- Who claimed a dedupe key. The key is the exclusive or of the source's id and the first 16 bytes of the
-- SHA-256 of the sender's key: met by equality alone, it needs no other column to be told apart.
CREATE TABLE dedupe (
    key BLOB NOT NULL PRIMARY KEY,
    event BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest claims, one row for those of a transaction, on their way to `dedupe`.
CREATE TABLE dedupe_log (
    id INTEGER PRIMARY KEY,
    claims BLOB NOT NULL -- for each the key, the event (16 bytes both) and the expiry (8, big endian)
) STRICT;

-- Original runs that nobody has taken up yet; their events, whose numbers they have, hold the rest of them.
-- The rows of one origin are a lane: an event comes to the end of its lane and touches one tree.
-- An event that has a row here must not be deleted: its run would be lost. Rows come and go by sqlite/queue.rs
-- alone, since the writer knows the head of each lane by heart.
CREATE TABLE run_queue (
    origin INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version BLOB NOT NULL,
    PRIMARY KEY (origin, number)
) STRICT, WITHOUT ROWID;

-- Unfinished runs that have been taken up, and repeats from the start: small, and emptied as they end.
CREATE TABLE run_live (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    origin INTEGER NOT NULL, -- its event's
    version BLOB NOT NULL,
    event BLOB, -- of a repeat: an original run has its event's id
    cause TEXT NOT NULL,
    repeats BLOB,
    status TEXT NOT NULL,
    owner BLOB, -- the node that holds it
    fence INTEGER NOT NULL, -- raised at every change of owner
    deaths INTEGER NOT NULL, -- how often its worker died with it
    error TEXT, -- JSON: why it is parked
    wake_at INTEGER, -- when it goes on by itself; while it is held: since when something that it waits for has come
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX run_requeued ON run_live (number) WHERE owner IS NULL AND status = 'queued';
CREATE INDEX run_suspect ON run_live (deaths, number) WHERE deaths >= 2;
CREATE INDEX run_parked ON run_live (number) WHERE status = 'parked';
CREATE INDEX run_timer ON run_live (wake_at) WHERE wake_at IS NOT NULL AND owner IS NULL;
CREATE INDEX run_owner ON run_live (owner) WHERE owner IS NOT NULL;
CREATE INDEX run_live_repeat ON run_live (event) WHERE event IS NOT NULL;
CREATE INDEX run_live_list ON run_live (origin, status);

-- Finished runs.
CREATE TABLE run (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    origin INTEGER NOT NULL,
    version BLOB NOT NULL,
    event BLOB,
    cause TEXT NOT NULL,
    repeats BLOB,
    status TEXT NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL
) STRICT;
CREATE INDEX run_list ON run (origin);
CREATE INDEX run_repeat ON run (event) WHERE event IS NOT NULL;
CREATE INDEX run_unhappy ON run (origin, status) WHERE status <> 'succeeded';

CREATE TABLE journal (
    run INTEGER NOT NULL, -- its number
    seq INTEGER NOT NULL,
    sealed BLOB NOT NULL, -- the events since the last commit, JSON
    PRIMARY KEY (run, seq)
) STRICT; -- with rowid: in an index-organised table every record over a quarter of a page takes a page more

-- Deliveries that are due, waiting or dead: small, and emptied as they arrive.
CREATE TABLE delivery_live (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    origin INTEGER NOT NULL, -- its run's
    destination BLOB NOT NULL,
    run BLOB NOT NULL,
    step TEXT NOT NULL,
    status TEXT NOT NULL, -- pending, blocked or dead
    attempts INTEGER NOT NULL,
    rank INTEGER NOT NULL DEFAULT 0, -- 0 before 1, which is sent when nothing else is due
    lane INTEGER, -- a hash of its order key: of one lane, one after another
    turn INTEGER, -- its place in the lane while it stands there
    wakes INTEGER, -- the number of the run that waits for it, if one does
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sealed BLOB NOT NULL, -- the message, JSON
    replay_of BLOB -- the dead letter that was edited into this one
) STRICT;
CREATE INDEX delivery_due ON delivery_live (destination, rank, due_at) WHERE status = 'pending';
CREATE INDEX delivery_lane ON delivery_live (destination, lane, turn) WHERE turn IS NOT NULL;
CREATE INDEX delivery_dead_of_destination ON delivery_live (destination) WHERE status = 'dead';
CREATE INDEX delivery_live_list ON delivery_live (origin, status);
CREATE INDEX delivery_live_of_run ON delivery_live (run);

-- Deliveries that arrived, each with its last attempt: what is written and read together is one row. And the dead
-- letters that a person was done with, which have all their attempts in `attempt`.
CREATE TABLE delivery (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    origin INTEGER NOT NULL,
    destination BLOB NOT NULL,
    run BLOB NOT NULL,
    step TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    sealed BLOB NOT NULL, -- the message
    began_at INTEGER NOT NULL, -- the last attempt
    record BLOB NOT NULL, -- sealed: its request, response and times, JSON
    replay_of BLOB,
    status TEXT, -- discarded or replaced: a dead letter that a person was done with; none when it arrived
    closed TEXT -- JSON: by whom, and what was sent instead
) STRICT;
CREATE INDEX delivery_list ON delivery (origin) WHERE status IS NULL;
CREATE INDEX delivery_closed ON delivery (origin, status) WHERE status IS NOT NULL;
CREATE INDEX delivery_of_run ON delivery (run);

-- Attempts after which the delivery went on.
CREATE TABLE attempt (
    delivery INTEGER NOT NULL, -- its number
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    sealed BLOB NOT NULL, -- request, response or error, times, JSON
    PRIMARY KEY (delivery, number)
) STRICT;

-- Who owns a destination: one node at a time paces it, so that limits hold for all.
CREATE TABLE destination_lease (
    workspace BLOB NOT NULL,
    destination BLOB NOT NULL PRIMARY KEY,
    owner BLOB NOT NULL,
    fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The nodes that work here. A node's lease covers every run and destination it holds.
CREATE TABLE node (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    roles TEXT NOT NULL, -- JSON array
    address TEXT, -- where other nodes reach it
    runs INTEGER NOT NULL, -- under way there at its last beat
    started_at INTEGER NOT NULL,
    beat_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT;

-- What one node at a time does for all, as long as its lease runs.
CREATE TABLE duty (
    name TEXT NOT NULL PRIMARY KEY,
    owner BLOB NOT NULL,
    fence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    spec TEXT NOT NULL, -- JSON
    progress TEXT NOT NULL, -- JSON
    error TEXT,
    owner BLOB,
    fence INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX job_list ON job (workspace, id);
CREATE INDEX job_bulk ON job (workspace, id) WHERE kind IN ('replay', 'letters');
CREATE INDEX job_open ON job (status, id) WHERE status IN ('queued', 'running');

CREATE TABLE knowledge_base (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    config TEXT NOT NULL, -- JSON
    created_at INTEGER NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

CREATE TABLE document (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    base BLOB NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    hash BLOB NOT NULL, -- SHA-256 of the content
    size INTEGER NOT NULL,
    status TEXT NOT NULL, -- queued, ready or failed
    error TEXT,
    chunks INTEGER NOT NULL,
    model TEXT NOT NULL DEFAULT '', -- which embedded it: vectors of two models cannot be compared
    content BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (base, name)
) STRICT;
CREATE INDEX document_list ON document (workspace, base, id);

CREATE TABLE chunk (
    workspace BLOB NOT NULL,
    document BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    base BLOB NOT NULL,
    text TEXT NOT NULL,
    heading TEXT NOT NULL, -- JSON array: the headings above it
    place TEXT NOT NULL, -- JSON: where in the document it stands
    embedding BLOB NOT NULL, -- f32, little endian
    PRIMARY KEY (document, ordinal)
) STRICT;
CREATE INDEX chunk_of_base ON chunk (base, document, ordinal);
