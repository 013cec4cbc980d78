-- What is said of tables and columns in sqlite/0001_first.sql holds here as well; here stands what differs.
-- Ids are UUIDv7 unless a comment says otherwise; times are milliseconds since 1970.
-- Columns named `sealed` hold bytes that only the server's keys open.

CREATE TABLE workspace (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE environment (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    retention_days bigint NOT NULL DEFAULT 30,
    created_at bigint NOT NULL,
    UNIQUE (workspace, name)
);

CREATE TABLE member (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    password text NOT NULL, -- argon2id, PHC string
    created_at bigint NOT NULL,
    UNIQUE (workspace, email)
);

CREATE TABLE session (
    workspace uuid NOT NULL,
    token bytea NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value
    member uuid NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at);
CREATE INDEX session_of_member ON session (workspace, member);

CREATE TABLE api_key (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    token bytea NOT NULL UNIQUE, -- SHA-256 of the key
    hint text NOT NULL,
    scopes text NOT NULL, -- JSON array
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint
);
CREATE INDEX api_key_list ON api_key (workspace, id);

CREATE TABLE login_link (
    workspace uuid NOT NULL,
    token bytea NOT NULL PRIMARY KEY, -- SHA-256 of the link's token
    purpose text NOT NULL, -- owner: creates the first member; login: logs the owner in
    expires_at bigint NOT NULL
);

CREATE TABLE flow (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    draft text NOT NULL, -- YAML as it was written
    revision bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (workspace, name)
);

CREATE TABLE flow_version (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    flow uuid NOT NULL,
    number bigint, -- none for a draft that was tried
    revision bigint, -- of a draft that was tried: which one
    definition text NOT NULL, -- YAML as it was written
    kinds text NOT NULL, -- JSON object: node id to pinned kind, such as llm@1
    note text NOT NULL,
    created_by text NOT NULL,
    created_at bigint NOT NULL,
    UNIQUE (flow, number),
    UNIQUE (flow, revision)
);

-- Which version serves a flow in an environment; the newest row counts, older ones are history.
CREATE TABLE deployment (
    workspace uuid NOT NULL,
    environment uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    flow uuid NOT NULL,
    version uuid NOT NULL,
    deployed_by text NOT NULL,
    deployed_at bigint NOT NULL
);
CREATE INDEX deployment_newest ON deployment (workspace, environment, flow, id);

CREATE TABLE source (
    workspace uuid NOT NULL,
    environment uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY, -- 16 random bytes: the URL is a capability
    flow uuid NOT NULL,
    kind text NOT NULL, -- webhook, schedule or alert
    name text NOT NULL,
    config text NOT NULL, -- JSON
    sealed bytea NOT NULL, -- secrets, JSON
    enabled bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (workspace, environment, name)
);
CREATE INDEX source_of_flow ON source (workspace, flow);

-- Requests that were pinned to a source as examples; they stay when history goes.
CREATE TABLE sample (
    workspace uuid NOT NULL,
    source uuid NOT NULL,
    name text NOT NULL,
    sealed bytea NOT NULL, -- the request, JSON
    created_at bigint NOT NULL,
    PRIMARY KEY (source, name)
);

-- When each schedule is due next. A tick moves it on in the transaction of its event.
CREATE TABLE schedule (
    source uuid NOT NULL PRIMARY KEY,
    next_at bigint NOT NULL,
    revision bigint NOT NULL, -- raised whenever the source is changed: a tick of before moves nothing
    last_at bigint, -- the planned time of the last tick
    skipped bigint NOT NULL, -- planned times that no event came of
    skipped_at bigint, -- the last of them
    skipped_why text,
    skipped_detail text -- what of the input did not fit
);
CREATE INDEX schedule_due ON schedule (next_at, source);

CREATE TABLE destination (
    workspace uuid NOT NULL,
    environment uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    config text NOT NULL, -- JSON
    sealed bytea NOT NULL, -- secrets, JSON
    disabled_reason text,
    breaker text, -- JSON, while it is not closed
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (workspace, environment, name)
);

-- What befell destinations: until an alert of it is raised, and a day longer, so that the same is not written again.
CREATE TABLE alert (
    destination uuid NOT NULL,
    kind text NOT NULL, -- breaker_opened, breaker_closed, destination_disabled or dead_letter
    at bigint NOT NULL, -- of dead letters the hour that they came in
    sealed bytea NOT NULL, -- why, JSON
    raised bigint NOT NULL,
    PRIMARY KEY (destination, kind, at)
);
CREATE INDEX alert_pending ON alert (at) WHERE raised = 0;
CREATE INDEX alert_raised ON alert (at) WHERE raised = 1;

CREATE TABLE secret (
    workspace uuid NOT NULL,
    environment uuid NOT NULL,
    name text NOT NULL,
    sealed bytea NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (workspace, environment, name)
);

CREATE TABLE variable (
    workspace uuid NOT NULL,
    environment uuid NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (workspace, environment, name)
);

CREATE TABLE provider (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    config text NOT NULL, -- JSON
    sealed bytea NOT NULL, -- secrets, JSON
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (workspace, name)
);

CREATE TABLE model (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL, -- what flows call it: default
    provider text NOT NULL,
    purpose text NOT NULL, -- chat, embedding or rerank
    config text NOT NULL, -- JSON
    updated_at bigint NOT NULL,
    UNIQUE (workspace, name)
);

-- What many events have in common, in one number: where they belong and the way they came. The writer makes a row
-- for the first such event and never changes it (postgres/origins.rs).
CREATE TABLE origin (
    number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    workspace uuid NOT NULL,
    environment uuid NOT NULL,
    flow uuid NOT NULL,
    source uuid,
    kind text NOT NULL
);
CREATE UNIQUE INDEX origin_once ON origin (workspace, environment, flow, source, kind) NULLS NOT DISTINCT;
CREATE INDEX origin_of_source ON origin (source) WHERE source IS NOT NULL;

-- Events, runs and deliveries are kept by the `number` of their id, its time and counter (id.rs), which is the order of lists:
-- a row needs no index to be found by its id, and what is made last stands last. Finished history is partitioned by it
-- (postgres/partition.rs).

-- Accepted requests. An event's original run has the event's own id, so there can be only one.
CREATE TABLE event (
    number bigint PRIMARY KEY,
    id uuid NOT NULL,
    origin bigint NOT NULL,
    filtered bigint NOT NULL, -- 1 when the source's filter held it back
    received_at bigint NOT NULL,
    sealed bytea NOT NULL, -- input and request, JSON
    record bytea -- sealed: the first of the original run's journal, when it was committed with the event
) PARTITION BY RANGE (number);
CREATE INDEX event_of_origin ON event (origin, number);

CREATE TABLE blob (
    workspace uuid NOT NULL,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    stored_at bigint NOT NULL,
    file text,
    sealed bytea,
    PRIMARY KEY (workspace, sha256)
);
CREATE INDEX blob_age ON blob (stored_at, workspace, sha256);

CREATE TABLE blob_use (
    event bigint NOT NULL,
    sha256 bytea NOT NULL,
    workspace uuid NOT NULL,
    PRIMARY KEY (event, sha256)
) PARTITION BY RANGE (event);
CREATE INDEX blob_use_of ON blob_use (workspace, sha256);

CREATE TABLE refusal (
    workspace uuid NOT NULL,
    environment uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    source uuid NOT NULL,
    code text NOT NULL,
    status bigint NOT NULL,
    received_at bigint NOT NULL,
    sealed bytea NOT NULL, -- peer, headers, body as far as kept, reason, JSON
    original bytea, -- sealed: what the request hides in `sealed`, JSON; none when it was not kept whole
    replayed_as uuid -- the event that a replay of it became
);
CREATE INDEX refusal_list ON refusal (workspace, environment, id);
CREATE INDEX refusal_of_source ON refusal (source, id);

-- Who claimed a dedupe key: see sqlite/0001_first.sql. Here a claim goes straight into its table, for every node claims.
CREATE TABLE dedupe (
    key uuid NOT NULL PRIMARY KEY,
    event uuid NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX dedupe_expiry ON dedupe (expires_at);

-- Original runs that nobody has taken up yet. The oldest of all lanes is found by the key; lists go by origin.
CREATE TABLE run_queue (
    number bigint NOT NULL PRIMARY KEY,
    origin bigint NOT NULL,
    version uuid NOT NULL
);
CREATE INDEX run_queue_list ON run_queue (origin, number);

-- Unfinished runs that have been taken up, and repeats from the start: small, and emptied as they end.
CREATE TABLE run_live (
    number bigint PRIMARY KEY,
    id uuid NOT NULL,
    origin bigint NOT NULL, -- its event's
    version uuid NOT NULL,
    event uuid, -- of a repeat: an original run has its event's id
    cause text NOT NULL,
    repeats uuid,
    status text NOT NULL,
    owner uuid, -- the node that holds it
    fence bigint NOT NULL, -- raised at every change of owner
    deaths bigint NOT NULL, -- how often its worker died with it
    error text, -- JSON: why it is parked
    wake_at bigint, -- when it goes on by itself
    created_at bigint NOT NULL
);
CREATE INDEX run_requeued ON run_live (number) WHERE owner IS NULL AND status = 'queued';
CREATE INDEX run_suspect ON run_live (deaths, number) WHERE deaths >= 2;
CREATE INDEX run_parked ON run_live (number) WHERE status = 'parked';
CREATE INDEX run_timer ON run_live (wake_at) WHERE wake_at IS NOT NULL AND owner IS NULL;
CREATE INDEX run_owner ON run_live (owner) WHERE owner IS NOT NULL;
CREATE INDEX run_live_repeat ON run_live (event, number) WHERE event IS NOT NULL;
CREATE INDEX run_live_list ON run_live (origin, status, number);

-- Finished runs.
CREATE TABLE run (
    number bigint PRIMARY KEY,
    id uuid NOT NULL,
    origin bigint NOT NULL,
    version uuid NOT NULL,
    event uuid,
    cause text NOT NULL,
    repeats uuid,
    status text NOT NULL,
    error text,
    created_at bigint NOT NULL,
    finished_at bigint NOT NULL
) PARTITION BY RANGE (number);
CREATE INDEX run_list ON run (origin, number);
CREATE INDEX run_repeat ON run (event, number) WHERE event IS NOT NULL;
CREATE INDEX run_unhappy ON run (origin, status, number) WHERE status <> 'succeeded';
-- Those that ended more than a day after they began: the first 42 bits of a number are milliseconds.
CREATE INDEX run_late ON run (number) WHERE finished_at >= (number >> 21) + 86400000;

CREATE TABLE journal (
    run bigint NOT NULL, -- its number
    seq bigint NOT NULL,
    sealed bytea NOT NULL, -- the events since the last commit, JSON
    PRIMARY KEY (run, seq)
) PARTITION BY RANGE (run);

-- Deliveries that are due, waiting or dead: small, and emptied as they arrive.
CREATE TABLE delivery_live (
    number bigint PRIMARY KEY,
    id uuid NOT NULL,
    origin bigint NOT NULL, -- its run's
    destination uuid NOT NULL,
    run uuid NOT NULL,
    step text NOT NULL,
    status text NOT NULL, -- pending, blocked or dead
    attempts bigint NOT NULL,
    rank bigint NOT NULL DEFAULT 0, -- 0 before 1, which is sent when nothing else is due
    lane bigint, -- a hash of its order key: of one lane, one after another
    turn bigint, -- its place in the lane while it stands there
    wakes bigint,
    due_at bigint NOT NULL,
    created_at bigint NOT NULL,
    sealed bytea NOT NULL, -- the message, JSON
    replay_of uuid -- the dead letter that was edited into this one
);
CREATE INDEX delivery_due ON delivery_live (destination, rank, due_at, number) WHERE status = 'pending';
CREATE INDEX delivery_lane ON delivery_live (destination, lane, turn) WHERE turn IS NOT NULL;
CREATE INDEX delivery_dead_of_destination ON delivery_live (destination, number) WHERE status = 'dead';
CREATE INDEX delivery_live_list ON delivery_live (origin, status, number);
CREATE INDEX delivery_live_of_run ON delivery_live (run, number);

-- Deliveries that arrived, each with its last attempt: what is written and read together is one row. And the dead
-- letters that a person was done with, which have all their attempts in `attempt`.
CREATE TABLE delivery (
    number bigint PRIMARY KEY,
    id uuid NOT NULL,
    origin bigint NOT NULL,
    destination uuid NOT NULL,
    run uuid NOT NULL,
    step text NOT NULL,
    attempts bigint NOT NULL,
    created_at bigint NOT NULL,
    finished_at bigint NOT NULL,
    sealed bytea NOT NULL, -- the message
    began_at bigint NOT NULL, -- the last attempt
    record bytea NOT NULL, -- sealed: its request, response and times, JSON
    replay_of uuid,
    status text, -- discarded or replaced: a dead letter that a person was done with; none when it arrived
    closed text -- JSON: by whom, and what was sent instead
) PARTITION BY RANGE (number);
CREATE INDEX delivery_list ON delivery (origin, number) WHERE status IS NULL;
CREATE INDEX delivery_closed ON delivery (origin, status, number) WHERE status IS NOT NULL;
CREATE INDEX delivery_of_run ON delivery (run, number);
CREATE INDEX delivery_late ON delivery (number) WHERE finished_at >= (number >> 21) + 86400000;

-- Attempts after which the delivery went on.
CREATE TABLE attempt (
    delivery bigint NOT NULL, -- its number
    number bigint NOT NULL,
    at bigint NOT NULL,
    outcome text NOT NULL,
    sealed bytea NOT NULL, -- request, response or error, times, JSON
    PRIMARY KEY (delivery, number)
) PARTITION BY RANGE (delivery);

-- All numbers have a place from the start. Those until the end of this week are together; the last partition has no end,
-- and the first, which takes what outlives its own, no beginning.
DO $$
DECLARE
    week_ends bigint := (extract(epoch FROM now())::bigint / 604800 + 1) * 604800000 << 21;
    history text;
BEGIN
    FOREACH history IN ARRAY ARRAY['event', 'blob_use', 'run', 'journal', 'delivery', 'attempt'] LOOP
        EXECUTE format('CREATE TABLE %1$s_kept PARTITION OF %1$s FOR VALUES FROM (MINVALUE) TO (0)', history);
        EXECUTE format('CREATE TABLE %1$s_first PARTITION OF %1$s FOR VALUES FROM (0) TO (%2$s)', history, week_ends);
        EXECUTE format('CREATE TABLE %1$s_second PARTITION OF %1$s FOR VALUES FROM (%2$s) TO (MAXVALUE)', history, week_ends);
    END LOOP;
END $$;

-- Who owns a destination: one node at a time paces it, so that limits hold for all.
CREATE TABLE destination_lease (
    workspace uuid NOT NULL,
    destination uuid NOT NULL PRIMARY KEY,
    owner uuid NOT NULL,
    fence bigint NOT NULL
);

-- The nodes that work here. A node's lease covers every run and destination it holds.
CREATE TABLE node (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    roles text NOT NULL, -- JSON array
    address text, -- where other nodes reach it
    runs bigint NOT NULL, -- under way there at its last beat
    started_at bigint NOT NULL,
    beat_at bigint NOT NULL,
    lease_until bigint NOT NULL
);

-- What one node at a time does for all, as long as its lease runs.
CREATE TABLE duty (
    name text NOT NULL PRIMARY KEY,
    owner uuid NOT NULL,
    fence bigint NOT NULL
);
-- The number that the next node makes ids with, if it is free.
CREATE SEQUENCE maker AS bigint MAXVALUE 511 CYCLE;

-- The last transaction of each session that writes, by which it is asked what became of one whose end was not heard.
CREATE TABLE transaction_mark (
    session uuid NOT NULL PRIMARY KEY, -- drawn when it was connected
    number bigint NOT NULL, -- counts the session's transactions
    at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE job (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    status text NOT NULL,
    spec text NOT NULL, -- JSON
    progress text NOT NULL, -- JSON
    error text,
    owner uuid,
    fence bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE INDEX job_list ON job (workspace, id);
CREATE INDEX job_bulk ON job (workspace, id) WHERE kind IN ('replay', 'letters');
CREATE INDEX job_open ON job (id) WHERE status IN ('queued', 'running');

CREATE TABLE knowledge_base (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    config text NOT NULL, -- JSON
    created_at bigint NOT NULL,
    UNIQUE (workspace, name)
);

CREATE TABLE document (
    workspace uuid NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    base uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    hash bytea NOT NULL, -- SHA-256 of the content
    size bigint NOT NULL,
    status text NOT NULL, -- queued, ready or failed
    error text,
    chunks bigint NOT NULL,
    model text NOT NULL DEFAULT '', -- which embedded it: vectors of two models cannot be compared
    content bytea NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    UNIQUE (base, name)
);
CREATE INDEX document_list ON document (workspace, base, id);

CREATE TABLE chunk (
    workspace uuid NOT NULL,
    document uuid NOT NULL,
    ordinal bigint NOT NULL,
    base uuid NOT NULL,
    text text NOT NULL,
    heading text NOT NULL, -- JSON array: the headings above it
    place text NOT NULL, -- JSON: where in the document it stands
    embedding bytea NOT NULL, -- f32, little endian
    PRIMARY KEY (document, ordinal)
);
CREATE INDEX chunk_of_base ON chunk (base, document, ordinal);
