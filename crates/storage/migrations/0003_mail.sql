-- Messages to people, what they say, and what they prove.

-- Mails and text messages on their way, written in the transaction of their cause. What they say may
-- hold links and codes, so it is sealed; it is dropped when the message has left. status: waiting (sent
-- once next_at has come; a node that sends moves next_at ahead first, as its lease), sent, dead (given
-- up; an administrator may try again), void (never sent: it stands for a person who does not exist).
CREATE TABLE outbox (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    id UUID NOT NULL,
    channel TEXT NOT NULL,
    template TEXT NOT NULL,
    recipient TEXT NOT NULL,
    user_id UUID,
    sealed BYTEA,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outbox_waiting ON outbox (next_at) WHERE status = 'waiting';
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;

-- Messages that a tenant has worded itself.
CREATE TABLE message_templates (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name, language)
);

-- With what somebody logged in lately.
CREATE INDEX sessions_recent ON sessions (tenant_id, user_id, id);

-- Single use: consumed by the statement that sets used_at. hash is the keyed hash of a token in a link,
-- code_hash that of a short code, which may be guessed at attempts_left times more. email is where it
-- was sent, and what it proves. user_id is null for a person who does not exist: it stands for the work.
CREATE TABLE proofs (
    tenant_id UUID NOT NULL,
    hash BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    user_id UUID,
    email TEXT NOT NULL,
    code_hash BYTEA,
    attempts_left BIGINT NOT NULL,
    session_id UUID,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE INDEX proofs_user ON proofs (tenant_id, user_id, purpose) WHERE used_at IS NULL;
CREATE INDEX proofs_email ON proofs (tenant_id, email, purpose) WHERE used_at IS NULL;
CREATE INDEX proofs_expires ON proofs (expires_at);
